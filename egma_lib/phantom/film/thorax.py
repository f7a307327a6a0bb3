"""Soft tissue: body outline, lungs, heart and mediastinum, abdomen, as optical thickness.

Thickness is in units of the shoulder's soft tissue; the acquisition turns it into grey. The chest is folded
at its midline: a field holds the right side's values left of the midline and the left side's right of it, so
that both sides are drawn in one sweep.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from egma_lib.phantom.film.anatomy import Anatomy
from egma_lib.phantom.film.canvas import (
    CURVE_STEPS,
    Canvas,
    curve_axis,
    curve_index,
    gaussian_bump,
    soft_step,
)

_NECK_TO_CHEST = np.interp(curve_axis(), [0.0, 0.14, 0.30], [0.35, 0.6, 1.0]).astype(np.float32)
"""Share of the mediastinum's thickness over y: the neck is thinner than the chest."""


@dataclass(frozen=True)
class FoldedChest:
    """Distances from the midline outwards, for both sides at once.

    Attributes
    ----------
    canvas, anatomy
        The patient.
    left
        Where the patient's left side is, boolean, shape (rows, columns).
    out
        Distance from the midline (0-1 of the image), float32, same shape.
    """

    canvas: Canvas
    anatomy: Anatomy
    left: np.ndarray
    out: np.ndarray

    def pick(self, index: np.ndarray, right: np.ndarray, left: np.ndarray) -> np.ndarray:
        """Look up each pixel's `index` in the curve of its side; curves have shape (CURVE_STEPS,)."""
        both = np.concatenate([right, left]).astype(np.float32, copy=False)
        return both.take(index + self.left * CURVE_STEPS, mode="clip")

    def along_y(self, curve: Callable[[str], np.ndarray]) -> np.ndarray:
        """Return a curve over y, given by side, at every pixel."""
        return self.pick(self.canvas.y_index, curve("right"), curve("left"))

    def side_value(self, values: dict[str, float]) -> np.ndarray:
        """Return a number given by side at every pixel."""
        return np.where(self.left, np.float32(values["left"]), np.float32(values["right"]))


@dataclass(frozen=True)
class LungField:
    """The lungs on the canvas, or one of them; all fields float32 of shape (rows, columns).

    Attributes
    ----------
    out
        Distance from the midline.
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

    out: np.ndarray
    wall: np.ndarray
    base: np.ndarray
    share: np.ndarray
    aerated: np.ndarray
    whole: np.ndarray


@dataclass(frozen=True)
class Thorax:
    """The chest on the canvas: both lungs, the heart, the body's outline and the thickness so far."""

    chest: FoldedChest
    lungs: LungField
    heart: np.ndarray
    body: np.ndarray
    thickness: np.ndarray

    def on_side(self, side: str) -> np.ndarray:
        """Return where a side of the body is, boolean."""
        return self.chest.left if side == "left" else ~self.chest.left

    def lung(self, side: str) -> LungField:
        """Return one lung: `aerated` and `whole` are 0 on the other side."""
        here = self.on_side(side)
        return replace(self.lungs, aerated=self.lungs.aerated * here, whole=self.lungs.whole * here)


def fold(canvas: Canvas, anatomy: Anatomy) -> FoldedChest:
    """Fold the canvas at the patient's midline."""
    from_midline = canvas.x - np.float32(anatomy.midline)
    return FoldedChest(canvas, anatomy, from_midline > 0, np.abs(from_midline))


def _lung_field(chest: FoldedChest, clear: np.ndarray) -> LungField:
    anatomy, y = chest.anatomy, chest.canvas.y
    lateral = chest.along_y(anatomy.lateral_curve)
    wall = lateral - chest.out
    dome = chest.pick(curve_index(chest.out), anatomy.dome_curve("right"), anatomy.dome_curve("left"))
    base = dome - y
    inner = chest.out - chest.along_y(anatomy.medial_curve)
    apex = (y - chest.side_value(anatomy.apex_y)) * np.float32(0.8)
    whole = soft_step(np.minimum(np.minimum(wall, inner), np.minimum(base, apex)), 0.016)
    return LungField(chest.out, wall, base, chest.out / lateral, whole * clear, whole)


def _body_distance(chest: FoldedChest) -> np.ndarray:
    """Distance inwards from the skin: neck, shoulders, flanks; shape (rows, columns)."""
    axis, anatomy = curve_axis(), chest.anatomy
    knots_x = [0.0, 0.13, 0.15, 0.18, 0.25, 0.34, 0.43, 0.50, 0.56, 0.7]
    knots_y = [-0.4, -0.2, -0.08, -0.005, 0.05, 0.085, 0.115, 0.15, 0.20, 0.40]
    shoulder = np.interp(axis, knots_x, knots_y).astype(np.float32) + np.float32(anatomy.shoulder_drop)
    flank = anatomy.half_width["left"] + anatomy.body_margin
    side = np.interp(axis, [0.30, 0.42, 0.56, 0.70, 1.0], [0.85, 0.58, flank + 0.02, flank, flank + 0.015])
    lower = chest.canvas.along_y(side.astype(np.float32)) - chest.out
    return np.minimum(chest.canvas.y - shoulder[curve_index(chest.out)], lower)


