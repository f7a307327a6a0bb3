"""REFLACX recordings (EyeLink, 1000 Hz), in a MIMIC-EYE patient folder or on their own."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from egma_lib.gaze.frames import ImageFrame
from egma_lib.gaze.plausibility import require_same_clock
from egma_lib.gaze.recording import (
    FIXATION_COLUMNS,
    ReadingReference,
    Recording,
    increasing_times,
    measured_rate,
)
from egma_lib.gaze.tables import RecordingError, column_names, is_true, read_table, whole_number
from egma_lib.gaze.transcripts import read_reflacx_words

_METADATA_TEXTS = ("dicom_id", "id", "subject_id", "eye_tracking_data_discarded")
_METADATA_SIZES = ("image_size_x", "image_size_y")
_POSITION = ("x_position", "y_position")
_PUPIL = "pupil_area_normalized"
_RESOLUTION = ("angular_resolution_x_pixels_per_degree", "angular_resolution_y_pixels_per_degree")
_SIDES = ("xmin", "ymin", "xmax", "ymax")
_SHOWN = tuple(f"{side}_shown_from_image" for side in _SIDES)
_SCREEN = tuple(f"{side}_in_screen_coordinates" for side in _SIDES)


def list_reflacx(folder: Path, frames: Mapping[str, ImageFrame]) -> list[ReadingReference]:
    """Return the readings that a patient's `REFLACX/metadata.csv` names.

    Parameters
    ----------
    folder
        Patient folder.
    frames
        Image frames by dicom_id, from `cxr_meta.csv`.

    Raises
    ------
    RecordingError
        The metadata table is missing or lacks a column.
    """
    return list_metadata([folder / "REFLACX" / "metadata.csv"], folder, frames)


def list_metadata(
    paths: Sequence[Path],
    folder: Path,
    frames: Mapping[str, ImageFrame] | None = None,
    tables: Path | None = None,
) -> list[ReadingReference]:
    """Return the readings that REFLACX metadata tables name, numbered per image over all of them.

    Parameters
    ----------
    paths
        `metadata.csv` of a patient, or the tables of the three phases.
    folder, tables
        As in `ReadingReference`.
    frames
        Image frames by dicom_id that the tables' own sizes must agree with; None takes the tables' sizes.

    Raises
    ------
    RecordingError
        A table is missing or lacks a column.
    """
    table = _read_metadata(paths)
    table = table.drop_duplicates().sort_values(["dicom_id", "id"], kind="stable")
    number = table.groupby("dicom_id").cumcount() + 1
    references = []
    cells = (table[name].to_list() for name in (*_METADATA_TEXTS, *_METADATA_SIZES, "path"))
    for dicom_id, reading_id, subject_id, discarded, width, height, path, order in zip(
        *cells, number, strict=True
    ):
        frame = _own_frame(width, height) if frames is None else frames.get(dicom_id)
        problem = _problem(
            is_true(discarded, _METADATA_TEXTS[-1], path), (width, height), frame, frames is None
        )
        references.append(
            ReadingReference(
                reading_id=reading_id,
                dicom_id=dicom_id,
                subject_id=whole_number(subject_id),
                source="reflacx",
                reader=f"reflacx_{order}",
                folder=folder,
                frame=frame,
                problem=problem,
                problem_file=path if problem else None,
                tables=tables,
            )
        )
    return references


def _read_metadata(paths: Sequence[Path]) -> pd.DataFrame:
    """Return the tables below each other, with the column `path` of the table a row comes from."""
    parts = [read_table(path, numbers=_METADATA_SIZES, texts=_METADATA_TEXTS) for path in paths]
    table = pd.concat(parts, keys=range(len(paths)))
    table["path"] = [paths[phase] for phase in table.index.get_level_values(0)]
    blank = (table[["id", "dicom_id"]] == "").any(axis=1).to_numpy()
    if blank.any():
        path = table["path"].iloc[int(blank.argmax())]
        raise RecordingError(f"{int(blank.sum())} rows without id or dicom_id", path)
    return table


def _own_frame(width: float, height: float) -> ImageFrame | None:
    possible = np.isfinite([width, height]).all() and min(width, height) >= 1
    return ImageFrame(int(height), int(width)) if possible else None


def _problem(discarded: bool, size: tuple[float, float], frame: ImageFrame | None, own_size: bool) -> str:
    if discarded:
        return "eye-tracking data discarded by the authors of the data"
    if frame is None and own_size:
        return f"image_size_x, image_size_y are {size[0]:g}, {size[1]:g}, which is no size in pixels"
    if frame is None:
        return "its image is not listed in CXR-JPG/cxr_meta.csv"
    if size != (frame.columns, frame.rows):
        return (
            f"image_size_x, image_size_y are {size[0]:g}, {size[1]:g}, but Columns, Rows of cxr_meta.csv are "
            f"{frame.columns}, {frame.rows}"
        )
    return ""


def read_reflacx(reference: ReadingReference, frame: ImageFrame) -> Recording:
    """Read samples, words and shipped fixations of one reading.

    Positions are kept unclipped: gaze at the control strip or the margin lies outside the image. In blinks
    positions and resolution are blank; the resolution is carried on, the position stays missing.

    Raises
    ------
    RecordingError
        A file or column is missing, or nothing in it can be used.
    """
    tables = reference.tables or reference.folder / "REFLACX"
    path = tables / "gaze_data" / reference.reading_id / "gaze.csv"
    pupil = tuple(name for name in column_names(path) if name == _PUPIL)
    table = read_table(
        path, numbers=("timestamp_sample", *_POSITION, *pupil, *_RESOLUTION, *_SHOWN, *_SCREEN)
    )
    order, repaired = increasing_times(table["timestamp_sample"].to_numpy())
    if len(order) < 2:
        raise RecordingError(f"{len(order)} samples with a time stamp; at least 2 are needed", path)
    table = table.iloc[order].reset_index(drop=True)
    carried = _carry_display(table, path)
    main = tables / "main_data" / reference.reading_id
    words_path = main / "timestamps_transcription.csv"
    time_s = table["timestamp_sample"].to_numpy()
    return Recording(
        reading_id=reference.reading_id,
        dicom_id=reference.dicom_id,
        subject_id=reference.subject_id,
        reader=reference.reader,
        source="reflacx",
        sampling_hz=measured_rate(time_s),
        frame=frame,
        time_s=time_s,
        x_px=table[_POSITION[0]].to_numpy(),
        y_px=table[_POSITION[1]].to_numpy(),
        px_per_deg_x=carried[_RESOLUTION[0]].to_numpy(),
        px_per_deg_y=carried[_RESOLUTION[1]].to_numpy(),
        shown_px=carried[list(_SHOWN)].to_numpy(),
        screen_px=carried[list(_SCREEN)].to_numpy(),
        words=read_reflacx_words(words_path),
        vendor_fixations=_read_fixations(main / "fixations.csv", time_s[-1]),
        n_repaired_times=repaired,
        pupil_lost_share=float(table[_PUPIL].isna().mean()) if pupil else math.nan,
        samples_file=path,
        words_file=words_path,
    )


def _carry_display(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Return resolution and rectangles without holes; values that cannot be (empty rectangles) are holes."""
    display = table[[*_RESOLUTION, *_SHOWN, *_SCREEN]].copy()
    for name in _RESOLUTION:
        display[name] = display[name].where(display[name] > 0)
    for corners in (_SHOWN, _SCREEN):
        box = display[list(corners)].to_numpy()
        possible = (box[:, 2] > box[:, 0]) & (box[:, 3] > box[:, 1])
        display.loc[~possible, list(corners)] = np.nan
    display = display.ffill().bfill()
    empty = display.columns[display.isna().any()]
    if len(empty):
        raise RecordingError(f"column {empty[0]} holds no usable value", path)
    return display


def _read_fixations(path: Path, last_sample_s: float) -> pd.DataFrame:
    table = read_table(path, numbers=("timestamp_start_fixation", "timestamp_end_fixation", *_POSITION))
    table = table.dropna().sort_values("timestamp_start_fixation", kind="stable")
    onset = table["timestamp_start_fixation"].to_numpy()
    values = (
        onset,
        table["timestamp_end_fixation"].to_numpy() - onset,
        table[_POSITION[0]].to_numpy(),
        table[_POSITION[1]].to_numpy(),
    )
    fixations = pd.DataFrame(dict(zip(FIXATION_COLUMNS, values, strict=True)))
    require_same_clock(fixations, last_sample_s, path)
    return fixations
