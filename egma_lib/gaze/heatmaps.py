"""Fixations to heatmaps on the patch grid, by exact integrals of Gaussians over cells."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from egma_lib.errors import GazeError
from egma_lib.gaze.artefact import GazeArtefact
from egma_lib.gaze.assignment import overlap_s
from egma_lib.gaze.frames import ImageFrame
from egma_lib.gaze.gaussians import Gaussians, Grid
from egma_lib.settings import GazeSettings

_COLUMNS = ("x", "y", "weight_s", "sigma_x", "sigma_y")


def patch_heatmap(
    x: np.ndarray, y: np.ndarray, weight: np.ndarray, sigma_x: np.ndarray, sigma_y: np.ndarray, grid: Grid
) -> np.ndarray:
    """Return the heatmap of fixations on a grid, scaled to maximum 1.

    Each fixation is a Gaussian of total mass `weight`, integrated exactly over every cell as a product of
    differences of the normal distribution function. A fixation outside counts with its part that falls
    inside.

    Parameters
    ----------
    x, y
        Shape (k,), positions in 0-1 of the padded square (values outside are allowed).
    weight
        Shape (k,), mass of each fixation, >= 0 (such as its duration in seconds).
    sigma_x, sigma_y
        Shape (k,) or scalars, standard deviations in 0-1 of the padded square, > 0.
    grid
        (rows, columns) of the result.

    Returns
    -------
    numpy.ndarray
        float64, shape `grid`, maximum 1; all zero where the mass inside is below the rounding error of the
        whole (nothing falls inside).

    Raises
    ------
    GazeError
        Lengths differ, a value is not finite, a weight is negative, a sigma or a grid side is not positive.
    """
    gaussians = Gaussians.checked(x, y, weight, sigma_x, sigma_y)
    return gaussians.heatmaps(np.zeros(len(gaussians.x), dtype=np.int64), 1, grid)[0]


def sentence_heatmaps(
    fixations: pd.DataFrame, n_sentences: int, grid: Grid, frame: ImageFrame, floor: float = 0.0
) -> np.ndarray:
    """Return one heatmap per sentence of a reading on the patch grid of the padded square.

    Parameters
    ----------
    fixations
        Columns x, y, sigma_x, sigma_y (0-1 of the image), weight_s (seconds) and sentence_index (null: of no
        sentence, left out).
    n_sentences
        Number m of sentences of the reading.
    grid
        (rows, columns).
    frame
        Frame of the image, which says how it is padded to a square.
    floor
        Cells below this share of their sentence's maximum become 0 (design: `gaze_floor`).

    Returns
    -------
    numpy.ndarray
        float32, shape (m, rows, columns), maximum 1 per sentence; all zero without gaze.

    Raises
    ------
    GazeError
        A sentence index is outside 0 .. m - 1, or as for `patch_heatmap`.
    """
    mine = fixations["sentence_index"].notna().to_numpy()
    index = fixations["sentence_index"].to_numpy(dtype=np.float64, na_value=np.nan)[mine].astype(np.int64)
    if len(index) and not 0 <= index.min() <= index.max() < n_sentences:
        raise GazeError(
            f"sentence_index from {index.min()} to {index.max()} in a reading of {n_sentences} sentences"
        )
    columns = {name: fixations[name].to_numpy(dtype=np.float64)[mine] for name in _COLUMNS}
    return _with_floor(_padded(columns, frame).heatmaps(index, n_sentences, grid), floor)


def word_heatmaps(fixations: pd.DataFrame, words: pd.DataFrame, grid: Grid, frame: ImageFrame) -> np.ndarray:
    """Return one heatmap per word (paper, Figure 5); many are empty, which is why sentences are used.

    Parameters
    ----------
    fixations
        As for `sentence_heatmaps`, with order, onset_s and duration_s; only those of a sentence count.
    words
        start_s, end_s, w rows; a fixation weighs as much as it overlaps the word.

    Returns
    -------
    numpy.ndarray
        float32, shape (w, rows, columns), maximum 1 per word or all zero.
    """
    once = fixations[fixations["sentence_index"].notna()].drop_duplicates("order")
    onset = once["onset_s"].to_numpy(dtype=np.float64)
    shared = overlap_s(
        onset,
        onset + once["duration_s"].to_numpy(dtype=np.float64),
        words["start_s"].to_numpy(dtype=np.float64),
        words["end_s"].to_numpy(dtype=np.float64),
    )
    fixation, word = np.nonzero(shared > 0)
    columns = {name: once[name].to_numpy(dtype=np.float64)[fixation] for name in _COLUMNS}
    columns["weight_s"] = shared[fixation, word]
    return _with_floor(_padded(columns, frame).heatmaps(word, len(words), grid), 0.0)


def gaze_similarity(
    artefact: GazeArtefact,
    reading_ids: Sequence[str],
    grid: Grid,
    frames: Sequence[ImageFrame],
    settings: GazeSettings,
) -> list[np.ndarray]:
    """Return GS of the design: per reading the sentence heatmaps as rows over patches.

    Parameters
    ----------
    artefact
        Gaze artefact that holds the readings.
    reading_ids, frames
        Readings and the frames of their images, in the same order.
    grid
        (rows, columns) of the patch grid, n = rows * columns.
    settings
        `gaze_floor`, and `whole_report_fallback`: a sentence without gaze takes the heatmap of the whole
        reading (released code) instead of zeros.

    Returns
    -------
    list of numpy.ndarray
        float32, shape (m, n) each, m = sentences of the reading, patches row by row. A sentence has gaze
        exactly where its row is not all zero.

    Raises
    ------
    GazeError
        Different numbers of readings and frames, or a reading that the artefact does not hold.
    """
    if len(reading_ids) != len(frames):
        raise GazeError(f"{len(reading_ids)} readings but {len(frames)} frames")
    result = []
    for reading_id, frame in zip(reading_ids, frames, strict=True):
        fixations = artefact.fixations_of(reading_id)
        maps = sentence_heatmaps(
            fixations, len(artefact.sentences_of(reading_id)), grid, frame, settings.gaze_floor
        )
        if settings.whole_report_fallback:
            empty = ~maps.any(axis=(1, 2))
            maps[empty] = whole_report_heatmap(fixations, grid, frame, settings.gaze_floor)
        result.append(maps.reshape(len(maps), -1))
    return result


def whole_report_heatmap(
    fixations: pd.DataFrame, grid: Grid, frame: ImageFrame, floor: float = 0.0
) -> np.ndarray:
    """Return the heatmap of a reading's fixations on the image by duration: float32, shape `grid`."""
    once = fixations[fixations["on_image"]].drop_duplicates("order")
    whole = once.assign(sentence_index=0, weight_s=once["duration_s"])
    return sentence_heatmaps(whole, 1, grid, frame, floor)[0]


def _padded(columns: dict[str, np.ndarray], frame: ImageFrame) -> Gaussians:
    x, y = frame.to_padded(columns["x"], columns["y"])
    sigma_x, sigma_y = frame.sigma_to_padded(columns["sigma_x"], columns["sigma_y"])
    return Gaussians.checked(x, y, columns["weight_s"], sigma_x, sigma_y)


def _with_floor(maps: np.ndarray, floor: float) -> np.ndarray:
    return np.where(maps < floor, 0.0, maps).astype(np.float32)
