"""Tiny MIMIC-EYE trees and recordings written by hand; every identifier is invented."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd

from egma_lib.gaze.frames import ImageFrame
from egma_lib.gaze.recording import Recording

DICOM = "00000000-11111111-22222222-33333333-44444444"
DICOM_EGD = "00000000-11111111-22222222-33333333-55555555"
READING = "P300R000001"
FRAME = ImageFrame(rows=3056, columns=2544)
RESOLUTION = "angular_resolution_x_pixels_per_degree", "angular_resolution_y_pixels_per_degree"
SIDES = ("xmin", "ymin", "xmax", "ymax")
SHOWN = tuple(f"{side}_shown_from_image" for side in SIDES)
SCREEN = tuple(f"{side}_in_screen_coordinates" for side in SIDES)
WHOLE = (0, 0, 2544, 3056)
# The 2544 x 3056 image fills the 2160 lines of the screen: 1798 pixels wide, centred in 3840.
PLACE = (1021, 0, 2819, 2160)
# Fixations as (onset_s, offset_s, x_px, y_px), with gaps of 50 ms in which the eye moves.
FIXATIONS = ((0.0, 0.45, 600, 900), (0.5, 0.95, 1900, 900), (1.0, 1.45, 1900, 2400), (1.5, 2.0, 700, 2300))
WORDS = (("lungs", 0.5, 0.7), ("clear", 0.7, 0.95), (".", 0.95, 0.97), ("heart", 1.5, 1.7), ("big", 1.7, 1.9))


def write_csv(path: Path, columns, rows, newline="\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator=newline)
        writer.writerow(columns)
        writer.writerows(rows)
    return path


def scanpath(hz: float, fixations=FIXATIONS) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times and positions; between fixations the eye moves on a raised cosine."""
    time = np.arange(0, fixations[-1][1], 1 / hz)
    knots_t, knots_x, knots_y = [], [], []
    for onset, offset, x, y in fixations:
        knots_t += [onset, offset]
        knots_x += [x, x]
        knots_y += [y, y]
    phase = np.interp(time, knots_t, np.arange(len(knots_t), dtype=float))
    whole = np.floor(phase)
    eased = whole + (1 - np.cos(np.pi * (phase - whole))) / 2
    steps = np.arange(len(knots_t))
    return time, np.interp(eased, steps, knots_x), np.interp(eased, steps, knots_y)


def make_recording(hz=1000.0, **changes) -> Recording:
    time, x, y = scanpath(hz)
    n = len(time)
    base = {
        "reading_id": READING, "dicom_id": DICOM, "subject_id": "10000001", "reader": "reflacx_1",
        "source": "reflacx", "sampling_hz": hz, "frame": FRAME, "time_s": time, "x_px": x, "y_px": y,
        "px_per_deg_x": np.full(n, 110.0), "px_per_deg_y": np.full(n, 110.0),
        "shown_px": np.tile(np.array(WHOLE, float), (n, 1)),
        "screen_px": np.tile(np.array(PLACE, float), (n, 1)),
        "words": pd.DataFrame(WORDS, columns=["word", "start_s", "end_s"]),
        "vendor_fixations": pd.DataFrame(
            [(a, b - a, float(u), float(v)) for a, b, u, v in FIXATIONS],
            columns=["onset_s", "duration_s", "x_px", "y_px"],
        ),
    }  # fmt: skip
    return Recording(**(base | changes))


def write_meta(patient: Path, dicoms, rows=3056, columns=2544) -> None:
    names = ("", "dicom_id", "subject_id", "study_id", "Rows", "Columns")
    content = [(12 + i, dicom, 10000001, 50000001, rows, columns) for i, dicom in enumerate(dicoms)]
    write_csv(patient / "CXR-JPG" / "cxr_meta.csv", names, content)


def write_reflacx(patient: Path, readings=((READING, DICOM, False),), size=(2544, 3056)) -> None:
    folder = patient / "REFLACX"
    names = ("", "id", "split", "eye_tracking_data_discarded", "image", "dicom_id", "subject_id",
             "image_size_x", "image_size_y", "Other")  # fmt: skip
    rows = [(0, name, "train", bad, "x", dicom, 10000001, *size, "none") for name, dicom, bad in readings]
    write_csv(folder / "metadata.csv", names, rows)
    for name, _, bad in readings:
        if not bad:
            write_reflacx_reading(folder, name)


