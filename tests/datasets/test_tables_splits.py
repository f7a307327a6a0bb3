from __future__ import annotations

import gzip

import numpy as np
import pandera.pandas as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from egma_lib.datasets.splits import split_by_hash, split_by_patient
from egma_lib.datasets.tables import (
    filled,
    find_path,
    has_path,
    number,
    one_of,
    read_table,
    require_files,
    text,
)
from egma_lib.errors import DataError

SCHEMA = pa.DataFrameSchema({"name": filled(), "value": number(one_of((0, 1)), blank=True)})


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode())
    return path


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("name,value\na,1\nb,\n", id="plain"),
        pytest.param("\ufeffname,value\r\na,1\r\nb,\r\n", id="with_byte_order_mark_and_crlf"),
        pytest.param(",name, value\n7,a, 1\n7,b, \n", id="with_unnamed_index_and_padded_header_and_cells"),
        pytest.param("Unnamed: 0,name,value\n0, a ,1.0\n1,b,\n", id="with_saved_unnamed_column"),
    ],
)
def test_a_table_reads_the_same_however_it_was_saved(tmp_path, content):
    frame = read_table(write(tmp_path / "t.csv", content), SCHEMA)
    assert frame.columns.tolist() == ["name", "value"]
    assert frame["name"].tolist() == ["a", "b"]
    np.testing.assert_array_equal(frame["value"], [1.0, np.nan])


def test_words_that_pandas_takes_for_missing_stay_words(tmp_path):
    path = write(tmp_path / "t.csv", "name,value\nnone,0\nNA,0\nnull,1\nnan,1\n")
    assert read_table(path, SCHEMA)["name"].tolist() == ["none", "NA", "null", "nan"]


def test_quoted_line_breaks_and_gzip_are_read(tmp_path):
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b'name,value\n"two\nlines",1\n'))
    assert read_table(path, SCHEMA)["name"].tolist() == ["two\nlines"]


def test_an_empty_text_cell_stays_an_empty_string(tmp_path):
    frame = read_table(write(tmp_path / "t.csv", "view,n\n,1\nPA,2\n"), pa.DataFrameSchema({"view": text()}))
    assert frame["view"].tolist() == ["", "PA"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param("name\na\n", "lacks the column 'value'", id="missing_column"),
        pytest.param(
            "name,value\na,1\nb,x\n", "data row 2, column 'value': got x, must be a number", id="not_a_number"
        ),
        pytest.param(
            "name,value\na,1\nb,7\nc,8\n",
            "data row 2, column 'value': got 7.0, must be one of 0, 1; 1 more bad row",
            id="out_of_range_and_counted",
        ),
        pytest.param(
            "name,value\n,1\n",
            "data row 1, column 'name': got an empty cell, must not be empty",
            id="empty_name",
        ),
        pytest.param("", "not a readable csv table", id="empty_file"),
        pytest.param("name, name,value\na,b,1\n", "column 'name' occurs twice", id="double_column"),
        pytest.param('name,value\n"a,1\n', "not a readable csv table", id="open_quote"),
    ],
)
def test_a_bad_table_is_refused_with_file_row_and_column(tmp_path, content, message):
    path = write(tmp_path / "t.csv", content)
    with pytest.raises(DataError) as error:
        read_table(path, SCHEMA)
    assert message in str(error.value)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_blank_number_is_refused_where_it_is_needed(tmp_path):
    path = write(tmp_path / "t.csv", "value\n1\n\n0\n")
    assert len(read_table(path, pa.DataFrameSchema({"value": number()}))) == 2  # blank lines are no rows
    path = write(tmp_path / "u.csv", "name,value\na,1\nb,\n")
    with pytest.raises(DataError, match="data row 2, column 'value': got an empty cell, must not be empty"):
        read_table(path, pa.DataFrameSchema({"value": number()}))


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(DataError, match="file not found"):
        read_table(tmp_path / "none.csv", SCHEMA)


def test_a_version_folder_in_between_is_accepted(tmp_path):
    write(tmp_path / "set" / "2.0.0" / "a.csv", "x\n")
    assert find_path(tmp_path / "set", "a.csv.gz", "a.csv") == tmp_path / "set" / "2.0.0" / "a.csv"
    assert has_path(tmp_path / "set", "a.csv")
    assert not has_path(tmp_path / "set", "b.csv")
    assert not has_path(tmp_path / "absent", "a.csv")
    write(tmp_path / "set" / "a.csv", "x\n")
    assert find_path(tmp_path / "set", "a.csv") == tmp_path / "set" / "a.csv"


def test_missing_and_ambiguous_folders_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"no such data set folder.*--set data.rsna=PATH"):
        find_path(tmp_path / "rsna", "a.csv")
    write(tmp_path / "rsna" / "1.0" / "a.csv", "x\n")
    with pytest.raises(DataError, match=r"none of b\.csv found"):
        find_path(tmp_path / "rsna", "b.csv")
    write(tmp_path / "rsna" / "2.0" / "a.csv", "x\n")
    with pytest.raises(DataError, match=r"several folders \(1.0, 2.0\)"):
        find_path(tmp_path / "rsna", "a.csv")


def test_missing_files_are_counted(tmp_path):
    here = write(tmp_path / "a.jpg", "")
    require_files([str(here)], tmp_path / "t.csv")
    with pytest.raises(DataError, match=r"b.jpg: file not found, though t.csv lists it \(2 missing"):
        require_files([str(here), str(tmp_path / "b.jpg"), str(tmp_path / "c.jpg")], tmp_path / "t.csv")


IDS = st.lists(st.text("0123456789", min_size=1), min_size=1, max_size=40)


@given(ids=IDS, more=IDS)
def test_adding_patients_moves_none(ids, more):
    alone = split_by_patient(ids, 0.3, "salt")
    together = split_by_patient([*more, *ids], 0.3, "salt")
    assert alone.tolist() == together[len(more) :].tolist()


@given(ids=IDS)
def test_all_samples_of_a_patient_fall_on_one_side(ids):
    parts = split_by_patient(ids + ids[::-1], 0.5, "salt")
    assert len({*zip(ids + ids[::-1], parts, strict=True)}) == len(set(ids))


def test_shares_are_met_and_salts_are_independent():
    ids = [str(number) for number in range(20000)]
    first, second = split_by_patient(ids, 0.1, "a"), split_by_patient(ids, 0.1, "b")
    # Four standard deviations of a binomial share of 20,000.
    assert abs((first == "validation").mean() - 0.1) < 4 * np.sqrt(0.1 * 0.9 / 20000)
    both = ((first == "validation") & (second == "validation")).mean()
    assert abs(both - 0.01) < 4 * np.sqrt(0.01 * 0.99 / 20000)


def test_a_split_never_changes_between_releases():
    # Recorded once: a changed value would silently move patients between training and validation.
    parts = split_by_patient([f"1000000{number}" for number in range(10)], 0.5, "mimic_eye")
    assert "".join(part[0] for part in parts) == "vtvtttvvvv"


def test_shares_that_do_not_add_up_are_refused():
    with pytest.raises(DataError, match="add up to 1"):
        split_by_hash(["1"], {"a": 0.5, "b": 0.6}, "salt")
