"""Checks of the data sets with gaze: MIMIC-EYE, and REFLACX and EGD-CXR on their own."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pandas as pd

from egma_lib.datasets.check.listing import Findings, whole
from egma_lib.datasets.check.report_sets import FILM_COLUMNS, METADATA
from egma_lib.datasets.check.results import Inventory
from egma_lib.datasets.tables import find_path, has_path
from egma_lib.gaze.recording import ReadingReference
from egma_lib.gaze.recordings import find_readings
from egma_lib.gaze.tables import is_true

READING_FILES = ("fixations.csv", "timestamps_transcription.csv", "anomaly_location_ellipses.csv")
EYE_GAZE_TABLES = ("master_sheet.csv", "eye_gaze.csv", "fixations.csv")
DISCARDED = "eye_tracking_data_discarded"


def check_mimic_eye(folder: Path) -> Inventory:
    """Check films, readings and label tables of MIMIC-EYE.

    Parameters
    ----------
    folder
        The `mimic-eye` folder of the data root.

    Returns
    -------
    Inventory
        Provides `mimic-eye` where at least the table of films and one usable reading are complete. Readings
        that the gaze stage would exclude are notes, not missing files.
    """
    found = Findings(folder)
    labels = found.table(("spreadsheets/CXR-JPG/cxr_chexpert.csv",), ("study_id",)) is not None
    loaded = found.table(
        ("spreadsheets/cxr_meta.csv",), ("dicom_id", "subject_id", "study_id", "Rows", "Columns")
    )
    if loaded is None:
        return found.inventory()
    path, meta = loaded
    root = path.parents[1]
    meta = meta.drop_duplicates("dicom_id")
    films_complete = found.require(
        root / f"patient_{patient}" / "CXR-JPG" / f"s{study}" / f"{dicom}.jpg"
        for patient, study, dicom in zip(
            whole(meta["subject_id"]), whole(meta["study_id"]), meta["dicom_id"], strict=True
        )
    )
    found.counts["patients"] = sum(1 for _ in root.glob("patient_*"))
    _count_images(found, meta)
    usable_complete = _check_readings(found, root)
    if films_complete and usable_complete and labels:
        found.provides.add("mimic-eye")
    return found.inventory()


def _count_images(found: Findings, meta: pd.DataFrame) -> None:
    found.counts["images"] = len(meta)
    if {"in_reflacx", "in_eye_gaze"} <= set(meta.columns):
        reflacx, eye_gaze = (meta[name].str.lower() == "true" for name in ("in_reflacx", "in_eye_gaze"))
        found.counts["images in REFLACX"] = int(reflacx.sum())
        found.counts["images in EYE GAZE"] = int(eye_gaze.sum())
        found.counts["images in both"] = int((reflacx & eye_gaze).sum())


def _check_readings(found: Findings, root: Path) -> bool:
    if not any(root.glob("patient_*")):
        found.missing.append("patient_<subject_id>/")
        return False
    readings = find_readings(root)
    usable = [reading for reading in readings if not reading.problem]
    complete = found.require(path for reading in usable for path in _files_of(reading))
    problems = Counter(reading.problem for reading in readings if reading.problem)
    found.notes += [
        f"{number} readings will be excluded: {problem}" for problem, number in problems.most_common()
    ]
    reflacx = [reading for reading in readings if reading.source == "reflacx"]
    found.counts["REFLACX readings"] = len(reflacx)
    found.counts["images with several readings"] = _several([reading.dicom_id for reading in reflacx])
    found.counts["usable REFLACX readings"] = sum(1 for reading in reflacx if not reading.problem)
    if not usable:
        found.faults.append(f"{root}: no usable reading")
    return complete and bool(usable)


def _several(dicom_ids: list[str]) -> int:
    return sum(1 for number in Counter(dicom_ids).values() if number > 1)


def _files_of(reading: ReadingReference) -> list[Path]:
    if reading.source == "reflacx":
        base = reading.folder / "REFLACX"
        main = base / "main_data" / reading.reading_id
        samples = base / "gaze_data" / reading.reading_id / "gaze.csv"
        return [samples, *(main / name for name in READING_FILES)]
    base = reading.folder / "EyeGaze"
    transcript = base / "audio_segmentation_transcripts" / reading.dicom_id / "transcript.json"
    return [transcript, *(base / name for name in EYE_GAZE_TABLES)]


def check_reflacx(folder: Path, jpg_folder: Path | None) -> Inventory:
    """Check the metadata of the three phases and the files of every reading of REFLACX on its own.

    Parameters
    ----------
    folder
        The `reflacx` folder.
    jpg_folder
        The `mimic-cxr-jpg` folder, which holds the films of the readings.

    Returns
    -------
    Inventory
        Provides `reflacx` where every reading's files are there, and `reflacx films` where their films are.
    """
    found = Findings(folder)
    columns = ("id", "dicom_id", "subject_id", DISCARDED)
    tables = []
    for phase in (1, 2, 3):
        name = f"metadata_phase_{phase}.csv"
        loaded = found.table((f"main_data/{name}", name), columns)
        if loaded is not None:
            tables.append(loaded[1][list(columns)].assign(main=str(loaded[0].parent)))
    if not tables:
        return found.inventory()
    readings = pd.concat(tables, ignore_index=True)
    discarded = readings[DISCARDED].map(lambda cell: is_true(cell, DISCARDED, folder))
    complete = True
    for main, reading_id in readings.loc[~discarded, ["main", "id"]].itertuples(index=False):
        gaze = Path(main).parent / "gaze_data" / reading_id / "gaze.csv"
        complete &= found.require([gaze, *(Path(main) / reading_id / name for name in READING_FILES)])
    found.counts |= {
        "readings": len(readings),
        "usable readings": int((~discarded).sum()),
        "images": readings["dicom_id"].nunique(),
        "images with several readings": _several(readings["dicom_id"].tolist()),
        "patients": readings["subject_id"].nunique(),
    }
    if complete and not found.missing and not found.faults:
        found.provides.add("reflacx")
    _check_films(found, "reflacx", readings.loc[~discarded, "dicom_id"], jpg_folder)
    return found.inventory()


def check_egd_cxr(folder: Path, jpg_folder: Path | None) -> Inventory:
    """Check tables and transcripts of EGD-CXR on its own.

    Parameters
    ----------
    folder
        The `egd-cxr` folder.
    jpg_folder
        The `mimic-cxr-jpg` folder, which holds the films of the readings and states their sizes.

    Returns
    -------
    Inventory
        Provides `egd-cxr` where tables and transcripts are there, and `egd-cxr films` where the films are.
    """
    found = Findings(folder)
    loaded = found.table(("master_sheet.csv",), ("dicom_id", "patient_id", "study_id"))
    if loaded is None:
        return found.inventory()
    path, sheet = loaded
    tables = found.require(path.parent / name for name in ("eye_gaze.csv", "fixations.csv"))
    spoken = path.parent / "audio_segmentation_transcripts"
    complete = found.require(spoken / dicom / "transcript.json" for dicom in sheet["dicom_id"])
    found.counts |= {
        "images": sheet["dicom_id"].nunique(),
        "patients": sheet["patient_id"].nunique(),
        "studies": sheet["study_id"].nunique(),
    }
    if complete and tables:
        found.provides.add("egd-cxr")
    _check_films(found, "egd-cxr", sheet["dicom_id"], jpg_folder)
    return found.inventory()


def _check_films(found: Findings, key: str, dicom_ids: pd.Series, jpg_folder: Path | None) -> None:
    """Look for the films of readings on their own; without them only MIMIC-EYE makes the readings useful."""
    films = Findings(jpg_folder).table(METADATA, FILM_COLUMNS) if jpg_folder and jpg_folder.is_dir() else None
    if films is None or jpg_folder is None or not has_path(jpg_folder, "files"):
        found.notes.append("its films are those of mimic-cxr-jpg, which is not there")
        return
    files, wanted = find_path(jpg_folder, "files"), films[1]["dicom_id"].isin(dicom_ids)
    listed = films[1].loc[wanted, ["dicom_id", "subject_id", "study_id"]].drop_duplicates("dicom_id")
    here = sum(
        (files / f"p{patient[:2]}" / f"p{patient}" / f"s{study}" / f"{dicom}.jpg").is_file()
        for dicom, patient, study in listed.itertuples(index=False)
    )
    if here == dicom_ids.nunique():
        found.provides.add(f"{key} films")
    else:
        found.notes.append(
            f"{dicom_ids.nunique() - here} of {dicom_ids.nunique()} films are not in mimic-cxr-jpg"
        )
