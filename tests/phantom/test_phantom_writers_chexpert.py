"""The CheXpert tree, 5x200 and 8x200 against their documented format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

COLUMNS = [
    "Path", "Sex", "Age", "Frontal/Lateral", "AP/PA", "No Finding", "Enlarged Cardiomediastinum",
    "Cardiomegaly", "Lung Opacity", "Lung Lesion", "Edema", "Consolidation", "Pneumonia", "Atelectasis",
    "Pneumothorax", "Pleural Effusion", "Pleural Other", "Fracture", "Support Devices",
]  # fmt: skip
LABELS = COLUMNS[5:]
FIVE = ["Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Pleural Effusion"]
EIGHT = [
    "No Finding", "Cardiomegaly", "Edema", "Pneumonia", "Atelectasis", "Pneumothorax", "Pleural Effusion",
    "Fracture",
]  # fmt: skip


@pytest.fixture(scope="module")
def root(tiny_study) -> Path:
    return tiny_study.folder / "chexpert"


def test_every_path_starts_with_the_archive_and_exists(root):
    for path in root.rglob("*.csv"):
        table = pd.read_csv(path)
        for cell in table.get("Path", []):
            assert cell.startswith("CheXpert-v1.0-small/")
            with Image.open(root / cell) as film:
                assert film.mode == "L"


def test_train_has_19_columns_and_uncertain_and_blank_labels(root):
    table = pd.read_csv(root / "CheXpert-v1.0-small/train.csv")
    assert list(table.columns) == COLUMNS
    assert len(table) == 40
    values = table[LABELS].to_numpy()
    assert set(values[~np.isnan(values)]) == {-1.0, 0.0, 1.0}
    assert np.isnan(values).mean() > 0.3
    assert set(table["No Finding"].dropna()) == {1.0}
    assert set(table["Sex"]) == {"Male", "Female"}
    assert table["Path"].is_unique


def test_valid_has_only_zeros_and_ones(root):
    table = pd.read_csv(root / "CheXpert-v1.0-small/valid.csv")
    assert list(table.columns) == COLUMNS
    assert len(table) == 8
    assert table[LABELS].isin([0.0, 1.0]).all(axis=None)
    assert table["Path"].str.startswith("CheXpert-v1.0-small/valid/").all()


def test_5x200_has_an_index_and_one_label_per_row(root):
    table = pd.read_csv(root / "chexpert_5x200.csv")
    assert list(table.columns) == ["Unnamed: 0", *COLUMNS]
    assert (table[FIVE].sum(axis=1) == 1).all()
    others = [name for name in LABELS if name not in FIVE]
    assert (table[others] == 0).all(axis=None)
    assert table[FIVE].sum().tolist() == [2] * 5
    assert (table["Frontal/Lateral"] == "Frontal").all()


def test_marked_copies_differ_from_their_originals_by_the_mark_only(root):
    marked = pd.read_csv(root / "chexpert_5x200_marked.csv")
    assert list(marked.columns) == ["Unnamed: 0", *COLUMNS, "unmarked_path"]
    plain = pd.read_csv(root / "chexpert_5x200.csv").set_index("Path")
    assert len(marked) == 5
    assert (marked[FIVE].sum() == 1).all()
    for row in marked.to_dict("records"):
        original = plain.loc[row["unmarked_path"]]
        assert [row[name] for name in COLUMNS[1:]] == original[COLUMNS[1:]].tolist()
        with Image.open(root / row["Path"]) as copy, Image.open(root / row["unmarked_path"]) as film:
            change = np.abs(np.asarray(copy, dtype=int) - np.asarray(film, dtype=int)) > 24
        assert change.any()
        assert change.mean() < 0.05


def test_8x200_candidates_are_exclusive_in_blocks_and_the_same_in_both_folders(root):
    folder = root / "chexpert_8x200"
    paths = [folder / f"{way}-retrieval/candidate.csv" for way in ("image", "text")]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    table = pd.read_csv(paths[0])
    assert list(table.columns) == COLUMNS
    assert (table[EIGHT].sum(axis=1) == 1).all()
    assert table[EIGHT].to_numpy().argmax(axis=1).tolist() == [label for label in range(8) for _ in range(2)]
    assert table["Path"].str.startswith("CheXpert-v1.0-small/train/").all()


def test_queries_have_dos_line_ends_and_name_their_class(root):
    images = root / "chexpert_8x200/image-retrieval/query.csv"
    texts = root / "chexpert_8x200/text-retrieval/query.csv"
    for path in (images, texts):
        content = path.read_bytes()
        assert content.count(b"\n") == content.count(b"\r\n") > 1
    assert list(pd.read_csv(images).columns) == ["Variable", "Path"]
    table = pd.read_csv(texts)
    assert list(table.columns) == ["Variable", "Text"]
    assert table["Variable"].tolist() == [name for name in EIGHT for _ in range(5)]
    assert table["Text"].is_unique


def test_no_patient_is_in_two_sets(root):
    names = [
        "chexpert_5x200.csv",
        "CheXpert-v1.0-small/train.csv",
        "CheXpert-v1.0-small/valid.csv",
        "chexpert_8x200/text-retrieval/candidate.csv",
        "chexpert_8x200/image-retrieval/query.csv",
    ]
    patients = [set(pd.read_csv(root / name)["Path"].str.extract(r"(patient\d{5})")[0]) for name in names]
    assert sum(map(len, patients)) == len(set().union(*patients))
