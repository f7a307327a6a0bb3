from __future__ import annotations

import logging
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from dataset_layouts import write_jpg, write_text

from egma_lib.datasets.mimic_eye import CLASSES_CHEXPERT_14, load_gaze_corpus, load_gaze_labels
from egma_lib.datasets.reflacx_labels import read_ellipses
from egma_lib.errors import DataError

A = "00000000-11111111-22222222-33333333-44444444"
B = "00000000-11111111-22222222-33333333-55555555"
READINGS = [
    ("P100R000001", A, "reflacx", ""), ("P100R000002", A, "reflacx", ""), ("egd_1", B, "eye_gaze", ""),
    ("egd_2", B, "eye_gaze", "too few valid samples"), ("egd_3", B, "eye_gaze", ""),
]  # fmt: skip


@pytest.fixture
def gaze():
    """Two readers on one film, one recording of another, one excluded, one in which nothing was said."""
    readings = pd.DataFrame(READINGS, columns=["reading_id", "dicom_id", "source", "reason"])
    readings["reader"] = "r1"
    sentences = pd.DataFrame(
        [
            ("P100R000002", 1, "no effusion"), ("P100R000002", 0, "heart is large"),
            ("P100R000001", 0, "cardiomegaly"), ("egd_1", 0, "none"), ("egd_1", 1, "clear lungs"),
        ],
        columns=["reading_id", "sentence_index", "text"],
    )  # fmt: skip
    return SimpleNamespace(readings=readings, sentences=sentences)


@pytest.fixture
def mimic_eye(tmp_path):
    root = tmp_path / "mimic-eye" / "1.0.0"
    write_text(
        root / "spreadsheets/cxr_meta.csv",
        ",dicom_id,subject_id,study_id,ViewPosition,Rows,Columns,in_eye_gaze,in_reflacx,stay_id\n"
        f"12,{A},10000001,50000001,PA,3056,2544,False,True,\n"
        f"977,{B},10000002,50000002,AP,2000,3000,True,False,33000000.0\n",
    )
    write_jpg(root / f"patient_10000001/CXR-JPG/s50000001/{A}.jpg", 24, 20)
    write_jpg(root / f"patient_10000002/CXR-JPG/s50000002/{B}.jpg", 20, 30)
    for reading in ("P100R000001", "P100R000002"):
        write_text(
            root / f"patient_10000001/REFLACX/main_data/{reading}/anomaly_location_ellipses.csv",
            "xmin,ymin,xmax,ymax,certainty,Enlarged cardiac silhouette,Pleural effusion,Emphysema\r\n"
            "636,764,1908,2292,5,True,False,False\r\n",
        )
    header = ",".join(["subject_id", "study_id", *sorted(CLASSES_CHEXPERT_14)])
    labels = dict.fromkeys(sorted(CLASSES_CHEXPERT_14), "") | {"Cardiomegaly": "1.0", "Edema": "-1.0"}
    write_text(
        root / "spreadsheets/CXR-JPG/cxr_chexpert.csv",
        f",{header}\n3,10000001,50000001,{','.join(labels.values())}\n",
    )
    return tmp_path / "mimic-eye"


def test_one_sample_is_one_usable_reading_with_its_sentences_in_order(mimic_eye, gaze, caplog):
    with caplog.at_level(logging.WARNING):
        corpus = load_gaze_corpus(mimic_eye, gaze, 0.1)
    assert corpus.samples["sample_id"].tolist() == ["P100R000001", "P100R000002", "egd_1"]
    assert corpus.sentences == (("cardiomegaly",), ("heart is large", "no effusion"), ("none", "clear lungs"))
    assert "1 readings left out" in caplog.text
    assert corpus.samples["patient_id"].tolist() == ["10000001", "10000001", "10000002"]
    assert corpus.samples["split"].iloc[0] == corpus.samples["split"].iloc[1]
    assert corpus.samples[["rows", "columns"]].to_numpy().tolist() == [[3056, 2544]] * 2 + [[2000, 3000]]
    assert corpus.samples["image_path"].iloc[2].endswith(f"1.0.0/patient_10000002/CXR-JPG/s50000002/{B}.jpg")


