"""A reading up to a moment: where the eyes have been, and which sentence is being said."""

from __future__ import annotations

import numpy as np
import pandas as pd

from egma_lib.explorer.case import ExplorerCase
from egma_lib.gaze.frames import ImageFrame
from egma_lib.gaze.heatmaps import whole_report_heatmap


def gaze_until(
    fixations: pd.DataFrame, frame: ImageFrame, grid: tuple[int, int], time_s: float
) -> np.ndarray:
    """Return the heatmap of the gaze up to a moment.

    Parameters
    ----------
    fixations
        Of one reading, from the gaze artefact; one that is going on counts with its time so far.
    frame
        Frame of the film.
    grid
        (rows, columns).
    time_s
        Seconds of the recording.

    Returns
    -------
    numpy.ndarray
        float32, shape `grid`, maximum 1; all zero before the first fixation on the film.
    """
    return whole_report_heatmap(_begun(fixations, time_s), grid, frame)


def fixations_until(case: ExplorerCase, time_s: float) -> pd.DataFrame:
    """Return the case's fixations that have begun, in order; the last may be cut to its time so far.

    A fixation that several sentences share is there once.
    """
    return _begun(case.fixations, time_s).drop_duplicates("order")


def _begun(fixations: pd.DataFrame, time_s: float) -> pd.DataFrame:
    begun = fixations[(fixations["onset_s"] < time_s).to_numpy()]
    shown = np.minimum(begun["duration_s"].to_numpy(), time_s - begun["onset_s"].to_numpy())
    return begun.assign(duration_s=shown)


def spoken_at(case: ExplorerCase, time_s: float) -> int | None:
    """Return the index of the sentence that is being said, None between sentences or without a recording.

    A sentence lasts from its first word's start up to, and without, its last word's end; of two that overlap
    the later one counts.
    """
    start, end = (case.sentences[name].to_numpy(dtype=float) for name in ("start_s", "end_s"))
    said = np.flatnonzero((start <= time_s) & (time_s < end))
    return int(case.sentences["sentence_index"].iloc[said[-1]]) if len(said) else None
