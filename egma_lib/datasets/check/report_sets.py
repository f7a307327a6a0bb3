"""Checks of the report corpus, MIMIC-CXR-JPG with MIMIC-CXR's reports, and of MS-CXR's boxes on its films."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from egma_lib.datasets.check.listing import Findings, whole
from egma_lib.datasets.check.results import Inventory
from egma_lib.datasets.gaze_labels import LABEL_TABLES
from egma_lib.datasets.mimic_cxr import FRONTAL
from egma_lib.datasets.tables import find_path, has_path

METADATA = ("mimic-cxr-2.0.0-metadata.csv.gz", "mimic-cxr-2.0.0-metadata.csv")
SPLIT = ("mimic-cxr-2.0.0-split.csv.gz", "mimic-cxr-2.0.0-split.csv")
MS_CXR = ("MS_CXR_Local_Alignment_v1.1.0.csv", "MS_CXR_Local_Alignment_v1.0.0.csv")
FILM_COLUMNS = ("dicom_id", "subject_id", "study_id", "ViewPosition", "Rows", "Columns")


def check_mimic_cxr_jpg(folder: Path) -> Inventory:
    """Check tables and frontal films of MIMIC-CXR-JPG; lateral films are not read.

    Returns
    -------
    Inventory
        Provides `report_films` where every frontal film of the metadata table is there, and `gaze_labels`
        where the label table is, which readings outside MIMIC-EYE need.
    """
    found = Findings(folder)
    if any(has_path(folder, name) for name in LABEL_TABLES):
        found.provides.add("gaze_labels")
    loaded = found.table(METADATA, FILM_COLUMNS)
    if not any(has_path(folder, name) for name in SPLIT):
        found.notes.append(f"no {SPLIT[0]}: patients will be split by the hash of their id")
    if loaded is None:
        return found.inventory()
    table = loaded[1]
    found.counts |= {
        "images": table["dicom_id"].nunique(),
        "studies": table["study_id"].nunique(),
        "patients": table["subject_id"].nunique(),
    }
    if not found.require_below("files"):
        return found.inventory()
    files = find_path(folder, "files")
    frontal = _frontal(table)
    complete = found.require(
        files / f"p{patient[:2]}" / f"p{patient}" / f"s{study}" / f"{dicom}.jpg"
        for patient, study, dicom in zip(
            frontal["subject_id"], frontal["study_id"], frontal["dicom_id"], strict=True
        )
    )
    if complete and len(frontal):
        found.provides.add("report_films")
    return found.inventory()


def check_mimic_cxr(folder: Path, jpg_folder: Path | None) -> Inventory:
    """Check that every study with a frontal film has its report.

    Parameters
    ----------
    folder
        The `mimic-cxr` folder.
    jpg_folder
        The `mimic-cxr-jpg` folder, whose metadata table says which studies have frontal films; without it
        reports are only counted.

    Returns
    -------
    Inventory
        Provides `reports` where each report wanted is there.
    """
    found = Findings(folder)
    if not has_path(folder, "files"):
        zipped = has_path(folder, "mimic-cxr-reports.zip")
        hint = "files/p1x/p<subject>/s<study>.txt"
        found.missing.append(f"{hint} (unpack mimic-cxr-reports.zip)" if zipped else hint)
        return found.inventory()
    files = find_path(folder, "files")
    films = Findings(jpg_folder).table(METADATA, FILM_COLUMNS) if jpg_folder and jpg_folder.is_dir() else None
    found.counts["reports"] = sum(1 for _ in files.glob("p*/p*/s*.txt"))
    if films is None:
        found.notes.append(
            "without the metadata table of mimic-cxr-jpg it is not known which reports are needed"
        )
        return found.inventory()
    wanted = _frontal(films[1])[["subject_id", "study_id"]].drop_duplicates()
    complete = found.require(
        files / f"p{patient[:2]}" / f"p{patient}" / f"s{study}.txt"
        for patient, study in wanted.itertuples(index=False)
    )
    if complete and len(wanted):
        found.provides.add("reports")
    return found.inventory()


def check_ms_cxr(folder: Path, jpg_folder: Path | None) -> Inventory:
    """Check the table of MS-CXR and that its films are in MIMIC-CXR-JPG."""
    found = Findings(folder)
    columns = ("dicom_id", "category_name", "label_text", "path", "x", "y", "w", "h")
    loaded = found.table(MS_CXR, (*columns, "image_width", "image_height"))
    if loaded is None:
        return found.inventory()
    table = loaded[1]
    found.counts["image-sentence pairs"] = len(table.drop_duplicates(["dicom_id", "label_text"]))
    found.counts["patients"] = table["path"].str.extract(r"/p(\d{8})/", expand=False).nunique()
    if jpg_folder is None or not has_path(jpg_folder, "files"):
        found.notes.append("its films are those of mimic-cxr-jpg, which is not there")
        return found.inventory()
    root = find_path(jpg_folder, "files").parent
    films = table["path"].drop_duplicates().str.replace(r"\.dcm$", ".jpg", regex=True)
    if found.require(root / film for film in films):
        found.provides.add("ms-cxr")
    return found.inventory()


def _frontal(table: pd.DataFrame) -> pd.DataFrame:
    frontal = table[table["ViewPosition"].isin(FRONTAL)]
    return frontal.assign(subject_id=whole(frontal["subject_id"]), study_id=whole(frontal["study_id"]))
