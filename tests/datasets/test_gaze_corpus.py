"""The gaze corpus with and without MIMIC-EYE, on trees written by hand."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from dataset_layouts import write_jpg, write_text

from egma_lib.datasets.gaze_corpus import load_study_gaze_corpus
from egma_lib.datasets.mimic_eye import load_gaze_corpus
from egma_lib.errors import DataError
from egma_lib.gaze.artefact import GazeArtefact
from egma_lib.study import Study

A = "00000000-11111111-22222222-33333333-44444444"
B = "00000000-11111111-22222222-33333333-55555555"
PATIENTS = {A: ("10000001", "50000001"), B: ("19999999", "59999999")}
SIZES = {A: (3056, 2544), B: (2000, 3000)}
READINGS = [
    ("P100R000001", A, "reflacx", "reflacx_1", ""), ("P100R000002", A, "reflacx", "reflacx_2", ""),
    (B, B, "eye_gaze", "egd", ""), ("P300R000009", A, "reflacx", "reflacx_3", "discarded by the authors"),
]  # fmt: skip
ELLIPSES = (
    "xmin,ymin,xmax,ymax,certainty,Enlarged cardiac silhouette,Pleural effusion\r\n"
    "636,764,1908,2292,5,True,False\r\n0,0,254.4,305.6,1,False,True\r\n"
)


@pytest.fixture
def gaze(tmp_path) -> GazeArtefact:
    readings = pd.DataFrame(READINGS, columns=["reading_id", "dicom_id", "source", "reader", "reason"])
    readings["rows"] = [SIZES[one][0] for one in readings["dicom_id"]]
    readings["columns"] = [SIZES[one][1] for one in readings["dicom_id"]]
    sentences = pd.DataFrame(
        [
            ("P100R000001", 0, "cardiomegaly"), ("P100R000002", 0, "large heart"),
            ("P100R000002", 1, "no effusion"), (B, 0, "clear lungs"),
        ],
        columns=["reading_id", "sentence_index", "text"],
    )  # fmt: skip
    none = pd.DataFrame()
    return GazeArtefact(readings, none, sentences, none, none, tmp_path)


@pytest.fixture
def study(tmp_path) -> Study:
    """REFLACX, EGD-CXR and the films of MIMIC-CXR-JPG; no MIMIC-EYE."""
    root = tmp_path / "data"
    write_metadata(root)
    for dicom, (patient, number) in PATIENTS.items():
        rows, columns = SIZES[dicom]
        path = root / f"mimic-cxr-jpg/2.1.0/files/p{patient[:2]}/p{patient}/s{number}/{dicom}.jpg"
        write_jpg(path, rows // 100, columns // 100)
    for reading in ("P100R000001", "P100R000002"):
        write_text(root / f"reflacx/1.0.0/main_data/{reading}/anomaly_location_ellipses.csv", ELLIPSES)
    return Study("toy", "real", "", root, tmp_path / "results", "0123", {})


def write_metadata(root: Path, dicoms=(A, B), sizes=SIZES) -> None:
    lines = ["dicom_id,subject_id,study_id,ViewPosition,Rows,Columns"]
    for dicom in dicoms:
        patient, number = PATIENTS[dicom]
        lines.append(f"{dicom},{patient},{number},PA,{sizes[dicom][0]},{sizes[dicom][1]}")
    write_text(root / "mimic-cxr-jpg/2.1.0/mimic-cxr-2.0.0-metadata.csv", "\n".join(lines) + "\n")


def add_mimic_eye(root: Path, dicoms) -> None:
    target = root / "mimic-eye" / "1.0.0"
    lines = [",dicom_id,subject_id,study_id,ViewPosition,Rows,Columns"]
    for dicom in dicoms:
        patient, number = PATIENTS[dicom]
        rows, columns = SIZES[dicom]
        lines.append(f"7,{dicom},{patient},{number},PA,{rows},{columns}")
        write_jpg(target / f"patient_{patient}/CXR-JPG/s{number}/{dicom}.jpg", rows // 100, columns // 100)
    write_text(target / "spreadsheets/cxr_meta.csv", "\n".join(lines) + "\n")
    for reading in ("P100R000001", "P100R000002"):
        path = target / f"patient_10000001/REFLACX/main_data/{reading}/anomaly_location_ellipses.csv"
        write_text(path, ELLIPSES)


def test_films_come_from_mimic_cxr_jpg_and_ellipses_from_reflacx(study, gaze):
    corpus = load_study_gaze_corpus(study, gaze, 0.5)
    columns = ["sample_id", "dicom_id", "patient_id", "study_id", "rows", "columns", "source", "reader"]
    assert corpus.samples[columns].to_numpy().tolist() == [
        ["P100R000001", A, "10000001", "50000001", 3056, 2544, "reflacx", "reflacx_1"],
        ["P100R000002", A, "10000001", "50000001", 3056, 2544, "reflacx", "reflacx_2"],
        [B, B, "19999999", "59999999", 2000, 3000, "eye_gaze", "egd"],
    ]
    assert corpus.sentences == (("cardiomegaly",), ("large heart", "no effusion"), ("clear lungs",))
    assert corpus.samples["image_path"].iloc[2].endswith(f"files/p19/p19999999/s59999999/{B}.jpg")
    assert corpus.regions[["case_id", "finding", "x_min", "y_max"]].to_numpy().tolist() == [
        ["P100R000001", "Cardiomegaly", 0.25, 0.75], ["P100R000002", "Cardiomegaly", 0.25, 0.75],
    ]  # fmt: skip


def test_with_every_film_in_mimic_eye_nothing_changes(study, gaze):
    add_mimic_eye(study.data_root, (A, B))
    ours = load_study_gaze_corpus(study, gaze, 0.5)
    theirs = load_gaze_corpus(study.dataset("mimic-eye"), gaze, 0.5)
    pd.testing.assert_frame_equal(ours.samples, theirs.samples)
    pd.testing.assert_frame_equal(ours.regions, theirs.regions)
    assert (ours.name, ours.sentences) == (theirs.name, theirs.sentences)


@pytest.mark.parametrize(
    ("listed", "order"),
    [
        pytest.param(A, ["P100R000001", "P100R000002", B], id="reflacx_from_mimic_eye"),
        pytest.param(B, [B, "P100R000001", "P100R000002"], id="egd_from_mimic_eye"),
    ],
)
def test_what_mimic_eye_lacks_is_added(study, gaze, listed, order):
    alone = load_study_gaze_corpus(study, gaze, 0.5)
    add_mimic_eye(study.data_root, (listed,))
    corpus = load_study_gaze_corpus(study, gaze, 0.5)
    assert corpus.samples["sample_id"].tolist() == order
    from_eye = corpus.samples["image_path"].str.contains("mimic-eye")
    assert corpus.samples["dicom_id"][from_eye].unique().tolist() == [listed]
    # Words, sides and ellipses do not depend on where a reading is read from.
    of = dict(
        zip(
            alone.samples["sample_id"], zip(alone.sentences, alone.samples["split"], strict=True), strict=True
        )
    )
    got = zip(corpus.samples["sample_id"], corpus.sentences, corpus.samples["split"], strict=True)
    assert {one: (words, split) for one, words, split in got} == of
    pd.testing.assert_frame_equal(corpus.regions, alone.regions)


def test_no_patient_stands_on_both_sides(study, gaze):
    add_mimic_eye(study.data_root, (A,))
    samples = load_study_gaze_corpus(study, gaze, 0.5).samples
    assert samples.groupby("patient_id")["split"].nunique().max() == 1


def test_a_film_that_mimic_cxr_jpg_lacks_is_named(study, gaze):
    write_metadata(study.data_root, (A,))
    with pytest.raises(DataError, match=f"no row for image {B} of reading {B} .1 readings in all"):
        load_study_gaze_corpus(study, gaze, 0.5)
    write_metadata(study.data_root)
    next((study.data_root / "mimic-cxr-jpg").rglob(f"{A}.jpg")).unlink()
    with pytest.raises(DataError, match=rf"{A}\.jpg: file not found"):
        load_study_gaze_corpus(study, gaze, 0.5)


def test_a_film_of_another_size_is_refused(study, gaze):
    write_metadata(study.data_root, sizes=SIZES | {A: (2544, 3056)})
    with pytest.raises(
        DataError, match="has 2544 rows and 3056 columns, its reading P100R000001 says 3056 and 2544"
    ):
        load_study_gaze_corpus(study, gaze, 0.5)


def test_a_cropped_film_is_refused(study, gaze):
    write_jpg(next((study.data_root / "mimic-cxr-jpg").rglob(f"{B}.jpg")), 20, 20)
    with pytest.raises(DataError, match=r"metadata\.csv says 2000 x 3000; gaze would not fit"):
        load_study_gaze_corpus(study, gaze, 0.5)


def test_without_a_usable_reading_nothing_is_loaded(study, gaze):
    gaze.readings["reason"] = "discarded"
    with pytest.raises(DataError, match=r"no usable reading with a sentence; see .* excluded\.csv"):
        load_study_gaze_corpus(study, gaze, 0.5)