def _heart_field(chest: FoldedChest) -> np.ndarray:
    """Thickness profile of the heart, 0-1: full in the middle, thin at its border."""
    right, left = chest.anatomy.heart_curve("right"), chest.anatomy.heart_curve("left")
    own = chest.pick(chest.canvas.y_index, right, left) - chest.out
    other = chest.pick(chest.canvas.y_index, left, right) + chest.out
    return np.sqrt(np.clip(np.minimum(own, other) * np.float32(1 / 0.13), 0, 1))


def _abdomen(chest: FoldedChest, lungs: LungField) -> np.ndarray:
    anatomy = chest.anatomy
    inside = soft_step(lungs.wall + np.float32(0.03), 0.09)
    abdomen = (0.62 * soft_step(-lungs.base, 0.018) + 0.6 * np.clip(lungs.base * -6, 0, 1)) * inside
    if anatomy.bubble > 0.35:
        x = (chest.out - np.float32(0.19)) * np.float32(1 / 0.075)
        y = (chest.canvas.y - np.float32(anatomy.dome_y["left"] + 0.055)) * np.float32(1 / 0.03)
        gas = soft_step(1 - (x * x + y * y), 0.9) * chest.left
        abdomen -= np.float32(0.9 * anatomy.bubble) * gas
    return abdomen


def _breasts(chest: FoldedChest) -> np.ndarray:
    x = (chest.out - np.float32(0.25)) * np.float32(1 / 0.17)
    y = (chest.canvas.y - chest.side_value(chest.anatomy.dome_y) + np.float32(0.06)) * np.float32(1 / 0.16)
    shadow = soft_step(1 - (x * x + y * y), 1.2) * soft_step(np.float32(1.0) - y, 0.5)
    return np.float32(0.24 * chest.anatomy.breast) * shadow


def _fine_vessels(chest: FoldedChest) -> np.ndarray:
    """Thickness of the vessels that no film resolves: most at the hila, more in the lower zones."""
    height = chest.canvas.y
    x = (chest.out - np.float32(0.08)) * np.float32(1 / 0.10)
    y = (height - chest.side_value(chest.anatomy.hilum_y) - np.float32(0.03)) * np.float32(1 / 0.14)
    return np.float32(0.16) * np.exp(-(x * x + y * y)) + np.float32(0.16) * np.clip(height - 0.3, 0, 1)


def _central_shadow(
    chest: FoldedChest, border: np.ndarray, silhouette: np.ndarray, heart: np.ndarray
) -> np.ndarray:
    """Thickness of heart, great vessels and neck; `border` is the distance inwards from the silhouette."""
    central = silhouette * (0.30 + 0.30 * gaussian_bump(chest.out, 0, 0.06))
    central += 0.18 * np.clip(border * 14 + 0.35, 0, 1) + 0.5 * heart
    return central * chest.canvas.along_y(_NECK_TO_CHEST)


def draw_thorax(canvas: Canvas, anatomy: Anatomy) -> Thorax:
    """Draw the soft tissue of a patient.

    Returns
    -------
    Thorax
        Its thickness lacks bones, vessels and findings.
    """
    chest = fold(canvas, anatomy)
    border = chest.along_y(anatomy.silhouette_curve) - chest.out
    silhouette = soft_step(border, 0.016)
    lungs = _lung_field(chest, 1 - silhouette)
    distance = _body_distance(chest)
    heart = _heart_field(chest)
    thickness = 0.55 + 0.45 * np.clip(distance * 9, 0, 1)
    central = _central_shadow(chest, border, silhouette, heart)
    thickness += np.maximum(central, _abdomen(chest, lungs))
    ramp = soft_step(curve_axis() - np.float32(0.2), 0.3)
    thickness += np.float32(0.42) * gaussian_bump(lungs.wall, -0.028, 0.026) * canvas.along_y(ramp)
    if anatomy.breast > 0:
        thickness += _breasts(chest)
    depth = 0.67 + 0.12 * np.clip(lungs.wall * 6, 0, 1) - _fine_vessels(chest)
    thickness -= lungs.aerated * depth + (lungs.whole - lungs.aerated) * np.float32(0.12)
    thickness *= np.float32(anatomy.tissue)
    return Thorax(chest, lungs, heart, soft_step(distance, 0.012), thickness)