def write_reflacx_reading(folder: Path, name: str, words=WORDS) -> None:
    time, x, y = scanpath(1000.0)
    rows = []
    for i, (t, u, v) in enumerate(zip(time, x, y, strict=True)):
        blink = 200 <= i < 260
        seen = ("", "", "", "", "") if blink else (round(u), round(v), "1.020", 110, 110)
        rows.append((f"{t:.3f}", *seen, "0.91000", "0.47000", *WHOLE, *PLACE))
    names = ("x_position", "y_position", "pupil_area_normalized", *RESOLUTION, "window_width", "window_level",
             *SHOWN, *SCREEN)  # fmt: skip
    write_csv(folder / "gaze_data" / name / "gaze.csv", ("timestamp_sample", *names), rows, "\r\n")
    shipped = [
        (f"{a:.3f}", f"{b:.3f}", u, v, "1.0", 110, 110, ".9", ".4", *WHOLE, *PLACE)
        for a, b, u, v in FIXATIONS
    ]
    main = folder / "main_data" / name
    columns = ("timestamp_start_fixation", "timestamp_end_fixation", *names)
    write_csv(main / "fixations.csv", columns, shipped, "\r\n")
    spoken = [(word, f"{start:.2f}", f"{end:.2f}") for word, start, end in words]
    columns = ("word", "timestamp_start_word", "timestamp_end_word")
    write_csv(main / "timestamps_transcription.csv", columns, spoken, "\r\n")


EGD_COLUMNS = ("", "SESSION_ID", "DICOM_ID", "Time (in secs)", "FPOGX", "FPOGY", "FPOGS", "FPOGD", "FPOGID",
               "FPOGV", "BPOGX", "BPOGY", "BPOGV", "X_ORIGINAL", "Y_ORIGINAL")  # fmt: skip
PADS = (534, 534, 0, 0)  # left, right, top, bottom of a portrait image
PHRASES = (
    {"begin_time": 0.5, "end_time": 0.7, "phrase": "lungs"},
    {"begin_time": "0.7", "end_time": 0.95, "phrase": "clear."},
    {"begin_time": 1.5, "end_time": 1.9, "phrase": "heart big"},
)


def to_screen_fraction(x_px: float, y_px: float) -> tuple[float, float]:
    """The inverse of the publishers' mapping, for a 2544 x 3056 image between pads of 534."""
    return (534 + x_px * (1920 - 1068) / 2544) / 1920, (y_px * 1080 / 3056) / 1080


def write_eye_gaze(patient: Path, dicom=DICOM_EGD, pad_names=None, phrases=PHRASES) -> None:
    folder = patient / "EyeGaze"
    names = pad_names or ("image_left_pad", "image_right_pad", "image_top_pad", "image_bottom_pad")
    row = (0, dicom, "10000001.0", *PADS, "fever,\ncough")
    write_csv(
        folder / "master_sheet.csv", ("", "dicom_id", "patient_id", *names, "cxr_exam_indication"), [row]
    )
    time, x, y = scanpath(60.0)
    samples = []
    for i, (t, u, v) in enumerate(zip(time, x, y, strict=True)):
        fx, fy = to_screen_fraction(u, v)
        samples.append(
            (i, 9, dicom, f"{t:.5f}", fx, fy, 0.1, 0.2, 1, 1, fx, fy, int(i not in (10, 11)), -2, -2)
        )
    samples.append((0, 9, dicom[:-5], "0.10000", 0, 0, 0, 0, 1, 1, 0, 0, 1, -2, -2))
    write_csv(folder / "eye_gaze.csv", EGD_COLUMNS, samples)
    fixations = []
    for i, (onset, offset, u, v) in enumerate(FIXATIONS):
        fx, fy = to_screen_fraction(u, v)
        duration = offset - onset
        fixations.append((i, 9, dicom, offset, fx, fy, onset, duration, i + 1, 1, fx, fy, 1, u, v))
    write_csv(folder / "fixations.csv", EGD_COLUMNS, fixations)
    path = folder / "audio_segmentation_transcripts" / dicom / "transcript.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = " " + " ".join(phrase["phrase"] for phrase in phrases)
    path.write_text(json.dumps({"full_text": text, "time_stamped_text": list(phrases)}), encoding="utf-8")


def write_tree(root: Path) -> Path:
    """One patient with a reading of each kind."""
    patient = root / "patient_10000001"
    write_meta(patient, (DICOM, DICOM_EGD))
    write_reflacx(patient)
    write_eye_gaze(patient)
    return patient
