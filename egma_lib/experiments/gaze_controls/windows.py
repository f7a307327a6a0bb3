"""Controls that take the fixations of another time: shifted, earlier, or of the whole reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from egma_lib.experiments.gaze_controls.variant import replaced_rows, sentences_with_gaze
from egma_lib.gaze.artefact import GazeArtefact
from egma_lib.gaze.assignment import assign_fixations
from egma_lib.gaze.gaussians import Grid
from egma_lib.gaze.heatmaps import gaze_similarity, whole_report_heatmap
from egma_lib.settings import GazeSettings
from egma_lib.training.data import TrainingData


def reassigned(
    gaze: GazeArtefact, reading_ids: Sequence[str], settings: GazeSettings, shift_s: float = 0.0
) -> GazeArtefact:
    """Assign the fixations of readings anew.

    Parameters
    ----------
    gaze
        Artefact that holds the readings.
    reading_ids
        Readings whose fixations the result holds.
    settings
        Lead, lag and rule of the new assignment.
    shift_s
        Every sentence's window moves by this much (seconds); negative is earlier.

    Returns
    -------
    GazeArtefact
        The same readings and sentences with other fixations in place; it is not on disk.

    Raises
    ------
    GazeError
        The artefact does not hold a reading.
    """
    tables = [gaze.fixations.iloc[:0]]
    for reading_id in dict.fromkeys(reading_ids):
        sentences = gaze.sentences_of(reading_id)
        moved = sentences.assign(start_s=sentences["start_s"] + shift_s, end_s=sentences["end_s"] + shift_s)
        # With `all_overlaps` a fixation has a row per sentence.
        once = gaze.fixations_of(reading_id).drop_duplicates("order")
        tables.append(assign_fixations(once, moved, settings))
    return replace(gaze, fixations=pd.concat(tables, ignore_index=True))


def window_gaze(
    gaze: GazeArtefact, reading_ids: Sequence[str], grid: Grid, settings: GazeSettings, shift_s: float = 0.0
) -> list[np.ndarray]:
    """Return gaze similarity with the windows of `settings`, moved by `shift_s`; see `reassigned`.

    Returns
    -------
    list of numpy.ndarray
        float32, shape (sentences, n) per reading; as `gaze_similarity`.
    """
    other = reassigned(gaze, reading_ids, settings, shift_s)
    return gaze_similarity(other, reading_ids, grid, other.frames_of(reading_ids), settings)


def whole_report_gaze(
    data: TrainingData, gaze: GazeArtefact, grid: Grid, floor: float
) -> list[np.ndarray | None]:
    """Return for every sentence with gaze the heatmap of its whole reading.

    Parameters
    ----------
    data
        The gaze corpus; its sample ids are reading ids of `gaze`.
    gaze
        Artefact that holds the readings.
    grid
        (rows, columns) of the patch grid.
    floor
        Patches below this share of the maximum are 0 (`gaze_floor`).

    Returns
    -------
    list
        As `TrainingData.gaze_similarity`; the fixations of silent search count as well.
    """
    pairs, _ = sentences_with_gaze(data, range(len(data)))
    rows = np.zeros((len(pairs), grid[0] * grid[1]), dtype=np.float32)
    frames = gaze.frames_of(data.sample_ids)
    for sample in np.unique(pairs[:, 0]).tolist():
        fixations = gaze.fixations_of(data.sample_ids[sample])
        whole = whole_report_heatmap(fixations, grid, frames[sample], floor)
        rows[pairs[:, 0] == sample] = whole.ravel()
    return replaced_rows(data, pairs, rows)
