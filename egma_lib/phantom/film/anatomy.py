"""One patient's chest as numbers: sizes drawn from the normal range, and the curves that bound the organs.

Lengths are in 0-1 of the image. `Side` is the patient's; the patient's right lies on the image's left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from egma_lib.phantom.case import CasePlan, Finding
from egma_lib.phantom.film.canvas import curve_axis, gaussian_bump

SIDES = ("right", "left")
SIGN = {"right": -1.0, "left": 1.0}
"""Direction of a side on the image: -1 towards the left edge."""

SEVERITY = {"mild": 0, "moderate": 1, "severe": 2}
CARDIOMEGALY_RATIO = ((0.56, 0.59), (0.60, 0.64), (0.65, 0.70))
"""Cardiothoracic ratio of mild, moderate and severe cardiomegaly; .55 is where every reader calls it."""

ZONE_EDGES = {"apical": (0.0, 0.16), "upper": (0.16, 0.42), "mid": (0.42, 0.68), "lower": (0.68, 1.0)}
"""Lung zones as shares of the height from the apex to the costophrenic angle."""


@dataclass(frozen=True)
class Anatomy:
    """Measures of one patient (0-1 of the image unless said)."""

    view: str
    tilt: float
    midline: float
    half_width: dict[str, float]
    apex_y: dict[str, float]
    dome_y: dict[str, float]
    angle_depth: float
    cardiothoracic_ratio: float
    heart_right_share: float
    heart_y: float
    knob: float
    knob_y: float
    hilum_y: dict[str, float]
    tissue: float
    body_margin: float
    shoulder_drop: float
    rib_spacing: float
    rib_start: float
    rib_contrast: float
    rib_slope: float
    clavicle_y: float
    breast: float
    bubble: float
    trachea_shift: float

    def angle_y(self, side: str) -> float:
        """Height of the costophrenic angle."""
        return self.dome_y[side] + self.angle_depth

    def zone_range(self, side: str, zone: str) -> tuple[float, float]:
        """Top and bottom of a zone of a lung (`apical`, `upper`, `mid`, `lower`)."""
        top, bottom = self.apex_y[side], self.angle_y(side)
        start, stop = ZONE_EDGES[zone]
        return top + start * (bottom - top), top + stop * (bottom - top)

    def lateral_curve(self, side: str) -> np.ndarray:
        """Distance of the inner chest wall from the midline over y, shape (CURVE_STEPS,)."""
        y, apex = curve_axis(), self.apex_y[side]
        t = np.clip((y - apex) / (self.angle_y(side) - apex), 0, 1)
        rise = np.sqrt(1 - (1 - t) ** 3.0)
        start = 0.13
        return start + (self.half_width[side] * (0.95 + 0.05 * t) - start) * rise

    def medial_curve(self, side: str) -> np.ndarray:
        """Distance of the lung's inner edge (behind heart and vessels) from the midline over y."""
        t = np.clip((curve_axis() - self.apex_y[side]) / 0.05, 0, None)
        return 0.035 + 0.095 * np.exp(-t)

    def dome_curve(self, side: str) -> np.ndarray:
        """Height of the hemidiaphragm over the distance from the midline."""
        x = curve_axis()
        top = 0.47 * self.half_width[side]
        outward = np.clip((x - top) / (self.half_width[side] - top), 0, 1.3)
        inward = np.clip((top - x) / top, 0, 1)
        # Both domes meet at one height in the midline, or a step would show under the heart.
        middle = max(self.dome_y.values()) + 0.015 - self.dome_y[side]
        fall = self.angle_depth * (0.35 * outward**2 + 0.65 * outward**4)
        return self.dome_y[side] + fall + middle * inward**2 * (3 - 2 * inward)

    def heart_reach(self, side: str) -> float:
        """Largest distance of the heart's border from the midline."""
        width = self.cardiothoracic_ratio * (self.half_width["right"] + self.half_width["left"])
        return width * (self.heart_right_share if side == "right" else 1 - self.heart_right_share)

    def heart_curve(self, side: str) -> np.ndarray:
        """Distance of the heart's border from the midline over y; 0 above and below it."""
        y, reach, bottom = curve_axis(), self.heart_reach(side), max(self.dome_y.values())
        if side == "right":
            widest, top = self.heart_y, self.heart_y - 0.19
        else:
            widest, top = bottom - 0.04, self.hilum_y["left"] - 0.07
        upper = np.clip((y - top) / (widest - top), 0, 1)
        lower = np.clip((y - widest) / (bottom + 0.10 - widest), 0, 1)
        # The left border runs obliquely to the apex above the diaphragm, the right one is a shallow arc.
        border = np.sin(np.pi / 2 * upper) ** (0.9 if side == "right" else 1.25)
        return reach * border * np.sqrt(1 - lower**2)

    def silhouette_curve(self, side: str) -> np.ndarray:
        """Distance of the border of heart, great vessels and neck from the midline over y."""
        y = curve_axis()
        base = np.float32(0.062) + 0.05 * np.clip(0.12 - y, 0, None)
        if side == "left":
            base = base + (self.knob - 0.062) * gaussian_bump(y, self.knob_y, 0.032)
            base = base + 0.026 * gaussian_bump(y, self.hilum_y["left"] - 0.01, 0.04)
        else:
            base = base + 0.012 * gaussian_bump(y, self.knob_y + 0.03, 0.07)
        heart = self.heart_curve(side)
        return 0.5 * (base + heart + np.sqrt((base - heart) ** 2 + 0.014**2)) - 0.003


