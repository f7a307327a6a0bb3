"""What a handful of seeds can say: mean, spread, paired differences and the smallest effect they can show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats


@dataclass(frozen=True)
class PairedDifference:
    """Mean difference over seeds with its 95 % t interval, its spread, and the smallest effect to be seen.

    `smallest_effect` is the true difference that a two-sided paired t test at 5 % would find with 80 % power
    if `sd` were the true spread (noncentral t); NaN with a single seed, as are interval and spread.
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

    Raises
    ------
    ValueError
        The arms do not have the same number of seeds.
    """
    if len(ours) != len(reference):
        raise ValueError(
            f"{len(ours)} seeds against {len(reference)}; a paired difference needs the same seeds"
        )
    difference = np.asarray(ours, dtype=float) - np.asarray(reference, dtype=float)
    n_seeds = len(difference)
    mean = float(difference.mean())
    if n_seeds < 2:
        return PairedDifference(mean, np.nan, np.nan, np.nan, np.nan, n_seeds)
    sd = float(difference.std(ddof=1))
    error = sd / np.sqrt(n_seeds)
    critical = stats.t.ppf(0.975, n_seeds - 1)
    reach = noncentrality(n_seeds) * error
    return PairedDifference(mean, mean - critical * error, mean + critical * error, sd, reach, n_seeds)


def noncentrality(n_seeds: int, power: float = 0.8) -> float:
    """Return the true difference, in standard errors, that a two-sided t test at 5 % finds with this power.

    The far tail (finding the effect with the wrong sign) is left out; it is under one in a million.
    """
    degrees = n_seeds - 1
    critical = stats.t.ppf(0.975, degrees)
    start = critical + stats.t.ppf(power, degrees)
    return float(
        optimize.brentq(lambda shift: stats.nct.sf(critical, degrees, shift) - power, start / 2, 1.5 * start)
    )


def seed_spread(values: np.ndarray) -> float:
    """Return the standard deviation over seeds, NaN with one seed."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")
