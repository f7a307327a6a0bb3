"""Findings of the lung itself: consolidation, pneumonia, atelectasis, oedema."""

from __future__ import annotations

import numpy as np

from egma_lib.phantom.case import Finding
from egma_lib.phantom.film.anatomy import SEVERITY, SIDES, SIGN
from egma_lib.phantom.film.canvas import LineLayer, gaussian_bump, soft_step, texture
from egma_lib.phantom.film.scene import Scene, blob_distance, place_in_zone, sides_of, zone_of
from egma_lib.phantom.film.vessels import hilum

CONSOLIDATION_DENSITY = (0.48, 0.70, 0.92)
PNEUMONIA_DENSITY = (0.34, 0.46, 0.58)
ATELECTASIS_DENSITY = (0.32, 0.50, 0.65)
CLOUDS = 1.3
"""Spectral exponent of the unevenness within an opacity."""
EDEMA_DENSITY = (0.24, 0.42, 0.62)


def _within_zone(scene: Scene, side: str, zone: str) -> np.ndarray:
    """Soft window, 0-1, over the lung of one side from a little above a zone to a little below it."""
    top, bottom = scene.anatomy.zone_range(side, zone)
    y = scene.canvas.y
    window = soft_step(y - np.float32(top - 0.02), 0.09)
    if zone != "lower":
        window = window * soft_step(np.float32(bottom + 0.02) - y, 0.09)
    return window * scene.lung(side).aerated


def _mask(strength: np.ndarray, scene: Scene, side: str) -> np.ndarray:
    """Where an opacity has at least 35 % of its greatest strength, in that side's lung."""
    return (strength > 0.35 * strength.max()) & (scene.lung(side).whole > 0.3)


def paint_consolidation(scene: Scene, finding: Finding, rng: np.random.Generator) -> np.ndarray:
    """Draw a dense, lobar-sized opacity per side, fuzzy-edged, with air bronchograms; return its mask."""
    canvas, grade = scene.canvas, SEVERITY[finding.severity]
    zone = zone_of(finding, "lower")
    mask = np.zeros(canvas.shape, bool)
    for side in sides_of(finding, rng):
        x, y = place_in_zone(scene, side, zone, rng, 0.3, 0.6)
        radius = 0.085 + 0.045 * finding.size + 0.012 * grade
        edge = 1.05 - blob_distance(canvas, x, y, radius, radius * 0.95)
        edge = edge + np.float32(0.22) * texture(rng, canvas.rows, canvas.columns, CLOUDS)
        strength = soft_step(edge, 0.7) * _within_zone(scene, side, zone)
        airways = LineLayer(canvas)
        root = hilum(scene.anatomy, side)
        for spread in rng.normal(0, 0.45 * radius, (5, 2)):
            tip = (
                x + SIGN[side] * 0.4 * radius + float(spread[0]),
                y + 0.3 * radius + 1.6 * float(spread[1]),
            )
            knee = (0.45 * root[0] + 0.55 * x, 0.45 * root[1] + 0.55 * y)
            airways.line([root, knee, tip], 0.006, 1.0)
        patchy = 1 + np.float32(0.12) * texture(rng, canvas.rows, canvas.columns, CLOUDS)
        density = CONSOLIDATION_DENSITY[grade] * patchy - np.float32(0.16) * airways.field()
        scene.opacity += strength * density
        scene.vessel_share *= 1 - np.float32(0.9) * strength
        mask |= _mask(strength, scene, side)
    return mask


def paint_pneumonia(scene: Scene, finding: Finding, rng: np.random.Generator) -> np.ndarray:
    """Draw several soft, rounded, faint opacities per side; return their mask."""
    canvas, grade = scene.canvas, SEVERITY[finding.severity]
    zone = zone_of(finding, "lower")
    mask = np.zeros(canvas.shape, bool)
    count = 4 + 2 * grade + round(2 * finding.size)
    for side in sides_of(finding, rng):
        clear = np.ones(canvas.shape, np.float32)
        top, bottom = scene.anatomy.zone_range(side, zone)
        for number in range(count):
            # Foci alternate between the inner and outer lung on the way down, or they would merge into one.
            inner, outer = ((0.08, 0.4), (0.6, 0.92))[number % 2]
            x, _ = place_in_zone(scene, side, zone, rng, inner, outer)
            y = top + (bottom - top) * (number + float(rng.uniform(0.2, 0.8))) / count
            radius = float(rng.uniform(0.022, 0.034)) * (1 + 0.35 * finding.size)
            clear *= 1 - gaussian_bump(blob_distance(canvas, x, y, radius, radius), 0, 0.75)
        strength = (1 - clear) * _within_zone(scene, side, zone)
        scene.opacity += strength * np.float32(PNEUMONIA_DENSITY[grade])
        mask |= _mask(strength, scene, side)
    return mask


