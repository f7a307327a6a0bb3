"""REFLACX 1.0.0: metadata by phase and one folder per reading (EyeLink, 1000 Hz, CRLF line ends)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from real_tree_common import PLACES, dicom, study, subject, write_csv, write_text
from real_tree_reading import Reading, samples

LABELS = {
    1: (
        "Airway wall thickening", "Atelectasis", "Consolidation", "Emphysema", "Enlarged cardiac silhouette",
        "Fibrosis", "Fracture", "Groundglass opacity", "Mass", "Nodule", "Other", "Pleural effusion",
        "Pleural thickening", "Pneumothorax", "Pulmonary edema", "Quality issue", "Support devices",
        "Wide mediastinum",
    ),
    3: (
        "Abnormal mediastinal contour", "Acute fracture", "Atelectasis", "Consolidation",
        "Enlarged cardiac silhouette", "Enlarged hilum", "Groundglass opacity", "Hiatal hernia",
        "High lung volume / emphysema", "Interstitial lung disease", "Lung nodule or mass", "Other",
        "Pleural abnormality", "Pneumothorax", "Pulmonary edema", "Support devices",
    ),
}  # fmt: skip
LABEL_OF = {
    "Atelectasis": ("Atelectasis", "Atelectasis"), "Consolidation": ("Consolidation", "Consolidation"),
    "Cardiomegaly": ("Enlarged cardiac silhouette", "Enlarged cardiac silhouette"),
    "Edema": ("Pulmonary edema", "Pulmonary edema"), "Pneumothorax": ("Pneumothorax", "Pneumothorax"),
    "Pleural Effusion": ("Pleural effusion", "Pleural abnormality"),
}  # fmt: skip
"""Finding -> REFLACX label of phase 1 and of phase 3."""

LEADING = (
    "id", "split", "eye_tracking_data_discarded", "image", "dicom_id", "subject_id", "image_size_x",
    "image_size_y",
)  # fmt: skip
SIDES = ("xmin", "ymin", "xmax", "ymax")
DISPLAY = (
    "x_position", "y_position", "pupil_area_normalized", "angular_resolution_x_pixels_per_degree",
    "angular_resolution_y_pixels_per_degree", "window_width", "window_level",
    *(f"{side}_shown_from_image" for side in SIDES), *(f"{side}_in_screen_coordinates" for side in SIDES),
)  # fmt: skip
SCREEN_COLUMNS, SCREEN_ROWS, STRIP = 3840, 2160, 660


@dataclass(frozen=True)
class ReflacxCase:
    """One reading: its id begins with P and the phase, `number` decides image, study and patient."""

    reading_id: str
    number: int
    rows: int
    columns: int
    reading: Reading
    discarded: bool = False
    zoomed: bool = False

    @property
    def phase(self) -> int:
        return int(self.reading_id[1])

    def label(self) -> str:
        return LABEL_OF[self.reading.finding][self.phase > 1] if self.reading.finding in LABEL_OF else ""


def metadata_rows(cases: list[ReflacxCase], labels: tuple[str, ...]) -> list[list[object]]:
    """Rows of `metadata*.csv`; columns that the case's phase lacks stay blank."""
    rows = []
    for case in cases:
        path = f"p{subject(case.number)[:2]}/p{subject(case.number)}/s{study(case.number)}"
        image = f"physionet.org/files/mimic-cxr/2.0.0/files/{path}/{dicom(case.number)}.dcm"
        row: list[object] = [
            case.reading_id, "train", case.discarded, image, dicom(case.number), subject(case.number),
            case.columns, case.rows,
        ]  # fmt: skip
        rows.append(row + [_certainty(case, label) for label in labels])
    return rows


def _certainty(case: ReflacxCase, label: str) -> object:
    if label not in LABELS[1 if case.phase == 1 else 3]:
        return ""
    if label in ("Quality issue", "Support devices"):
        return False
    return "" if label == "Other" else 5.0 if label == case.label() else 0.0


