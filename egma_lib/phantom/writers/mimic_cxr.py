"""MIMIC-CXR-JPG and MIMIC-CXR layout: films, compressed tables and report texts, by patient.

Source: docs/data-formats.md, section 4.
"""

from __future__ import annotations

from pathlib import Path

from egma_lib.phantom.identifiers import mimic_folder
from egma_lib.phantom.writers.drawn_case import clinical_report, draw_case
from egma_lib.phantom.writers.images import save_jpg, save_lateral
from egma_lib.phantom.writers.mimic_study import (
    LABEL_COLUMNS,
    METADATA_COLUMNS,
    SPLIT_COLUMNS,
    MimicStudy,
    describe_study,
)
from egma_lib.phantom.writers.tables import Rows, Table
from egma_lib.phantom.writers.truth import truth_rows, truth_table, write_masks, write_sentence_truth
from egma_lib.settings import PhantomSettings

JPG_ROOT = "mimic-cxr-jpg/2.0.0"
REPORT_ROOT = "mimic-cxr/2.0.0"
TABLES = (
    Table("metadata", f"{JPG_ROOT}/mimic-cxr-2.0.0-metadata.csv.gz", METADATA_COLUMNS),
    Table("split", f"{JPG_ROOT}/mimic-cxr-2.0.0-split.csv.gz", SPLIT_COLUMNS),
    Table("chexpert", f"{JPG_ROOT}/mimic-cxr-2.0.0-chexpert.csv.gz", LABEL_COLUMNS),
    Table("negbio", f"{JPG_ROOT}/mimic-cxr-2.0.0-negbio.csv.gz", LABEL_COLUMNS),
    Table(
        "records",
        f"{REPORT_ROOT}/cxr-record-list.csv.gz",
        ("subject_id", "study_id", "dicom_id", "path"),
    ),
    Table("studies", f"{REPORT_ROOT}/cxr-study-list.csv.gz", ("subject_id", "study_id", "path")),
    truth_table("reports"),
)


def write_case(settings: PhantomSettings, target: Path, corpus: str, index: int) -> Rows:
    """Write the film(s) and the report of one study and return its table rows."""
    case = draw_case(settings, corpus, index)
    study = describe_study(settings, case)
    sentences, text = clinical_report(settings, case.plan)
    films = target / JPG_ROOT / "files" / study.folder
    save_jpg(films / f"{study.dicom_id}.jpg", case.film.image)
    if study.lateral_id:
        save_lateral(films / f"{study.lateral_id}.jpg", case.film.image)
    report = target / REPORT_ROOT / "files" / mimic_folder(study.subject_id) / f"s{study.study_id}.txt"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(text, encoding="utf-8")
    write_masks(target, case, study.dicom_id)
    write_sentence_truth(target, corpus, study.dicom_id, sentences)
    return {**_table_rows(study), **truth_rows(case, study.dicom_id)}


def _table_rows(study: MimicStudy) -> Rows:
    views = (False, True) if study.lateral_id else (False,)
    subject, number = study.subject_id, study.study_id
    images = [study.lateral_id if lateral else study.dicom_id for lateral in views]
    return {
        "metadata": [study.metadata(lateral) for lateral in views],
        "split": [study.split_row(lateral) for lateral in views],
        "chexpert": [study.label_row("chexpert")],
        "negbio": [study.label_row("negbio")],
        "records": [(subject, number, image, f"files/{study.folder}/{image}.dcm") for image in images],
        "studies": [(subject, number, f"files/{study.folder}.txt")],
    }
