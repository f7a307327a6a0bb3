"""Findings of the pleura: effusion and pneumothorax."""

from __future__ import annotations

import numpy as np

from egma_lib.phantom.case import Finding
from egma_lib.phantom.film.anatomy import SEVERITY
from egma_lib.phantom.film.canvas import gaussian_bump, soft_step
from egma_lib.phantom.film.scene import Scene, sides_of

EFFUSION_HEIGHT = ((-0.035, -0.005), (0.045, 0.09), (0.17, 0.27))
"""Fluid level above the dome, smallest and largest size, per severity (0-1 of the image)."""
PNEUMOTHORAX_WIDTH = ((0.022, 0.032), (0.045, 0.065), (0.085, 0.125))
"""Width of the air rim beside the apex, smallest and largest size, per severity (0-1 of the image)."""


def _graded(table: tuple[tuple[float, float], ...], finding: Finding) -> float:
    low, high = table[SEVERITY[finding.severity]]
    return low + (high - low) * finding.size


def paint_effusion(scene: Scene, finding: Finding, rng: np.random.Generator) -> np.ndarray:
    """Draw fluid that fills the costophrenic angle and climbs the wall in a meniscus; return its mask."""
    mask = np.zeros(scene.canvas.shape, bool)
    for side in sides_of(finding, rng):
        lung = scene.lung(side)
        height = _graded(EFFUSION_HEIGHT, finding)
        climb = (0.06 + 0.3 * max(height, 0.0)) * np.exp(-np.clip(lung.wall, 0, None) * np.float32(1 / 0.055))
        level = scene.anatomy.dome_y[side] + 0.03 - height + 0.004 * float(rng.normal())
        depth = scene.canvas.y - np.float32(level) + climb
        fluid = soft_step(depth, 0.035)
        strength = fluid * lung.aerated
        behind = fluid * (lung.whole - lung.aerated)
        scene.opacity += (
            strength * (np.float32(0.66) + np.clip(depth * 3, 0, 0.55)) + np.float32(0.1) * behind
        )
        scene.vessel_share *= 1 - strength
        mask |= strength > 0.4
    return mask


def paint_pneumothorax(scene: Scene, finding: Finding, rng: np.random.Generator) -> np.ndarray:
    """Draw a dark rim without vessels, widest at the apex, and the pleural line; return the rim's mask."""
    mask = np.zeros(scene.canvas.shape, bool)
    for side in sides_of(finding, rng):
        lung, anatomy = scene.lung(side), scene.anatomy
        width = _graded(PNEUMOTHORAX_WIDTH, finding)
        top, bottom = anatomy.apex_y[side], anatomy.angle_y(side)
        t = np.clip((scene.canvas.y - np.float32(top)) * np.float32(1 / (bottom - top)), 0, 1)
        taper = 1 - t * (1.15 - 0.35 * SEVERITY[finding.severity])
        from_apex = (scene.canvas.y - np.float32(top)) * np.float32(0.55)
        # The collapsed lung's edge keeps `width` from wall and apex alike and rounds the corner between.
        corner = np.clip(0.16 - np.abs(lung.wall - from_apex), 0, None)
        depth = np.minimum(lung.wall, from_apex) - corner**2 * np.float32(1 / 0.64) - width * taper
        rim = soft_step(-depth, 0.008) * lung.whole
        collapsed = soft_step(depth, 0.02) * lung.aerated
        line = gaussian_bump(depth, 0, 0.0032) * lung.whole * (taper > 0.12)
        scene.opacity -= np.float32(0.09) * rim * lung.aerated
        scene.opacity += (
            np.float32(0.26) * line + np.float32(0.07 + 0.07 * SEVERITY[finding.severity]) * collapsed
        )
        scene.vessel_share *= 1 - rim
        mask |= rim > 0.5
    return mask
