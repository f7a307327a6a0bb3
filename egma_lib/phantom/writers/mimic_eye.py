"""MIMIC-EYE layout: one folder per patient and the spreadsheets over all of them.

Source: docs/data-formats.md, section 1. The clinical folders (`Hosp`, `ICU`, `ED`) are absent, as for real
patients without such data. Rows are numbered by case, not consecutively, as in the real set, where the first
column is the row number of a larger parent table.
"""

from __future__ import annotations

from pathlib import Path

from egma_lib.phantom.identifiers import mimic_study_id
from egma_lib.phantom.planning import case_rng
from egma_lib.phantom.writers.drawn_case import DrawnCase, clinical_report, draw_case
from egma_lib.phantom.writers.eye_gaze import BOX_COLUMNS, MASTER_COLUMNS
from egma_lib.phantom.writers.gazepoint import COLUMNS as GAZE_COLUMNS
from egma_lib.phantom.writers.images import save_jpg, save_lateral
from egma_lib.phantom.writers.mimic_study import (
    LABEL_COLUMNS,
    METADATA_COLUMNS,
    SPLIT_COLUMNS,
    MimicStudy,
    describe_study,
)
from egma_lib.phantom.writers.readings import in_eye_gaze, in_reflacx, write_eye_gaze, write_reflacx
from egma_lib.phantom.writers.reflacx import METADATA_COLUMNS as REFLACX_COLUMNS
from egma_lib.phantom.writers.tables import Row, Rows, Table, write_table
from egma_lib.phantom.writers.truth import truth_rows, truth_table, write_masks, write_sentence_truth
from egma_lib.settings import PhantomSettings

ROOT = "mimic-eye"
_SHEETS = f"{ROOT}/spreadsheets"
META_COLUMNS = ("", *METADATA_COLUMNS, "in_eye_gaze", "in_reflacx", "StudyDateTime", "stay_id")
# The saved index is the row number in a parent table of all films, so it has gaps.
_ROWS_PER_CASE = 1000
_PRIOR_STUDY_EVERY, _PRIOR_STUDY_OFFSET = 6, 500_000

TABLES = (
    Table("cxr_meta", f"{_SHEETS}/cxr_meta.csv", META_COLUMNS),
    Table("cxr_meta_stay", f"{_SHEETS}/cxr_meta_with_stay_id_only.csv", META_COLUMNS),
    Table("cxr_chexpert", f"{_SHEETS}/CXR-JPG/cxr_chexpert.csv", ("", *LABEL_COLUMNS)),
    Table("cxr_negbio", f"{_SHEETS}/CXR-JPG/cxr_negbio.csv", ("", *LABEL_COLUMNS)),
    Table("cxr_split", f"{_SHEETS}/CXR-JPG/cxr_split.csv", ("", *SPLIT_COLUMNS)),
    Table("reflacx", f"{_SHEETS}/REFLACX/metadata.csv", ("", *REFLACX_COLUMNS)),
    Table("boxes", f"{_SHEETS}/EyeGaze/bounding_boxes.csv", ("", *BOX_COLUMNS)),
    Table("sheet_fixations", f"{_SHEETS}/EyeGaze/fixations.csv", ("", *GAZE_COLUMNS)),
    # The builder of the real set wrote the fixations under this name too.
    Table("sheet_eye_gaze", f"{_SHEETS}/EyeGaze/eye_gaze.csv", ("", *GAZE_COLUMNS)),
    Table("master", f"{_SHEETS}/EyeGaze/master_sheet_with_updated_stayId.csv", ("", *MASTER_COLUMNS)),
    truth_table("gaze"),
)
_PATIENT_FILES = {
    "cxr_meta": "CXR-JPG/cxr_meta.csv",
    "cxr_chexpert": "CXR-JPG/cxr_chexpert.csv",
    "cxr_negbio": "CXR-JPG/cxr_negbio.csv",
    "cxr_split": "CXR-JPG/cxr_split.csv",
    "reflacx": "REFLACX/metadata.csv",
    "boxes": "EyeGaze/bounding_boxes.csv",
    "fixations": "EyeGaze/fixations.csv",
    "master": "EyeGaze/master_sheet.csv",
}
_COLUMNS_OF = {**{table.name: table.columns for table in TABLES}, "fixations": ("", *GAZE_COLUMNS)}


def write_patient(settings: PhantomSettings, target: Path, indices: list[int]) -> Rows:
    """Write the folder of one patient, with all of the patient's films, and return the spreadsheets' rows."""
    rows: Rows = {}
    folder = target / ROOT
    for index in indices:
        case = draw_case(settings, "gaze", index)
        study = describe_study(settings, case)
        folder = target / ROOT / f"patient_{study.subject_id}"
        for name, values in _write_case(settings, target, folder, case, study).items():
            rows.setdefault(name, []).extend(values)
    for name, path in _PATIENT_FILES.items():
        if rows.get(name):
            write_table(folder / path, _COLUMNS_OF[name], rows[name])
    rows.pop("fixations", None)
    return rows


def _write_case(
    settings: PhantomSettings, target: Path, folder: Path, case: DrawnCase, study: MimicStudy
) -> Rows:
    index = case.plan.index
    sentences, report = clinical_report(settings, case.plan)
    films = folder / "CXR-JPG" / f"s{study.study_id}"
    save_jpg(films / f"{study.dicom_id}.jpg", case.film.image)
    if study.lateral_id:
        save_lateral(films / f"{study.lateral_id}.jpg", case.film.image)
    (folder / "CXR-DICOM").mkdir(parents=True, exist_ok=True)
    (folder / "CXR-DICOM" / f"s{study.study_id}.txt").write_text(report, encoding="utf-8")
    write_masks(target, case, study.dicom_id)
    write_sentence_truth(target, "gaze", study.dicom_id, sentences)
    rng = case_rng(settings.seed, "gaze", index, "stay")
    stay_id = f"{rng.integers(30_000_000, 40_000_000)}.0" if rng.random() < 0.45 else ""
    rows = _image_rows(study, index, stay_id)
    if in_reflacx(index):
        rows |= write_reflacx(settings, target, folder / "REFLACX", case, study)
    if in_eye_gaze(index):
        rows |= write_eye_gaze(settings, target, folder / "EyeGaze", case, study, stay_id)
    return {**rows, **truth_rows(case, study.dicom_id)}


def _image_rows(study: MimicStudy, index: int, stay_id: str) -> Rows:
    number = index * _ROWS_PER_CASE + 12
    # Date and time text glued together and read as a number, as the builder did.
    moment = float(f"{study.date}{int(study.time):06d}")
    meta = (number, *study.metadata(), in_eye_gaze(index), in_reflacx(index), moment, stay_id)
    split = [(number, *study.split_row())]
    if study.lateral_id:
        split.append((number + 1, *study.split_row(lateral=True)))
    return {
        "cxr_meta": [meta],
        "cxr_meta_stay": [meta] if stay_id else [],
        **{f"cxr_{name}": _label_rows(study, index, number, name) for name in ("chexpert", "negbio")},
        "cxr_split": split,
    }


def _label_rows(study: MimicStudy, index: int, number: int, labeller: str) -> list[Row]:
    row = study.label_row(labeller)
    if index % _PRIOR_STUDY_EVERY != 1:
        return [(number, *row)]
    # These tables hold all studies of a patient, also those without a film here.
    prior = (study.subject_id, mimic_study_id("gaze", index + _PRIOR_STUDY_OFFSET), *row[2:])
    return [(number - 1, *prior), (number, *row)]
