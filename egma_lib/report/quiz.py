"""Predictions that a reader makes in a notebook, checked against what the library computes."""

from __future__ import annotations

import math
from typing import Literal, get_args

from egma_lib.errors import DataError, SettingsError

Direction = Literal["smaller", "larger", "unchanged"]
_RELATIVE_TOLERANCE = 1e-6
"""Two orders of sums of float32 differ by less."""


def direction_of_change(before: float, after: float) -> Direction:
    """Return how `after` compares with `before`.

    Raises
    ------
    DataError
        A value is not finite.
    """
    if not (math.isfinite(before) and math.isfinite(after)):
        raise DataError(f"from {before} to {after}: finite numbers are expected; look at the change made")
    if math.isclose(before, after, rel_tol=_RELATIVE_TOLERANCE, abs_tol=_RELATIVE_TOLERANCE):
        return "unchanged"
    return "smaller" if after < before else "larger"


def check_prediction(prediction: str, quantity: str, before: float, after: float) -> str:
    """Say whether a prediction came true, with the numbers.

    Parameters
    ----------
    prediction
        `smaller`, `larger` or `unchanged`.
    quantity
        What was predicted, as it reads in a sentence.
    before, after
        Its values.

    Raises
    ------
    SettingsError
        The prediction is another word.
    DataError
        A value is not finite.

    Examples
    --------
    >>> check_prediction("smaller", "the loss", 2.0, 1.5)
    'Right: the loss is smaller, 1.5000 after 2.0000.'
    """
    if prediction not in get_args(Direction):
        raise SettingsError(
            f"prediction {prediction!r} is unknown; write one of {', '.join(get_args(Direction))}"
        )
    found = direction_of_change(before, after)
    verdict = "Right" if prediction == found else f"Not {prediction}"
    return f"{verdict}: {quantity} is {found}, {after:.4f} after {before:.4f}."
