"""Named regions of a drawn chest as boxes."""

from __future__ import annotations

import numpy as np

from egma_lib.phantom.film.anatomy import SIDES, SIGN, ZONE_EDGES, Anatomy
from egma_lib.phantom.film.canvas import Canvas, curve_axis

Box = tuple[float, float, float, float]


def _across(anatomy: Anatomy, side: str, inner: float, outer: float) -> tuple[float, float]:
    """Return x_min and x_max between two distances from the midline."""
    xs = sorted(anatomy.midline + SIGN[side] * distance for distance in (inner, outer))
    return xs[0], xs[1]


def _side_regions(anatomy: Anatomy, side: str) -> dict[str, Box]:
    axis = curve_axis()
    top, bottom, width = anatomy.apex_y[side], anatomy.angle_y(side), anatomy.half_width[side]
    inner = 0.062
    left, right = _across(anatomy, side, inner, width)
    regions = {f"{side} lung": (left, top, right, bottom)}
    for zone in ZONE_EDGES:
        start, stop = anatomy.zone_range(side, zone)
        here = (axis >= start) & (axis <= stop)
        zone_left, zone_right = _across(anatomy, side, inner, float(anatomy.lateral_curve(side)[here].max()))
        name = f"{side} apical zone" if zone == "apical" else f"{side} {zone} lung zone"
        regions[name] = (zone_left, start, zone_right, stop)
    hilum_y, dome = anatomy.hilum_y[side], anatomy.dome_y[side]
    x_min, x_max = _across(anatomy, side, 0.055, 0.155)
    regions[f"{side} hilar structures"] = (x_min, hilum_y - 0.06, x_max, hilum_y + 0.075)
    x_min, x_max = _across(anatomy, side, width - 0.085, width + 0.01)
    regions[f"{side} costophrenic angle"] = (x_min, bottom - 0.075, x_max, bottom + 0.01)
    x_min, x_max = _across(anatomy, side, 0.06, width)
    regions[f"{side} hemidiaphragm"] = (x_min, dome - 0.025, x_max, bottom)
    x_min, x_max = _across(anatomy, side, 0.045, 0.405)
    clavicle = anatomy.clavicle_y
    regions[f"{side} clavicle"] = (x_min, clavicle - 0.075, x_max, clavicle + 0.045)
    return regions


def describe_regions(canvas: Canvas, anatomy: Anatomy) -> dict[str, Box]:
    """Return every region of `REGION_NAMES` as (x_min, y_min, x_max, y_max) in 0-1 of the image.

    The four zones of a lung (apical, upper, mid, lower) follow one another without gap or overlap before the
    tilt; a tilted patient's boxes are the boxes around them.
    """
    middle = anatomy.midline
    reach = {side: anatomy.heart_reach(side) for side in SIDES}
    base = max(anatomy.dome_y.values())
    heart_top = anatomy.hilum_y["left"] + 0.0
    knob_top, knob_bottom = anatomy.knob_y - 0.045, anatomy.knob_y + 0.045
    regions: dict[str, Box] = {
        "cardiac silhouette": (middle - reach["right"], heart_top, middle + reach["left"], base + 0.02),
        "mediastinum": (middle - 0.085, 0.06, middle + 0.10, base),
        "upper mediastinum": (middle - 0.085, 0.06, middle + 0.10, anatomy.hilum_y["left"]),
        "aortic knob": (middle + 0.02, knob_top, middle + anatomy.knob + 0.012, knob_bottom),
        "trachea": (
            middle - anatomy.trachea_shift - 0.03, 0.0, middle + 0.022, anatomy.hilum_y["left"] - 0.04,
        ),
        "spine": (middle - 0.045, 0.0, middle + 0.045, 1.0),
    }  # fmt: skip
    for side in SIDES:
        regions |= _side_regions(anatomy, side)
    return {name: canvas.box(*(float(np.float64(edge)) for edge in box)) for name, box in regions.items()}
