from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest
from dataset_layouts import CHEXPERT_HEADER, chexpert_row, write_jpg, write_text

from egma_lib.datasets.chexpert import (
    CLASSES_5X200,
    CLASSES_8X200,
    apply_uncertainty,
    load_chexpert_5x200,
    load_chexpert_5x200_marked,
    load_chexpert_8x200,
    load_chexpert_train,
    load_chexpert_valid,
    load_text_queries,
)
from egma_lib.errors import DataError
from egma_lib.settings import DataSettings


def test_5x200_has_one_label_a_case_in_the_order_of_the_contract(chexpert):
    table = load_chexpert_5x200(chexpert)
    assert table.class_names == ("Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Pleural Effusion")
    assert table.class_index().tolist() == [0, 1, 2, 3, 4]
    first = table.cases.iloc[0]
    assert first["case_id"] == "train/patient90000/study1/view1_frontal"
    assert first["patient_id"] == "patient90000"
    assert (first["rows"], first["columns"], first["split"]) == (8, 6, "test")


def test_the_first_part_of_the_path_gives_way_to_the_local_folder(chexpert):
    (chexpert / "CheXpert-v1.0-small").rename(chexpert / "CheXpert-v1.0")
    path = load_chexpert_5x200(chexpert).cases["image_path"].iloc[0]
    assert path == str(chexpert / "CheXpert-v1.0/train/patient90000/study1/view1_frontal.jpg")


def test_a_marked_copy_names_its_original(chexpert):
    marked = load_chexpert_5x200_marked(chexpert)
    assert marked.cases["unmarked_case_id"].tolist() == ["train/patient90001/study1/view1_frontal"]
    assert set(marked.cases["unmarked_case_id"]) <= set(load_chexpert_5x200(chexpert).cases["case_id"])
    assert marked.cases["case_id"].tolist() == ["train/patient90001/study1/view1_frontal_marked"]
    (chexpert / "chexpert_5x200_marked.csv").unlink()
    assert load_chexpert_5x200_marked(chexpert) is None


def test_a_marked_copy_with_another_label_is_refused(chexpert):
    path = chexpert / "chexpert_5x200_marked.csv"
    path.write_text(
        path.read_text().replace(
            "patient90001/study1/view1_frontal.jpg", "patient90002/study1/view1_frontal.jpg"
        )
    )
    with pytest.raises(DataError, match=r"data row 1: unmarked_path names train/patient90002"):
        load_chexpert_5x200_marked(chexpert)


def test_8x200_gives_candidates_and_text_queries(chexpert):
    table, queries = load_chexpert_8x200(chexpert)
    assert table.class_names == CLASSES_8X200
    assert table.class_index().tolist() == list(range(8))
    assert queries.columns.tolist() == ["query_id", "class_name", "text"]
    assert queries["query_id"].is_unique
    assert queries["text"].iloc[0] == "A sentence on no finding."


def test_a_class_without_query_is_refused(chexpert):
    path = chexpert / "chexpert_8x200/text-retrieval/query.csv"
    path.write_text("".join(line for line in path.read_text().splitlines(True) if "Fracture" not in line))
    with pytest.raises(DataError, match="no text query for Fracture"):
        load_text_queries(chexpert)


def test_train_drops_laterals_and_every_patient_of_a_test_set(chexpert):
    table = load_chexpert_train(chexpert, DataSettings(uncertain_as="gloria"))
    assert table.cases["patient_id"].tolist() == ["patient00001"]
    assert set(table.cases["split"]) <= {"train", "validation"}
    # GLoRIA: uncertain is 1 for Atelectasis and 0 for Cardiomegaly; blank is 0.
    assert table.labels.tolist() == [[1, 0, 1, 0, 0]]


def test_valid_keeps_uncertain_labels_unknown(chexpert):
    table = load_chexpert_valid(chexpert)
    np.testing.assert_array_equal(table.labels[:, 3], [1, np.nan])
    assert table.cases["split"].tolist() == ["test", "test"]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        pytest.param("gloria", [1, 0, 0, 1, 1], id="gloria"),
        pytest.param("positive", [1] * 5, id="present"),
        pytest.param("negative", [0] * 5, id="absent"),
        pytest.param("nan", [np.nan] * 5, id="unknown"),
    ],
)
def test_uncertain_labels_follow_the_policy(policy, expected):
    labels = np.array([[-1.0] * 5, [np.nan, 0, 1, 0, np.nan]])
    np.testing.assert_array_equal(apply_uncertainty(labels, policy), [expected, [0, 0, 1, 0, 0]])


def add_row(chexpert, row):
    with (chexpert / "chexpert_5x200.csv").open("a") as file:
        file.write(f"99,{row}\n")


PATH = "CheXpert-v1.0-small/train/patient90009/study1/view1_frontal.jpg"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        pytest.param(
            chexpert_row(PATH, Edema="1.0", Atelectasis="1.0"), "exactly one label", id="two_labels"
        ),
        pytest.param(chexpert_row(PATH), "exactly one label", id="no_label"),
        pytest.param(
            chexpert_row(PATH, Edema="2.0"), "column 'Edema': got 2.0, must be one of", id="label_of_2"
        ),
        pytest.param(chexpert_row(PATH, "Lateral", Edema="1"), "data row 6 is a lateral view", id="lateral"),
        pytest.param(
            chexpert_row("x.jpg", Edema="1"), "column 'Path': got x.jpg, must hold", id="no_patient"
        ),
        pytest.param(
            chexpert_row(PATH.replace("90009", "90000"), Edema="1"), "occurs twice", id="a_film_listed_twice"
        ),
        pytest.param(
            chexpert_row(PATH.replace("90009", "90010"), Edema="1"), "film not found", id="film_missing"
        ),
    ],
)
def test_bad_rows_of_5x200_are_refused(chexpert, row, message):
    write_jpg(chexpert / PATH)
    add_row(chexpert, row)
    with pytest.raises(DataError, match=message):
        load_chexpert_5x200(chexpert)


def test_missing_tables_and_columns_are_named(chexpert):
    table = chexpert / "chexpert_5x200.csv"
    table.write_text(table.read_text().replace("Pleural Effusion", "Effusion"))
    with pytest.raises(DataError, match="lacks the column 'Pleural Effusion'"):
        load_chexpert_5x200(chexpert)
    table.unlink()
    with pytest.raises(DataError, match=r"none of chexpert_5x200.csv found"):
        load_chexpert_5x200(chexpert)
    shutil.rmtree(chexpert / "CheXpert-v1.0-small")
    with pytest.raises(DataError, match=r"CheXpert-v1\.0-small, CheXpert-v1\.0"):
        load_chexpert_valid(chexpert)


def test_a_gloria_file_with_reports_and_values_of_zero_is_accepted(tmp_path):
    path = "CheXpert-v1.0/train/patient90001/study1/view1_frontal.jpg"
    write_jpg(tmp_path / "chexpert/CheXpert-v1.0-small/train/patient90001/study1/view1_frontal.jpg")
    row = chexpert_row(path, Edema="1.0", Atelectasis="0.0")
    write_text(
        tmp_path / "chexpert/chexpert_5x200.csv",
        f',{CHEXPERT_HEADER},Report Impression\n0,{row},"none.\n\nnull"\n',
    )
    table = load_chexpert_5x200(tmp_path / "chexpert")
    assert table.class_index().tolist() == [CLASSES_5X200.index("Edema")]
    assert isinstance(table.cases, pd.DataFrame)
