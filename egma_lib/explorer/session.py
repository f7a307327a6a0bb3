"""What the explorer asks a study: cases, attention, numbers and replay."""

from __future__ import annotations

import numpy as np
import pandas as pd

from egma_lib.explorer.bounded_cache import BoundedCache
from egma_lib.explorer.case import ExplorerCase
from egma_lib.explorer.cases import case_table, choices_of, require_case, select_cases
from egma_lib.explorer.film_case import film_case
from egma_lib.explorer.models import Checkpoints
from egma_lib.explorer.numbers import Number, Ruler
from egma_lib.explorer.reading_case import reading_case
from egma_lib.explorer.replay import fixations_until, gaze_until, spoken_at
from egma_lib.explorer.sources import GAZE_CORPUS, StudySources
from egma_lib.explorer.unknown_words import unknown_words
from egma_lib.settings import Settings
from egma_lib.study import Study

CASES_KEPT = 32
PROMPT_SETS = ("chexpert_5x200", "chexpert_8x200")
"""Evaluation sets whose prompts a sentence or a film is compared with."""


class ExplorerSession:
    """A study as the explorer sees it. Making one reads nothing; what is asked for is kept, within bounds.

    Parameters
    ----------
    study
        From `open_study`.
    settings
        The settings that the study's stages were run with.

    Notes
    -----
    Methods raise ArtefactError where stage 01 or 02 has not been run, naming the command, and DataError
    where a film or table of the data sets is missing.
    """

    def __init__(self, study: Study, settings: Settings) -> None:
        self.study = study
        self.settings = settings
        self._sources = StudySources(study, settings)
        self._checkpoints = Checkpoints(self._sources)
        self._ruler = Ruler(self._sources)
        self._tables: BoundedCache[pd.DataFrame] = BoundedCache(8)
        self._cases: BoundedCache[ExplorerCase] = BoundedCache(CASES_KEPT)

    def corpora(self) -> tuple[str, ...]:
        """Return `gaze` and the evaluation sets at hand."""
        return (GAZE_CORPUS, *self._sources.evaluation_names)

    def cases(
        self, corpus: str, *, split: str = "", finding: str = "", reader: str = "", words: str = ""
    ) -> pd.DataFrame:
        """Return the cases of a corpus that fit every choice; an empty choice fits all.

        Parameters
        ----------
        corpus
            One of `corpora`.
        split, finding, reader
            Values of `choices`.
        words
            Beginnings of words that the report must all hold, separated by spaces; case does not count. A
            test film has no report: its findings are searched.

        Returns
        -------
        pandas.DataFrame
            case_id, patient_id, split, reader, findings (separated by commas), n_sentences, has_gaze;
            readings that no training saw come first.
        """
        return select_cases(self._table(corpus), split=split, finding=finding, reader=reader, words=words)

    def choices(self, corpus: str) -> dict[str, tuple[str, ...]]:
        """Return the sorted values that `split`, `finding` and `reader` take in a corpus."""
        return choices_of(self._table(corpus))

    def _table(self, corpus: str) -> pd.DataFrame:
        return self._tables.get(corpus, lambda: case_table(self._sources, corpus))

    def case(self, corpus: str, case_id: str) -> ExplorerCase:
        """Return a case; an empty id is the first.

        A film of an evaluation set has no report: its sentences are one prompt per class, without times.

        Raises
        ------
        DataError
            The corpus has no such case.
        """
        table = self._table(corpus)
        chosen = case_id or str(table["case_id"].iloc[0])
        require_case(table, corpus, chosen)

        def make() -> ExplorerCase:
            if corpus != GAZE_CORPUS:
                return film_case(self._sources, corpus, chosen)
            findings = str(table.loc[table["case_id"] == chosen, "findings"].iloc[0])
            return reading_case(self._sources, chosen, findings)

        return self._cases.get((corpus, chosen), make)

    def checkpoints(self) -> tuple[str, ...]:
        """Return the labels of the trained models of the first seed, in the order of the tables.

        Raises
        ------
        ArtefactError
            Nothing has been trained: says which command does it.
        """
        return self._checkpoints.labels

    def attention(self, case: ExplorerCase, text: str, checkpoint: str) -> np.ndarray:
        """Return the cosine similarity of every patch to a sentence, float32, shape (grid, grid).

        Raises
        ------
        ArtefactError
            There is no such checkpoint.
        DataError
            The text is empty.
        """
        return self._checkpoints.attention(case, text, checkpoint)

    def unknown_words(self, text: str, checkpoint: str) -> tuple[str, ...]:
        """Return the words of a text that the checkpoint's vocabulary lacks, as written, each once."""
        return unknown_words(self._checkpoints.model(checkpoint).tokenizer, text)

    def prompt_sets(self) -> tuple[str, ...]:
        """Return the prompt sets at hand, of `PROMPT_SETS`."""
        return tuple(name for name in PROMPT_SETS if name in self._sources.evaluation_names)

    def class_similarity(self, text: str, checkpoint: str, prompt_set: str) -> dict[str, float]:
        """Return the mean cosine similarity of a sentence to the prompts of every class, in class order."""
        feature = self._checkpoints.text(text, checkpoint)
        return self._checkpoints.class_similarity(feature, checkpoint, prompt_set)

    def prompt_similarity(self, text: str, checkpoint: str, prompt_set: str) -> pd.DataFrame:
        """Return class, prompt and the sentence's cosine similarity to it, a row per prompt of the set."""
        feature = self._checkpoints.text(text, checkpoint)
        return self._checkpoints.prompt_similarity(feature, checkpoint, prompt_set)

    def film_scores(self, case: ExplorerCase, checkpoint: str, prompt_set: str) -> dict[str, float]:
        """Return the mean cosine similarity of a film's global feature to the prompts of every class."""
        feature = self._checkpoints.film(case, checkpoint).global_features[0]
        return self._checkpoints.class_similarity(feature, checkpoint, prompt_set)

    def ranked_sentences(self, case: ExplorerCase, patch: tuple[int, int], checkpoint: str) -> pd.DataFrame:
        """Return sentence_index, text and similarity of the case's sentences, most similar to a patch first.

        Parameters
        ----------
        case
            The case.
        patch
            Row and column on the patch grid.
        checkpoint
            Label of a model.
        """
        return self._checkpoints.ranked_sentences(case, patch, checkpoint)

    def ranked_corpus_sentences(
        self, case: ExplorerCase, patch: tuple[int, int], checkpoint: str, top: int = 20
    ) -> pd.DataFrame:
        """Return text, n_said and similarity of the sentences of all readings most similar to a patch."""
        return self._checkpoints.ranked_corpus_sentences(case, patch, checkpoint, top)

    def numbers(
        self, case: ExplorerCase, sentence_index: int | None, attention: np.ndarray, typed: str = ""
    ) -> dict[str, Number]:
        """Return how well a map points at the region and follows the gaze of its sentence.

        Parameters
        ----------
        case
            The case.
        sentence_index
            Sentence that the map belongs to; None for a typed one, which has no gaze of its own.
        attention
            Shape (grid, grid), from `attention`.
        typed
            The typed sentence; the region is of the findings it names.

        Returns
        -------
        dict
            `pointing_hit`, `cnr`, `cc` and `nss`, each with the average map's and other readers' value.

        Raises
        ------
        DataError
            The case has no such sentence.
        """
        return self._ruler.numbers(case, sentence_index, attention, typed)

    def gaze_until(self, case: ExplorerCase, time_s: float) -> np.ndarray:
        """Return the heatmap of all gaze up to a moment (seconds), float32, shape (grid, grid), maximum 1.

        All zero before the first fixation and for a case without a recording.
        """
        if case.corpus != GAZE_CORPUS:
            return np.zeros(self._sources.grid, dtype=np.float32)
        fixations, frame = self._sources.gaze.fixations_of(case.case_id), self._sources.frame_of(case.case_id)
        return gaze_until(fixations, frame, self._sources.grid, time_s)

    def fixations_until(self, case: ExplorerCase, time_s: float) -> pd.DataFrame:
        """Return the case's fixations begun by a moment (seconds), the last cut to its time so far."""
        return fixations_until(case, time_s)

    def spoken_at(self, case: ExplorerCase, time_s: float) -> int | None:
        """Return the index of the sentence being said at a moment (seconds), None where none is."""
        return spoken_at(case, time_s)
