"""A data root with REFLACX, EGD-CXR or both in place of MIMIC-EYE; their films are those of MIMIC-CXR-JPG."""

from __future__ import annotations

import csv
import gzip
import shutil
from io import StringIO
from pathlib import Path

from real_tree import write_real_tree
from real_tree_common import CHEXPERT_LABELS, dicom, film, study, subject, write_jpg, write_text
from real_tree_mimic_cxr import report_text
from real_tree_mimic_eye import Case, gaze_cases

COLLECTIONS = ("reflacx", "egd-cxr")


def write_tree_without_mimic_eye(
    folder: Path,
    n: int = 40,
    mimic_rows: int = 1528,
    kaggle_side: int = 1024,
    collections: tuple[str, ...] = COLLECTIONS,
) -> Path:
    """Write `real_tree.write_real_tree` with the collections named and without MIMIC-EYE.

    MIMIC-CXR-JPG then holds the films, table rows and labels of the readings too, and MIMIC-CXR their
    reports, as the whole releases do.
    """
    write_real_tree(folder, n, mimic_rows, kaggle_side, standalone=True)
    cases = list({case.number: case for case in gaze_cases(n, mimic_rows)}.values())
    add_films(folder / "mimic-cxr-jpg" / "2.1.0", folder / "mimic-cxr" / "2.0.0", cases)
    for name in {"mimic-eye", *COLLECTIONS} - set(collections):
        shutil.rmtree(folder / name)
    return folder


def add_films(jpg: Path, reports: Path, cases: list[Case]) -> None:
    """Add the film, report and table rows of each case; the first study's labels are uncertain of Edema."""
    meta, splits, labels = [], [], []
    for case in cases:
        patient, exam, image = subject(case.number), study(case.number), dicom(case.number)
        below = Path("files") / f"p{patient[:2]}" / f"p{patient}"
        pixels = film(case.number, case.rows, case.columns, case.reading.finding)
        write_jpg(jpg / below / f"s{exam}" / f"{image}.jpg", pixels)
        write_text(reports / below / f"s{exam}.txt", report_text(case.reading.finding, case.number))
        meta.append((image, patient, exam, "CHEST", "PA", case.rows, case.columns, *[""] * 5))
        splits.append((image, exam, patient, "train"))
        cells = {case.reading.finding: "1.0"} | ({"Edema": "-1.0"} if case is cases[0] else {})
        labels.append((patient, exam, *(cells.get(name, "") for name in sorted(CHEXPERT_LABELS))))
    for name, rows in (("metadata", meta), ("split", splits), ("chexpert", labels)):
        _append(jpg / f"mimic-cxr-2.0.0-{name}.csv.gz", rows)


def _append(path: Path, rows: list[tuple[object, ...]]) -> None:
    stream = StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerows(rows)
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()) + stream.getvalue().encode(), mtime=0))
