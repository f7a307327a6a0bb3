"""Which of the stored scores a model really has: one without patch features has the global score alone."""

from __future__ import annotations

from pathlib import Path

from egma_lib.evaluation.predictions import read_predictions, stored_scores


def available_scores(folder: Path, name: str) -> tuple[str, ...]:
    """Return the stored scores of a set that are not NaN for every case and class.

    Parameters
    ----------
    folder
        Prediction folder of a model.
    name
        Evaluation set.

    Raises
    ------
    ArtefactError
        The set has not been scored.
    """
    table = read_predictions(folder, name)
    known = {column.partition("|")[0] for column in table.columns[table.notna().any()] if "|" in column}
    return tuple(score for score in stored_scores(folder, name) if score in known)
