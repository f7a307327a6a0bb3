"""Soft tissue: body outline, lungs, heart and mediastinum, abdomen, as optical thickness.

Thickness is in units of the shoulder's soft tissue; the acquisition turns it into grey.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from egma_lib.phantom.film.anatomy import SIDES, SIGN, Anatomy
from egma_lib.phantom.film.canvas import Canvas, curve_axis, curve_index, gaussian_bump, soft_step

_NECK_TO_CHEST = np.interp(curve_axis(), [0.0, 0.14, 0.30], [0.35, 0.6, 1.0]).astype(np.float32)
"""Share of the mediastinum's thickness over y: the neck is thinner than the chest."""


@dataclass
class LungField:
    """One lung on the canvas; all fields float32 of shape (rows, columns).

    Attributes
    ----------
    out
        Distance from the midline, positive towards this side.
    wall
        Distance inwards from the inner chest wall (negative outside).
    base
        Height above the hemidiaphragm (negative below).
    share
        `out` as a share of the chest's half width at that height: 0 midline, 1 chest wall.
    aerated
        0-1, how much of the pixel is lung not covered by heart, vessels or diaphragm.
    whole
        0-1, the lung with the part behind heart and great vessels.
    """

    side: str
    out: np.ndarray
    wall: np.ndarray
    base: np.ndarray
    share: np.ndarray
    aerated: np.ndarray
    whole: np.ndarray


@dataclass
class Thorax:
    """The chest on the canvas: its lungs, the cardiac silhouette and the thickness so far."""

    lungs: dict[str, LungField]
    silhouette: np.ndarray
    heart: np.ndarray
    body: np.ndarray
    thickness: np.ndarray


def _lung_field(canvas: Canvas, anatomy: Anatomy, side: str, out: np.ndarray, clear: np.ndarray) -> LungField:
    lateral = anatomy.lateral_curve(side).astype(np.float32)
    wall = canvas.along_y(lateral) - out
    base = anatomy.dome_curve(side).astype(np.float32)[curve_index(out)] - canvas.y
    inner = out - canvas.along_y(anatomy.medial_curve(side).astype(np.float32))
    apex = (canvas.y - np.float32(anatomy.apex_y[side])) * np.float32(0.8)
    whole = soft_step(np.minimum(np.minimum(wall, inner), np.minimum(base, apex)), 0.016)
    share = out * canvas.along_y(1 / lateral)
    return LungField(side, out, wall, base, share, whole * clear, whole)


def _body_distance(canvas: Canvas, anatomy: Anatomy, out: np.ndarray) -> np.ndarray:
    """Distance inwards from the skin: neck, shoulders, flanks; shape (rows, columns)."""
    axis = curve_axis()
    knots_x = [0.0, 0.13, 0.15, 0.18, 0.25, 0.34, 0.43, 0.50, 0.56, 0.7]
    knots_y = [-0.4, -0.2, -0.08, -0.005, 0.05, 0.085, 0.115, 0.15, 0.20, 0.40]
    shoulder = np.interp(axis, knots_x, knots_y).astype(np.float32) + np.float32(anatomy.shoulder_drop)
    flank = anatomy.half_width["left"] + anatomy.body_margin
    side = np.interp(axis, [0.30, 0.42, 0.56, 0.70, 1.0], [0.85, 0.58, flank + 0.02, flank, flank + 0.015])
    lower = canvas.along_y(side.astype(np.float32)) - out
    return np.minimum(canvas.y - shoulder[curve_index(out)], lower)


def _heart_field(canvas: Canvas, anatomy: Anatomy, outs: dict[str, np.ndarray]) -> np.ndarray:
    """Thickness profile of the heart, 0-1: full in the middle, thin at its border."""
    distance = [canvas.along_y(anatomy.heart_curve(side).astype(np.float32)) - outs[side] for side in SIDES]
    return np.sqrt(np.clip(np.minimum(*distance) * np.float32(1 / 0.13), 0, 1))


