"""What a handful of seeds can say: their spread, and the smallest effect that they can show."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import optimize, stats


@lru_cache(maxsize=64)
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
