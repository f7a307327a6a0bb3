"""Pointing game: whether the patch most similar to a finding's prompt lies on the finding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.ndimage import distance_transform_edt

from egma_lib.gaze.frames import ImageFrame

REGION_RASTER = 112
"""Cells per side of the padded square on which regions are drawn for scoring."""


@dataclass(frozen=True)
class PointingResult:
    """Hit of every case (bool, shape (n_cases,)) and the share of the square that would count as a hit."""

    hits: np.ndarray
    chance: np.ndarray


def raster_boxes(boxes: pd.DataFrame, frame: ImageFrame, size: int = REGION_RASTER) -> np.ndarray:
    """Draw boxes and ellipses (0-1 of the image) on the padded square, boolean, shape (size, size).

    A cell counts where its centre is in a box or ellipse; one that holds no cell's centre is drawn as the
    cell that its own centre falls in.
    """
    centres = (np.arange(size) + 0.5) / size
    x, y = frame.from_padded(centres[None, :], centres[:, None])
    drawn = np.zeros((size, size), dtype=bool)
    sides = boxes[["x_min", "y_min", "x_max", "y_max"]].to_numpy(dtype=float)
    for kind, (x_min, y_min, x_max, y_max) in zip(boxes["kind"], sides, strict=True):
        # Distance from the centre in half widths: a box is where both are at most 1.
        u = (2 * x - x_min - x_max) / (x_max - x_min)
        v = (2 * y - y_min - y_max) / (y_max - y_min)
        inside = u**2 + v**2 <= 1 if kind == "ellipse" else (np.abs(u) <= 1) & (np.abs(v) <= 1)
        drawn |= inside if inside.any() else _one_cell((x_min + x_max) / 2, (y_min + y_max) / 2, frame, size)
    return drawn


def raster_mask(mask: np.ndarray, size: int = REGION_RASTER) -> np.ndarray:
    """Draw a mask of the image, shape (rows, columns), on the padded square, boolean, shape (size, size).

    A cell counts where its centre is in the mask; a mask that holds no cell's centre is drawn as the cell
    that its own centre (mean position of its pixels) falls in. An empty mask stays empty.
    """
    frame = ImageFrame(*mask.shape)
    centres = (np.arange(size) + 0.5) / size
    x, y = frame.from_padded(centres, centres)
    columns = np.floor(x * frame.columns).astype(int)
    rows = np.floor(y * frame.rows).astype(int)
    inside_columns = (columns >= 0) & (columns < frame.columns)
    inside_rows = (rows >= 0) & (rows < frame.rows)
    drawn = mask[np.clip(rows, 0, frame.rows - 1)][:, np.clip(columns, 0, frame.columns - 1)].astype(bool)
    drawn &= inside_rows[:, None] & inside_columns[None, :]
    if not drawn.any() and mask.any():
        y, x = (np.argwhere(mask).mean(axis=0) + 0.5) / mask.shape
        drawn = _one_cell(x, y, frame, size)
    return drawn


def _one_cell(x: float, y: float, frame: ImageFrame, size: int) -> np.ndarray:
    """Return only the cell of the padded square that a point (0-1 of the image) falls in, (size, size)."""
    padded = np.concatenate(frame.to_padded(np.array([x]), np.array([y])))
    column, row = np.clip(np.floor(padded * size).astype(int), 0, size - 1)
    cell = np.zeros((size, size), dtype=bool)
    cell[row, column] = True
    return cell


def pointing_hits(maps: np.ndarray, regions: np.ndarray) -> PointingResult:
    """Score the pointing game with a tolerance of half a patch.

    The tolerance is the pointing game's usual 15 pixels of a 224-pixel image, which is half of a 7 x 7 patch.

    Parameters
    ----------
    maps
        Similarity of every patch to the prompt, shape (n_cases, grid, grid).
    regions
        Boolean, shape (n_cases, size, size), on the padded square; each case needs at least one cell.

    Returns
    -------
    PointingResult
        A hit is a best patch whose centre is within half a patch of the region.
    """
    n_cases, grid, _ = maps.shape
    size = regions.shape[1]
    best = maps.reshape(n_cases, -1).argmax(axis=1)
    centre = (np.arange(grid) + 0.5) / grid * size
    patch_row = np.minimum(np.floor(centre).astype(int), size - 1)
    hits, chance = np.zeros(n_cases, dtype=bool), np.zeros(n_cases)
    tolerance = size / grid / 2
    for case in range(n_cases):
        if not regions[case].any():
            raise ValueError(f"case {case} has an empty region")
        near = distance_transform_edt(~regions[case]) <= tolerance
        hits[case] = near[patch_row[best[case] // grid], patch_row[best[case] % grid]]
        chance[case] = near[np.ix_(patch_row, patch_row)].mean()
    return PointingResult(hits, chance)


def similarity_maps(patch_features: np.ndarray, prompt_features: np.ndarray) -> np.ndarray:
    """Mean similarity of each patch to several prompts, shape (n_images, grid, grid)."""
    similarity = (patch_features @ prompt_features.T).mean(axis=2)
    grid = round(similarity.shape[1] ** 0.5)
    return similarity.reshape(len(similarity), grid, grid)
