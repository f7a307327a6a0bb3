"""Which macro F1 a given accuracy allows with several classes of equal size.

With three or more classes macro F1 CAN exceed accuracy, also when the classes are equally large: five
classes, four of them called for half of their cases and never wrongly, the fifth called for all else, have
accuracy 0.6 and macro F1 0.63. So only what lies outside the range below is impossible.
"""

from __future__ import annotations

import numpy as np

_STEPS = 2001


def lowest_macro_f1(accuracy: float, n_classes: int) -> float:
    """Return a bound that the macro F1 of equally large classes cannot go below.

    An error is missed in one class and called in another, so at most all e = 1 - s errors touch a class:
    with u its correctly called share of all cases, its F1 is at least u / (u + e / 2). That is concave in u,
    so the sum over classes is smallest at a corner of 0 <= u <= 1/K with sum s: some classes whole, one in
    part.
    """
    errors = 1 - accuracy
    whole = min(n_classes, int(accuracy * n_classes + 1e-12))
    parts = [1 / n_classes] * whole + [max(0.0, accuracy - whole / n_classes)] * (whole < n_classes)
    return sum(u / (u + errors / 2) for u in parts if u > 0) / n_classes


def highest_macro_f1(accuracy: float, n_classes: int) -> float:
    """Return a bound that the macro F1 of equally large classes cannot go above.

    F1 of a class is 2x / (1 + x + w), x the share of its cases called correctly and w the wrong calls of
    it over its size. It is convex in w, so with the sum of w fixed the mean is largest with all wrong
    calls on one class; the other classes' 2x / (1 + x) is concave, so they share the rest equally. What is
    left depends on that one class's y and is bounded on a grid: between neighbours by the best end of each
    term.
    """
    total, wrong = accuracy * n_classes, n_classes * (1 - accuracy)
    low, high = max(0.0, total - (n_classes - 1)), min(1.0, total)
    y = np.linspace(low, high, _STEPS)
    x = np.clip((total - y) / (n_classes - 1), 0, 1)
    others, one = (n_classes - 1) * 2 * x / (1 + x), 2 * y / (1 + y + wrong)
    # The first term falls and the second grows along y.
    return float((others[:-1] + one[1:]).max()) / n_classes
