"""MS-CXR on a tree written by hand: sentences, boxes and what is refused."""

from __future__ import annotations

import csv
import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from dataset_layouts import write_jpg

from egma_lib.datasets.contract import REGION_COLUMNS
from egma_lib.datasets.ms_cxr import load_ms_cxr
from egma_lib.datasets.phrases import PHRASE_COLUMNS, PhraseTable
from egma_lib.errors import DataError

FIRST = "00000000-11111111-22222222-33333333-44444444"
SECOND = "00000000-11111111-22222222-33333333-55555555"
PATHS = {
    FIRST: f"files/p10/p10000001/s50000001/{FIRST}.jpg",
    SECOND: f"files/p19/p19999999/s59999999/{SECOND}.jpg",
}
HEADER = ("category_name", "label_text", "dicom_id", "path", "x", "y", "w", "h", "image_width",
          "image_height", "split")  # fmt: skip
ROWS = (
    ("Pneumothorax", "Small, left apical pneumothorax", FIRST, 1000, 200, 500, 300),
    ("Pleural Effusion", "bilateral effusions", FIRST, 250, 2292, 500, 382),
    ("Pleural Effusion", "bilateral effusions", FIRST, 1500, 2292, 500, 382),
    ("Pneumonia", "none or \"null\"", SECOND, 0, 0, 3000, 2000),
)  # fmt: skip
SIZES = {FIRST: (2500, 3056), SECOND: (3000, 2000)}


def write_ms_cxr(root: Path, rows=ROWS, name="1.1.0/MS_CXR_Local_Alignment_v1.1.0.csv", **changes) -> Path:
    """Write the table; `changes` replaces cells of its last row by column name."""
    records = []
    for category, phrase, dicom, *box in rows:
        cells = (category, phrase, dicom, PATHS[dicom], *box, *SIZES[dicom], "test")
        records.append(dict(zip(HEADER, cells, strict=True)))
    records[-1] |= changes
    columns = HEADER if "v1.1.0" in name else HEADER[:-1]
    path = root / "ms-cxr" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(records)
    for one in PATHS.values():
        write_jpg(root / "mimic-cxr-jpg" / "2.1.0" / one)
    return path


def load(root: Path) -> PhraseTable:
    return load_ms_cxr(root / "ms-cxr", root / "mimic-cxr-jpg")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("0.1/MS_CXR_Local_Alignment_v1.0.0.csv", id="version_0.1"),
        pytest.param("1.1.0/MS_CXR_Local_Alignment_v1.1.0.csv", id="version_1.1.0"),
        pytest.param("MS_CXR_Local_Alignment_v1.1.0.csv", id="without_version_folder"),
    ],
)
def test_boxes_of_a_sentence_are_grouped(tmp_path, name):
    write_ms_cxr(tmp_path, name=name)
    table = load(tmp_path)
    assert len(table) == 3
    assert table.phrases.columns.tolist() == list(PHRASE_COLUMNS)
    columns = ["case_id", "patient_id", "rows", "columns", "phrase", "class_name"]
    assert table.phrases[columns].to_numpy().tolist() == [
        [f"{FIRST}/1", "10000001", 3056, 2500, "Small, left apical pneumothorax", "Pneumothorax"],
        [f"{FIRST}/2", "10000001", 3056, 2500, "bilateral effusions", "Pleural Effusion"],
        [f"{SECOND}/1", "19999999", 2000, 3000, 'none or "null"', "Pneumonia"],
    ]  # fmt: skip
    assert table.regions.to_numpy().tolist() == [
        [f"{FIRST}/1", "Pneumothorax", "box", 0.4, 200 / 3056, 0.6, 500 / 3056],
        [f"{FIRST}/2", "Pleural Effusion", "box", 0.1, 0.75, 0.3, 0.875],
        [f"{FIRST}/2", "Pleural Effusion", "box", 0.6, 0.75, 0.8, 0.875],
        [f"{SECOND}/1", "Pneumonia", "box", 0, 0, 1, 1],
    ]  # fmt: skip
    assert table.phrases["image_path"].iloc[2] == str(tmp_path / "mimic-cxr-jpg/2.1.0" / PATHS[SECOND])
    assert repr(table) == (
        "PhraseTable(ms_cxr: 3 sentences on 2 images, 4 regions; Pleural Effusion 1, Pneumonia 1, "
        "Pneumothorax 1)"
    )


def test_of_two_versions_the_newer_is_read(tmp_path):
    write_ms_cxr(tmp_path)
    write_ms_cxr(tmp_path, ROWS[:1], "0.1/MS_CXR_Local_Alignment_v1.0.0.csv")
    assert len(load(tmp_path)) == 3


