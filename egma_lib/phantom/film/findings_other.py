"""Findings of heart, bone and treatment: cardiomegaly, rib fracture, support devices."""

from __future__ import annotations

import numpy as np

from egma_lib.phantom.case import Finding
from egma_lib.phantom.film.anatomy import SEVERITY, SIGN
from egma_lib.phantom.film.bones import RIB_COUNT, RIB_HALF_HEIGHT, posterior_rib_y, rib_level
from egma_lib.phantom.film.canvas import LineLayer, Points, curve_axis, gaussian_bump, soft_step
from egma_lib.phantom.film.scene import Scene, blob_distance, sides_of, zone_of


def paint_cardiomegaly(scene: Scene, finding: Finding, rng: np.random.Generator) -> np.ndarray:
    """Return the heart as mask; that it is large is already in the anatomy."""
    below = scene.thorax.lungs.base
    return (scene.thorax.heart > 0.02) & (below > -0.02)


def _broken_ribs(scene: Scene, side: str, zone: str, count: int) -> list[int]:
    """Return the numbers of `count` neighbouring ribs that cross the lateral chest wall in a zone."""
    top, bottom = scene.anatomy.zone_range(side, zone)
    middle = (top + bottom) / 2
    heights = [posterior_rib_y(scene.anatomy, side, number, 0.8) for number in range(RIB_COUNT)]
    nearest = sorted(range(RIB_COUNT), key=lambda number: abs(heights[number] - middle))
    return nearest[:count]


def paint_fracture(scene: Scene, finding: Finding, rng: np.random.Generator) -> np.ndarray:
    """Break neighbouring ribs: a gap, a step, a swelling; return a mask around the breaks."""
    canvas, anatomy, grade = scene.canvas, scene.anatomy, SEVERITY[finding.severity]
    mask = np.zeros(canvas.shape, bool)
    for side in sides_of(finding, rng):
        lung, field = scene.lung(side), scene.rib_field.copy()
        for number in _broken_ribs(scene, side, zone_of(finding, "mid"), 1 + grade):
            share = float(rng.uniform(0.66, 0.8))
            height = posterior_rib_y(anatomy, side, number, share)
            wall = float(np.interp(height, curve_axis(), anatomy.lateral_curve(side)))
            x = anatomy.midline + SIGN[side] * share * wall
            near = np.abs(field - np.float32(rib_level(anatomy, side, number)))
            on_rib = soft_step(np.float32(2.2 * RIB_HALF_HEIGHT) - near, 0.01)
            outward = lung.out - np.float32(share * wall)
            step = (0.014 + 0.005 * grade + 0.004 * finding.size) * on_rib
            beyond = soft_step(outward, 0.006) * soft_step(0.12 - outward, 0.05)
            scene.rib_field -= step * beyond * scene.thorax.on_side(side)
            radius = 0.034 + 0.007 * grade + 0.006 * finding.size
            near_break = gaussian_bump(blob_distance(canvas, x, height, radius, radius), 0, 0.62)
            in_rib = soft_step(np.float32(1.3 * RIB_HALF_HEIGHT) - near, 0.01)
            gap = gaussian_bump(outward, 0, 0.0045) * in_rib * near_break
            swelling = near_break * lung.whole
            scene.opacity += np.float32(0.28 + 0.12 * grade) * swelling - np.float32(0.34) * gap
            mask |= blob_distance(canvas, x, height, 1.15 * radius, 1.15 * radius) < 1
    return mask


def _central_line(scene: Scene, sign: float, rng: np.random.Generator) -> list[Points]:
    anatomy = scene.anatomy
    tip_y = anatomy.hilum_y["right"] + float(rng.uniform(-0.02, 0.06))
    entry = (anatomy.midline + sign * 0.26, anatomy.clavicle_y - 0.03)
    bend = (anatomy.midline + sign * 0.06, anatomy.clavicle_y + 0.05)
    return [[entry, (anatomy.midline + sign * 0.15, anatomy.clavicle_y + 0.005), bend,
             (anatomy.midline - 0.045, anatomy.knob_y), (anatomy.midline - 0.05, tip_y)]]  # fmt: skip


def _tracheal_tube(scene: Scene) -> list[Points]:
    anatomy = scene.anatomy
    x = anatomy.midline - 0.6 * anatomy.trachea_shift
    return [[(anatomy.midline, -0.02), (x, 0.12), (x - 0.004, anatomy.knob_y - 0.03)]]


def _feeding_tube(scene: Scene) -> list[Points]:
    anatomy = scene.anatomy
    x, dome = anatomy.midline, anatomy.dome_y["left"]
    return [[(x + 0.01, -0.02), (x + 0.012, 0.3), (x + 0.02, 0.55), (x + 0.03, dome + 0.03),
             (x + 0.09, dome + 0.10), (x + 0.16, dome + 0.11)]]  # fmt: skip


def _pacemaker(layer: LineLayer, scene: Scene, sign: float) -> None:
    anatomy = scene.anatomy
    x, y = anatomy.midline + sign * 0.30, anatomy.clavicle_y + 0.075
    turn = np.linspace(0, 2 * np.pi, 25)
    corners = (
        np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** 0.6,
        np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** 0.6,
    )
    layer.polygon([(x + 0.046 * float(c), y + 0.032 * float(s)) for c, s in zip(*corners, strict=True)], 0.95)
    vein = [(x, y - 0.02), (anatomy.midline + sign * 0.17, anatomy.clavicle_y + 0.03),
            (anatomy.midline - 0.045, anatomy.knob_y), (anatomy.midline - 0.055, 0.5)]  # fmt: skip
    layer.line(_smooth([*vein, (anatomy.midline - 0.03, 0.60)]), 0.006, 0.8)
    layer.line(_smooth([*vein, (anatomy.midline, 0.64), (anatomy.midline + 0.13, 0.68)]), 0.006, 0.8)


def paint_devices(scene: Scene, finding: Finding, rng: np.random.Generator) -> np.ndarray:
    """Draw lines, tubes or a pacemaker, more of them in severe cases; return their mask."""
    layer = LineLayer(scene.canvas)
    sign = SIGN[sides_of(finding, rng)[0]]
    kinds = rng.permutation(4)[: 1 + SEVERITY[finding.severity]]
    for kind in kinds:
        if kind == 3:
            _pacemaker(layer, scene, sign)
            continue
        courses = (_central_line(scene, sign, rng), _tracheal_tube(scene), _feeding_tube(scene))[kind]
        for course in courses:
            layer.line(_smooth(course), 0.012 if kind == 1 else 0.007, 0.55 if kind == 1 else 0.75)
    drawn = layer.field()
    scene.opacity += np.float32(0.75) * drawn
    return drawn > 0.2


def _smooth(points: Points) -> list[tuple[float, float]]:
    """Return a rounded course through a polyline, by cutting its corners twice (Chaikin)."""
    course = np.asarray(points, dtype=float)
    for _ in range(2):
        before, after = course[:-1], course[1:]
        cut = np.stack([0.75 * before + 0.25 * after, 0.25 * before + 0.75 * after], axis=1).reshape(-1, 2)
        course = np.concatenate([course[:1], cut, course[-1:]])
    return [(float(x), float(y)) for x, y in course]
