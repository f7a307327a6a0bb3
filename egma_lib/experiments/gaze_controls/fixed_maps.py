"""One heatmap for all sentences: uniform, centred, or the average of the training readings."""

from __future__ import annotations

import numpy as np

from egma_lib.errors import DataError
from egma_lib.experiments.gaze_controls.variant import replaced_rows, sentences_with_gaze
from egma_lib.gaze.gaussians import Grid
from egma_lib.gaze.heatmaps import patch_heatmap
from egma_lib.training.data import TrainingData

CENTRE_SIGMA = 0.25
"""Standard deviation of the centred Gaussian, in sides of the padded square."""


def uniform_map(grid: Grid) -> np.ndarray:
    """Return 1 on every patch: float32, shape (n,)."""
    return np.ones(grid[0] * grid[1], dtype=np.float32)


def centre_map(grid: Grid, floor: float) -> np.ndarray:
    """Return a Gaussian in the middle of the padded square.

    Parameters
    ----------
    grid
        (rows, columns) of the patch grid.
    floor
        Patches below it are 0 (`gaze_floor`).

    Returns
    -------
    numpy.ndarray
        float32, shape (n,), maximum 1.
    """
    middle, one = np.array([0.5]), np.array([1.0])
    sigma = np.array([CENTRE_SIGMA])
    return _floored(patch_heatmap(middle, middle, one, sigma, sigma, grid).ravel(), floor)


def average_map(data: TrainingData, floor: float) -> np.ndarray:
    """Return the mean heatmap of the sentences with gaze of the training split.

    Parameters
    ----------
    data
        The gaze corpus with measured gaze; held-out samples are left out.
    floor
        Patches below this share of the maximum are 0 (`gaze_floor`).

    Returns
    -------
    numpy.ndarray
        float32, shape (n,), maximum 1.

    Raises
    ------
    DataError
        No sentence of the training split has gaze.
    """
    _, rows = sentences_with_gaze(data, np.flatnonzero(~np.asarray(data.is_validation)).tolist())
    if not len(rows):
        raise DataError("average gaze: no sentence of the training split has gaze; check stage 01")
    mean = rows.mean(axis=0, dtype=np.float64)
    return _floored(mean / mean.max(), floor)


def same_map_everywhere(data: TrainingData, heatmap: np.ndarray) -> list[np.ndarray | None]:
    """Return `heatmap`, shape (n,), for every sentence that has measured gaze, and nothing for the others."""
    pairs, _ = sentences_with_gaze(data, range(len(data)))
    return replaced_rows(data, pairs, np.broadcast_to(heatmap, (len(pairs), len(heatmap))))


def _floored(heatmap: np.ndarray, floor: float) -> np.ndarray:
    return np.where(heatmap < floor, 0.0, heatmap).astype(np.float32)
