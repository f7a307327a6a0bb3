"""Finding and reading the recordings of a MIMIC-EYE tree."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from egma_lib.errors import DataError
from egma_lib.gaze.eye_gaze import list_eye_gaze, read_eye_gaze
from egma_lib.gaze.frames import ImageFrame
from egma_lib.gaze.recording import ReadingReference, Recording, Source
from egma_lib.gaze.reflacx import list_reflacx, read_reflacx
from egma_lib.gaze.tables import RecordingError, read_table
from egma_lib.settings import GazeSettings

_Lister = Callable[[Path, dict[str, ImageFrame]], list[ReadingReference]]
_LISTERS: tuple[tuple[Source, str, _Lister], ...] = (
    ("reflacx", "REFLACX", list_reflacx),
    ("eye_gaze", "EyeGaze", list_eye_gaze),
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
    return [reference for patient in patients for reference in _readings_of(patient)]


def _readings_of(patient: Path) -> list[ReadingReference]:
    references: list[ReadingReference] = []
    for source, subfolder, lister in _LISTERS:
        if not (patient / subfolder).is_dir():
            continue
        try:
            found = lister(patient, _read_frames(patient))
        except RecordingError as error:
            found = [_unreadable(patient, source, subfolder, error)]
        references.extend(sorted(found, key=lambda reference: reference.reading_id))
    return references


def _unreadable(patient: Path, source: Source, subfolder: str, error: RecordingError) -> ReadingReference:
    return ReadingReference(
        reading_id=f"{patient.name}/{subfolder}",
        dicom_id="",
        subject_id=patient.name.removeprefix("patient_"),
        source=source,
        reader="",
        folder=patient,
        frame=None,
        problem=error.reason,
        problem_file=error.file,
    )


def _read_frames(patient: Path) -> dict[str, ImageFrame]:
    path = patient / "CXR-JPG" / "cxr_meta.csv"
    table = read_table(path, numbers=("Rows", "Columns"), texts=("dicom_id",))
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
        return read_reflacx(reference, reference.frame)
    return read_eye_gaze(reference, reference.frame, settings)