def write_reading(root: Path, case: ReflacxCase) -> None:
    """Write `main_data/<id>` and `gaze_data/<id>`; a discarded reading has box and ellipses only."""
    main = root / "main_data" / case.reading_id
    box = (
        round(0.1 * case.columns),
        round(0.1 * case.rows),
        round(0.9 * case.columns),
        round(0.9 * case.rows),
    )
    write_csv(main / "chest_bounding_box.csv", SIDES, [box], "\r\n")
    _write_ellipses(main / "anomaly_location_ellipses.csv", case)
    if case.discarded:
        return
    _write_fixations(main / "fixations.csv", case)
    _write_gaze(root / "gaze_data" / case.reading_id / "gaze.csv", case)
    words = [(word, f"{start:.2f}", f"{end:.2f}") for word, start, end in case.reading.words]
    write_csv(
        main / "timestamps_transcription.csv",
        ("word", "timestamp_start_word", "timestamp_end_word"),
        words,
        "\r\n",
    )
    write_text(main / "transcription.txt", case.reading.text)


def _write_ellipses(path: Path, case: ReflacxCase) -> None:
    labels = LABELS[1 if case.phase == 1 else 3]
    rows = []
    if case.label():
        x, y = PLACES[case.reading.finding]
        ends = (x - 0.1, y - 0.08, x + 0.1, y + 0.08)
        scale = (case.columns, case.rows, case.columns, case.rows)
        rows.append(
            (
                *(round(end * side) for end, side in zip(ends, scale, strict=True)),
                5,
                *(label == case.label() for label in labels),
            )
        )
    write_csv(path, (*SIDES, "certainty", *labels), rows, "\r\n")


def _display(case: ReflacxCase, late: bool) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
    """Pixels per degree, shown part and its place on the screen; a zoomed reading shows less later on."""
    height = min(SCREEN_ROWS, (SCREEN_COLUMNS - 2 * STRIP) * case.rows / case.columns)
    width = height * case.columns / case.rows
    left, top = round((SCREEN_COLUMNS - width) / 2), round((SCREEN_ROWS - height) / 2)
    place = (left, top, round(left + width), round(top + height))
    per_degree = round(110 * max(case.rows, case.columns) / 3056)
    if case.zoomed and late:
        part = (case.columns // 8, case.rows // 8, case.columns * 7 // 8, case.rows * 7 // 8)
        return round(per_degree * 0.75), part, place
    return per_degree, (0, 0, case.columns, case.rows), place


def _write_gaze(path: Path, case: ReflacxCase) -> None:
    time, x, y = samples(case.reading, 1000.0)
    rng = np.random.default_rng(case.number)
    x_px = np.rint(x * case.columns + rng.normal(0, 0.6, len(x))).astype(int)
    y_px = np.rint(y * case.rows + rng.normal(0, 0.6, len(y))).astype(int)
    x_px[:25] = -400  # a glance at the control strip: neither clipped nor flagged
    rows = []
    for i, stamp in enumerate(time):
        per_degree, part, place = _display(case, stamp > case.reading.end_s / 2)
        blink = 900 <= i < 1010
        seen = ("",) * 5 if blink else (x_px[i], y_px[i], "1.021", per_degree, per_degree)
        rows.append((f"{stamp:.3f}", *seen, "0.91000", "0.47000", *part, *place))
    write_csv(path, ("timestamp_sample", *DISPLAY), rows, "\r\n")


def _write_fixations(path: Path, case: ReflacxCase) -> None:
    rows = []
    for onset, offset, x, y in case.reading.fixations:
        per_degree, part, place = _display(case, onset > case.reading.end_s / 2)
        seen = (round(x * case.columns), round(y * case.rows), "1.021", per_degree, per_degree)
        rows.append((f"{onset:.3f}", f"{offset:.3f}", *seen, "0.91000", "0.47000", *part, *place))
    write_csv(path, ("timestamp_start_fixation", "timestamp_end_fixation", *DISPLAY), rows, "\r\n")
