"""A film of an evaluation set as a case of the explorer: no report and no gaze, but labels and regions."""

from __future__ import annotations

import numpy as np
import pandas as pd

from egma_lib.evaluation.evaluation_sets import EvaluationSet
from egma_lib.explorer.case import ExplorerCase, Region
from egma_lib.explorer.reading_case import display_film
from egma_lib.explorer.sources import StudySources


def class_phrases(test_set: EvaluationSet) -> tuple[str, ...]:
    """Return one phrase per class in the class order: its first pointing prompt, else its first prompt."""
    phrases = []
    for index in range(len(test_set.class_names)):
        pointing = np.flatnonzero(test_set.pointing_class == index)
        if len(pointing):
            phrases.append(test_set.pointing_prompts[pointing[0]])
        else:
            phrases.append(test_set.prompts[np.flatnonzero(test_set.prompt_class == index)[0]])
    return tuple(phrases)


def film_case(sources: StudySources, corpus: str, case_id: str) -> ExplorerCase:
    """Return a film of an evaluation set.

    Its sentences are `class_phrases`, so that sentence i speaks of class i; times are NaN.

    Parameters
    ----------
    sources
        The study.
    corpus, case_id
        Evaluation set and a case of it.

    Raises
    ------
    DataError
        The data sets no longer list the case.
    """
    test_set = sources.evaluation_set(corpus)
    index = int(np.flatnonzero(test_set.case_ids == case_id)[0])
    phrases = class_phrases(test_set)
    missing = np.full(len(phrases), np.nan)
    texts = {"sentence_index": np.arange(len(phrases)), "text": list(phrases)}
    return ExplorerCase(
        corpus=corpus,
        case_id=case_id,
        film=display_film(sources.film_path(corpus, case_id)),
        model_input=np.array(test_set.images[index]),
        sentences=pd.DataFrame(texts | {"start_s": missing, "end_s": missing, "has_gaze": False}),
        words=_no_rows(sentence_index=int, word=object, start_s=float, end_s=float),
        fixations=_no_rows(
            order=int, onset_s=float, duration_s=float, x=float, y=float, sentence_index=float
        ),
        heatmaps=np.zeros((len(phrases), *sources.grid), dtype=np.float32),
        regions=tuple(
            Region(
                test_set.class_names[test_set.region_class[one]], "data set", np.array(test_set.regions[one])
            )
            for one in np.flatnonzero(test_set.region_case == index)
        ),
        facts={
            "Case": case_id,
            "Patient": str(test_set.patient_ids[index]),
            "Split": "test (no training saw it)",
            "Findings": test_set.class_names[test_set.labels[index]],
            "Sentences": "one prompt per class; a film of a test set has no report",
        },
    )


def _no_rows(**columns: type) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()})
