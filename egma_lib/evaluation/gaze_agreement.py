"""How well a map predicts where a reader looked: saliency metrics of the MIT benchmark, per case.

Definitions: Bylinskii et al. 2018 (What do different evaluation metrics tell us about saliency models?) and,
for information gain, Kuemmerer et al. 2015. Areas under ROC curves are exact (every value is a threshold,
ties count one half), where the benchmark samples thresholds or negatives. All maps are on one raster with
cells counted row by row.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from egma_lib.errors import DataError
from egma_lib.evaluation.grounding_metrics import scaled_to_unit

DENSITY_FLOOR = 0.01
"""Share of a map's range added to every cell before it is read as a density, so that none is impossible."""


def as_density(maps: np.ndarray) -> np.ndarray:
    """Read maps as densities of gaze: scaled to 0-1, plus `DENSITY_FLOOR`, divided by the sum.

    Parameters
    ----------
    maps
        Shape (n, size, size), any unit.

    Returns
    -------
    numpy.ndarray
        float64, same shape, > 0, sum 1 per case; uniform for a constant map.
    """
    raised = scaled_to_unit(maps) + DENSITY_FLOOR
    return raised / raised.sum(axis=(1, 2), keepdims=True)


def normalised_scanpath_saliency(values: np.ndarray, fixated: np.ndarray) -> float:
    """Return NSS: the mean of the standardised map over the fixations.

    Parameters
    ----------
    values
        Shape (cells,), the map of one case.
    fixated
        Shape (k,), cell of each fixation; a cell may occur several times.

    Returns
    -------
    float
        Standard deviations (of the population of cells); 0 for a constant map, which is its expectation by
        chance.

    Raises
    ------
    DataError
        There is no fixation.
    """
    _require_fixations(fixated)
    spread = values.std(dtype=np.float64)
    if np.ptp(values) == 0:
        return 0.0
    return float((values[fixated].mean(dtype=np.float64) - values.mean(dtype=np.float64)) / spread)


def linear_correlation(maps: np.ndarray, heatmaps: np.ndarray) -> np.ndarray:
    """Return CC: Pearson's correlation of map and gaze heatmap over the cells.

    Parameters
    ----------
    maps, heatmaps
        Shape (n, size, size).

    Returns
    -------
    numpy.ndarray
        float64, shape (n,); NaN where either is constant, since it is not defined there.
    """
    first, second = (
        one.reshape(len(one), -1).astype(np.float64) - one.mean(axis=(1, 2), dtype=np.float64)[:, None]
        for one in (maps, heatmaps)
    )
    product = np.sqrt((first**2).sum(axis=1) * (second**2).sum(axis=1))
    varies = (np.ptp(maps, axis=(1, 2)) > 0) & (np.ptp(heatmaps, axis=(1, 2)) > 0)
    return np.divide((first * second).sum(axis=1), product, out=np.full(len(maps), np.nan), where=varies)


def divergence(densities: np.ndarray, heatmaps: np.ndarray) -> np.ndarray:
    """Return KL(gaze || map): sum of q ln(q / p), gaze heatmap scaled to sum 1 as q and the density as p.

    Parameters
    ----------
    densities
        Shape (n, size, size), from `as_density`.
    heatmaps
        Same shape, >= 0, not all zero.

    Returns
    -------
    numpy.ndarray
        float64, shape (n,), nats; 0 is best.

    Raises
    ------
    DataError
        A heatmap is empty.
    """
    total = heatmaps.sum(axis=(1, 2), keepdims=True, dtype=np.float64)
    if (total == 0).any():
        raise DataError(f"gaze agreement: the heatmap of case {int((total == 0).argmax())} is empty")
    gaze = heatmaps / total
    ratio = np.divide(gaze, densities, out=np.ones_like(densities), where=gaze > 0)
    return (gaze * np.log(ratio)).sum(axis=(1, 2))