def _abdomen(canvas: Canvas, anatomy: Anatomy, lungs: dict[str, LungField]) -> np.ndarray:
    left_side = lungs["left"].out > 0
    below = np.where(left_side, -lungs["left"].base, -lungs["right"].base)
    inside = soft_step(np.where(left_side, lungs["left"].wall, lungs["right"].wall) + 0.03, 0.09)
    abdomen = (0.62 * soft_step(below, 0.018) + 0.6 * np.clip(below * 6, 0, 1)) * inside
    if anatomy.bubble > 0.35:
        x = (lungs["left"].out - np.float32(0.19)) * np.float32(1 / 0.075)
        y = (canvas.y - np.float32(anatomy.dome_y["left"] + 0.055)) * np.float32(1 / 0.03)
        abdomen -= np.float32(0.9 * anatomy.bubble) * soft_step(1 - (x * x + y * y), 0.9)
    return abdomen


def _breasts(canvas: Canvas, anatomy: Anatomy, lungs: dict[str, LungField]) -> np.ndarray:
    total = np.zeros(canvas.shape, np.float32)
    for side in SIDES:
        x = (lungs[side].out - np.float32(0.25)) * np.float32(1 / 0.17)
        y = (canvas.y - np.float32(anatomy.dome_y[side] - 0.06)) * np.float32(1 / 0.16)
        total += soft_step(1 - (x * x + y * y), 1.2) * soft_step(np.float32(1.0) - y, 0.5)
    return np.float32(0.24 * anatomy.breast) * total


def _hilar_haze(canvas: Canvas, anatomy: Anatomy, side: str) -> np.ndarray:
    """Thickness of the small vessels that no film resolves: most at the hilum, more in the lower zones."""
    x = (canvas.x - np.float32(anatomy.midline + SIGN[side] * 0.08)) * np.float32(1 / 0.10)
    y = (canvas.y - np.float32(anatomy.hilum_y[side] + 0.03)) * np.float32(1 / 0.14)
    return np.float32(0.16) * np.exp(-(x * x + y * y)) + np.float32(0.16) * np.clip(canvas.y - 0.3, 0, 1)


def draw_thorax(canvas: Canvas, anatomy: Anatomy) -> Thorax:
    """Draw the soft tissue of a patient.

    Returns
    -------
    Thorax
        Its thickness lacks bones, vessels and findings.
    """
    from_midline = canvas.x - np.float32(anatomy.midline)
    outs = {side: from_midline * np.float32(SIGN[side]) for side in SIDES}
    border = [
        canvas.along_y(anatomy.silhouette_curve(side).astype(np.float32)) - outs[side] for side in SIDES
    ]
    border_distance = np.minimum(*border)
    silhouette = soft_step(border_distance, 0.016)
    clear = 1 - silhouette
    lungs = {side: _lung_field(canvas, anatomy, side, outs[side], clear) for side in SIDES}
    distance = _body_distance(canvas, anatomy, np.abs(from_midline))
    body = soft_step(distance, 0.012)
    heart = _heart_field(canvas, anatomy, outs)
    thickness = 0.55 + 0.45 * np.clip(distance * 9, 0, 1)
    central = silhouette * (0.30 + 0.30 * gaussian_bump(from_midline, 0, 0.06))
    central += 0.18 * np.clip(border_distance * 14 + 0.35, 0, 1) + 0.5 * heart
    thickness += np.maximum(central * canvas.along_y(_NECK_TO_CHEST), _abdomen(canvas, anatomy, lungs))
    wall = np.where(from_midline > 0, lungs["left"].wall, lungs["right"].wall)
    thickness += np.float32(0.42) * gaussian_bump(wall, -0.028, 0.026) * soft_step(canvas.y - 0.2, 0.3)
    if anatomy.breast > 0:
        thickness += _breasts(canvas, anatomy, lungs)
    air = np.float32(0)
    for lung in lungs.values():
        depth = 0.67 + 0.12 * np.clip(lung.wall * 6, 0, 1) - _hilar_haze(canvas, anatomy, lung.side)
        air = air + lung.aerated * depth + (lung.whole - lung.aerated) * np.float32(0.12)
    thickness -= air
    return Thorax(lungs, silhouette, heart, body, thickness * np.float32(anatomy.tissue))
