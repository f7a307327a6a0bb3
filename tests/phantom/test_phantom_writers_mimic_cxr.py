"""The MIMIC-CXR-JPG and MIMIC-CXR trees against their documented format."""

from __future__ import annotations

import gzip

import pandas as pd
import pytest
from PIL import Image

LABELS = ["Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Enlarged Cardiomediastinum", "Fracture",
          "Lung Lesion", "Lung Opacity", "No Finding", "Pleural Effusion", "Pleural Other", "Pneumonia",
          "Pneumothorax", "Support Devices"]  # fmt: skip
METADATA = [
    "dicom_id", "subject_id", "study_id", "PerformedProcedureStepDescription", "ViewPosition", "Rows",
    "Columns", "StudyDate", "StudyTime", "ProcedureCodeSequence_CodeMeaning",
    "ViewCodeSequence_CodeMeaning", "PatientOrientationCodeSequence_CodeMeaning",
]  # fmt: skip
COLUMNS = {
    "metadata": METADATA,
    "split": ["dicom_id", "study_id", "subject_id", "split"],
    "chexpert": ["subject_id", "study_id", *LABELS],
    "negbio": ["subject_id", "study_id", *LABELS],
}


@pytest.fixture(scope="module")
def tables(tiny_study):
    folder = tiny_study.folder / "mimic-cxr-jpg/2.0.0"
    return {name: pd.read_csv(folder / f"mimic-cxr-2.0.0-{name}.csv.gz") for name in COLUMNS}


def test_tables_have_their_columns(tables):
    assert {name: list(table.columns) for name, table in tables.items()} == COLUMNS


def test_compressed_tables_hold_neither_time_nor_name(tiny_study):
    for path in tiny_study.folder.rglob("*.csv.gz"):
        head = path.read_bytes()[:10]
        assert head[3] == 0, "no file name in the header"
        assert head[4:8] == b"\0\0\0\0", "no time in the header"
        assert gzip.decompress(path.read_bytes()).count(b"\n") > 1


def test_every_listed_film_exists_at_its_path(tiny_study, tables):
    for row in tables["metadata"].itertuples():
        subject = str(row.subject_id)
        path = (
            tiny_study.folder
            / f"mimic-cxr-jpg/2.0.0/files/p{subject[:2]}/p{subject}/s{row.study_id}/{row.dicom_id}.jpg"
        )
        with Image.open(path) as film:
            assert film.mode == "L"
    listed = set(tables["metadata"]["dicom_id"])
    assert listed == {path.stem for path in (tiny_study.folder / "mimic-cxr-jpg").rglob("*.jpg")}
    assert listed == set(tables["split"]["dicom_id"])


def test_there_is_one_frontal_film_per_case_and_some_laterals(tables):
    views = tables["metadata"]["ViewPosition"]
    assert views.isin(["PA", "AP"]).sum() == 24
    assert (views == "LATERAL").sum() > 0
    assert len(tables["chexpert"]) == len(tables["negbio"]) == 24


def test_some_patients_have_several_studies_in_one_split(tables):
    studies = tables["chexpert"].groupby("subject_id").size()
    assert (studies == 2).sum() == 1
    pairs = tables["split"][["subject_id", "split"]].drop_duplicates()
    assert pairs["subject_id"].is_unique
    assert set(tables["split"]["split"]) <= {"train", "validate", "test"}


def test_reports_lie_beside_the_study_folders(tiny_study, tables):
    for row in tables["chexpert"].itertuples():
        subject = str(row.subject_id)
        path = tiny_study.folder / f"mimic-cxr/2.0.0/files/p{subject[:2]}/p{subject}/s{row.study_id}.txt"
        assert "FINAL REPORT" in path.read_text().splitlines()[0]


def test_no_patient_has_both_gaze_and_a_report_only_study(tiny_study, tables):
    with_gaze = {
        path.name.removeprefix("patient_") for path in (tiny_study.folder / "mimic-eye").glob("patient_*")
    }
    assert not with_gaze & {str(subject) for subject in tables["split"]["subject_id"]}


def test_lists_name_every_image_and_study(tiny_study, tables):
    folder = tiny_study.folder / "mimic-cxr/2.0.0"
    records = pd.read_csv(folder / "cxr-record-list.csv.gz")
    assert list(records.columns) == ["subject_id", "study_id", "dicom_id", "path"]
    assert set(records["dicom_id"]) == set(tables["metadata"]["dicom_id"])
    studies = pd.read_csv(folder / "cxr-study-list.csv.gz")
    assert all((folder / path).is_file() for path in studies["path"])
