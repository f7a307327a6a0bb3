"""What a handful of seeds can say: mean, spread, paired differences and the smallest effect they can show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class PairedDifference:
    """Mean difference over seeds with its 95 % t interval, its spread, and the smallest effect to be seen.

    `smallest_effect` is the true difference that a two-sided paired t test at 5 % would find with 80 % power;
    NaN with a single seed, as are interval and spread.
    """

    value: float
    low: float
    high: float
    sd: float
    smallest_effect: float
    n_seeds: int


def paired_difference(ours: np.ndarray, reference: np.ndarray) -> PairedDifference:
    """Compare two arms seed by seed.

    Parameters
    ----------
    ours, reference
        One value per seed, in the same order of seeds, shape (n_seeds,).
    """
    difference = np.asarray(ours, dtype=float) - np.asarray(reference, dtype=float)
    n_seeds = len(difference)
    mean = float(difference.mean())
    if n_seeds < 2:
        return PairedDifference(mean, np.nan, np.nan, np.nan, np.nan, n_seeds)
    sd = float(difference.std(ddof=1))
    error = sd / np.sqrt(n_seeds)
    critical = stats.t.ppf(0.975, n_seeds - 1)
    reach = (critical + stats.t.ppf(0.8, n_seeds - 1)) * error
    return PairedDifference(mean, mean - critical * error, mean + critical * error, sd, float(reach), n_seeds)


def seed_spread(values: np.ndarray) -> float:
    """Return the standard deviation over seeds, NaN with one seed."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")
