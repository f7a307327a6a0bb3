"""MIMIC-CXR-JPG 2.1.0 films with their gzipped tables, and the report files of MIMIC-CXR 2.0.0."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable, Sequence
from io import StringIO
from pathlib import Path

from real_tree_common import CHEXPERT_LABELS, dicom, film, study, subject, write_jpg, write_text

META_COLUMNS = (
    "dicom_id", "subject_id", "study_id", "PerformedProcedureStepDescription", "ViewPosition", "Rows",
    "Columns", "StudyDate", "StudyTime", "ProcedureCodeSequence_CodeMeaning",
    "ViewCodeSequence_CodeMeaning", "PatientOrientationCodeSequence_CodeMeaning",
)  # fmt: skip
CYCLE = (
    "No Finding", "Pleural Effusion", "Cardiomegaly", "Edema", "Atelectasis", "Consolidation", "Pneumonia",
    "Pneumothorax", "Fracture",
)  # fmt: skip
PHRASES = {
    "No Finding": "The lungs are clear.  The heart size is normal.",
    "Pleural Effusion": "There is a left pleural effusion of 2.5 cm.",
    "Cardiomegaly": "Moderate cardiomegaly is present.",
    "Edema": "There is interstitial pulmonary edema.",
    "Atelectasis": "Linear atelectasis at the right base.",
    "Consolidation": "A left lung consolidation is seen.",
    "Pneumonia": "Right lung opacity, concerning for pneumonia.",
    "Pneumothorax": "A right apical pneumothorax is seen.",
    "Fracture": "There is a displaced rib fracture.",
}
OFFSET = 2000
"""Patients of this corpus are others than those with gaze."""


def report_text(finding: str, number: int) -> str:
    """A report in one of the shapes that occur: both sections, one alone, spelling variants, no header."""
    body = PHRASES[finding]
    head = "                                 FINAL REPORT\n EXAMINATION:  CHEST (PA AND LAT)\n \n"
    head += " INDICATION:  ___F with cough  // pneumonia?\n \n"
    shapes = (
        f"{head} FINDINGS:\n \n {body}  No displaced\n bone is seen.\n \n"
        f" IMPRESSION:\n \n 1. {body}\n 2. As above ___.\n",
        f"{head} IMPRESSION:  {body}\n",
        f"{head} FINDINS:\n \n {body}\n \n IMPRESSON:\n \n No change since ___.\n",
        f"{head} FINDINGS AND IMPRESSION:  {body}\n",
        f"                                 FINAL REPORT\n CHEST\n \n {body}\n",
    )
    return shapes[number % len(shapes)]


def write_mimic_cxr(jpg: Path, reports: Path, n: int = 40, rows: int = 1528) -> None:
    """Write n studies with reports: a frontal film each, every fifth a lateral, the last one for test."""
    meta: list[tuple[object, ...]] = []
    labels: list[tuple[object, ...]] = []
    splits: list[tuple[object, ...]] = []
    for i in range(n):
        number = OFFSET + i
        finding, patient, exam = CYCLE[i % len(CYCLE)], subject(number), study(number)
        folder = Path("files") / f"p{patient[:2]}" / f"p{patient}"
        part = "test" if i == n - 1 else "validate" if i % 8 == 7 else "train"
        views = [(dicom(number), "PA" if i % 2 else "AP")]
        if i % 5 == 0:
            views += [(dicom(number + 0x10000), "LATERAL"), (dicom(number + 0x20000), "")]
        for image, view in views:
            pixels = film(number, rows, rows * 5 // 6, finding)
            write_jpg(jpg / folder / f"s{exam}" / f"{image}.jpg", pixels if view else pixels[::8, ::8])
            size = pixels.shape if view else pixels[::8, ::8].shape
            meta.append(
                (image, patient, exam, "CHEST (PA AND LAT)", view, *size, 21990101, 93000.125, "", "", "")
            )
            splits.append((image, exam, patient, part))
        cells = {finding: "1.0", "Support Devices": "-1.0" if i % 3 == 0 else "0.0"}
        labels.append((patient, exam, *(cells.get(name, "") for name in sorted(CHEXPERT_LABELS))))
        write_text(reports / folder / f"s{exam}.txt", report_text(finding, i))
    label_columns = ("subject_id", "study_id", *sorted(CHEXPERT_LABELS))
    write_gzip_csv(jpg / "mimic-cxr-2.0.0-metadata.csv.gz", META_COLUMNS, meta)
    write_gzip_csv(
        jpg / "mimic-cxr-2.0.0-split.csv.gz", ("dicom_id", "study_id", "subject_id", "split"), splits
    )
    for name in ("chexpert", "negbio"):
        write_gzip_csv(jpg / f"mimic-cxr-2.0.0-{name}.csv.gz", label_columns, labels)


def write_gzip_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    stream = StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(stream.getvalue().encode("utf-8"), mtime=0))
    return path
