"""Builders of 5x200 and 8x200 on a train.csv written by hand."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from dataset_layouts import CHEXPERT_HEADER, chexpert_row, write_text

from egma_lib.datasets import chexpert_lists
from egma_lib.datasets.chexpert import CLASSES_5X200, CLASSES_8X200, load_text_queries
from egma_lib.datasets.chexpert_lists import build_chexpert_5x200, build_chexpert_8x200
from egma_lib.errors import DataError

REPOSITORY = Path(__file__).resolve().parents[2]
ARCHIVE = "CheXpert-v1.0-small/train"


def film(patient: int, study: int = 1, view: str = "view1_frontal") -> str:
    return f"{ARCHIVE}/patient{patient:05d}/study{study}/{view}.jpg"


def train_rows(classes, n_patients: int, first: int = 1, **extra: str) -> list[str]:
    """One film per patient of every class, two of every tenth patient."""
    rows = []
    for offset, name in enumerate(classes):
        label = {name.replace(" ", "_"): "1.0"}
        for number in range(n_patients):
            patient = first + offset * n_patients + number
            rows.append(chexpert_row(film(patient), **label, **extra))
            if number % 10 == 0:
                rows.append(chexpert_row(film(patient, study=2), **label, **extra))
    return rows


def write_train(root: Path, rows: list[str], archive: str = "CheXpert-v1.0-small") -> Path:
    write_text(root / archive / "train.csv", "\n".join([CHEXPERT_HEADER, *rows]) + "\n")
    return root


def patients_of(paths) -> list[str]:
    return [path.split("/")[2] for path in paths]


@pytest.fixture(scope="module")
def many(tmp_path_factory) -> Path:
    return write_train(tmp_path_factory.mktemp("chexpert"), train_rows(CLASSES_5X200, 230))


def test_5x200_holds_200_patients_a_class_and_none_twice(many, tmp_path):
    table = pd.read_csv(build_chexpert_5x200(many, target=tmp_path))
    assert table.columns.tolist() == ["Path", *CLASSES_5X200]
    labels = table[list(CLASSES_5X200)].to_numpy()
    np.testing.assert_array_equal(labels.argmax(axis=1), np.repeat(np.arange(5), 200))
    assert (labels.sum(axis=1) == 1).all()
    assert len(set(patients_of(table["Path"]))) == 1000
    # Each film has the label that its row in train.csv has.
    with (many / "CheXpert-v1.0-small/train.csv").open() as file:
        label_of = {
            row["Path"]: [row[name] == "1.0" for name in CLASSES_5X200] for row in csv.DictReader(file)
        }
    assert [label_of[path] for path in table["Path"]] == (labels == 1).tolist()


def test_the_draw_does_not_depend_on_the_order_of_rows(many, tmp_path):
    other = write_train(tmp_path / "chexpert", train_rows(CLASSES_5X200, 230)[::-1])
    ours = pd.read_csv(build_chexpert_5x200(many, target=tmp_path))
    theirs = pd.read_csv(build_chexpert_5x200(other))
    pd.testing.assert_frame_equal(ours, theirs)


def test_a_patient_wanted_by_two_classes_goes_to_the_scarcer_one(tmp_path):
    # 200 patients have Edema only on their second film; Atelectasis has them all and 200 others.
    rows = train_rows(("Cardiomegaly", "Consolidation", "Pleural Effusion"), 200, first=5000)
    rows += [chexpert_row(film(patient), Atelectasis="1.0") for patient in range(1, 401)]
    rows += [chexpert_row(film(patient, study=2), Edema="1.0") for patient in range(1, 201)]
    table = pd.read_csv(build_chexpert_5x200(write_train(tmp_path, rows)))
    edema = set(patients_of(table.loc[table["Edema"] == 1, "Path"]))
    atelectasis = set(patients_of(table.loc[table["Atelectasis"] == 1, "Path"]))
    assert edema == {f"patient{number:05d}" for number in range(1, 201)}
    assert atelectasis == {f"patient{number:05d}" for number in range(201, 401)}


def test_mgca_draws_rows_with_seed_0(many, tmp_path):
    table = pd.read_csv(build_chexpert_5x200(many, "mgca", tmp_path))
    # The published code, step by step: blanks as 0, frontal, then 200 positions per class from seed 0.
    raw = pd.read_csv(many / "CheXpert-v1.0-small/train.csv").fillna(0)
    expected = []
    for name in CLASSES_5X200:
        paths = raw.loc[raw[name] == 1, "Path"].to_numpy()
        expected += paths[np.random.RandomState(0).choice(len(paths), size=200, replace=False)].tolist()
    assert table["Path"].tolist() == expected
    assert len(set(patients_of(expected))) < 1000


@pytest.mark.parametrize("rule", ["patient_disjoint", "mgca"])
@pytest.mark.parametrize(
    ("labels", "counts"),
    [
        pytest.param({}, True, id="alone"),
        pytest.param({"No_Finding": "1.0"}, True, id="no_finding_does_not_count"),
        pytest.param({"Support_Devices": "0.0", "Cardiomegaly": "0.0"}, True, id="others_absent"),
        pytest.param({"Cardiomegaly": "1.0"}, False, id="a_second_class"),
        pytest.param({"Cardiomegaly": "-1.0"}, False, id="an_uncertain_second_class"),
        pytest.param({"Support_Devices": "1.0"}, False, id="a_device"),
        pytest.param({"Lung_Opacity": "-1.0"}, False, id="an_uncertain_opacity"),
        pytest.param({"Edema": "-1.0"}, False, id="uncertain_itself"),
    ],
)
def test_the_rule_of_exclusive_labels(tmp_path, rule, labels, counts):
    """Edema has 199 films and the one in question: with it the list can be made, without it not."""
    rows = train_rows([name for name in CLASSES_5X200 if name != "Edema"], 200)
    rows += [chexpert_row(film(patient), Edema="1.0") for patient in range(5000, 5199)]
    rows += [chexpert_row(film(6000), **({"Edema": "1.0"} | labels))]
    rows += [chexpert_row(film(6001, view="view2_lateral"), "Lateral", Edema="1.0")]
    root = write_train(tmp_path, rows)
    if counts:
        assert film(6000) in build_chexpert_5x200(root, rule).read_text()
    else:
        with pytest.raises(DataError, match=r"199 (films|patients) with Edema alone, 200 are needed"):
            build_chexpert_5x200(root, rule)
        assert not (root / "chexpert_5x200.csv").exists()


def test_200_films_of_199_patients_are_too_few_for_the_disjoint_rule(tmp_path):
    rows = train_rows(CLASSES_5X200[:4], 200)
    rows += [chexpert_row(film(patient), Pleural_Effusion="1.0") for patient in range(5000, 5199)]
    rows += [chexpert_row(film(5000, study=2), Pleural_Effusion="1.0")]
    root = write_train(tmp_path, rows, "CheXpert-v1.0 batch 1 (validate & csv)")
    with pytest.raises(DataError, match="199 patients with Pleural Effusion alone"):
        build_chexpert_5x200(root)
    assert build_chexpert_5x200(root, "mgca") == root / "chexpert_5x200.csv"


@pytest.mark.parametrize("build", [build_chexpert_5x200, build_chexpert_8x200])
def test_a_list_that_exists_is_not_replaced(tmp_path, build):
    (tmp_path / "chexpert_5x200.csv").write_text("mine")
    (tmp_path / "chexpert_8x200").mkdir()
    with pytest.raises(DataError, match="exists already and is not replaced"):
        build(tmp_path)
    assert (tmp_path / "chexpert_5x200.csv").read_text() == "mine"


def test_8x200_holds_candidates_and_the_projects_own_queries(tmp_path):
    rows = train_rows(CLASSES_8X200, 200, Lung_Opacity="1.0")
    # Uncertain about another of the eight: ruled out, or 201 patients would have Fracture.
    rows += [chexpert_row(film(9000), Fracture="1.0", Pneumonia="-1.0")]
    folder = build_chexpert_8x200(write_train(tmp_path, rows))
    assert folder == tmp_path / "chexpert_8x200"
    table = pd.read_csv(folder / "text-retrieval" / "candidate.csv")
    assert (table[list(CLASSES_8X200)].sum() == 200).all()
    assert len(set(patients_of(table["Path"]))) == 1600
    assert film(9000) not in set(table["Path"])
    queries = load_text_queries(tmp_path)
    assert queries["class_name"].tolist() == [name for name in CLASSES_8X200 for _ in range(5)]
    assert queries["text"].is_unique


def test_the_queries_are_worded_as_the_phantoms():
    ours = yaml.safe_load(chexpert_lists.QUERY_FILE.read_text())
    grammar = yaml.safe_load((REPOSITORY / "data/reference/phantom_grammar.yaml").read_text())
    assert ours == grammar["retrieval"]


def test_missing_queries_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(chexpert_lists, "QUERY_FILE", tmp_path / "none.yaml")
    with pytest.raises(DataError, match=r"none\.yaml: text queries not found"):
        chexpert_lists.own_queries()
