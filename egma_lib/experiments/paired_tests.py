"""Paired t tests from mean and spread over seeds, and Holm's correction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats


def two_sided_p(value: float, sd: float, n_seeds: int) -> float:
    """Return p of a paired t test from mean, standard deviation and number of differences; NaN with one.

    Differences that are all the same have no spread to judge them by: NaN, or 1 where they are all 0.
    """
    if n_seeds < 2 or (sd == 0 and value != 0):
        return float("nan")
    if sd == 0:
        return 1.0
    return float(2 * stats.t.sf(abs(value) / (sd / np.sqrt(n_seeds)), n_seeds - 1))


def one_sided_p(gain: float, sd: float, n_seeds: int) -> float:
    """Return p of the alternative "helps" (gain > 0), as `two_sided_p`; harm gives values near 1."""
    if n_seeds < 2 or (sd == 0 and gain > 0):
        return float("nan")
    if sd == 0:
        return 1.0
    return float(stats.t.sf(gain / (sd / np.sqrt(n_seeds)), n_seeds - 1))


def one_sided_bound(gain: float, sd: float, n_seeds: int, level: float = 0.95) -> float:
    """Return the lower bound of a gain, from the one-sided t interval at this level; NaN with one seed."""
    if n_seeds < 2:
        return float("nan")
    return float(gain - stats.t.ppf(level, n_seeds - 1) * sd / np.sqrt(n_seeds))


def holm(p_values: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return p values after Holm's correction over a family; NaN stays NaN and does not count.

    Source: Holm, "A simple sequentially rejective multiple test procedure", Scand J Statist 6 (1979).

    Parameters
    ----------
    p_values
        Shape (k,).

    Returns
    -------
    numpy.ndarray
        Shape (k,): the smallest level at which each hypothesis is rejected with the family-wise error kept.
    """
    values = np.asarray(p_values, dtype=float)
    adjusted = np.full(len(values), np.nan)
    known = np.flatnonzero(np.isfinite(values))
    order = known[np.argsort(values[known], kind="stable")]
    remaining = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(values[order] * remaining), 1.0)
    return adjusted
