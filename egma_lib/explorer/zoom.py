"""Which part of the padded square is shown: closer, further, and to the side."""

from __future__ import annotations

Zoom = tuple[float, float, float, float]
"""Left, top, right, bottom in 0-1 of the padded square."""

WHOLE: Zoom = (0.0, 0.0, 1.0, 1.0)
SMALLEST = 0.1
"""Least width and height of what is shown, as a share of the square."""


def zoomed(zoom: Zoom, factor: float, point: tuple[float, float] | None = None) -> Zoom:
    """Return a zoom that shows less (`factor` above 1) or more (below 1), with one point staying in place.

    Parameters
    ----------
    zoom
        What is shown now.
    factor
        How many times larger things are to look.
    point
        x and y in 0-1 of the padded square; None is the middle of what is shown. At the border of the
        square it may have to move.
    """
    left, top, right, bottom = zoom
    x, y = point or ((left + right) / 2, (top + bottom) / 2)
    width, height = (min(1.0, max(SMALLEST, size / factor)) for size in (right - left, bottom - top))
    return _placed(
        x - (x - left) * width / (right - left), y - (y - top) * height / (bottom - top), width, height
    )


def panned(zoom: Zoom, across: float, down: float) -> Zoom:
    """Return a zoom moved by shares of what is shown, at most to the border of the square."""
    left, top, right, bottom = zoom
    width, height = right - left, bottom - top
    return _placed(left + across * width, top + down * height, width, height)


def dragged(zoom: Zoom, start: tuple[float, float], end: tuple[float, float]) -> Zoom:
    """Return a zoom moved as a hand drags the film from `start` to `end` (x, y in 0-1 of the square)."""
    left, top, right, bottom = zoom
    return _placed(left + start[0] - end[0], top + start[1] - end[1], right - left, bottom - top)


def _placed(left: float, top: float, width: float, height: float) -> Zoom:
    left, top = min(max(left, 0.0), 1 - width), min(max(top, 0.0), 1 - height)
    return left, top, min(left + width, 1.0), min(top + height, 1.0)
