"""The packagings of CheXpert: small, full and batches."""

from __future__ import annotations

from pathlib import Path

import pytest
from dataset_layouts import CHEXPERT_HEADER, chexpert_row, write_jpg, write_text

from egma_lib.datasets.chexpert import load_chexpert_5x200, load_chexpert_train, load_chexpert_valid
from egma_lib.datasets.chexpert_layout import film_file, image_root
from egma_lib.errors import DataError
from egma_lib.settings import DataSettings

CSV = "CheXpert-v1.0 batch 1 (validate & csv)"
PLACES = {
    "train/patient00001/study1/view1_frontal.jpg": "CheXpert-v1.0 batch 2 (train 1)/patient00001",
    "train/patient21513/study2/view1_frontal.jpg": "CheXpert-v1.0 batch 2 (train 1)/patient21513",
    "train/patient21514/study1/view1_frontal.jpg": "CheXpert-v1.0 batch 3 (train 2)/patient21514",
    "train/patient43017/study1/view1_frontal.jpg": "CheXpert-v1.0 batch 3 (train 2)/patient43017",
    "train/patient43018/study1/view1_frontal.jpg": "CheXpert-v1.0 batch 4 (train 3)/patient43018",
    "train/patient64540/study1/view1_frontal.jpg": "CheXpert-v1.0 batch 4 (train 3)/patient64540",
    "valid/patient64541/study1/view1_frontal.jpg": f"{CSV}/valid/patient64541",
}


@pytest.fixture(params=["", "chexpertchestxrays-u20210408"], ids=["at_once", "one_folder_down"])
def batches(tmp_path, request) -> Path:
    folder = tmp_path / "chexpert"
    root = folder / request.param
    rows = {"train": [], "valid": []}
    for path, place in PLACES.items():
        study, name = path.split("/")[2:]
        write_jpg(root / place / study / name)
        rows[path.split("/")[0]].append(chexpert_row(f"CheXpert-v1.0/{path}", Edema="1.0"))
    for name, lines in rows.items():
        write_text(root / CSV / f"{name}.csv", "\n".join([CHEXPERT_HEADER, *lines]) + "\n")
    return folder


def test_films_are_found_by_patient_number(batches):
    root = image_root(batches)
    train = load_chexpert_train(batches, DataSettings())
    valid = load_chexpert_valid(batches)
    found = [*train.cases["image_path"], *valid.cases["image_path"]]
    expected = [str(root.parent / place / "/".join(path.split("/")[2:])) for path, place in PLACES.items()]
    assert found == expected
    # Ids do not depend on the packaging.
    assert train.cases["case_id"].iloc[0] == "train/patient00001/study1/view1_frontal"


def test_5x200_written_for_another_packaging_is_read_with_batches(batches):
    path = "CheXpert-v1.0-small/train/patient43018/study1/view1_frontal.jpg"
    row = f",{CHEXPERT_HEADER}\n7,{chexpert_row(path, Edema='1.0')}\n"
    write_text(batches / "chexpert_5x200.csv", row)
    (found,) = load_chexpert_5x200(batches).cases["image_path"]
    assert "batch 4 (train 3)/patient43018" in found


def test_a_batch_that_was_not_downloaded_is_named(batches):
    root = image_root(batches).parent
    (root / "CheXpert-v1.0 batch 3 (train 2)").rename(root / "batch 3")
    with pytest.raises(DataError, match=r"batch 3 \(train 2\)/patient21514.*film not found"):
        load_chexpert_train(batches, DataSettings())


@pytest.mark.parametrize("archive", ["CheXpert-v1.0-small", "CheXpert-v1.0"])
def test_small_and_full_keep_train_and_valid(tmp_path, archive):
    (tmp_path / archive).mkdir()
    path = "CheXpert-v1.0/train/patient00001/study1/view1_frontal.jpg"
    expected = tmp_path / archive / "train/patient00001/study1/view1_frontal.jpg"
    assert film_file(image_root(tmp_path), path) == expected
