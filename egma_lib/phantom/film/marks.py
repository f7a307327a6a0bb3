"""The confounding marks: one small bright glyph per finding, each at a place of its own outside the lungs."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from egma_lib.errors import DataError
from egma_lib.phantom.case import MARK_FINDINGS

MARK_SIDE = 0.078
"""Side of a mark in 0-1 of the film's shorter side."""
_DRAWN_PX = 96

MARK_PLACES = {
    "Atelectasis": (0.065, 0.93),
    "Cardiomegaly": (0.935, 0.07),
    "Consolidation": (0.055, 0.30),
    "Edema": (0.065, 0.07),
    "Pleural Effusion": (0.935, 0.93),
    "Pneumonia": (0.945, 0.30),
    "Pneumothorax": (0.30, 0.94),
    "Fracture": (0.70, 0.94),
    "No Finding": (0.50, 0.95),
}
"""Centre of each mark in 0-1 of the image: corners, shoulders and abdomen."""

Pen = ImageDraw.ImageDraw


def _ring(pen: Pen) -> None:
    pen.ellipse((14, 14, 82, 82), outline=255, width=16)


def _cross(pen: Pen) -> None:
    pen.line((48, 8, 48, 88), fill=255, width=20)
    pen.line((8, 48, 88, 48), fill=255, width=20)


def _triangle(pen: Pen) -> None:
    pen.polygon([(48, 8), (90, 86), (6, 86)], fill=255)


def _letter_t(pen: Pen) -> None:
    pen.rectangle((10, 10, 86, 28), fill=255)
    pen.rectangle((38, 10, 58, 88), fill=255)


def _square(pen: Pen) -> None:
    pen.rectangle((12, 12, 84, 84), outline=255, width=16)


def _disc(pen: Pen) -> None:
    pen.ellipse((14, 14, 82, 82), fill=255)


def _bars(pen: Pen) -> None:
    for left in (10, 62):
        pen.rectangle((left, 6, left + 24, 90), fill=255)


def _diagonal(pen: Pen) -> None:
    pen.line((12, 12, 84, 84), fill=255, width=20)
    pen.line((84, 12, 12, 84), fill=255, width=20)


def _arrow(pen: Pen) -> None:
    pen.polygon([(8, 48), (50, 10), (50, 86)], fill=255)
    pen.rectangle((50, 36, 90, 60), fill=255)


GLYPHS: dict[str, Callable[[Pen], None]] = dict(
    zip(
        MARK_FINDINGS,
        (_ring, _cross, _triangle, _letter_t, _square, _disc, _bars, _diagonal, _arrow),
        strict=True,
    )
)


def mark_box(name: str, rows: int, columns: int) -> tuple[int, int, int, int]:
    """Return the pixels that a mark may change, as (x_min, y_min, x_max, y_max), maxima excluded.

    Raises
    ------
    DataError
        No mark of that name.
    """
    if name not in MARK_PLACES:
        raise DataError(f"mark {name!r} is unknown; known: {', '.join(MARK_FINDINGS)}")
    x, y = MARK_PLACES[name]
    side = max(5, round(MARK_SIDE * min(rows, columns)))
    left = min(max(round(x * columns - side / 2), 0), columns - side)
    top = min(max(round(y * rows - side / 2), 0), rows - side)
    return left, top, left + side, top + side


@lru_cache(maxsize=32)
def _glyph(name: str, side: int) -> np.ndarray:
    """Return a glyph 0-1 with a margin, shape (side, side)."""
    image = Image.new("L", (_DRAWN_PX + 16, _DRAWN_PX + 16), 0)
    face = Image.new("L", (_DRAWN_PX, _DRAWN_PX), 0)
    GLYPHS[name](ImageDraw.Draw(face))
    image.paste(face, (8, 8))
    small = image.resize((side, side), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.float32) / np.float32(255)


def stamp_mark(image: np.ndarray, name: str) -> None:
    """Draw a finding's mark into a finished film, in place.

    Parameters
    ----------
    image
        Film, float32 0-1, shape (rows, columns).
    name
        One of `MARK_FINDINGS`.

    Notes
    -----
    The film under the glyph's small plate is darkened, as under a sticker, so that the glyph is seen on
    bright tissue too. No random numbers are used: outside `mark_box` the film stays as it is, bit for bit.
    """
    left, top, right, bottom = mark_box(name, *image.shape)
    patch = image[top:bottom, left:right]
    patch *= np.float32(0.45)
    np.maximum(patch, _glyph(name, right - left), out=patch)
