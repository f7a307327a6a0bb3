"""What a table of names is made of: renamed tensors, ignored tensors, and the source they belong to."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from torch import Tensor


@dataclass(frozen=True)
class Renamed:
    r"""Tensors that are taken over.

    Attributes
    ----------
    pattern
        Regular expression that a whole name of the file must match.
    name
        Name in the dual encoder, with `\1`, `\2` ... for the groups of the pattern.
    change
        What is done to the values, where the two models store the same numbers in another shape.
    """

    pattern: str
    name: str
    change: Callable[[Tensor], Tensor] | None = None

    def new_name(self, name: str) -> str | None:
        """Return the dual encoder's name for a name of the file, or None where this row is not about it."""
        match = re.fullmatch(self.pattern, name)
        return match.expand(self.name) if match else None


@dataclass(frozen=True)
class Ignored:
    """Tensors that are left behind on purpose, and why."""

    pattern: str
    reason: str

    def matches(self, name: str) -> bool:
        """Whether this row is about a name of the file."""
        return re.fullmatch(self.pattern, name) is not None


Row = Renamed | Ignored


@dataclass(frozen=True)
class Source:
    """A published checkpoint: its table of names, and the settings of the model it fills.

    Attributes
    ----------
    name
        Name on the command line.
    marks
        Names that a file of this source has; a file that has them all may be one.
    rows
        Table of names; the first row that matches counts.
    image_encoder
        `model.image_encoder` of the model that it fills.
    text_layers
        Layers of its BERT; 0 where its text encoder is no BERT and is not taken over.
    stays_random
        Names of the dual encoder (whole, or ending in a dot) that the file does not fill, each with the
        reason.
    differences
        What the source's own model does otherwise with the same weights, in words.
    wrapper
        Name prefix that lightning or data-parallel training puts before every name; removed if all have it.
    """

    name: str
    marks: tuple[str, ...]
    rows: tuple[Row, ...]
    image_encoder: str
    text_layers: int
    stays_random: dict[str, str] = field(default_factory=dict)
    differences: tuple[str, ...] = ()
    wrapper: str = "module."


def prefixed(rows: tuple[Renamed, ...], prefix: str, new_prefix: str) -> tuple[Renamed, ...]:
    """Return the rows for tensors that stand under a prefix in the file and another in the dual encoder."""
    return tuple(Renamed(re.escape(prefix) + row.pattern, new_prefix + row.name, row.change) for row in rows)
