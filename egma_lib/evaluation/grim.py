"""GRIM, the test whether counts can give the printed decimals.

Source: Brown and Heathers (2017), The GRIM test, Social Psychological and Personality Science 8(4).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from egma_lib.evaluation.printed import Printed, counts_behind

MOST_RUNS = 10
"""Numbers of runs that are tried where the stated number does not fit."""


@dataclass(frozen=True)
class Grim:
    """Outcome of the test.

    Attributes
    ----------
    fits
        Some count gives the text by rounding half up or half to even.
    fits_cut
        Some count gives it by dropping digits.
    has_power
        Neighbouring counts lie further apart than one unit of the last digit, so that a text can fail.
    nearest
        Shares of the counts next to the text, below (or at) and above.
    """

    fits: bool
    fits_cut: bool
    has_power: bool
    nearest: tuple[Fraction, Fraction]


def grim(printed: Printed, total: int) -> Grim:
    """Test whether k / total prints as the text for a whole k from 0 to total, in exact arithmetic.

    Parameters
    ----------
    printed
        The share as printed.
    total
        Calls counted: cases times runs, for precision at k queries times k times runs. The mean of runs on
        the same number of cases is such a share.

    Raises
    ------
    ValueError
        `total` is below 1.
    """
    if total < 1:
        raise ValueError(f"GRIM needs at least one counted call, not {total}")
    shares = [Fraction(k, total) for k in counts_behind(printed, total)]
    below = Fraction(printed.value * total // 1, total)
    return Grim(
        fits=any(map(printed.is_rounded_from, shares)),
        fits_cut=any(map(printed.is_cut_from, shares)),
        has_power=Fraction(1, total) > printed.unit,
        nearest=(below, min(Fraction(1), below + Fraction(1, total))),
    )


def runs_that_fit(printed: Printed, calls_per_run: int) -> list[int]:
    """Return the numbers of runs, up to `MOST_RUNS`, whose mean can be rounded to the text."""
    return [runs for runs in range(1, MOST_RUNS + 1) if grim(printed, calls_per_run * runs).fits]
