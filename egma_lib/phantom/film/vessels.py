"""Lung vessels: trees that branch from the hila and thin out towards the pleura."""

from __future__ import annotations

import numpy as np

from egma_lib.phantom.film.anatomy import SIDES, SIGN, Anatomy
from egma_lib.phantom.film.canvas import Canvas, LineLayer

STEMS = np.array([-1.25, -0.85, -0.45, -0.1, 0.2, 0.5, 0.8, 1.05, 1.35])
"""Directions of the stems (radians; 0 outwards, negative upwards)."""
_FORKS = np.array([1.0, -1.0, 1.0])
_FORK_POINTS = np.array([1, 2, 4])
_STEPS = 4
GENERATIONS = 3


def hilum(anatomy: Anatomy, side: str) -> tuple[float, float]:
    """Centre of a hilum in anatomical coordinates."""
    return anatomy.midline + SIGN[side] * 0.088, anatomy.hilum_y[side]


def _grow(
    rng: np.random.Generator, start: np.ndarray, angle: np.ndarray, length: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Grow one winding branch from every start.

    Parameters
    ----------
    rng
        Draws the bends.
    start, angle, length
        Shapes (n, 2), (n,), (n,); x counts outwards from the midline.

    Returns
    -------
    points, headings
        Shapes (n, _STEPS + 1, 2) and (n, _STEPS + 1).
    """
    bends = rng.normal(0, 0.18, (len(start), _STEPS))
    headings = angle[:, None] + np.cumsum(bends, axis=1)
    steps = np.stack([np.cos(headings), np.sin(headings)], axis=-1) * (length[:, None, None] / _STEPS)
    points = np.concatenate([start[:, None], start[:, None] + np.cumsum(steps, axis=1)], axis=1)
    return points, np.concatenate([angle[:, None], headings], axis=1)


def _draw_tree(
    layer: LineLayer, anatomy: Anatomy, side: str, rng: np.random.Generator, prominence: float
) -> None:
    stems = len(STEMS)
    angle = STEMS + rng.normal(0, 0.12, stems)
    start = np.stack([np.full(stems, 0.088), anatomy.hilum_y[side] + 0.045 * np.sin(STEMS)], axis=1)
    width = rng.uniform(0.007, 0.011, stems)
    length = np.where(STEMS < 0.6, 0.15, 0.17)
    generations = []
    for _ in range(GENERATIONS):
        points, headings = _grow(rng, start, angle, length)
        generations.append((points, width))
        spread = rng.uniform(0.25, 0.75, (len(width), 3)) * _FORKS
        start = points[:, _FORK_POINTS].reshape(-1, 2)
        angle = (headings[:, _FORK_POINTS] + spread).ravel()
        width, length = np.repeat(width * 0.58, 3), np.repeat(length * 0.62, 3)
    # Later strokes cover earlier ones, so the thick vessels come last.
    for points, width in reversed(generations):
        points[..., 0] = anatomy.midline + SIGN[side] * points[..., 0]
        layer.lines(points, width * prominence, np.minimum(1, (0.20 + 65 * width) * prominence))


def draw_vessels(
    canvas: Canvas, anatomy: Anatomy, rng: np.random.Generator, prominence: dict[str, float]
) -> np.ndarray:
    """Return the strength of the vessels, 0-1, not yet confined to the lungs; shape (rows, columns).

    Parameters
    ----------
    canvas, anatomy
        The patient.
    rng
        Draws the branching.
    prominence
        Per side, 1 for normal vessels, more for congested ones.
    """
    layer = LineLayer(canvas)
    for side in SIDES:
        x, y = hilum(anatomy, side)
        for radius, strength in ((0.030, 0.18), (0.024, 0.34), (0.017, 0.5)):
            layer.disc(x - SIGN[side] * 0.012, y - 0.004, radius, strength)
            layer.disc(x - SIGN[side] * 0.004, y + 0.042, 0.85 * radius, 0.9 * strength)
        _draw_tree(layer, anatomy, side, rng, prominence[side])
    return layer.field()
