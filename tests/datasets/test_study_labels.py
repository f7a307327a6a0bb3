import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from egma_lib.datasets.mimic_eye import CLASSES_CHEXPERT_14
from egma_lib.datasets.study_labels import load_study_labels
from egma_lib.errors import DataError
from egma_lib.study import Study

HEADER = (
    "subject_id,study_id,Atelectasis,Cardiomegaly,Consolidation,Edema,Enlarged Cardiomediastinum,Fracture,"
    "Lung Lesion,Lung Opacity,No Finding,Pleural Effusion,Pleural Other,Pneumonia,Pneumothorax,"
    "Support Devices"
)
REPORTS = "10000001,50000001,1.0,,-1.0,0.0,,,,,,,,,,\n10000002,50000002,,,,,,,,,1.0,,,,,\n"
GAZE = "10000002,50000002,1.0,,,,,,,,,,,,,\n10000003,50000003,,,,,,,,,,,,,,1.0\n"


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return Study("toy", "synthetic", "", tmp_path, tmp_path / "results", "0123", {})


def write_reports(root: Path, body: str = REPORTS) -> None:
    folder = root / "mimic-cxr-jpg" / "2.0.0"
    folder.mkdir(parents=True)
    with gzip.open(folder / "mimic-cxr-2.0.0-chexpert.csv.gz", "wt") as file:
        file.write(f"{HEADER}\n{body}")


def write_gaze(root: Path, *, below: str = "") -> None:
    folder = root / "mimic-eye" / below / "spreadsheets" / "CXR-JPG"
    folder.mkdir(parents=True)
    (folder / "cxr_chexpert.csv").write_text(f"{HEADER}\n{GAZE}")


def labels_of(study: Study, *ids: str) -> np.ndarray:
    (labels,) = load_study_labels(study, pd.Series(ids))
    assert labels.dtype == np.float32
    assert labels.shape == (len(ids), 14)
    return labels


def test_labels_follow_the_samples_in_chexperts_order(study):
    write_reports(study.data_root)
    second, first, again = labels_of(study, "50000002", "50000001", "50000001")
    assert dict(zip(CLASSES_CHEXPERT_14, first.tolist(), strict=True)) == pytest.approx(
        {
            "No Finding": 0, "Enlarged Cardiomediastinum": 0, "Cardiomegaly": 0, "Lung Opacity": 0,
            "Lung Lesion": 0, "Edema": 0, "Consolidation": np.nan, "Pneumonia": 0, "Atelectasis": 1,
            "Pneumothorax": 0, "Pleural Effusion": 0, "Pleural Other": 0, "Fracture": 0, "Support Devices": 0,
        },
        nan_ok=True,
    )  # fmt: skip
    np.testing.assert_array_equal(again, first)
    assert second.tolist() == [1] + [0] * 13


def test_a_study_that_no_table_lists_has_unknown_labels(study):
    write_reports(study.data_root)
    known, unknown = labels_of(study, "50000002", "59999999")
    assert np.isfinite(known).all()
    assert np.isnan(unknown).all()


@pytest.mark.parametrize("below", ["", "mimic-eye", "1.0.0"])
def test_studies_of_mimic_eye_take_its_table_where_mimic_cxr_lacks_them(study, below):
    write_reports(study.data_root)
    write_gaze(study.data_root, below=below)
    both, eye = labels_of(study, "50000002", "50000003")
    # MIMIC-CXR-JPG calls 50000002 "No Finding", MIMIC-EYE "Atelectasis": the first counts.
    assert both.tolist() == [1] + [0] * 13
    assert eye.tolist() == [0] * 13 + [1]


def test_there_are_no_labels_without_a_table(study):
    assert load_study_labels(study, pd.Series(["50000001"]), pd.Series(["50000002"])) == [None, None]


def test_there_are_no_labels_where_no_study_of_a_corpus_is_listed(study):
    write_reports(study.data_root)
    first, second = load_study_labels(study, pd.Series(["59999999"]), pd.Series(["50000002", "59999999"]))
    assert first is None
    assert second[0].tolist() == [1] + [0] * 13


def test_a_study_with_two_opinions_is_named(study):
    write_reports(study.data_root, REPORTS + "10000001,50000001,0.0,,,,,,,,,,,,,\n")
    with pytest.raises(DataError, match=r"chexpert\.csv\.gz: study 50000001 has two rows"):
        load_study_labels(study, pd.Series(["50000001"]))