def test_ellipses_of_every_reader_are_regions_of_their_own_sample(mimic_eye, gaze):
    regions = load_gaze_corpus(mimic_eye, gaze, 0.1).regions
    assert regions["case_id"].tolist() == ["P100R000001", "P100R000002"]
    assert regions.iloc[0].tolist()[1:] == ["Cardiomegaly", "ellipse", 0.25, 0.25, 0.75, 0.75]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param("", [], id="a_reading_without_ellipses"),
        pytest.param("0,0,10,20,2,True,True\n", [], id="uncertain_ones_are_left_out"),
        pytest.param(
            "0,0,10,20,3.0,True,True\n", ["Atelectasis", "Consolidation"], id="two_labels_two_regions"
        ),
        pytest.param("0,0,10,20,4,False,False\n", [], id="none_of_our_labels"),
    ],
)
def test_ellipse_tables(tmp_path, rows, expected):
    path = write_text(tmp_path / "e.csv", "xmin,ymin,xmax,ymax,certainty,Atelectasis,Consolidation\n" + rows)
    regions = read_ellipses(path, "r", 40, 20)
    assert regions["finding"].tolist() == expected
    assert regions.columns.tolist() == ["case_id", "finding", "kind", "x_min", "y_min", "x_max", "y_max"]
    if expected:
        assert regions.iloc[0, 3:].tolist() == [0, 0, 0.5, 0.5]


def test_labels_follow_the_samples_in_chexperts_own_order(mimic_eye, gaze):
    corpus = load_gaze_corpus(mimic_eye, gaze, 0.1)
    table = load_gaze_labels(mimic_eye, corpus)
    assert table.cases["case_id"].tolist() == corpus.samples["sample_id"].tolist()
    assert table.class_names[:3] == ("No Finding", "Enlarged Cardiomediastinum", "Cardiomegaly")
    names = list(table.class_names)
    assert table.labels[0, names.index("Cardiomegaly")] == 1
    assert np.isnan(table.labels[0, names.index("Edema")])
    assert table.labels[0, names.index("Fracture")] == 0
    assert np.isnan(table.labels[2]).all()  # the table lacks this study


def test_broken_artefacts_and_tables_are_refused(mimic_eye, gaze):
    good = gaze.sentences.copy()
    gaze.sentences.loc[1, "sentence_index"] = 2
    with pytest.raises(DataError, match="sentence_index of reading P100R000002 does not count"):
        load_gaze_corpus(mimic_eye, gaze, 0.1)
    gaze.sentences = good
    gaze.readings.loc[0, "dicom_id"] = "elsewhere"
    with pytest.raises(DataError, match=r"no row for image elsewhere of reading P100R000001 \(1 readings"):
        load_gaze_corpus(mimic_eye, gaze, 0.1)
    gaze.readings["reason"] = "excluded"
    with pytest.raises(DataError, match="no usable reading"):
        load_gaze_corpus(mimic_eye, gaze, 0.1)


def test_missing_films_and_ellipses_are_refused(mimic_eye, gaze):
    (
        mimic_eye / "1.0.0/patient_10000001/REFLACX/main_data/P100R000001/anomaly_location_ellipses.csv"
    ).unlink()
    with pytest.raises(DataError, match=r"P100R000001.anomaly_location_ellipses.csv: file not found"):
        load_gaze_corpus(mimic_eye, gaze, 0.1)
    (mimic_eye / f"1.0.0/patient_10000002/CXR-JPG/s50000002/{B}.jpg").unlink()
    with pytest.raises(DataError, match=f"{B}.jpg: file not found, though cxr_meta.csv"):
        load_gaze_corpus(mimic_eye, gaze, 0.1)
