"""Draw the film of a planned case, with the truth about it."""

from __future__ import annotations

import numpy as np

from egma_lib.errors import DataError
from egma_lib.phantom.case import FINDINGS, CasePlan, Film, Finding
from egma_lib.phantom.film.acquisition import expose
from egma_lib.phantom.film.anatomy import draw_anatomy
from egma_lib.phantom.film.bones import draw_bones
from egma_lib.phantom.film.canvas import make_canvas
from egma_lib.phantom.film.findings_lung import (
    paint_atelectasis,
    paint_consolidation,
    paint_edema,
    paint_pneumonia,
)
from egma_lib.phantom.film.findings_other import paint_cardiomegaly, paint_devices, paint_fracture
from egma_lib.phantom.film.findings_pleura import paint_effusion, paint_pneumothorax
from egma_lib.phantom.film.marks import stamp_mark
from egma_lib.phantom.film.regions import describe_regions
from egma_lib.phantom.film.scene import Painter, Scene, start_scene
from egma_lib.phantom.film.vessels import draw_vessels

SMALLEST_SIDE_PX = 64

PAINTERS: dict[str, Painter] = {
    "Atelectasis": paint_atelectasis,
    "Cardiomegaly": paint_cardiomegaly,
    "Consolidation": paint_consolidation,
    "Edema": paint_edema,
    "Pleural Effusion": paint_effusion,
    "Pneumonia": paint_pneumonia,
    "Pneumothorax": paint_pneumothorax,
    "Fracture": paint_fracture,
    "Support Devices": paint_devices,
}


def _paint(scene: Scene, finding: Finding, rng: np.random.Generator) -> np.ndarray:
    if finding.name not in PAINTERS:
        raise DataError(f"finding {finding.name!r} cannot be drawn; known: {', '.join(FINDINGS)}")
    return PAINTERS[finding.name](scene, finding, rng)


def _streams(rng: np.random.Generator) -> tuple[np.random.Generator, ...]:
    """Return generators for patient, disease, vessels and detector, so that none disturbs another."""
    return tuple(np.random.default_rng(int(seed)) for seed in rng.integers(2**63, size=4))


def draw_film(plan: CasePlan, rng: np.random.Generator, rows: int, columns: int) -> Film:
    """Draw a planned case as a frontal chest film.

    Parameters
    ----------
    plan
        What the film shows: findings, view, mark, scanner.
    rng
        Seeds the patient, the findings, the vessels and the noise, each with a stream of its own, so that
        plans that differ in findings alone show the same patient, healthy and ill.
    rows, columns
        Size of the film (pixels), at least 64.

    Returns
    -------
    Film
        The image's left is the patient's right. Without the plan's mark the film is the same bit for bit
        outside `marks.mark_box`.

    Raises
    ------
    DataError
        The film is too small, or a finding, mark or scanner has an unknown name.
    """
    if min(rows, columns) < SMALLEST_SIDE_PX:
        raise DataError(f"a film of {rows} x {columns} pixels; each side needs at least {SMALLEST_SIDE_PX}")
    patient, disease, branching, detector = _streams(rng)
    anatomy = draw_anatomy(plan, patient)
    canvas = make_canvas(rows, columns, anatomy.tilt)
    scene = start_scene(canvas, anatomy)
    masks = tuple(_paint(scene, finding, disease) for finding in plan.findings)
    vessels = draw_vessels(canvas, anatomy, branching, scene.vessel_prominence)
    thickness = scene.thorax.thickness + scene.opacity
    thickness += np.float32(0.27) * vessels * scene.vessel_share
    thickness += draw_bones(scene.thorax, scene.rib_field)
    image = expose(thickness, scene.thorax.body, plan.scanner, detector)
    if plan.mark is not None:
        stamp_mark(image, plan.mark)
    return Film(image, masks, describe_regions(canvas, anatomy))
