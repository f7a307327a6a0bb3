"""Paired t tests from a difference and its standard error, and Holm's correction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats


def two_sided_p(value: float, standard_error: float, n_seeds: int) -> float:
    """Return p of a t test with n_seeds - 1 degrees of freedom.

    NaN without a standard error, as with one seed. Where it is 0, nothing varies: 1 if nothing differs
    either, and NaN otherwise, since there is no spread to judge the difference by.
    """
    return _p(abs(value), standard_error, n_seeds, sides=2)


def one_sided_p(gain: float, standard_error: float, n_seeds: int) -> float:
    """Return p of the alternative "helps" (gain > 0), as `two_sided_p`; harm gives values near 1."""
    return _p(gain, standard_error, n_seeds, sides=1)


def _p(value: float, standard_error: float, n_seeds: int, sides: int) -> float:
    if n_seeds < 2 or np.isnan(standard_error):
        return float("nan")
    if standard_error == 0:
        return 1.0 if value == 0 else float("nan")
    return float(sides * stats.t.sf(value / standard_error, n_seeds - 1))


def one_sided_bound(gain: float, standard_error: float, n_seeds: int, level: float = 0.95) -> float:
    """Return the lower bound of a gain, from the one-sided t interval at this level; NaN with one seed."""
    if n_seeds < 2:
        return float("nan")
    return float(gain - stats.t.ppf(level, n_seeds - 1) * standard_error)


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
