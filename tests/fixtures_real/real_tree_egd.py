"""EGD-CXR 1.0.0: master sheet, the two 37-column gaze tables, boxes and transcripts (Gazepoint, 60 Hz)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from real_tree_common import CHEXPERT_LABELS, dicom, study, subject, write_csv, write_text
from real_tree_reading import Reading, samples

GAZE_COLUMNS = (
    "SESSION_ID", "MEDIA_ID", "DICOM_ID", "CNT", "Time (in secs)", "TIMETICK(f=10000000)", "FPOGX", "FPOGY",
    "FPOGS", "FPOGD", "FPOGID", "FPOGV", "BPOGX", "BPOGY", "BPOGV", "LPCX", "LPCY", "LPD", "LPS", "LPV",
    "RPCX", "RPCY", "RPD", "RPS", "RPV", "BKID", "BKDUR", "BKPMIN", "LPMM", "LPMMV", "RPMM", "RPMMV",
    "SACCADE_MAG",
    "SACCADE_DIR", "VID_FRAME", "X_ORIGINAL", "Y_ORIGINAL",
)  # fmt: skip
MASTER_COLUMNS = (
    "dicom_id", "path", "study_id", "patient_id", "stay_id", "gender", "anchor_age", "image_top_pad",
    "image_bottom_pad", "image_left_pad", "image_right_pad",
    *(name for n in range(1, 10) for name in (f"dx{n}", f"dx{n}_icd")),
    "normal_reports", "Normal", "CHF", "pneumonia", "consolidation", "enlarged_cardiac_silhouette",
    "linear__patchy_atelectasis", "lobar__segmental_collapse",
    "not_otherwise_specified_opacity___pleural__parenchymal_opacity__", "pleural_effusion_or_thickening",
    "pulmonary_edema__hazy_opacity", "normal_anatomically", "elevated_hemidiaphragm", "hyperaeration",
    "vascular_redistribution",
    *sorted(f"{name.lower().replace(' ', '_')}__chx" for name in CHEXPERT_LABELS), "cxr_exam_indication",
)  # fmt: skip
BOX_COLUMNS = ("dicom_id", "bbox_name", "x1", "x2", "y1", "y2")


@dataclass(frozen=True)
class EgdCase:
    """One image with its single reading; `silent` has the empty transcript that two images have."""

    number: int
    rows: int
    columns: int
    reading: Reading
    silent: bool = False

    def pads(self) -> tuple[int, int, int, int]:
        """top, bottom, left, right: the longer side fills 1024 of a 1920 x 1024 canvas."""
        scale = 1024 / max(self.rows, self.columns)
        height, width = round(self.rows * scale), round(self.columns * scale)
        top, left = (1024 - height) // 2, (1920 - width) // 2
        return top, 1024 - height - top, left, 1920 - width - left

    def to_screen(self, x: float, y: float) -> tuple[float, float]:
        """0-1 of the image to 0-1 of the screen; vertically the pads count on 1080 lines."""
        top, bottom, left, right = self.pads()
        even = (self.columns + self.columns % 2, self.rows + self.rows % 2)
        ex = left + x * self.columns * (1920 - left - right) / even[0]
        ey = top + y * self.rows * (1080 - top - bottom) / even[1]
        return ex / 1920, ey / 1080

    def original(self, fx: float, fy: float) -> tuple[int, int]:
        """The publishers' X_ORIGINAL, Y_ORIGINAL; small negative numbers off the image."""
        top, bottom, left, right = self.pads()
        ex, ey = fx * 1920, fy * 1080
        inside = left < ex < 1920 - right and top < ey < 1080 - bottom
        u, v = (ex - left, ey - top) if inside else (-1.0, -1.0)
        even = (self.columns + self.columns % 2, self.rows + self.rows % 2)
        return int(even[0] / (1920 - left - right) * u), int(even[1] / (1080 - top - bottom) * v)


def master_row(case: EgdCase) -> list[object]:
    """The indication holds a line break inside quotes; the stay id is text like a float."""
    patient, exam = subject(case.number), study(case.number)
    classes = (case.reading.finding == "No Finding", case.reading.finding in ("Cardiomegaly", "Edema"))
    cells: dict[str, object] = {
        "dicom_id": dicom(case.number), "study_id": exam, "patient_id": patient, "gender": "F",
        "path": f"files/p{patient[:2]}/p{patient}/s{exam}/{dicom(case.number)}.dcm", "anchor_age": "60 - 70",
        "stay_id": "33000000.0" if case.number % 2 else "", "Normal": int(classes[0]), "CHF": int(classes[1]),
        "pneumonia": int(not any(classes)), "cxr_exam_indication": "___ with cough,\nrule out pneumonia",
    }  # fmt: skip
    pads = zip(("top", "bottom", "left", "right"), case.pads(), strict=True)
    cells |= {f"image_{side}_pad": width for side, width in pads}
    return [cells.get(name, "") for name in MASTER_COLUMNS]


