"""A number as it is printed: which exact values can stand behind its decimals."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction

_DECIMAL = re.compile(r"[0-9]+(?:\.[0-9]+)?")


@dataclass(frozen=True)
class Printed:
    """A printed percentage and the exact shares that it can stand for.

    Attributes
    ----------
    text
        The number as printed, in percent, such as `57.50`; its zeros count.
    value
        The printed value as a share (0.575).
    unit
        One unit of the last digit as a share (0.0001).
    """

    text: str
    value: Fraction
    unit: Fraction

    @classmethod
    def parse(cls, text: str) -> Printed:
        """Read a percentage; ValueError where it is no plain decimal number from 0 to 100."""
        if not _DECIMAL.fullmatch(text) or Fraction(text) > 100:
            raise ValueError(f"{text!r} is no plain decimal number from 0 to 100")
        digits = len(text.partition(".")[2])
        return cls(text, Fraction(text) / 100, Fraction(1, 100 * 10**digits))

    @property
    def low(self) -> Fraction:
        """Smallest share that rounds to the text: half a unit below, never below 0."""
        return max(Fraction(0), self.value - self.unit / 2)

    @property
    def high(self) -> Fraction:
        """Bound of the shares that are rounded or cut to the text: one unit above, never above 1."""
        return min(Fraction(1), self.value + self.unit)

    def is_rounded_from(self, share: Fraction) -> bool:
        """Whether half-up or half-to-even rounding of the share can print the text.

        A share exactly between two texts may print either: binary floating point decides it in practice.
        """
        return abs(share - self.value) <= self.unit / 2

    def is_cut_from(self, share: Fraction) -> bool:
        """Whether dropping digits of the share prints the text."""
        return self.value <= share < self.value + self.unit


def counts_behind(printed: Printed, total: int) -> range:
    """Return the counts k from 0 to `total` whose share k / total lies within `low` to `high`."""
    return range(math.ceil(printed.low * total), min(total, math.floor(printed.high * total)) + 1)