def _shift_for(anatomy: Anatomy, finding: Finding) -> Anatomy:
    """Return the anatomy as one finding moves it (volume loss, tension, a large heart)."""
    grade = SEVERITY[finding.severity]
    sides = SIDES if finding.side == "bilateral" else (finding.side,)
    if finding.name == "Cardiomegaly":
        low, high = CARDIOMEGALY_RATIO[grade]
        ratio = low + (high - low) * finding.size
        share = max(0.32, anatomy.heart_right_share)
        return replace(anatomy, cardiothoracic_ratio=ratio, heart_right_share=share)
    if finding.name == "Atelectasis" and finding.zone != "upper":
        lift = 0.02 + 0.02 * grade
        dome = {s: y - lift * (s in sides) for s, y in anatomy.dome_y.items()}
        pull = sum(SIGN[s] for s in sides if s in SIGN) * 0.006 * grade
        return replace(anatomy, dome_y=dome, midline=anatomy.midline + pull)
    if finding.name == "Pneumothorax" and grade == 2 and finding.side in SIGN:
        return replace(anatomy, midline=anatomy.midline - 0.02 * SIGN[finding.side])
    return anatomy


def draw_healthy_anatomy(view: str, rng: np.random.Generator) -> Anatomy:
    """Draw a healthy patient, as a view (`PA` or `AP`) shows them."""
    ap = view == "AP"
    between = rng.uniform
    width = between(0.365, 0.405)
    asymmetry = between(-0.010, 0.010)
    apex = between(0.085, 0.125)
    dome = between(0.665, 0.735) - 0.03 * ap
    hilum = between(0.40, 0.43) - 0.01 * ap
    return Anatomy(
        view=view,
        tilt=between(-0.035, 0.035),
        midline=0.5 + between(-0.015, 0.015),
        half_width={"right": width + asymmetry, "left": width - asymmetry},
        apex_y={"right": apex, "left": apex - between(-0.008, 0.010)},
        dome_y={"right": dome, "left": dome + between(0.015, 0.04)},
        angle_depth=between(0.085, 0.12),
        cardiothoracic_ratio=between(0.42, 0.475) + 0.025 * ap,
        heart_right_share=between(0.27, 0.36),
        heart_y=between(0.575, 0.605) - 0.015 * ap,
        knob=between(0.085, 0.11),
        knob_y=between(0.265, 0.295),
        hilum_y={"right": hilum + 0.012, "left": hilum - 0.012},
        tissue=between(0.88, 1.15),
        body_margin=between(0.055, 0.17),
        shoulder_drop=between(-0.02, 0.05) - 0.02 * ap,
        rib_spacing=between(0.064, 0.074),
        rib_start=between(-0.02, 0.02),
        rib_contrast=between(0.8, 1.25) * (0.85 if ap else 1.0),
        rib_slope=between(0.8, 1.2),
        clavicle_y=between(0.14, 0.175) - 0.035 * ap,
        breast=max(0.0, between(-0.9, 1.0)),
        bubble=between(0.0, 1.0),
        trachea_shift=between(0.012, 0.024),
    )


def apply_findings(anatomy: Anatomy, findings: Sequence[Finding]) -> Anatomy:
    """Return the anatomy as the findings move it; a large heart is drawn last, since it sets a ratio."""
    for finding in sorted(findings, key=lambda finding: finding.name == "Cardiomegaly"):
        anatomy = _shift_for(anatomy, finding)
    return anatomy


def draw_anatomy(plan: CasePlan, rng: np.random.Generator) -> Anatomy:
    """Draw a patient for a plan.

    The random numbers used do not depend on the plan's findings: two plans that differ only there show the
    same patient from one state of `rng`, healthy and ill.
    """
    return apply_findings(draw_healthy_anatomy(plan.view, rng), plan.findings)
