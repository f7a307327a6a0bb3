"""What accuracy and macro F1 of one binary confusion matrix say about it, whatever the prevalence.

Let a and b be the shares of all cases that are called correctly in the two classes and e = 1 - a - b the
share of errors. Then accuracy is s = a + b, the F1 of the classes are 2a / (2a + e) and 2b / (2b + e), and
their mean is F = (s - d^2) / (1 - d^2) with d = a - b. So d^2 = (s - F) / (1 - F), F never exceeds s, and a
and b are (s + d) / 2 and (s - d) / 2. Which of the two is the positive class, the two numbers do not say.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from egma_lib.evaluation.printed import Printed, counts_behind


@dataclass(frozen=True)
class Span:
    """A closed interval of shares."""

    low: float
    high: float

    def meets(self, other: Span) -> bool:
        """Whether the two intervals have a point in common."""
        return self.low <= other.high and other.low <= self.high

    def cut(self, other: Span) -> Span:
        """Return the part in both; its low end is above its high end where there is none."""
        return Span(max(self.low, other.low), min(self.high, other.high))


@dataclass(frozen=True)
class CalledShares:
    """Shares of all cases called correctly, for the class with more and the class with fewer of them."""

    more: Span
    fewer: Span

    @property
    def minority(self) -> Span:
        """Shares of the smaller class, 0 to 0.5, that allow these calls.

        A class whose cases are called correctly in a share a of all cases, and the other in b, has between a
        and 1 - b of all cases. Both ways round and at most one half, that is `fewer` to 1 - `more`.
        """
        return Span(self.fewer.low, min(0.5, 1 - self.more.low))


def exceeds_accuracy(accuracy: Printed, macro_f1: Printed) -> bool:
    """Whether macro F1 is above accuracy by more than rounding or cutting of both can explain."""
    return macro_f1.low > accuracy.high


def called_shares(accuracy: Printed, macro_f1: Printed) -> CalledShares | None:
    """Return the correctly called shares of the two classes, with the bounds that the printed digits leave.

    The bounds are outer ones: each corner of the two printed intervals lies within them.

    Returns
    -------
    CalledShares or None
        None where macro F1 exceeds accuracy.
    """
    if exceeds_accuracy(accuracy, macro_f1):
        return None
    s_low, s_high, f_low, f_high = map(float, (accuracy.low, accuracy.high, macro_f1.low, macro_f1.high))
    d_low = _difference(s_low, f_high)
    # Shares lie between 0 and s, so their difference cannot exceed s.
    d_high = min(_difference(s_high, f_low), s_high)
    return CalledShares(
        more=Span((s_low + d_low) / 2, min(s_high, (s_high + d_high) / 2)),
        fewer=Span(max(0.0, (s_low - d_high) / 2), (s_high - d_low) / 2),
    )


def _difference(s: float, f: float) -> float:
    """Return d, 0 where f is not below s; at f = 1 every d is possible, and the bound asked for is 0."""
    return math.sqrt((s - f) / (1 - f)) if f < s else 0.0


def macro_f1_of(true_positive: float, true_negative: float, total: float) -> float:
    """Return the mean of both classes' F1 from their correct calls (counts or shares) and the total."""
    errors = total - true_positive - true_negative
    halves = [
        correct / (2 * correct + errors) if correct + errors > 0 else 0.0
        for correct in (true_positive, true_negative)
    ]
    return sum(halves)


def matching_counts(
    accuracy: Printed, macro_f1: Printed, n_cases: int, n_positive: int
) -> list[tuple[int, int]]:
    """Return all (true positives, true negatives) on this test set that print both numbers.

    Every confusion matrix with that many correct calls is tried, rounding half up, half to even or cut.

    Parameters
    ----------
    accuracy, macro_f1
        As printed.
    n_cases, n_positive
        Test set, both classes present.
    """
    n_negative = n_cases - n_positive
    found = []
    for correct in counts_behind(accuracy, n_cases):
        if not _is_printed(accuracy, Fraction(correct, n_cases)):
            continue
        true_positive = np.arange(max(0, correct - n_negative), min(n_positive, correct) + 1)
        true_negative, errors = correct - true_positive, n_cases - correct
        scores = true_positive / np.maximum(1, 2 * true_positive + errors)
        scores = scores + true_negative / np.maximum(1, 2 * true_negative + errors)
        # The wider window spares exact arithmetic for all but a few.
        near = (scores >= float(macro_f1.low) - 1e-9) & (scores <= float(macro_f1.high) + 1e-9)
        found += [
            (int(tp), int(correct - tp))
            for tp in true_positive[near]
            if _is_printed(macro_f1, _exact_macro_f1(int(tp), int(correct - tp), errors))
        ]
    return found


def _is_printed(printed: Printed, share: Fraction) -> bool:
    return printed.is_rounded_from(share) or printed.is_cut_from(share)


def _exact_macro_f1(true_positive: int, true_negative: int, errors: int) -> Fraction:
    return sum(
        (Fraction(correct, 2 * correct + errors) for correct in (true_positive, true_negative) if correct),
        Fraction(0),
    )
