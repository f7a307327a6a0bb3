from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from egma_lib.datasets.contract import CASE_COLUMNS, CaseTable
from egma_lib.datasets.masks import RunLengthMasks, SelectedMasks, decode_runs
from egma_lib.errors import DataError


def encode(mask: np.ndarray) -> str:
    """Naive encoder: walk down the columns, note the gap since the last run and the run's length."""
    parts, gap, length = [], 0, 0
    for value in [*mask.T.ravel(), False]:
        if value:
            length += 1
        elif length:
            parts += [gap, length]
            gap, length = 1, 0
        else:
            gap += 1
    return " ".join(map(str, parts)) or "-1"


def test_runs_are_relative_and_go_down_the_columns():
    # Of a 4 x 3 film: gap 1, then rows 1-2 of column 0; gap 3, then row 2 of column 1.
    mask = decode_runs("1 2 3 1", 4, 3)
    assert np.argwhere(mask).tolist() == [[1, 0], [2, 0], [2, 1]]


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 2**36 - 1))
def test_any_mask_survives_the_round_trip(rows, columns, bits):
    mask = np.array([bits >> k & 1 for k in range(rows * columns)], dtype=bool).reshape(rows, columns)
    np.testing.assert_array_equal(decode_runs(encode(mask), rows, columns), mask)


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        pytest.param("1 2 3", "not pairs", id="odd_count"),
        pytest.param("1 two", "not pairs", id="a_word"),
        pytest.param("", "not pairs", id="nothing"),
        pytest.param("1 -2", "not pairs", id="negative_length"),
        pytest.param("10 3", "reach pixel 13 of a film of 4 x 3 = 12", id="beyond_the_film"),
    ],
)
def test_bad_runs_are_refused(runs, message):
    with pytest.raises(DataError, match=message):
        decode_runs(runs, 4, 3)


def test_rows_of_a_case_are_united_and_the_case_is_named_in_errors():
    masks = RunLengthMasks({"a": ["0 1", "11 1"], "b": ["99 1"]}, {"a": (4, 3), "b": (4, 3)})
    assert np.argwhere(masks["a"]).tolist() == [[0, 0], [3, 2]]
    assert (len(masks), list(masks)) == (2, ["a", "b"])
    with pytest.raises(DataError, match="mask of case b"):
        masks["b"]


def test_selecting_cases_decodes_nothing():
    masks = RunLengthMasks({"a": ["0 1"], "b": ["99 1"]}, {"a": (4, 3), "b": (4, 3)})
    import pandas as pd

    cases = pd.DataFrame([["a", "a", "", 4, 3, "test"], ["b", "b", "", 4, 3, "test"]], columns=CASE_COLUMNS)
    kept = CaseTable("x", cases, ("n",), np.ones((2, 1)), masks=masks).select(np.array([True, False]))
    assert isinstance(kept.masks, SelectedMasks)
    assert list(kept.masks) == ["a"]
    assert kept.masks["a"].sum() == 1
    with pytest.raises(KeyError):
        kept.masks["b"]  # would be an error of its runs if it were decoded
