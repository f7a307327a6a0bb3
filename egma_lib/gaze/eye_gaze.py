"""EYE GAZE (EGD-CXR) recordings (Gazepoint, 60 Hz), in a MIMIC-EYE patient folder or on their own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from egma_lib.gaze.frames import ImageFrame, screen_to_image
from egma_lib.gaze.image_rows import rows_of_image
from egma_lib.gaze.plausibility import require_same_clock
from egma_lib.gaze.recording import (
    FIXATION_COLUMNS,
    ReadingReference,
    Recording,
    increasing_times,
    measured_rate,
)
from egma_lib.gaze.tables import RecordingError, column_names, read_table, whole_number
from egma_lib.gaze.transcripts import read_eye_gaze_words
from egma_lib.settings import GazeSettings

SCREEN_COLUMNS, SCREEN_ROWS = 1920, 1080
READER = "egd"
# Two generations of the master sheet; the values are the same.
_PADS = (
    ("image_left_pad", "image_right_pad", "image_top_pad", "image_bottom_pad"),
    ("image_left", "image_right", "image_top", "image_bottom"),
)
_TIME = "Time (in secs)"
_PUPILS = ("LPMMV", "RPMMV")


def list_eye_gaze(folder: Path, frames: Mapping[str, ImageFrame]) -> list[ReadingReference]:
    """Return the readings that a patient's `EyeGaze/master_sheet.csv` names, one per image.

    Rows of the gaze tables with other ids are calibration screens and belong to no reading.

    Raises
    ------
    RecordingError
        The master sheet is missing or lacks a column.
    """
    unlisted = "its image is not listed in CXR-JPG/cxr_meta.csv"
    return list_master_sheet(folder / "EyeGaze" / "master_sheet.csv", folder, frames, unlisted)


def list_master_sheet(
    path: Path,
    folder: Path,
    frames: Mapping[str, ImageFrame],
    unlisted: str,
    tables: Path | None = None,
) -> list[ReadingReference]:
    """Return the readings that a master sheet names, one per image.

    Parameters
    ----------
    path
        The master sheet, which states no image sizes.
    folder, tables
        As in `ReadingReference`.
    frames
        Image frames by dicom_id.
    unlisted
        The problem of a reading whose image `frames` lacks.

    Raises
    ------
    RecordingError
        The master sheet is missing or lacks a column.
    """
    table = read_table(path, numbers=(), texts=("dicom_id", "patient_id")).drop_duplicates()
    if (table["dicom_id"] == "").any():
        raise RecordingError("a row without dicom_id", path)
    references = []
    for dicom_id, patient_id in zip(table["dicom_id"].to_list(), table["patient_id"].to_list(), strict=True):
        frame = frames.get(dicom_id)
        references.append(
            ReadingReference(
                reading_id=dicom_id,
                dicom_id=dicom_id,
                subject_id=whole_number(patient_id),
                source="eye_gaze",
                reader=READER,
                folder=folder,
                frame=frame,
                problem=unlisted if frame is None else "",
                problem_file=path if frame is None else None,
                tables=tables,
            )
        )
    return references


def read_eye_gaze(reference: ReadingReference, frame: ImageFrame, settings: GazeSettings) -> Recording:
    """Read samples, words and shipped fixations of one reading.

    Samples are the tracker's best point of gaze (`BPOG`), mapped to the image here: the table's own
    `X_ORIGINAL`, `Y_ORIGINAL` come from the fixation filter (`FPOG`) and hide where gaze left the image.

    Raises
    ------
    RecordingError
        A file or column is missing, or nothing in it can be used.
    """
    folder = reference.tables or reference.folder / "EyeGaze"
    left, right, top, bottom = _read_pads(folder / "master_sheet.csv", reference.dicom_id)
    # The publishers' formula: image sides rounded up to even, vertical scale from the screen's 1080 lines
    # although the padded picture had 1024 (data-set documentation; reproduces every published pair).
    shown = np.array([0, 0, frame.columns + frame.columns % 2, frame.rows + frame.rows % 2], dtype=np.float64)
    screen = np.array([left, top, SCREEN_COLUMNS - right, SCREEN_ROWS - bottom])
    path = folder / "eye_gaze.csv"
    table, repaired = _read_samples(path, reference.dicom_id)
    seen = (table["BPOGV"] == 1).to_numpy()
    x_px, y_px = _to_image(table["BPOGX"].to_numpy(), table["BPOGY"].to_numpy(), shown, screen)
    per_deg = screen_px_per_deg(settings) * (shown[2:] - shown[:2]) / (screen[2:] - screen[:2])
    n, time_s = len(table), table[_TIME].to_numpy()
    words_path = folder / "audio_segmentation_transcripts" / reference.dicom_id / "transcript.json"
    return Recording(
        reading_id=reference.reading_id,
        dicom_id=reference.dicom_id,
        subject_id=reference.subject_id,
        reader=reference.reader,
        source="eye_gaze",
        sampling_hz=measured_rate(time_s),
        frame=frame,
        time_s=time_s,
        x_px=np.where(seen, x_px, np.nan),
        y_px=np.where(seen, y_px, np.nan),
        px_per_deg_x=np.full(n, per_deg[0]),
        px_per_deg_y=np.full(n, per_deg[1]),
        shown_px=np.broadcast_to(shown, (n, 4)),
        screen_px=np.broadcast_to(screen, (n, 4)),
        words=read_eye_gaze_words(words_path),
        vendor_fixations=_read_fixations(
            folder / "fixations.csv", reference.dicom_id, shown, screen, time_s[-1]
        ),
        n_repaired_times=repaired,
        pupil_lost_share=_pupil_lost_share(table),
        samples_file=path,
        words_file=words_path,
    )


def screen_px_per_deg(settings: GazeSettings) -> float:
    """Return screen pixels per degree at the middle of the screen, from the assumed width and distance."""
    width_of_degree_cm = 2 * settings.egd_viewing_distance_cm * math.tan(math.radians(0.5))
    return width_of_degree_cm * SCREEN_COLUMNS / settings.egd_screen_width_cm


def _to_image(
    x: np.ndarray, y: np.ndarray, shown: np.ndarray, screen: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Map 0-1 of the screen to image pixels; positions beside the image come out outside it."""
    return screen_to_image(x * SCREEN_COLUMNS, y * SCREEN_ROWS, shown, screen)


