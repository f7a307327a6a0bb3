"""REFLACX and EGD-CXR on their own, and which collections a study's readings come from.

Source: Bigolin Lanfredi et al. 2022 (REFLACX 1.0.0), Karargyris et al. 2021 (EGD-CXR 1.0.0), Hsieh et al.
2023 (MIMIC-EYE 1.0.0, which holds both).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from egma_lib.errors import DataError
from egma_lib.gaze.artefact import GazeArtefact, load_gaze_artefact
from egma_lib.gaze.eye_gaze import list_master_sheet
from egma_lib.gaze.frames import ImageFrame
from egma_lib.gaze.preprocess import gaze_folder, preprocess_readings
from egma_lib.gaze.recording import ReadingReference
from egma_lib.gaze.recordings import find_readings
from egma_lib.gaze.reflacx import list_metadata
from egma_lib.gaze.tables import read_table
from egma_lib.settings import Settings
from egma_lib.study import Study

GAZE_COLLECTIONS = ("mimic-eye", "reflacx", "egd-cxr")
"""Data set keys that hold readings; of two copies of a reading the one of the earlier key is used."""

_METADATA = ("mimic-cxr-2.0.0-metadata.csv.gz", "mimic-cxr-2.0.0-metadata.csv")


def find_study_readings(study: Study) -> list[ReadingReference]:
    """Find the readings of all gaze collections that the data root holds, each reading once.

    MIMIC-EYE repeats REFLACX and EGD-CXR. A reading (source and reading id) that several collections hold is
    taken from the first of `GAZE_COLLECTIONS` in which nothing is known against it, or from the first of all.

    Parameters
    ----------
    study
        Its `mimic-eye`, `reflacx` and `egd-cxr` folders are read where they exist, and `mimic-cxr-jpg` for
        the image sizes that EGD-CXR does not state.

    Raises
    ------
    DataError
        None of the three folders exists, or one of them does not hold its data set.
    """
    present = [key for key in GAZE_COLLECTIONS if study.has(key)]
    if not present:
        raise DataError(
            f"{study.data_root}: no gaze here; put MIMIC-EYE, REFLACX or EGD-CXR into "
            f"{', '.join(GAZE_COLLECTIONS[:2])} or {GAZE_COLLECTIONS[2]}, or redirect one with "
            "--set data.mimic-eye=PATH"
        )
    found: list[ReadingReference] = []
    for key in present:
        folder = study.dataset(key)
        if key == "mimic-eye":
            found += find_readings(folder)
        elif key == "reflacx":
            found += find_reflacx_readings(folder)
        else:
            found += find_egd_readings(folder, jpg_frames(study.dataset("mimic-cxr-jpg")))
    return _each_once(found)


def build_study_gaze(study: Study, settings: Settings, *, jobs: int, progress: bool) -> GazeArtefact:
    """Preprocess the readings of every gaze collection of a study, or load the artefact if it is there.

    Parameters
    ----------
    study
        Its gaze collections are chosen as in `find_study_readings`; the artefact goes to its results folder,
        where `gaze_folder` looks for it.
    settings
        Its `gaze` group decides the result.
    jobs
        Processes; changes no bit of the result.
    progress
        Whether to show a bar.

    Raises
    ------
    DataError
        The study has no gaze collection, or one is not what it should be.
    GazeError
        Not one reading could be used; says how many were found and the first reason.
    ArtefactError
        An existing artefact is damaged.
    """
    folder = gaze_folder(settings, study.results, study.data_hash)
    if not folder.is_dir():
        references = find_study_readings(study)
        roots = (study.data_root, *study.redirects.values())
        preprocess_readings(references, roots, settings, folder, jobs=jobs, progress=progress)
    return load_gaze_artefact(folder)


def _each_once(references: list[ReadingReference]) -> list[ReadingReference]:
    chosen: dict[tuple[str, str], ReadingReference] = {}
    for reference in references:
        key = (reference.source, reference.reading_id)
        if key not in chosen or (chosen[key].problem and not reference.problem):
            chosen[key] = reference
    return list(chosen.values())


def find_reflacx_readings(folder: Path) -> list[ReadingReference]:
    """Find every reading of REFLACX on its own, in the order of image and reading id.

    Parameters
    ----------
    folder
        Folder that holds `main_data/` and `gaze_data/`, directly or one or two levels down.

    Returns
    -------
    list of ReadingReference
        As from a MIMIC-EYE tree, with the same reader numbers; the frame is the tables' own `image_size_x` x
        `image_size_y`.

    Raises
    ------
    DataError
        There is no `main_data/metadata_phase_*.csv`, or one cannot be read.
    """
    root = reflacx_root(folder)
    phases = sorted((root / "main_data").glob("metadata_phase_*.csv"))
    if not phases:
        raise DataError(f"{root}/main_data: no metadata_phase_1.csv, _2 or _3; complete the download")
    return list_metadata(phases, root, tables=root)


def reflacx_root(folder: Path) -> Path:
    """Return the folder of REFLACX that holds `main_data/`: `folder` or one or two levels below.

    Raises
    ------
    DataError
        There is none, or two versions have one.
    """
    return _find(folder, "main_data", "REFLACX").parent


def find_egd_readings(folder: Path, frames: Mapping[str, ImageFrame]) -> list[ReadingReference]:
    """Find every reading of EGD-CXR on its own, in the order of its master sheet.

    Parameters
    ----------
    folder
        Folder that holds `master_sheet.csv`, `eye_gaze.csv`, `fixations.csv` and
        `audio_segmentation_transcripts/`, directly or one or two levels down.
    frames
        Sizes of the original images by dicom_id, from `jpg_frames`; EGD-CXR does not state them.

    Raises
    ------
    DataError
        There is no master sheet, or it cannot be read.
    """
    sheet = _find(folder, "master_sheet.csv", "EGD-CXR")
    unlisted = "the size of its image is unknown: the metadata table of mimic-cxr-jpg is absent or lacks it"
    return list_master_sheet(sheet, sheet.parent, frames, unlisted, tables=sheet.parent)


def jpg_frames(jpg_folder: Path) -> dict[str, ImageFrame]:
    """Return the sizes of the original images by dicom_id from the metadata of MIMIC-CXR-JPG.

    Parameters
    ----------
    jpg_folder
        The `mimic-cxr-jpg` folder, or a folder that does not exist.

    Returns
    -------
    dict of str to ImageFrame
        Empty where there is no metadata table; rows without a size in pixels are left out.

    Raises
    ------
    DataError
        The table cannot be read or lacks a column.
    """
    for name in _METADATA:
        for path in (jpg_folder / name, *sorted(jpg_folder.glob(f"*/{name}"))):
            if path.is_file():
                return _frames(path)
    return {}


def _frames(path: Path) -> dict[str, ImageFrame]:
    table = read_table(path, numbers=("Rows", "Columns"), texts=("dicom_id",))
    sizes = table[["Rows", "Columns"]].to_numpy()
    possible = (np.nan_to_num(sizes) >= 1).all(axis=1)
    return {
        dicom_id: ImageFrame(int(rows), int(columns))
        for dicom_id, (rows, columns) in zip(table["dicom_id"][possible], sizes[possible], strict=True)
    }


def _find(folder: Path, name: str, collection: str) -> Path:
    for pattern in (name, f"*/{name}", f"*/*/{name}"):
        found = sorted(folder.glob(pattern))
        if len(found) > 1:
            places = ", ".join(str(path.parent) for path in found)
            raise DataError(f"{folder}: {name} in several folders ({places}); keep one of {collection}")
        if found:
            return found[0]
    raise DataError(f"{folder}: no {name} here or two levels down; give the folder of {collection}")