def auc_judd(values: np.ndarray, fixated: np.ndarray) -> float:
    """Return AUC-Judd: values at the fixations against the values of all cells without a fixation.

    Parameters
    ----------
    values, fixated
        As for `normalised_scanpath_saliency`.

    Returns
    -------
    float
        0-1; 0.5 for a constant map.

    Raises
    ------
    DataError
        There is no fixation, or every cell has one.
    """
    _require_fixations(fixated)
    free = np.ones(len(values), dtype=bool)
    free[fixated] = False
    return _auc(values[fixated], values[free])


def shuffled_auc(values: np.ndarray, fixated: np.ndarray, elsewhere: np.ndarray) -> float:
    """Return sAUC: values at the fixations against those where readers looked on other films.

    A map that only knows where readers look in general gets one half. All fixations of the other films are
    used, where the benchmark draws as many as there are fixations, a hundred times.

    Parameters
    ----------
    values, fixated
        As for `normalised_scanpath_saliency`.
    elsewhere
        Shape (j,), cells of the fixations on other films.

    Returns
    -------
    float
        0-1; 0.5 for a constant map.

    Raises
    ------
    DataError
        There is no fixation here or none elsewhere.
    """
    _require_fixations(fixated)
    return _auc(values[fixated], values[elsewhere])


def information_gain(density: np.ndarray, baseline: np.ndarray, fixated: np.ndarray) -> float:
    """Return the mean over fixations of log2 p(map) - log2 p(baseline).

    Parameters
    ----------
    density, baseline
        Shape (cells,), from `as_density`.
    fixated
        Shape (k,), cell of each fixation.

    Returns
    -------
    float
        Bits per fixation; 0 for the baseline itself.

    Raises
    ------
    DataError
        There is no fixation.
    """
    _require_fixations(fixated)
    return float(np.log2(density[fixated] / baseline[fixated]).mean())


def gaze_agreement(
    maps: np.ndarray,
    heatmaps: np.ndarray,
    fixated: Sequence[np.ndarray],
    elsewhere: Sequence[np.ndarray],
    baseline: np.ndarray,
) -> dict[str, np.ndarray]:
    """Return every metric of n cases.

    Parameters
    ----------
    maps
        Predicted maps, shape (n, size, size).
    heatmaps
        Gaze heatmaps, same shape.
    fixated, elsewhere
        Per case the cells of its fixations, and of those on other films.
    baseline
        Map that information is gained over, shape (size, size).

    Returns
    -------
    dict
        nss (standard deviations), cc, kl (nats), auc_judd, shuffled_auc (0-1) and information_gain (bits per
        fixation), each float64 of shape (n,).
    """
    densities = as_density(maps)
    expected = as_density(baseline[None])[0].ravel()
    flat, flat_density = maps.reshape(len(maps), -1), densities.reshape(len(maps), -1)
    cases = list(zip(flat, flat_density, fixated, elsewhere, strict=True))
    per_case = {
        "nss": [normalised_scanpath_saliency(values, here) for values, _, here, _ in cases],
        "auc_judd": [auc_judd(values, here) for values, _, here, _ in cases],
        "shuffled_auc": [shuffled_auc(values, here, there) for values, _, here, there in cases],
        "information_gain": [information_gain(density, expected, here) for _, density, here, _ in cases],
    }
    found = {name: np.array(values, dtype=np.float64) for name, values in per_case.items()}
    return found | {"cc": linear_correlation(maps, heatmaps), "kl": divergence(densities, heatmaps)}


def _auc(positives: np.ndarray, negatives: np.ndarray) -> float:
    """Return the share of (positive, negative) pairs in the right order, ties counting one half."""
    if not len(negatives):
        raise DataError("gaze agreement: no cell or fixation to compare with; use more films")
    ordered = np.sort(negatives)
    below = np.searchsorted(ordered, positives, side="left")
    up_to = np.searchsorted(ordered, positives, side="right")
    return float((below + up_to).mean() / (2 * len(ordered)))


def _require_fixations(fixated: np.ndarray) -> None:
    if not len(fixated):
        raise DataError("gaze agreement: a case without fixations; leave it out")
