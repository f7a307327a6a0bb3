"""A sheet of cases with their numbers: what is seen of the explorer where nobody can use it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd
from matplotlib.figure import Figure

from egma_lib.errors import DataError
from egma_lib.explorer.case import ExplorerCase
from egma_lib.explorer.session import ExplorerSession
from egma_lib.explorer.sources import GAZE_CORPUS
from egma_lib.explorer.views import draw_contact_sheet


class Example(NamedTuple):
    """A case and the sentence of it that is looked at."""

    case: ExplorerCase
    sentence_index: int

    @property
    def sentence(self) -> str:
        """The sentence's text."""
        table = self.case.sentences.set_index("sentence_index")
        return str(table.loc[self.sentence_index, "text"])


def sheet_examples(session: ExplorerSession, n_cases: int) -> list[Example]:
    """Return readings with gaze, unseen ones first, each at the sentence that was looked at longest.

    Raises
    ------
    DataError
        No reading of the study has gaze.
    """
    table = session.cases(GAZE_CORPUS)
    chosen = table.loc[table["has_gaze"], "case_id"].head(n_cases)
    if chosen.empty:
        raise DataError(f"{session.study.results}: no reading has gaze that belongs to a sentence")
    return [_most_looked_at(session.case(GAZE_CORPUS, case_id)) for case_id in chosen]


def _most_looked_at(case: ExplorerCase) -> Example:
    looked_s = case.fixations.groupby("sentence_index")["duration_s"].sum()
    return Example(case, int(looked_s.index.to_numpy()[looked_s.to_numpy().argmax()]))


def sheet_numbers(
    session: ExplorerSession, examples: Sequence[Example], checkpoints: Sequence[str]
) -> pd.DataFrame:
    """Return case_id, sentence, method, metric, value, average and human of every example and checkpoint.

    `average` is the value of the average gaze of the training sentences, `human` that of other readers; NaN
    where a number is not defined.
    """
    rows = []
    for case, index in examples:
        sentence = Example(case, index).sentence
        for label in checkpoints:
            numbers = session.numbers(case, index, session.attention(case, sentence, label))
            rows += [
                (case.case_id, sentence, label, metric, one.value, one.average, one.human)
                for metric, one in numbers.items()
            ]
    columns = ["case_id", "sentence", "method", "metric", "value", "average", "human"]
    return pd.DataFrame(rows, columns=columns)


def draw_sheet(session: ExplorerSession, examples: Sequence[Example], checkpoints: Sequence[str]) -> Figure:
    """Draw film, gaze and the attention of every checkpoint, a row per example."""
    attention = {
        label: [session.attention(one.case, one.sentence, label) for one in examples] for label in checkpoints
    }
    cases, sentences = [one.case for one in examples], [one.sentence_index for one in examples]
    return draw_contact_sheet(cases, sentences, attention, session.study.title_note)
