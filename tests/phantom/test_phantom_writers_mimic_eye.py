"""The MIMIC-EYE tree against its documented format; column lists are typed from docs/data-formats.md."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

META = ["", "dicom_id", "subject_id", "study_id", "PerformedProcedureStepDescription", "ViewPosition", "Rows",
        "Columns", "StudyDate", "StudyTime", "ProcedureCodeSequence_CodeMeaning",
        "ViewCodeSequence_CodeMeaning", "PatientOrientationCodeSequence_CodeMeaning", "in_eye_gaze",
        "in_reflacx", "StudyDateTime", "stay_id"]  # fmt: skip
LABELS = ["Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Enlarged Cardiomediastinum", "Fracture",
          "Lung Lesion", "Lung Opacity", "No Finding", "Pleural Effusion", "Pleural Other", "Pneumonia",
          "Pneumothorax", "Support Devices"]  # fmt: skip


def header(path: Path) -> list[str]:
    with path.open(newline="") as file:
        return next(csv.reader(file))


@pytest.fixture(scope="module")
def root(tiny_study) -> Path:
    return tiny_study.folder / "mimic-eye"


@pytest.fixture(scope="module")
def meta(root) -> pd.DataFrame:
    return pd.read_csv(root / "spreadsheets/cxr_meta.csv", dtype={"stay_id": str})


def test_there_is_a_folder_per_patient_and_a_row_per_film(root, meta):
    folders = {path.name for path in root.glob("patient_*")}
    assert folders == {f"patient_{subject}" for subject in meta["subject_id"]}
    assert len(meta) == 20
    assert len(folders) == 19, "one patient has two films"
    assert {path.name for path in root.iterdir()} - folders == {"spreadsheets"}


@pytest.mark.parametrize(
    ("path", "columns"),
    [
        ("cxr_meta.csv", META),
        ("cxr_meta_with_stay_id_only.csv", META),
        ("CXR-JPG/cxr_chexpert.csv", ["", "subject_id", "study_id", *LABELS]),
        ("CXR-JPG/cxr_negbio.csv", ["", "subject_id", "study_id", *LABELS]),
        ("CXR-JPG/cxr_split.csv", ["", "dicom_id", "study_id", "subject_id", "split"]),
    ],
)
def test_spreadsheets_have_their_columns_and_unix_line_ends(root, path, columns):
    assert header(root / "spreadsheets" / path) == columns
    assert b"\r" not in (root / "spreadsheets" / path).read_bytes()


def test_patient_tables_are_the_patients_rows_of_the_spreadsheets(root):
    for name, sheet in (("cxr_meta.csv", "cxr_meta.csv"), ("cxr_split.csv", "CXR-JPG/cxr_split.csv"),
                        ("cxr_chexpert.csv", "CXR-JPG/cxr_chexpert.csv")):  # fmt: skip
        whole = (root / "spreadsheets" / sheet).read_text().splitlines()
        parts = [(patient / "CXR-JPG" / name).read_text().splitlines() for patient in root.glob("patient_*")]
        assert all(part[0] == whole[0] for part in parts)
        assert sorted(line for part in parts for line in part[1:]) == sorted(whole[1:])


def test_films_are_smaller_copies_of_the_frame_in_the_tables(root, meta):
    for row in meta.itertuples():
        path = root / f"patient_{row.subject_id}/CXR-JPG/s{row.study_id}/{row.dicom_id}.jpg"
        with Image.open(path) as film:
            assert film.mode == "L"
            assert max(film.size) == 96
            assert film.width / film.height == pytest.approx(row.Columns / row.Rows, rel=0.02)


def test_lateral_films_lie_beside_the_frontal_ones_and_are_not_listed(root, meta):
    on_disk = {path.stem for path in root.glob("patient_*/CXR-JPG/s*/*.jpg")}
    listed = set(meta["dicom_id"])
    assert listed < on_disk
    split = pd.read_csv(root / "spreadsheets/CXR-JPG/cxr_split.csv")
    assert set(split["dicom_id"]) == on_disk


def test_label_tables_hold_studies_without_a_film_here(root, meta):
    labels = pd.read_csv(root / "spreadsheets/CXR-JPG/cxr_chexpert.csv")
    assert set(meta["study_id"]) < set(labels["study_id"])
    assert set(labels["subject_id"]) == set(meta["subject_id"])
    assert set(np.unique(labels[LABELS].to_numpy()[labels[LABELS].notna().to_numpy()])) <= {-1.0, 0.0, 1.0}


def test_meta_cells_follow_the_notes(root, meta):
    assert set(meta["ViewPosition"]) <= {"PA", "AP"}
    assert meta["dicom_id"].str.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{8}){4}").all()
    with_stay = pd.read_csv(root / "spreadsheets/cxr_meta_with_stay_id_only.csv", dtype={"stay_id": str})
    assert with_stay["stay_id"].str.fullmatch(r"3\d{7}\.0").all()
    assert 0 < len(with_stay) == meta["stay_id"].notna().sum() < len(meta)
    moments = [f"{d}{int(t):06d}" for d, t in zip(meta["StudyDate"], meta["StudyTime"], strict=True)]
    assert [int(value) for value in meta["StudyDateTime"]] == [int(text) for text in moments]


def test_readings_lie_where_the_flags_say(root, meta):
    for row in meta.itertuples():
        patient = root / f"patient_{row.subject_id}"
        films = meta[meta["subject_id"] == row.subject_id]
        assert (patient / "REFLACX").is_dir() == films["in_reflacx"].any()
        assert (patient / "EyeGaze").is_dir() == films["in_eye_gaze"].any()
        assert row.in_reflacx or row.in_eye_gaze
    assert (meta["in_reflacx"] & meta["in_eye_gaze"]).sum() == 1
    assert meta["in_reflacx"].sum() == 5


def test_reports_have_the_parsers_form(root, meta):
    for row in meta.itertuples():
        text = (root / f"patient_{row.subject_id}/CXR-DICOM/s{row.study_id}.txt").read_text()
        title, *body = text.rstrip("\n").split("\n")
        assert title.strip() == "FINAL REPORT"
        assert title.startswith("     ")
        assert all(line.startswith(" ") for line in body)
        assert re.search(r"\n [A-Z ()/,-]+:\s", text)
