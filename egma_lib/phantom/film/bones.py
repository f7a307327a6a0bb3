"""Bones: ribs, spine, clavicles, scapulae, and the windpipe in front of the spine, as added thickness."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from egma_lib.phantom.film.anatomy import SIDES, SIGN, Anatomy
from egma_lib.phantom.film.canvas import Canvas, LineLayer, curve_axis, curve_index, gaussian_bump, soft_step
from egma_lib.phantom.film.thorax import Thorax

RIB_COUNT = 10
RIB_HALF_HEIGHT = 0.0135


@lru_cache(maxsize=1)
def _posterior_shape() -> np.ndarray:
    """Drop of a posterior rib below its root at the spine, over the share of the chest's half width."""
    r = np.clip(curve_axis(), 0, 1.2)
    return (-0.012 * np.sin(np.pi * np.clip(r / 0.6, 0, 1)) + 0.06 * r**2 + 0.07 * r**7).astype(np.float32)


@lru_cache(maxsize=1)
def _anterior_shape() -> np.ndarray:
    """Drop of an anterior rib below its outermost point, over the share of the chest's half width."""
    inwards = np.clip(1.02 - curve_axis(), 0, 1)
    return (0.05 * np.sqrt(inwards) + 0.13 * inwards).astype(np.float32)


def rib_level(anatomy: Anatomy, side: str, number: int) -> float:
    """Height of the root of posterior rib `number` (0 = first) at the spine."""
    start = anatomy.apex_y[side] + 0.028 + anatomy.rib_start
    return start + anatomy.rib_spacing * number * (0.86 + 0.015 * number)


def posterior_rib_y(anatomy: Anatomy, side: str, number: int, share: float) -> float:
    """Height of posterior rib `number` where `share` of the chest's half width is reached."""
    drop = np.interp(share, curve_axis(), _posterior_shape())
    return rib_level(anatomy, side, number) + anatomy.rib_slope * float(drop)


def _rib_profile(levels: np.ndarray, half_height: float) -> np.ndarray:
    """Cross-section of a family of ribs over height: cortex brighter than marrow; shape (CURVE_STEPS,)."""
    u = np.abs(curve_axis()[None, :] - levels[:, None]) / half_height
    inside = np.clip((1.12 - u) / 0.3, 0, 1)
    return (inside * (0.62 + 0.5 * np.clip(u, 0, 1) ** 3)).max(axis=0).astype(np.float32)


def posterior_rib_field(thorax: Thorax) -> np.ndarray:
    """Height of every pixel relative to the rib roots: a rib of level `y` runs where this field is `y`."""
    chest = thorax.chest
    drop = _posterior_shape().take(curve_index(thorax.lungs.share), mode="clip")
    return chest.canvas.y - np.float32(chest.anatomy.rib_slope) * drop


@lru_cache(maxsize=1)
def _rib_strengths() -> tuple[np.ndarray, np.ndarray]:
    """Thickness of posterior and anterior ribs over the share of the chest's half width."""
    share = curve_axis()
    outward = np.clip(share, 0, 1) ** 2
    back = soft_step(share - np.float32(0.08), 0.1) * (0.15 + 0.05 * outward)
    front = soft_step(share - np.float32(0.42), 0.3) * (0.06 + 0.04 * outward)
    return back, front


def draw_ribs(thorax: Thorax, field: np.ndarray) -> np.ndarray:
    """Return the thickness of the ribs; `field` is `posterior_rib_field`, perhaps with fractures."""
    chest, anatomy = thorax.chest, thorax.chest.anatomy
    levels = {s: np.array([rib_level(anatomy, s, number) for number in range(RIB_COUNT)]) for s in SIDES}
    back = {s: _rib_profile(levels[s], RIB_HALF_HEIGHT) for s in SIDES}
    lower = anatomy.rib_slope * 0.115
    front = {s: _rib_profile(levels[s][:7] + lower, RIB_HALF_HEIGHT * 1.15) for s in SIDES}
    share_index = curve_index(thorax.lungs.share)
    drop = _anterior_shape().take(share_index, mode="clip")
    front_field = chest.canvas.y - np.float32(anatomy.rib_slope) * drop
    back_strength, front_strength = (s.take(share_index, mode="clip") for s in _rib_strengths())
    ribs = chest.pick(curve_index(field), back["right"], back["left"]) * back_strength
    ribs += chest.pick(curve_index(front_field), front["right"], front["left"]) * front_strength
    ribs *= soft_step(thorax.lungs.wall + np.float32(0.012), 0.02)
    return ribs * np.float32(anatomy.rib_contrast)


