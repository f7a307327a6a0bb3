"""How well a map of similarities points at a region: metrics of phrase grounding, per case.

All functions take maps and regions of n cases on the same raster and return one value per case. Sources:
pointing game, Zhang et al. 2018 (Top-down neural attention by excitation backprop); contrast-to-noise ratio
and mean IoU, Boecking et al. 2022 (BioViL); average precision, as scikit-learn defines it.
"""

from __future__ import annotations

import numpy as np

from egma_lib.errors import DataError

IOU_THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5)
"""Thresholds of the mean IoU (Boecking et al. 2022)."""


def enlarge_bilinear(maps: np.ndarray, size: int) -> np.ndarray:
    """Bring maps on a patch grid to a raster, linear between the centres of the patches.

    Beyond the outermost centres the value of the border patch goes on, as where an image is resized.

    Parameters
    ----------
    maps
        Shape (n, grid, grid), on the padded square.
    size
        Cells per side of the raster.

    Returns
    -------
    numpy.ndarray
        float32, shape (n, size, size).
    """
    weights = _linear_weights(maps.shape[1], size)
    return (weights @ maps.astype(np.float64) @ weights.T).astype(np.float32)


def _linear_weights(grid: int, size: int) -> np.ndarray:
    """Return the share of each patch in each cell along one side, shape (size, grid), rows sum to 1."""
    position = np.clip((np.arange(size) + 0.5) / size * grid - 0.5, 0, grid - 1)
    return np.clip(1 - np.abs(position[:, None] - np.arange(grid)), 0, None)


def contrast_to_noise(maps: np.ndarray, regions: np.ndarray) -> np.ndarray:
    """Return the contrast-to-noise ratio with its sign: (mu_in - mu_out) / sqrt(var_in + var_out).

    Boecking et al. 2022 take the absolute value, which counts a map that avoids the region as well as one
    that finds it; `abs` of this is theirs. Variances are those of the population. It does not change when
    the map is shifted or scaled by a positive factor.

    Parameters
    ----------
    maps
        Shape (n, size, size).
    regions
        bool, same shape; each case has cells inside and outside.

    Returns
    -------
    numpy.ndarray
        float64, shape (n,); 0 for a constant map, which has no contrast; infinite where the two parts are
        constant and differ.

    Raises
    ------
    DataError
        Shapes differ, or a region is empty or covers everything.
    """
    values, inside = _flat(maps, regions)
    n_inside = inside.sum(axis=1)
    n_outside = inside.shape[1] - n_inside
    mean_in = (values * inside).sum(axis=1) / n_inside
    mean_out = (values * ~inside).sum(axis=1) / n_outside
    spread = np.where(inside, values - mean_in[:, None], values - mean_out[:, None]) ** 2
    noise = np.sqrt((spread * inside).sum(axis=1) / n_inside + (spread * ~inside).sum(axis=1) / n_outside)
    constant = np.ptp(values, axis=1) == 0
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(constant, 0.0, (mean_in - mean_out) / noise)


def mean_iou(
    maps: np.ndarray, regions: np.ndarray, thresholds: tuple[float, ...] = IOU_THRESHOLDS
) -> np.ndarray:
    """Return the mean over thresholds of intersection over union of region and {map >= threshold}.

    Parameters
    ----------
    maps
        Shape (n, size, size); values are compared with the thresholds as they are.
    regions
        bool, same shape.
    thresholds
        In the unit of the map.

    Returns
    -------
    numpy.ndarray
        float64, shape (n,), 0-1.

    Raises
    ------
    DataError
        As for `contrast_to_noise`.
    """
    values, inside = _flat(maps, regions)
    shares = []
    for threshold in thresholds:
        called = values >= threshold
        shares.append((called & inside).sum(axis=1) / (called | inside).sum(axis=1))
    return np.mean(shares, axis=0)


def scaled_to_unit(maps: np.ndarray) -> np.ndarray:
    """Return every map from its minimum to its maximum as 0 to 1; a constant map becomes 0."""
    low = maps.min(axis=(1, 2), keepdims=True)
    span = maps.max(axis=(1, 2), keepdims=True) - low
    return np.divide(maps - low, span, out=np.zeros_like(maps, dtype=np.float64), where=span > 0)


def average_precision(maps: np.ndarray, regions: np.ndarray) -> np.ndarray:
    """Return the area under the precision-recall curve of the cells: sum of (R_k - R_{k-1}) P_k.

    Cells of equal value are called together, as in scikit-learn's `average_precision_score`; a constant map
    so has the share of the raster that the region covers. It depends on the order of the values only.

    Parameters
    ----------
    maps
        Shape (n, size, size).
    regions
        bool, same shape.

    Returns
    -------
    numpy.ndarray
        float64, shape (n,), 0-1.

    Raises
    ------
    DataError
        As for `contrast_to_noise`.
    """
    values, inside = _flat(maps, regions)
    n_cells = values.shape[1]
    order = np.argsort(-values, axis=1, kind="stable")
    values, hit = np.take_along_axis(values, order, axis=1), np.take_along_axis(inside, order, axis=1)
    precision = np.cumsum(hit, axis=1) / np.arange(1, n_cells + 1)
    is_last = np.ones(values.shape, dtype=bool)
    is_last[:, :-1] = values[:, 1:] != values[:, :-1]
    # Every cell counts with the precision at the last cell of its value.
    last = np.where(is_last, np.arange(n_cells), n_cells)
    last = np.minimum.accumulate(last[:, ::-1], axis=1)[:, ::-1]
    return (hit * np.take_along_axis(precision, last, axis=1)).sum(axis=1) / hit.sum(axis=1)


def _flat(maps: np.ndarray, regions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if maps.shape != regions.shape:
        raise DataError(f"grounding: maps of shape {maps.shape} for regions of shape {regions.shape}")
    inside = regions.reshape(len(regions), -1)
    covered = inside.sum(axis=1)
    bad = np.flatnonzero((covered == 0) | (covered == inside.shape[1]))
    if len(bad):
        what = "is empty" if covered[bad[0]] == 0 else "covers the whole square"
        raise DataError(f"grounding: the region of case {bad[0]} {what}; leave the case out")
    return maps.reshape(len(maps), -1).astype(np.float64), inside