def test_ids_do_not_depend_on_the_order_of_rows_and_doubles_count_once(tmp_path):
    write_ms_cxr(tmp_path / "a")
    write_ms_cxr(tmp_path / "b", (*ROWS[::-1], ROWS[0]))
    ours, theirs = load(tmp_path / "a"), load(tmp_path / "b")
    columns = ["case_id", "phrase", "class_name", "rows", "columns"]
    pd.testing.assert_frame_equal(ours.phrases[columns], theirs.phrases[columns])
    corners = list(REGION_COLUMNS[3:])
    order = ["case_id", *corners]
    pd.testing.assert_frame_equal(
        ours.regions.sort_values(order, ignore_index=True),
        theirs.regions.sort_values(order, ignore_index=True),
    )


def test_one_sentence_of_two_findings_is_two_pairs(tmp_path):
    write_ms_cxr(tmp_path, (ROWS[3], ("Consolidation", *ROWS[3][1:])))
    assert load(tmp_path).phrases["class_name"].tolist() == ["Consolidation", "Pneumonia"]


def test_a_box_that_passes_the_border_is_cut_and_counted(tmp_path, caplog):
    write_ms_cxr(tmp_path, x=-2, y=10, w=3005, h=1990)
    with caplog.at_level(logging.WARNING):
        regions = load(tmp_path).regions
    assert regions.iloc[-1, 3:].tolist() == [0, 0.005, 1, 1]
    assert "1 boxes reach beyond their image" in caplog.text


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"x": 3000}, r"box \[3000.0, .* lies beyond its 3000 x 2000 pixels", id="beside"),
        pytest.param({"w": 0}, "column 'w': got 0.0, must be positive", id="no_width"),
        pytest.param({"h": "high"}, "column 'h': got high, must be a number", id="text_in_a_number"),
        pytest.param({"y": ""}, "data row 4, column 'y': got an empty cell, must not be empty", id="no_y"),
        pytest.param({"label_text": " "}, "column 'label_text': got an empty cell", id="no_sentence"),
        pytest.param({"image_width": 0}, "column 'image_width': got 0.0", id="no_image_width"),
        pytest.param({"path": "p10/x.jpg"}, "column 'path': got p10/x.jpg, must be files/", id="other_path"),
        pytest.param({"dicom_id": FIRST}, f"does not belong to dicom_id {FIRST}", id="path_of_another"),
        pytest.param(
            {"dicom_id": FIRST, "path": PATHS[FIRST]}, "44444444 has rows with different", id="two_sizes"
        ),
        pytest.param(
            {"path": PATHS[SECOND].replace("p19999999", "p19999998")}, "file not found", id="no_film"
        ),
    ],
)  # fmt: skip
def test_bad_rows_are_refused(tmp_path, changes, message):
    write_ms_cxr(tmp_path, **changes)
    with pytest.raises(DataError, match=message):
        load(tmp_path)


def test_missing_tables_are_named(tmp_path):
    path = write_ms_cxr(tmp_path)
    path.write_text(path.read_text().splitlines()[0] + "\n")
    with pytest.raises(DataError, match="no row"):
        load(tmp_path)
    path.unlink()
    with pytest.raises(DataError, match=r"none of MS_CXR_Local_Alignment_v1\.1\.0\.csv"):
        load(tmp_path)


def test_select_keeps_the_regions_of_the_sentences_kept(tmp_path):
    write_ms_cxr(tmp_path)
    chosen = load(tmp_path).select(np.array([False, True, False]))
    assert chosen.phrases["phrase"].tolist() == ["bilateral effusions"]
    assert set(chosen.regions["case_id"]) == {f"{FIRST}/2"}
    assert len(chosen.regions) == 2


PHRASE = dict.fromkeys(PHRASE_COLUMNS, "x") | {"case_id": "a"}
REGION = dict.fromkeys(REGION_COLUMNS, 0) | {"case_id": "a"}


@pytest.mark.parametrize(
    ("phrases", "regions", "message"),
    [
        pytest.param([PHRASE, PHRASE], [REGION], "case id a occurs twice", id="a_pair_twice"),
        pytest.param([PHRASE], [REGION | {"case_id": "b"}], "sentence a has no region", id="no_region"),
        pytest.param([PHRASE], [REGION, REGION | {"case_id": "b"}], "belongs to b", id="region_of_nothing"),
        pytest.param([{"case_id": "a"}], [REGION], "lacks the columns", id="a_column_missing"),
    ],
)
def test_a_table_that_breaks_its_promise_is_refused(phrases, regions, message):
    with pytest.raises(DataError, match=message):
        PhraseTable("ms_cxr", pd.DataFrame(phrases), pd.DataFrame(regions))
