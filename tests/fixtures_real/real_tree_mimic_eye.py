"""MIMIC-EYE 1.0.0: patient folders that gather REFLACX and EGD-CXR readings, and the spreadsheets."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from real_tree_common import (
    CHEXPERT_LABELS,
    dicom,
    film,
    study,
    subject,
    write_csv,
    write_jpg,
    write_text,
)
from real_tree_egd import GAZE_COLUMNS, MASTER_COLUMNS, EgdCase, fixation_rows, master_row, write_egd_tables
from real_tree_mimic_cxr import report_text
from real_tree_reading import make_reading
from real_tree_reflacx import LABELS, LEADING, ReflacxCase, metadata_rows, write_reading

META_COLUMNS = (
    "", "dicom_id", "subject_id", "study_id", "PerformedProcedureStepDescription", "ViewPosition", "Rows",
    "Columns", "StudyDate", "StudyTime", "ProcedureCodeSequence_CodeMeaning",
    "ViewCodeSequence_CodeMeaning", "PatientOrientationCodeSequence_CodeMeaning", "in_eye_gaze", "in_reflacx",
    "StudyDateTime", "stay_id",
)  # fmt: skip
CYCLE = (
    "No Finding", "Pleural Effusion", "Cardiomegaly", "Edema", "Atelectasis", "Consolidation", "Pneumothorax",
)  # fmt: skip
ALL_LABELS = (*LABELS[1], *(label for label in LABELS[3] if label not in LABELS[1]))
Case = ReflacxCase | EgdCase


def gaze_cases(n: int, rows: int) -> list[Case]:
    """One image of three readers (phase 1), one discarded reading, then about n single readings of both sets.

    The last EGD-CXR image has an empty transcript, the second case is a landscape film, every third REFLACX
    reading is zoomed.
    """
    columns = rows * 5 // 6
    cases: list[Case] = [
        ReflacxCase(f"P102R00000{k}", 1, rows, columns, make_reading("Pleural Effusion", k))
        for k in (1, 2, 3)
    ]
    cases.append(ReflacxCase("P103R000004", 2, rows, columns, make_reading("Edema", 4), discarded=True))
    for i in range(n - 3):
        number, reading = 10 + i, make_reading(CYCLE[i % len(CYCLE)], 10 + i)
        size = (columns, rows) if i == 1 else (rows, columns)
        if i % 2:
            cases.append(EgdCase(number, *size, reading))
        else:
            cases.append(ReflacxCase(f"P300R{number:06d}", number, *size, reading, zoomed=i % 3 == 0))
    cases.append(EgdCase(10 + n, rows, columns, make_reading("No Finding", 10 + n), silent=True))
    return cases


def write_mimic_eye(root: Path, n: int = 40, rows: int = 1528) -> Path:
    """Write the tree under `root`, the folder that holds the patients."""
    cases = gaze_cases(n, rows)
    for number, group in groupby(sorted(cases, key=_number), key=_number):
        _write_patient(root / f"patient_{subject(number)}", list(group))
    _write_spreadsheets(root / "spreadsheets", cases)
    return root


def _number(case: Case) -> int:
    return case.number


def _write_patient(folder: Path, cases: list[Case]) -> None:
    case = cases[0]
    exam = study(case.number)
    pixels = film(case.number, case.rows, case.columns, case.reading.finding)
    write_jpg(folder / f"CXR-JPG/s{exam}/{dicom(case.number)}.jpg", pixels)
    # The whole study folder is copied: a lateral view that no table lists lies beside the film.
    write_jpg(folder / f"CXR-JPG/s{exam}/{dicom(case.number + 0x10000)}.jpg", pixels[::8, ::8])
    write_text(folder / f"CXR-DICOM/s{exam}.txt", report_text(case.reading.finding, case.number))
    _write_cxr_tables(folder / "CXR-JPG", folder / "CXR-JPG/cxr_meta.csv", cases[:1])
    write_csv(folder / "Hosp/admissions.csv", ("", "subject_id"), [(0, subject(case.number))])
    reflacx = [one for one in cases if isinstance(one, ReflacxCase)]
    egd = [one for one in cases if isinstance(one, EgdCase)]
    if reflacx:
        _write_metadata(folder / "REFLACX/metadata.csv", reflacx)
        for one in reflacx:
            write_reading(folder / "REFLACX", one)
    if egd:
        write_egd_tables(folder / "EyeGaze", egd, indexed=True)


def _write_metadata(path: Path, cases: list[ReflacxCase]) -> None:
    """The saved index starts again with every phase."""
    rows = metadata_rows(cases, ALL_LABELS)
    starts = {phase: [one.phase for one in cases].index(phase) for phase in {one.phase for one in cases}}
    indexed = [[i - starts[case.phase], *row] for i, (case, row) in enumerate(zip(cases, rows, strict=True))]
    write_csv(path, ("", *LEADING, *ALL_LABELS), indexed)


def _write_cxr_tables(folder: Path, meta: Path, cases: list[Case]) -> None:
    rows = [
        (
            1000 + 7 * case.number, dicom(case.number), subject(case.number), study(case.number),
            "CHEST (PA AND LAT)", "PA" if case.number % 2 else "AP", case.rows, case.columns, 21990101,
            93000.125,
            "CHEST (PA AND LAT)", "postero-anterior", "Erect", isinstance(case, EgdCase),
            isinstance(case, ReflacxCase), "21990101093000.0", "" if case.number % 3 else "33000000.0",
        )
        for case in cases
    ]  # fmt: skip
    write_csv(meta, META_COLUMNS, rows)
    labels = sorted(CHEXPERT_LABELS)
    label_rows, split_rows = [], []
    for case in cases:
        key = (subject(case.number), study(case.number))
        label_rows.append(
            (case.number, *key, *("1.0" if name == case.reading.finding else "" for name in labels))
        )
        # All studies of the patient are listed, also one without an image here.
        label_rows.append(
            (
                case.number,
                key[0],
                study(case.number + 5000),
                *("-1.0" if name == "Edema" else "" for name in labels),
            )
        )
        split_rows.append(
            (case.number, dicom(case.number), study(case.number), subject(case.number), "train")
        )
    for name in ("cxr_chexpert", "cxr_negbio"):
        write_csv(folder / f"{name}.csv", ("", "subject_id", "study_id", *labels), label_rows)
    write_csv(folder / "cxr_split.csv", ("", "dicom_id", "study_id", "subject_id", "split"), split_rows)


def _write_spreadsheets(folder: Path, cases: list[Case]) -> None:
    images = list({case.number: case for case in cases}.values())
    _write_cxr_tables(folder / "CXR-JPG", folder / "cxr_meta.csv", images)
    _write_metadata(folder / "REFLACX/metadata.csv", [one for one in cases if isinstance(one, ReflacxCase)])
    egd = [one for one in cases if isinstance(one, EgdCase)]
    fixations = [[i, *row] for i, row in enumerate(row for one in egd for row in fixation_rows(one))]
    write_csv(folder / "EyeGaze/fixations.csv", ("", *GAZE_COLUMNS), fixations)
    # The builder wrote the fixations under this name too.
    write_csv(folder / "EyeGaze/eye_gaze.csv", ("", *GAZE_COLUMNS), fixations)
    sheet = [[i, *master_row(one)] for i, one in enumerate(egd)]
    write_csv(folder / "EyeGaze/master_sheet_with_updated_stayId.csv", ("", *MASTER_COLUMNS), sheet)
