from __future__ import annotations

import numpy as np
import pytest

from egma_lib.datasets.rsna import gloria_split, load_rsna
from egma_lib.datasets.siim import load_siim
from egma_lib.errors import DataError

ID = "00000000-0000-4000-8000-{:012d}"


def test_rsna_gives_labels_and_boxes_in_the_films_own_frame(rsna):
    table = load_rsna(rsna)
    assert table.class_names == ("Normal", "Pneumonia")
    assert np.flatnonzero(table.class_index()).tolist() == [2, 4]
    assert set(zip(table.cases["rows"], table.cases["columns"], strict=True)) == {(40, 20)}
    boxes = table.regions[table.regions["case_id"] == ID.format(2)]
    assert boxes[["x_min", "y_min", "x_max", "y_max"]].to_numpy().tolist() == [
        [0.25, 0.25, 0.75, 0.75], [0, 0, 1, 1],
    ]  # fmt: skip
    assert table.regions.iloc[2, 1:].tolist() == ["Pneumonia", "box", 0.1, 0.1, 0.4, pytest.approx(0.3)]
    assert table.cases["split"].value_counts().to_dict() == {"train": 14, "test": 3, "validation": 3}


def test_the_published_split_sizes_are_met():
    split = gloria_split(26684)
    assert {part: int((split == part).sum()) for part in ("train", "test", "validation")} == {
        "train": 18678, "test": 4003, "validation": 4003,
    }  # fmt: skip


def test_the_split_follows_sorted_ids_and_not_the_order_of_rows(rsna):
    before = load_rsna(rsna).cases.set_index("case_id")["split"]
    path = rsna / "stage_2_train_labels.csv"
    header, *lines = path.read_text().splitlines()
    path.write_text("\n".join([header, *lines[::-1]]) + "\n")
    after = load_rsna(rsna).cases.set_index("case_id")["split"]
    assert after.to_dict() == before.to_dict()


@pytest.mark.parametrize(
    ("row", "message"),
    [
        pytest.param(f"{ID.format(0)},1,1,1,1,1", "has rows of Target 0 and 1", id="with_and_without_box"),
        pytest.param(f"{ID.format(4)},1,1,1,,1", "data row 22: Target 1 with 3 of 4 box", id="three_numbers"),
        pytest.param(f"{ID.format(3)},1,1,1,1,0", "Target 0 with 4 of 4 box numbers", id="box_of_a_negative"),
        pytest.param(
            f"{ID.format(4)},-1,1,1,1,1", "column 'x': got -1.0, must not be negative", id="negative"
        ),
        pytest.param(
            f"{ID.format(4)},1,1,1,1,2", "column 'Target': got 2.0, must be one of 0, 1", id="target_2"
        ),
        pytest.param(f"{ID.format(4)},15,1,9,1,1", "reaches beyond its DICOM's Rows x Columns", id="beyond"),
        pytest.param(f"{ID.format(99)},,,,,0", "file not found, though", id="film_missing"),
    ],
)
def test_bad_rsna_rows_are_refused(rsna, row, message):
    with (rsna / "stage_2_train_labels.csv").open("a") as file:
        file.write(row + "\n")
    with pytest.raises(DataError, match=message):
        load_rsna(rsna)


def test_siim_reads_both_ways_of_writing_no_mask_and_unites_rows(siim):
    table = load_siim(siim)
    assert table.class_names == ("Normal", "Pneumothorax")
    assert table.class_index().tolist() == [0, 0, 1]
    positive = table.cases["case_id"].iloc[2]
    assert list(table.masks) == [positive]
    assert np.argwhere(table.masks[positive]).tolist() == [[1, 0], [2, 0], [2, 1], [3, 2]]
    assert table.cases["patient_id"].tolist() == ["film-0", "film-1", "film-2"]
    assert set(table.cases["split"]) <= {"train", "test", "validation"}


def test_a_siim_film_keeps_its_part_whatever_else_is_listed(siim):
    before = load_siim(siim).cases.set_index("case_id")["split"].to_dict()
    path = siim / "train-rle.csv"
    path.write_text("\n".join(line for i, line in enumerate(path.read_text().splitlines()) if i != 1) + "\n")
    after = load_siim(siim).cases.set_index("case_id")["split"].to_dict()
    assert len(after) == 2
    assert after.items() <= before.items()


@pytest.mark.parametrize(
    ("film", "runs", "message"),
    [
        pytest.param(2, "-1", "rows with and without a mask", id="with_and_without_mask"),
        pytest.param(0, "1 2 3", "must be -1 or pairs", id="odd_count"),
        pytest.param(0, "", "column 'EncodedPixels': got an empty cell", id="empty"),
        pytest.param(
            9, "-1", r"no film .*100009.dcm, but train-rle.csv lists it \(1 missing", id="film_missing"
        ),
    ],
)
def test_bad_siim_rows_are_refused(siim, film, runs, message):
    with (siim / "train-rle.csv").open("a") as file:
        file.write(f"1.2.276.0.7230010.3.1.4.8323329.99999.1517875299.10000{film}, {runs}\n")
    with pytest.raises(DataError, match=message):
        load_siim(siim)