def paint_atelectasis(scene: Scene, finding: Finding, rng: np.random.Generator) -> np.ndarray:
    """Draw plate-like bands per side, and a wedge on the raised diaphragm if severe; return their mask."""
    canvas, grade = scene.canvas, SEVERITY[finding.severity]
    zone = zone_of(finding, "lower")
    mask = np.zeros(canvas.shape, bool)
    for side in sides_of(finding, rng):
        layer = np.zeros(canvas.shape, np.float32)
        x0, y0 = place_in_zone(scene, side, zone, rng, 0.35, 0.6)
        for number in range((1, 2, 2)[grade]):
            x = x0 + float(rng.normal(0, 0.02))
            y = y0 - 0.052 * number + float(rng.normal(0, 0.006))
            slope = SIGN[side] * float(rng.uniform(-0.4, 0.4))
            share = 1 - 0.35 * number
            half_length = share * (0.085 + 0.05 * finding.size + 0.015 * grade)
            half_height = share * (0.0065 + 0.004 * grade + 0.002 * finding.size)
            across = canvas.y - np.float32(y) - np.float32(slope) * (canvas.x - np.float32(x))
            band = gaussian_bump(across, 0, half_height)
            along = np.float32(half_length) - np.abs(canvas.x - np.float32(x))
            layer = np.maximum(layer, band * soft_step(along, 0.03))
        if grade == 2 and zone == "lower":
            base = scene.lung(side).base
            layer = np.maximum(layer, 0.8 * gaussian_bump(base, 0, 0.022) * (base > -0.01))
        strength = layer * scene.lung(side).aerated
        scene.opacity += strength * np.float32(ATELECTASIS_DENSITY[grade])
        mask |= _mask(strength, scene, side)
    return mask


def paint_edema(scene: Scene, finding: Finding, rng: np.random.Generator) -> np.ndarray:
    """Draw bat-wing haze around the hila, cuffs, septal lines and full vessels; return the haze's mask."""
    canvas, grade = scene.canvas, SEVERITY[finding.severity]
    mask = np.zeros(canvas.shape, bool)
    lines = LineLayer(canvas)
    sides = SIDES if finding.side in ("bilateral", "none") else (finding.side,)
    for side in sides:
        x, y = hilum(scene.anatomy, side)
        reach = 0.125 + 0.05 * finding.size + 0.012 * grade
        centre_x = x + SIGN[side] * 0.055
        distance = blob_distance(canvas, centre_x, y + 0.045, reach, 1.35 * reach)
        haze = gaussian_bump(distance, 0, 0.62)
        haze = haze * (1 + np.float32(0.22) * texture(rng, canvas.rows, canvas.columns, CLOUDS))
        haze *= soft_step(scene.lung(side).wall - 0.045, 0.07)
        strength = haze * scene.lung(side).aerated
        scene.opacity += strength * np.float32(EDEMA_DENSITY[grade])
        scene.vessel_prominence[side] = 1.15 + 0.12 * grade
        wall_x = scene.anatomy.midline + SIGN[side] * scene.anatomy.half_width[side]
        for height in np.linspace(0.13, 0.01, 5 + 2 * grade):
            line_y = scene.anatomy.dome_y[side] - float(height)
            inner_x = wall_x - SIGN[side] * float(rng.uniform(0.025, 0.05))
            lines.line([(wall_x, line_y + 0.004), (inner_x, line_y)], 0.003, 0.45 + 0.2 * grade)
        mask |= _mask(strength, scene, side)
    scene.opacity += np.float32(0.22) * lines.field() * scene.vessel_share
    return mask
