"""Lung vessels: trees that branch from the hila and thin out towards the pleura."""

from __future__ import annotations

import numpy as np

from egma_lib.phantom.film.anatomy import SIDES, SIGN, Anatomy
from egma_lib.phantom.film.canvas import Canvas, LineLayer

STEMS = (-1.25, -0.85, -0.45, -0.1, 0.2, 0.5, 0.8, 1.05, 1.35)
"""Directions of the stems (radians; 0 outwards, negative upwards)."""


def hilum(anatomy: Anatomy, side: str) -> tuple[float, float]:
    """Centre of a hilum in anatomical coordinates."""
    return anatomy.midline + SIGN[side] * 0.088, anatomy.hilum_y[side]


def _branch(
    layer: LineLayer, rng: np.random.Generator, sign: float, start: tuple[float, float], angle: float,
    length: float, width: float, depth: int, prominence: float,
) -> None:  # fmt: skip
    bend = rng.normal(0, 0.18, 4)
    points = [start]
    for turn in bend:
        angle += float(turn)
        x, y = points[-1]
        points.append((x + sign * length / 4 * np.cos(angle), y + length / 4 * np.sin(angle)))
    layer.line(points, width * prominence, min(1.0, (0.22 + 60 * width) * prominence))
    if depth == 0:
        return
    for fork, at in zip(rng.uniform(0.25, 0.6, 2) * (1, -1), (2, 4), strict=True):
        _branch(
            layer, rng, sign, points[at], angle + float(fork), length * 0.7, width * 0.62, depth - 1, prominence
        )


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
        Per side, 1 for normal vessels, up to 2 for congested ones.
    """
    layer = LineLayer(canvas)
    for side in SIDES:
        x, y = hilum(anatomy, side)
        for direction in STEMS:
            jitter = float(rng.normal(0, 0.12))
            start = (x, y + 0.045 * np.sin(direction))
            width = float(rng.uniform(0.007, 0.011))
            reach = 0.15 if direction < 0.6 else 0.17
            _branch(
                layer, rng, SIGN[side], start, direction + jitter, reach, width, 2, prominence[side]
            )
        layer.disc(x - SIGN[side] * 0.01, y, 0.022, 0.75)
        layer.disc(x + SIGN[side] * 0.002, y + 0.04, 0.017, 0.65)
    return layer.field()
