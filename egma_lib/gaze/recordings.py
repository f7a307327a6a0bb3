"""Finding and reading the recordings of a MIMIC-EYE tree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from egma_lib.errors import DataError
from egma_lib.gaze.eye_gaze import list_eye_gaze, read_eye_gaze
from egma_lib.gaze.frames import ImageFrame
from egma_lib.gaze.plausibility import require_plausible
from egma_lib.gaze.recording import ReadingReference, Recording, Source
from egma_lib.gaze.reflacx import list_reflacx, read_reflacx
from egma_lib.gaze.tables import RecordingError, read_table
from egma_lib.settings import GazeSettings

_Lister = Callable[[Path, dict[str, ImageFrame]], list[ReadingReference]]
# Source, its folder, its table of readings, the folder that holds one folder per reading, and the reader.
_LISTERS: tuple[tuple[Source, str, str, str, _Lister], ...] = (
    ("reflacx", "REFLACX", "metadata.csv", "main_data", list_reflacx),
    ("eye_gaze", "EyeGaze", "master_sheet.csv", "audio_segmentation_transcripts", list_eye_gaze),
)


def find_readings(mimic_eye_folder: Path) -> list[ReadingReference]:
    """Find every reading of a MIMIC-EYE tree, in the order of patient, source and reading id.

    What is known to be unusable is found too and says so in `problem`, so that nothing vanishes unseen; a
    patient folder whose own tables cannot be read gives one reference named after folder and source.

    Parameters
    ----------
    mimic_eye_folder
        Folder that holds the `patient_*` folders, directly or one or two levels down (version folder,
        `mimic-eye/`).

    Raises
    ------
    DataError
        There is no patient folder.
    """
    patterns = ("patient_*", "*/patient_*", "*/*/patient_*")
    for pattern in patterns:
        patients = sorted(path for path in mimic_eye_folder.glob(pattern) if path.is_dir())
        if patients:
            break
    else:
        raise DataError(
            f"{mimic_eye_folder}: no patient_* folder here or two levels down; give the folder of MIMIC-EYE"
        )
    found = [reference for patient in patients for reference in _readings_of(patient)]
    times = Counter(reference.reading_id for reference in found)
    return [
        reference if times[reference.reading_id] == 1 or reference.problem else _ambiguous(reference)
        for reference in found
    ]


def _ambiguous(reference: ReadingReference) -> ReadingReference:
    table = next(name for source, _, name, _, _ in _LISTERS if source == reference.source)
    subfolder = next(folder for source, folder, *_ in _LISTERS if source == reference.source)
    return replace(
        reference,
        problem=f"reading {reference.reading_id} is listed more than once, with different entries; keep one",
        problem_file=reference.folder / subfolder / table,
    )


def _readings_of(patient: Path) -> list[ReadingReference]:
    references: list[ReadingReference] = []
    for source, subfolder, table, per_reading, lister in _LISTERS:
        if not (patient / subfolder).is_dir():
            continue
        path = patient / subfolder / table
        try:
            found = [_of_this_patient(item, path) for item in lister(patient, _read_frames(patient))]
            found += _unlisted(patient, source, path, per_reading, {item.reading_id for item in found})
            if not found:
                raise RecordingError("lists no reading; copy it again or remove its folder", path)
        except RecordingError as error:
            found = [_unusable(patient, source, f"{patient.name}/{subfolder}", error.reason, error.file)]
        references.extend(sorted(found, key=lambda reference: reference.reading_id))
    return references


def _of_this_patient(reference: ReadingReference, path: Path) -> ReadingReference:
    expected = reference.folder.name.removeprefix("patient_")
    if reference.problem or reference.subject_id == expected:
        return reference
    problem = f"its patient is {reference.subject_id!r}, but it lies in the folder of {expected}"
    return replace(reference, problem=problem, problem_file=path)


def _unlisted(
    patient: Path, source: Source, table: Path, per_reading: str, listed: set[str]
) -> Iterator[ReadingReference]:
    """Give the readings that have a folder and no row in their table."""
    for folder in sorted((table.parent / per_reading).glob("*/")):
        if folder.name not in listed:
            yield _unusable(patient, source, folder.name, f"{table.name} has no row for it", table)


def _unusable(
    patient: Path, source: Source, reading_id: str, problem: str, file: Path | None
) -> ReadingReference:
    return ReadingReference(
        reading_id=reading_id,
        dicom_id="",
        subject_id=patient.name.removeprefix("patient_"),
        source=source,
        reader="",
        folder=patient,
        frame=None,
        problem=problem,
        problem_file=file,
    )


def _read_frames(patient: Path) -> dict[str, ImageFrame]:
    path = patient / "CXR-JPG" / "cxr_meta.csv"
    table = read_table(path, numbers=("Rows", "Columns"), texts=("dicom_id",))
    table = table.drop_duplicates()
    if table["dicom_id"].duplicated().any():
        double = table.loc[table["dicom_id"].duplicated(), "dicom_id"].iloc[0]
        raise RecordingError(f"image {double} has two rows with different sizes; keep one", path)
    sizes = table[["Rows", "Columns"]].to_numpy()
    if not (np.isfinite(sizes).all() and (sizes > 0).all()):
        raise RecordingError("a row without positive Rows and Columns", path)
    return {
        dicom_id: ImageFrame(int(rows), int(columns))
        for dicom_id, (rows, columns) in zip(table["dicom_id"], sizes, strict=True)
    }


def read_recording(reference: ReadingReference, settings: GazeSettings) -> Recording:
    """Read one reading's samples, words and shipped fixations.

    Parameters
    ----------
    reference
        From `find_readings`.
    settings
        Assumed screen width and viewing distance of EYE GAZE.

    Raises
    ------
    RecordingError
        It cannot be used; the error names the file and says why.
    """
    if reference.problem or reference.frame is None:
        raise RecordingError(reference.problem, reference.problem_file)
    if reference.source == "reflacx":
        recording = read_reflacx(reference, reference.frame)
    else:
        recording = read_eye_gaze(reference, reference.frame, settings)
    require_plausible(recording)
    return recording