def draw_spine(canvas: Canvas, anatomy: Anatomy) -> np.ndarray:
    """Return the thickness of the vertebrae, less the air of the windpipe."""
    across = canvas.x - np.float32(anatomy.midline)
    axis = curve_axis()
    vertebrae = 0.8 + 0.2 * np.sin(2 * np.pi * axis / 0.052)
    distance = np.abs(axis)
    column = np.float32(0.2) * soft_step(np.float32(0.042) - distance, 0.02)
    processes = np.float32(0.16) * gaussian_bump(distance, 0, 0.007)
    pedicles = np.float32(0.12) * gaussian_bump(distance, 0.024, 0.006)
    profile = column + processes + pedicles
    spine = profile.take(curve_index(across), mode="clip") * canvas.along_y(vertebrae.astype(np.float32))
    course = anatomy.trachea_shift * np.clip(axis / 0.3, 0, 1)
    windpipe = gaussian_bump(across + canvas.along_y(course.astype(np.float32)), 0, 0.0145)
    windpipe *= canvas.along_y(soft_step(np.float32(anatomy.hilum_y["left"] - 0.06) - axis, 0.06))
    return spine - np.float32(0.5) * windpipe


def _clavicle(anatomy: Anatomy, side: str) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Upper and lower outline of a clavicle, from the sternum outwards."""
    t = np.linspace(0, 1, 12)
    x = anatomy.midline + SIGN[side] * (0.045 + 0.385 * t)
    y = anatomy.clavicle_y + 0.02 - 0.055 * t + 0.018 * np.sin(2 * np.pi * t)
    half = (0.011 + 0.008 * (1 - t) ** 3) * np.sqrt(np.clip(1.06 - t**4, 0, 1))
    return list(zip(x, y - half, strict=True)), list(zip(x, y + half, strict=True))


def draw_girdle(canvas: Canvas, anatomy: Anatomy) -> np.ndarray:
    """Return the thickness of clavicles, scapulae and the heads of the upper arms."""
    layer = LineLayer(canvas)
    over_lung = 0.0 if anatomy.view == "PA" else -0.045
    for side in SIDES:
        sign, wall = SIGN[side], anatomy.half_width[side] + over_lung
        blade = [(0.005, 0.13), (-0.005, 0.24), (-0.035, 0.36), (-0.03, 0.43), (0.02, 0.36), (0.07, 0.22)]
        outline = [(anatomy.midline + sign * (wall + dx), y) for dx, y in blade]
        layer.polygon(outline, 0.16)
        layer.line(outline[:4], 0.006, 0.4)
        layer.line(outline[3:], 0.008, 0.45)
        layer.disc(anatomy.midline + sign * (anatomy.half_width[side] + 0.115), 0.205, 0.05, 0.35)
        upper, lower = _clavicle(anatomy, side)
        layer.polygon(upper + lower[::-1], 0.62)
        layer.line(upper[:8], 0.005, 0.95)
        layer.line(lower[:8], 0.005, 0.95)
    return layer.field()


def draw_bones(thorax: Thorax, rib_field: np.ndarray) -> np.ndarray:
    """Return the thickness of all bones, shape (rows, columns).

    Parameters
    ----------
    thorax
        The patient.
    rib_field
        `posterior_rib_field`, displaced where a rib is broken.
    """
    canvas, anatomy = thorax.chest.canvas, thorax.chest.anatomy
    bones = draw_spine(canvas, anatomy)
    bones += draw_ribs(thorax, rib_field)
    bones += np.float32(0.3) * draw_girdle(canvas, anatomy)
    return bones
