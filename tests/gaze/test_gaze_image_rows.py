"""Rows of one image out of a table of many."""

from __future__ import annotations

import os

import pytest

from egma_lib.gaze import image_rows
from egma_lib.gaze.image_rows import rows_of_image
from egma_lib.gaze.tables import RecordingError


def test_rows_come_in_file_order_and_calibration_rows_are_no_image(tmp_path):
    path = tmp_path / "eye_gaze.csv"
    path.write_text("DICOM_ID,x\nb,1\na,2\nb,3\na-cut,4\nb,\n", encoding="utf-8")
    assert rows_of_image(path, ("x",), "b")["x"].tolist()[:2] == [1, 3]
    assert len(rows_of_image(path, ("x",), "b")) == 3
    assert rows_of_image(path, ("x",), "a")["x"].tolist() == [2]
    assert rows_of_image(path, ("x",), "c").empty


def test_a_table_is_parsed_once_and_again_when_it_has_changed(tmp_path, monkeypatch):
    path = tmp_path / "eye_gaze.csv"
    path.write_text("DICOM_ID,x\na,1\n", encoding="utf-8")
    parsed, read = [], image_rows.read_table
    monkeypatch.setattr(
        image_rows, "read_table", lambda *args, **kwargs: parsed.append(args) or read(*args, **kwargs)
    )
    for _ in range(3):
        assert rows_of_image(path, ("x",), "a")["x"].tolist() == [1]
    assert len(parsed) == 1
    path.write_text("DICOM_ID,x\na,2\n", encoding="utf-8")
    os.utime(path, ns=(0, 0))
    assert rows_of_image(path, ("x",), "a")["x"].tolist() == [2]
    assert len(parsed) == 2


def test_what_a_caller_does_to_its_rows_stays_with_the_caller(tmp_path):
    path = tmp_path / "eye_gaze.csv"
    path.write_text("DICOM_ID,x\na,1\n", encoding="utf-8")
    mine = rows_of_image(path, ("x",), "a")
    mine["x"] = 9
    assert rows_of_image(path, ("x",), "a")["x"].tolist() == [1]


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(RecordingError, match="not found"):
        rows_of_image(tmp_path / "eye_gaze.csv", ("x",), "a")