def _row(case: EgdCase, count: int, time: float, values: dict[str, object]) -> list[object]:
    cells: dict[str, object] = dict.fromkeys(GAZE_COLUMNS, 0)
    cells |= {"SESSION_ID": 9, "MEDIA_ID": case.number % 30, "DICOM_ID": dicom(case.number), "CNT": count}
    cells |= {"Time (in secs)": round(time, 5), "TIMETICK(f=10000000)": 1e11 + time * 1e7, "FPOGV": 1}
    cells |= dict.fromkeys(("LPV", "RPV", "LPMMV", "RPMMV"), 1) | {"LPMM": 3.1, "RPMM": 3.2} | values
    cells["X_ORIGINAL"], cells["Y_ORIGINAL"] = case.original(cells["FPOGX"], cells["FPOGY"])
    return list(cells.values())


def fixation_rows(case: EgdCase) -> list[list[object]]:
    """One row per fixation, its time the end; the last one lies beside the image (-2, -2)."""
    rows = []
    for number, (onset, offset, x, y) in enumerate(case.reading.fixations, start=1):
        fx, fy = case.to_screen(x, y)
        if number == len(case.reading.fixations):
            fx = 0.01
        values = {
            "FPOGX": fx,
            "FPOGY": fy,
            "FPOGS": onset,
            "FPOGD": round(offset - onset, 5),
            "FPOGID": number,
        }
        rows.append(_row(case, number, onset + round(offset - onset, 5), values | {"BPOGX": fx, "BPOGY": fy}))
    return rows


def sample_rows(case: EgdCase) -> list[list[object]]:
    """60 rows a second; three in a row are invalid, as in a blink."""
    time, x, y = samples(case.reading, 60.0)
    onsets = np.array([fixation[0] for fixation in case.reading.fixations])
    rows = []
    for i, stamp in enumerate(time):
        number = max(int(np.searchsorted(onsets, stamp, side="right")), 1)
        onset, _, rest_x, rest_y = case.reading.fixations[number - 1]
        fx, fy = case.to_screen(rest_x, rest_y)
        bx, by = case.to_screen(x[i], y[i])
        values = {
            "FPOGX": fx, "FPOGY": fy, "FPOGS": onset, "FPOGD": round(max(stamp - onset, 0.0), 5),
            "FPOGID": number, "BPOGX": round(bx, 5), "BPOGY": round(by, 5),
            "BPOGV": int(i not in (40, 41, 42)),
        }  # fmt: skip
        rows.append(_row(case, i, float(stamp), values))
    return rows


def write_transcript(folder: Path, case: EgdCase) -> None:
    """Phrases with the period stuck to the word; one time is a string, one phrase holds two words."""
    phrases: list[dict[str, object]] = []
    for word, start, end in () if case.silent else case.reading.words:
        if word in (".", ","):
            phrases[-1]["phrase"] = f"{phrases[-1]['phrase']}{word}"
        else:
            phrases.append({"begin_time": round(start, 1), "end_time": round(end, 1), "phrase": word})
    if phrases:
        phrases[0]["begin_time"] = str(phrases[0]["begin_time"])
        joined = {
            "end_time": phrases[2]["end_time"],
            "phrase": f"{phrases[1]['phrase']} {phrases[2]['phrase']}",
        }
        phrases[1:3] = [phrases[1] | joined]
    text = "".join(f" {phrase['phrase']}" for phrase in phrases)
    content = {"full_text": text, "time_stamped_text": phrases}
    write_text(folder / "transcript.json", json.dumps(content, indent=4))


def write_egd_tables(folder: Path, cases: list[EgdCase], *, indexed: bool) -> None:
    """Master sheet, gaze, fixations, boxes and transcripts of some images; MIMIC-EYE adds an index column."""
    tables = {
        "master_sheet": (MASTER_COLUMNS, [master_row(case) for case in cases]),
        "fixations": (GAZE_COLUMNS, [row for case in cases for row in fixation_rows(case)]),
        "eye_gaze": (GAZE_COLUMNS, [row for case in cases for row in sample_rows(case)]),
        "bounding_boxes": (
            BOX_COLUMNS,
            [
                (dicom(case.number), "left lung", 0.55 * case.columns, 0.9 * case.columns, 0.1 * case.rows,
                 0.8 * case.rows)
                for case in cases
            ],
        ),
    }  # fmt: skip
    for name, (columns, rows) in tables.items():
        if indexed:
            columns, rows = ("", *columns), [[7 + i, *row] for i, row in enumerate(rows)]
        write_csv(folder / f"{name}.csv", columns, rows)
    for case in cases:
        write_transcript(folder / "audio_segmentation_transcripts" / dicom(case.number), case)