def _read_pads(path: Path, dicom_id: str) -> np.ndarray:
    present = column_names(path)
    names = next((names for names in _PADS if set(names) <= set(present)), _PADS[0])
    table = read_table(path, numbers=names, texts=("dicom_id",))
    pads = table.loc[table["dicom_id"] == dicom_id].iloc[:, 1:].to_numpy()[0]
    screen_left = np.array([SCREEN_COLUMNS - pads[0] - pads[1], SCREEN_ROWS - pads[2] - pads[3]])
    if not (np.isfinite(pads).all() and (pads >= 0).all() and (screen_left > 0).all()):
        raise RecordingError(
            f"image {dicom_id}: padding {pads.tolist()} leaves no picture on the screen", path
        )
    return pads


def _read_samples(path: Path, dicom_id: str) -> tuple[pd.DataFrame, int]:
    numbers = (_TIME, "BPOGX", "BPOGY", "BPOGV", "FPOGS", "FPOGD", "FPOGID")
    pupil = tuple(name for name in column_names(path) if name in _PUPILS)
    table = rows_of_image(path, (*numbers, *pupil), dicom_id)
    order, repaired = increasing_times(table[_TIME].to_numpy())
    if len(order) < 2:
        raise RecordingError(f"image {dicom_id}: {len(order)} samples; at least 2 are needed", path)
    # The collection's top-level table of this name holds fixations: each number once, its time the end.
    ends = np.isclose(table[_TIME], table["FPOGS"] + table["FPOGD"], atol=1e-3)
    if ends.all() and not table["FPOGID"].duplicated().any():
        raise RecordingError(f"image {dicom_id}: holds fixations, not samples", path)
    return table.iloc[order].reset_index(drop=True), repaired


def _pupil_lost_share(table: pd.DataFrame) -> float:
    """Return the share of samples without a valid pupil diameter of either eye."""
    present = [name for name in _PUPILS if name in table]
    return float((table[present] != 1).all(axis=1).mean()) if present else math.nan


def _read_fixations(
    path: Path, dicom_id: str, shown: np.ndarray, screen: np.ndarray, last_sample_s: float
) -> pd.DataFrame:
    table = rows_of_image(path, ("FPOGX", "FPOGY", "FPOGS", "FPOGD", "FPOGV"), dicom_id)
    table = table[table["FPOGV"] == 1].dropna()
    table = table.sort_values("FPOGS", kind="stable")
    x_px, y_px = _to_image(table["FPOGX"].to_numpy(), table["FPOGY"].to_numpy(), shown, screen)
    values = (table["FPOGS"].to_numpy(), table["FPOGD"].to_numpy(), x_px, y_px)
    fixations = pd.DataFrame(dict(zip(FIXATION_COLUMNS, values, strict=True)))
    require_same_clock(fixations, last_sample_s, path)
    return fixations
