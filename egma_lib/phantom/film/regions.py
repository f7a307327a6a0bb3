"""Named regions of a drawn chest as boxes."""

from __future__ import annotations

import numpy as np

from egma_lib.phantom.film.anatomy import SIDES, SIGN, ZONE_EDGES, Anatomy
from egma_lib.phantom.film.canvas import Canvas, curve_axis

Box = tuple[float, float, float, float]
Part = tuple[float, float, float, float]
"""Distances from the midline (inner, outer) and heights (top, bottom) of a part of one side."""

LUNG_INNER = 0.062
"""Distance from the midline at which a lung's box begins: the border of the great vessels."""


def _points(anatomy: Anatomy, side: str, part: Part) -> tuple[np.ndarray, np.ndarray]:
    """Return the corners of a part of one side in anatomical coordinates."""
    inner, outer, top, bottom = part
    x = anatomy.midline + SIGN[side] * np.array([inner, outer, inner, outer])
    return x, np.array([top, top, bottom, bottom])


def _lung_outline(anatomy: Anatomy, side: str, top: float, bottom: float) -> tuple[np.ndarray, np.ndarray]:
    """Return points on the inner and outer edge of a lung between two heights."""
    y = np.linspace(top, bottom, 24)
    wall = np.interp(y, curve_axis(), anatomy.lateral_curve(side))
    inner = np.full_like(y, LUNG_INNER)
    return anatomy.midline + SIGN[side] * np.concatenate([inner, wall]), np.concatenate([y, y])


def _heart_outline(anatomy: Anatomy) -> tuple[np.ndarray, np.ndarray]:
    """Return points on both borders of the heart, from the hila to the diaphragm."""
    y = np.linspace(anatomy.hilum_y["left"], max(anatomy.dome_y.values()) + 0.02, 24)
    borders = [
        anatomy.midline + SIGN[side] * np.interp(y, curve_axis(), anatomy.heart_curve(side)) for side in SIDES
    ]
    return np.concatenate(borders), np.concatenate([y, y])


def _parts(anatomy: Anatomy, side: str) -> dict[str, Part]:
    """Return the parts of one side that a box describes well enough."""
    hilum_y, dome, clavicle = anatomy.hilum_y[side], anatomy.dome_y[side], anatomy.clavicle_y
    width, bottom = anatomy.half_width[side], anatomy.angle_y(side)
    return {
        "hilar structures": (0.055, 0.155, hilum_y - 0.06, hilum_y + 0.075),
        "costophrenic angle": (width - 0.085, width + 0.01, bottom - 0.075, bottom + 0.01),
        "hemidiaphragm": (0.06, width, dome - 0.025, bottom),
        "clavicle": (0.045, 0.43, clavicle - 0.055, clavicle + 0.045),
    }


def _central_parts(anatomy: Anatomy) -> dict[str, Part]:
    """Return the parts about the midline; distances count towards the patient's left."""
    base, hilum_y = max(anatomy.dome_y.values()), anatomy.hilum_y["left"]
    return {
        "mediastinum": (-0.085, 0.10, 0.06, base),
        "upper mediastinum": (-0.085, 0.10, 0.06, hilum_y),
        "aortic knob": (0.02, anatomy.knob + 0.012, anatomy.knob_y - 0.045, anatomy.knob_y + 0.045),
        "trachea": (-anatomy.trachea_shift - 0.03, 0.022, 0.0, hilum_y - 0.04),
        "spine": (-0.045, 0.045, 0.0, 1.0),
    }


def describe_regions(canvas: Canvas, anatomy: Anatomy) -> dict[str, Box]:
    """Return every region of `REGION_NAMES` as (x_min, y_min, x_max, y_max) in 0-1 of the image.

    The four zones of a lung (apical, upper, mid, lower) follow one another without gap or overlap before the
    tilt; a tilted patient's boxes are the boxes around them.
    """
    regions = {"cardiac silhouette": canvas.box_around(*_heart_outline(anatomy))}
    for name, part in _central_parts(anatomy).items():
        regions[name] = canvas.box_around(*_points(anatomy, "left", part))
    for side in SIDES:
        top, bottom = anatomy.apex_y[side], anatomy.angle_y(side)
        regions[f"{side} lung"] = canvas.box_around(*_lung_outline(anatomy, side, top, bottom))
        for zone in ZONE_EDGES:
            name = f"{side} apical zone" if zone == "apical" else f"{side} {zone} lung zone"
            outline = _lung_outline(anatomy, side, *anatomy.zone_range(side, zone))
            regions[name] = canvas.box_around(*outline)
        for name, part in _parts(anatomy, side).items():
            regions[f"{side} {name}"] = canvas.box_around(*_points(anatomy, side, part))
    return regions
