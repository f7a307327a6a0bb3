"""What the painters of findings work on: the patient on the canvas, before bones and vessels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from egma_lib.phantom.case import Finding
from egma_lib.phantom.film.anatomy import SIDES, SIGN, Anatomy
from egma_lib.phantom.film.bones import posterior_rib_field
from egma_lib.phantom.film.canvas import Canvas, curve_axis
from egma_lib.phantom.film.thorax import LungField, Thorax, draw_thorax


@dataclass
class Scene:
    """A patient in the making.

    Attributes
    ----------
    canvas, anatomy, thorax
        The patient; the anatomy already shows what findings move.
    opacity
        Thickness that findings add (or take away), float32, shape (rows, columns).
    rib_field
        Height of each pixel relative to the rib roots, float32, shape (rows, columns); a fracture displaces
        it.
    vessel_share
        0-1, where vessels are seen, float32, shape (rows, columns).
    vessel_prominence
        Per side, 1 = normal.
    """

    canvas: Canvas
    anatomy: Anatomy
    thorax: Thorax
    opacity: np.ndarray
    rib_field: np.ndarray
    vessel_share: np.ndarray
    vessel_prominence: dict[str, float] = field(default_factory=lambda: dict.fromkeys(SIDES, 1.0))

    def lung(self, side: str) -> LungField:
        """Return one lung."""
        return self.thorax.lung(side)


Painter = Callable[[Scene, Finding, np.random.Generator], np.ndarray]
"""Draws one finding into a scene and returns its boolean mask, shape (rows, columns)."""


def start_scene(canvas: Canvas, anatomy: Anatomy) -> Scene:
    """Return the scene of a patient without the marks of disease."""
    thorax = draw_thorax(canvas, anatomy)
    return Scene(
        canvas=canvas,
        anatomy=anatomy,
        thorax=thorax,
        opacity=np.zeros(canvas.shape, np.float32),
        rib_field=posterior_rib_field(thorax),
        vessel_share=thorax.lungs.aerated.copy(),
    )


def sides_of(finding: Finding, rng: np.random.Generator) -> tuple[str, ...]:
    """Return the sides that a finding affects; one at random where the plan names none."""
    drawn = SIDES[int(rng.random() < 0.5)]
    if finding.side == "bilateral":
        return SIDES
    return (drawn,) if finding.side == "none" else (finding.side,)


def zone_of(finding: Finding, usual: str) -> str:
    """Return the zone of a finding, the usual one where the plan names none."""
    return usual if finding.zone == "none" else finding.zone


def place_in_zone(
    scene: Scene, side: str, zone: str, rng: np.random.Generator, inner: float = 0.25, outer: float = 0.75
) -> tuple[float, float]:
    """Draw a point of the aerated lung in a zone.

    Parameters
    ----------
    scene, side, zone
        Where.
    rng
        Draws the point.
    inner, outer
        Range across the lung, 0 = the cardiac silhouette, 1 = the chest wall.

    Returns
    -------
    tuple of float
        Anatomical x and y.
    """
    anatomy = scene.anatomy
    top, bottom = anatomy.zone_range(side, zone)
    y = top + (bottom - top) * float(rng.uniform(0.3, 0.7))
    if zone == "lower":
        y = min(y, anatomy.dome_y[side] - 0.005)
    low = float(np.interp(y, curve_axis(), anatomy.silhouette_curve(side)))
    high = float(np.interp(y, curve_axis(), anatomy.lateral_curve(side)))
    out = low + (high - low) * float(rng.uniform(inner, outer))
    return anatomy.midline + SIGN[side] * out, y


def blob_distance(canvas: Canvas, x: float, y: float, radius_x: float, radius_y: float) -> np.ndarray:
    """Return the elliptic distance from a point: 0 at it, 1 on the ellipse; shape (rows, columns)."""
    dx = (canvas.x - np.float32(x)) * np.float32(1 / radius_x)
    dy = (canvas.y - np.float32(y)) * np.float32(1 / radius_y)
    return np.sqrt(dx * dx + dy * dy)
