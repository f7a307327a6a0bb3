"""REFLACX readings: the folders of one reading and its row of `metadata.csv`.

Source: docs/data-formats.md, section 2. All positions are pixels of the full-size frame, times are seconds
since the audio started; files end their lines with CRLF and have no index column.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from egma_lib.phantom.case import SimulatedReading, SpokenWord
from egma_lib.phantom.writers.drawn_case import DrawnCase
from egma_lib.phantom.writers.images import component_boxes, scale_box
from egma_lib.phantom.writers.mimic_study import MimicStudy
from egma_lib.phantom.writers.reflacx_gaze import write_fixations, write_gaze
from egma_lib.phantom.writers.tables import Row, write_table

LEADING_COLUMNS = (
    "id", "split", "eye_tracking_data_discarded", "image", "dicom_id", "subject_id", "image_size_x",
    "image_size_y",
)  # fmt: skip
PHASE_1_LABELS = (
    "Airway wall thickening", "Atelectasis", "Consolidation", "Emphysema", "Enlarged cardiac silhouette",
    "Fibrosis", "Fracture", "Groundglass opacity", "Mass", "Nodule", "Other", "Pleural effusion",
    "Pleural thickening", "Pneumothorax", "Pulmonary edema", "Quality issue", "Support devices",
    "Wide mediastinum",
)  # fmt: skip
LATER_LABELS = (
    "Abnormal mediastinal contour", "Acute fracture", "Atelectasis", "Consolidation",
    "Enlarged cardiac silhouette", "Enlarged hilum", "Groundglass opacity", "Hiatal hernia",
    "High lung volume / emphysema", "Interstitial lung disease", "Lung nodule or mass", "Other",
    "Pleural abnormality", "Pneumothorax", "Pulmonary edema", "Support devices",
)  # fmt: skip
METADATA_COLUMNS = (
    *LEADING_COLUMNS, *PHASE_1_LABELS, *(name for name in LATER_LABELS if name not in PHASE_1_LABELS)
)  # fmt: skip

_PRESENCE_ONLY = ("Quality issue", "Support devices")
_SAME_NAME = {
    "Atelectasis": ("Atelectasis",),
    "Cardiomegaly": ("Enlarged cardiac silhouette",),
    "Consolidation": ("Consolidation",),
    "Edema": ("Pulmonary edema",),
    "Pneumonia": ("Consolidation", "Groundglass opacity"),
    "Pneumothorax": ("Pneumothorax",),
    "Support Devices": ("Support devices",),
}
_PHASE_1_NAME = {**_SAME_NAME, "Pleural Effusion": ("Pleural effusion",), "Fracture": ("Fracture",)}
_LATER_NAME = {**_SAME_NAME, "Pleural Effusion": ("Pleural abnormality",), "Fracture": ("Acute fracture",)}
_LUNGS_AND_HEART = ("right lung", "left lung", "cardiac silhouette")


@dataclass(frozen=True)
class ReadingRecord:
    """Which reading of which case this is.

    Attributes
    ----------
    reading_id
        Eleven characters, such as `P300R000001`.
    phase
        1, 2 (several readers per film) or 3.
    discarded
        True: the eye tracking failed, so only box and ellipses exist.
    row_number
        Position within the phase's table, which the index of `metadata.csv` repeats.
    """

    reading_id: str
    phase: int
    discarded: bool
    row_number: int


def write_reading(
    folder: Path,
    record: ReadingRecord,
    case: DrawnCase,
    reading: SimulatedReading | None,
    words: tuple[SpokenWord, ...],
    rng: np.random.Generator,
) -> dict[str, float]:
    """Write `main_data/<id>/` and `gaze_data/<id>/` below a patient's `REFLACX` folder.

    Returns
    -------
    dict
        The reader's largest certainty (1-5) per chosen label, for `metadata_row`.
    """
    main = folder / "main_data" / record.reading_id
    certainties = _write_ellipses(main, record.phase, case, rng)
    _write_chest_box(main, case, rng)
    if reading is not None:
        gaze_path = folder / "gaze_data" / record.reading_id / "gaze.csv"
        window = round(float(rng.uniform(0.8, 1.0)), 5), round(float(rng.uniform(0.42, 0.55)), 5)
        write_gaze(gaze_path, reading, window)
        write_fixations(main / "fixations.csv", reading, window, rng)
        _write_transcription(main, words)
    return certainties


def metadata_row(record: ReadingRecord, study: MimicStudy, certainties: dict[str, float]) -> Row:
    """Return index and cells of `METADATA_COLUMNS`; labels that the phase lacks are blank."""
    image = f"physionet.org/files/mimic-cxr/2.0.0/files/{study.folder}/{study.dicom_id}.dcm"
    leading = (
        record.reading_id, study.split, record.discarded, image, study.dicom_id, study.subject_id,
        study.columns, study.rows,
    )  # fmt: skip
    own = PHASE_1_LABELS if record.phase == 1 else LATER_LABELS
    cells: list[object] = []
    for name in METADATA_COLUMNS[len(LEADING_COLUMNS) :]:
        if name not in own or name == "Other":
            cells.append(None)
        elif name in _PRESENCE_ONLY:
            cells.append(name in certainties)
        else:
            cells.append(float(certainties.get(name, 0)))
    return (record.row_number, *leading, *cells)


def _write_ellipses(main: Path, phase: int, case: DrawnCase, rng: np.random.Generator) -> dict[str, float]:
    labels = PHASE_1_LABELS if phase == 1 else LATER_LABELS
    label_names = _PHASE_1_NAME if phase == 1 else _LATER_NAME
    rows: list[Row] = []
    certainties: dict[str, float] = {}
    for finding, mask in zip(case.plan.findings, case.film.finding_masks, strict=True):
        chosen = label_names[finding.name]
        certainty = int(rng.integers(3, 5)) if finding.severity == "mild" else int(rng.integers(4, 6))
        for name in chosen:
            certainties[name] = max(certainties.get(name, 0), certainty)
        if finding.name == "Support Devices":
            continue
        for box in component_boxes(mask, limit=2):
            ends = _drawn_ellipse(scale_box(box, mask.shape, case.frame_rows, case.frame_columns), case, rng)
            rows.append((*ends, certainty, *(name in chosen for name in labels)))
    columns = ("xmin", "ymin", "xmax", "ymax", "certainty", *labels)
    write_table(main / "anomaly_location_ellipses.csv", columns, rows, line_end="\r\n")
    return certainties


def _drawn_ellipse(box: tuple[float, ...], case: DrawnCase, rng: np.random.Generator) -> tuple[int, ...]:
    # Readers draw around what they see, a few percent off on each side.
    x_min, y_min, x_max, y_max = box
    slack = rng.normal(0.02, 0.04, 4) * np.array([x_max - x_min, y_max - y_min] * 2)
    ends = np.array([x_min, y_min, x_max, y_max]) + slack * np.array([-1, -1, 1, 1])
    limits = np.array([case.frame_columns, case.frame_rows] * 2)
    return tuple(int(value) for value in np.rint(np.clip(ends, 0, limits)))


def _write_chest_box(main: Path, case: DrawnCase, rng: np.random.Generator) -> None:
    boxes = np.array([case.film.regions[name] for name in _LUNGS_AND_HEART])
    union = np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])
    drawn = (union + rng.normal(0, 0.008, 4)) * np.array([case.frame_columns, case.frame_rows] * 2)
    row = tuple(int(value) for value in np.rint(drawn))
    write_table(main / "chest_bounding_box.csv", ("xmin", "ymin", "xmax", "ymax"), [row], line_end="\r\n")


def _write_transcription(main: Path, words: tuple[SpokenWord, ...]) -> None:
    rows: list[Row] = []
    for word in words:
        text = word.word.lower()
        bare = text.rstrip(",")
        if bare:
            rows.append((bare, f"{word.start_s:.2f}", f"{word.end_s:.2f}"))
        if bare != text:
            # A comma is a row of its own; corrected by hand, it takes the end of the word before.
            rows.append((",", f"{word.end_s:.2f}", f"{word.end_s:.2f}"))
    columns = ("word", "timestamp_start_word", "timestamp_end_word")
    write_table(main / "timestamps_transcription.csv", columns, rows, line_end="\r\n")
    text = " ".join(row[0] for row in rows).replace(" .", ".").replace(" ,", ",")
    (main / "transcription.txt").write_text(text, encoding="utf-8", newline="")
