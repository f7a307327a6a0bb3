"""RSNA Pneumonia (stage 2) layout: uuid-named DICOM films, box rows and class rows.

Source: docs/data-formats.md, section 6. Boxes are top-left corner plus size in pixels of the DICOM.
"""

from __future__ import annotations

from pathlib import Path

from egma_lib.phantom.case import CasePlan
from egma_lib.phantom.identifiers import case_uuid
from egma_lib.phantom.planning import case_rng
from egma_lib.phantom.writers.dicom import DicomHeader, write_dicom
from egma_lib.phantom.writers.drawn_case import DrawnCase, draw_case
from egma_lib.phantom.writers.images import component_boxes
from egma_lib.phantom.writers.tables import Row, Rows, Table
from egma_lib.phantom.writers.truth import truth_rows, truth_table, write_masks
from egma_lib.settings import PhantomSettings

TABLES = (
    Table(
        "rsna_labels", "rsna/stage_2_train_labels.csv", ("patientId", "x", "y", "width", "height", "Target")
    ),
    Table("rsna_classes", "rsna/stage_2_detailed_class_info.csv", ("patientId", "class")),
    truth_table("rsna"),
)
TEST_TABLES = (
    Table("rsna_submission", "rsna/stage_2_sample_submission.csv", ("patientId", "PredictionString")),
    truth_table("rsna_test"),
)


def write_case(settings: PhantomSettings, target: Path, corpus: str, index: int) -> Rows:
    """Write one film of `rsna` or of the unlabelled `rsna_test` and return its table rows."""
    case = draw_case(settings, corpus, index)
    patient = case_uuid(corpus, index)
    part = "test" if corpus == "rsna_test" else "train"
    path = target / "rsna" / f"stage_2_{part}_images" / f"{patient}.dcm"
    write_dicom(path, case.film.image, _header(settings, case.plan, patient))
    write_masks(target, case, patient)
    truth = truth_rows(case, patient)
    if corpus == "rsna_test":
        return {"rsna_submission": [(patient, "0.5 0 0 100 100")], **truth}
    boxes = _box_rows(case, patient)
    kind = _class_of(case.plan)
    return {"rsna_labels": boxes, "rsna_classes": [(patient, kind)] * len(boxes), **truth}


def _box_rows(case: DrawnCase, patient: str) -> list[Row]:
    boxes = [
        box
        for finding, mask in zip(case.plan.findings, case.film.finding_masks, strict=True)
        if finding.name == "Pneumonia"
        for box in component_boxes(mask)
    ]
    if not boxes:
        return [(patient, None, None, None, None, 0)]
    return [
        (patient, float(x_min), float(y_min), float(x_max - x_min), float(y_max - y_min), 1)
        for x_min, y_min, x_max, y_max in boxes
    ]


def _class_of(plan: CasePlan) -> str:
    if any(finding.name == "Pneumonia" for finding in plan.findings):
        return "Lung Opacity"
    return "No Lung Opacity / Not Normal" if plan.abnormal else "Normal"


def _header(settings: PhantomSettings, plan: CasePlan, patient: str) -> DicomHeader:
    rng = case_rng(settings.seed, plan.corpus, plan.index, "dicom")
    number = int(patient.replace("-", "")[:8], 16)
    root = f"1.2.276.0.7230010.3.1.{{}}.8323329.{number % 30000}.1517874{number % 1000:03d}.{number}"
    return DicomHeader(
        study_uid=root.format(2),
        series_uid=root.format(3),
        sop_uid=root.format(4),
        patient_id=patient,
        sex="F" if rng.random() < 0.43 else "M",
        age=int(rng.integers(4, 92)),
        view=plan.view,
        inverted=bool(rng.random() < 0.03),
        compressed=bool(rng.random() < 0.9),
    )
