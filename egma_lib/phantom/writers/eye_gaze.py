"""EYE GAZE (EGD-CXR) part of a MIMIC-EYE patient folder: master sheet, boxes, gaze tables and transcripts.

Source: docs/data-formats.md, section 3. The organ masks and the audio of the real set are not written;
nothing in the suite reads them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from egma_lib.phantom.case import SpokenWord
from egma_lib.phantom.writers.drawn_case import DrawnCase
from egma_lib.phantom.writers.gazepoint import ScreenPicture
from egma_lib.phantom.writers.mimic_study import MimicStudy
from egma_lib.phantom.writers.tables import Row

BOX_COLUMNS = ("dicom_id", "bbox_name", "x1", "x2", "y1", "y2")
BOX_NAMES = (
    "cardiac silhouette", "left clavicle", "right clavicle", "left costophrenic angle",
    "right costophrenic angle", "left hilar structures", "right hilar structures", "left lower lung zone",
    "right lower lung zone", "left mid lung zone", "right mid lung zone", "left upper lung zone",
    "right upper lung zone", "left lung", "right lung", "trachea", "upper mediastinum",
)  # fmt: skip
MASTER_COLUMNS = (
    "dicom_id", "path", "study_id", "patient_id", "stay_id", "gender", "anchor_age", "image_top_pad",
    "image_bottom_pad", "image_left_pad", "image_right_pad",
    *(name for number in range(1, 10) for name in (f"dx{number}", f"dx{number}_icd")),
    "normal_reports", "Normal", "CHF", "pneumonia", "consolidation", "enlarged_cardiac_silhouette",
    "linear__patchy_atelectasis", "lobar__segmental_collapse",
    "not_otherwise_specified_opacity___pleural__parenchymal_opacity__", "pleural_effusion_or_thickening",
    "pulmonary_edema__hazy_opacity", "normal_anatomically", "elevated_hemidiaphragm", "hyperaeration",
    "vascular_redistribution", "atelectasis__chx", "cardiomegaly__chx", "consolidation__chx", "edema__chx",
    "enlarged_cardiomediastinum__chx", "fracture__chx", "lung_lesion__chx", "lung_opacity__chx",
    "no_finding__chx", "pleural_effusion__chx", "pleural_other__chx", "pneumonia__chx", "pneumothorax__chx",
    "support_devices__chx", "cxr_exam_indication",
)  # fmt: skip

_DIAGNOSES = {
    "Edema": ("Heart failure, unspecified", "I509"),
    "Cardiomegaly": ("Cardiomegaly", "I517"),
    "Pleural Effusion": ("Pleural effusion, not elsewhere classified", "J90"),
    "Pneumonia": ("Pneumonia, unspecified organism", "J189"),
    "Consolidation": ("Pneumonia, unspecified organism", "J189"),
    "Atelectasis": ("Atelectasis", "J9811"),
    "Pneumothorax": ("Pneumothorax, unspecified", "J939"),
    "Fracture": ("Fracture of one rib", "S2239XA"),
}
_OBSERVATIONS = {
    "consolidation": "Consolidation",
    "enlarged_cardiac_silhouette": "Cardiomegaly",
    "linear__patchy_atelectasis": "Atelectasis",
    "not_otherwise_specified_opacity___pleural__parenchymal_opacity__": "Pneumonia",
    "pleural_effusion_or_thickening": "Pleural Effusion",
    "pulmonary_edema__hazy_opacity": "Edema",
}
_HEART_FAILURE = ("Edema", "Cardiomegaly", "Pleural Effusion")


def master_row(case: DrawnCase, study: MimicStudy, stay_id: str, picture: ScreenPicture) -> Row:
    """Return the cells of `MASTER_COLUMNS`; the indication holds a line break, as many real ones do."""
    names = [finding.name for finding in case.plan.abnormal]
    heart_failure = any(name in _HEART_FAILURE for name in names)
    decade = study.age // 10 * 10
    values: dict[str, Any] = dict.fromkeys(MASTER_COLUMNS)
    values |= {
        "dicom_id": study.dicom_id,
        "path": f"files/{study.folder}/{study.dicom_id}.dcm",
        "study_id": study.study_id,
        "patient_id": study.subject_id,
        "stay_id": stay_id,
        "gender": study.sex,
        "anchor_age": f"{decade} - {decade + 10}",
        "image_top_pad": picture.top,
        "image_bottom_pad": picture.bottom,
        "image_left_pad": picture.left,
        "image_right_pad": picture.right,
        "normal_reports": int(not names),
        # Every film of the real set is of exactly one of three groups; what is neither normal nor of the
        # heart counts to the third here.
        "Normal": int(not names),
        "CHF": int(heart_failure),
        "pneumonia": int(bool(names) and not heart_failure),
        "lobar__segmental_collapse": 0,
        "normal_anatomically": int(not names),
        "elevated_hemidiaphragm": 0,
        "hyperaeration": 0,
        "vascular_redistribution": int("Edema" in names),
        "cxr_exam_indication": f"___ year old {'woman' if study.sex == 'F' else 'man'}\n with cough.",
    }
    values |= {column: int(name in names) for column, name in _OBSERVATIONS.items()}
    values |= {f"{name.lower().replace(' ', '_')}__chx": value for name, value in study.labels.items()}
    for number, name in enumerate(names, start=1):
        values[f"dx{number}"], values[f"dx{number}_icd"] = _DIAGNOSES[name]
    return tuple(values[name] for name in MASTER_COLUMNS)


def box_rows(case: DrawnCase, dicom_id: str) -> list[Row]:
    """Return the cells of `BOX_COLUMNS`: both x before both y, pixels of the full-size frame."""
    rows: list[Row] = []
    for name in BOX_NAMES:
        x_min, y_min, x_max, y_max = case.film.regions[name]
        across = (round(x_min * case.frame_columns, 1), round(x_max * case.frame_columns, 1))
        down = (round(y_min * case.frame_rows, 1), round(y_max * case.frame_rows, 1))
        rows.append((dicom_id, name, *across, *down))
    return rows


def write_transcript(path: Path, words: tuple[SpokenWord, ...], index: int, rng: np.random.Generator) -> None:
    """Write `transcript.json` with the irregularities of the real files.

    A period sticks to its word, one phrase in twenty holds two words, times come in steps of 0.1 s. Of 400
    films one has a time stored as text, one as a whole number and one an empty transcript.
    """
    phrases = [] if index % 400 == 7 else _phrases(words, rng)
    if index % 400 == 5:
        phrases[1]["begin_time"] = str(phrases[1]["begin_time"])
    if index % 400 == 6:
        # A whole second, between its neighbours' times because it is rounded within the phrase.
        phrases[0]["begin_time"] = int(phrases[0]["begin_time"])
    full_text = "".join(f" {phrase['phrase']}" for phrase in phrases)
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"full_text": full_text, "time_stamped_text": phrases}
    path.write_text(json.dumps(content), encoding="utf-8")


def _phrases(words: tuple[SpokenWord, ...], rng: np.random.Generator) -> list[dict[str, Any]]:
    phrases: list[dict[str, Any]] = []
    joins = False
    for word in words:
        text = word.word.lower()
        if text in (".", ",") and phrases:
            phrases[-1]["phrase"] += text
            continue
        begin, end = round(word.start_s, 1), round(word.end_s, 1)
        if joins and phrases:
            phrases[-1]["phrase"] += f" {text}"
            phrases[-1]["end_time"] = end
        else:
            phrases.append({"begin_time": begin, "end_time": end, "phrase": text})
        joins = bool(rng.random() < 0.054)
    return phrases
