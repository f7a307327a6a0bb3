"""Choosing cases from a table written by hand, the bounded cache, and replaying a reading written by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from egma_lib.errors import DataError
from egma_lib.explorer.bounded_cache import BoundedCache
from egma_lib.explorer.case import ExplorerCase
from egma_lib.explorer.cases import CASE_COLUMNS, choices_of, require_case, select_cases
from egma_lib.explorer.replay import fixations_until, gaze_until, spoken_at
from egma_lib.gaze.frames import ImageFrame

TABLE = pd.DataFrame(
    [
        ("r1", "p1", "validation", "ann", "Edema, Pleural Effusion", 2, True, "no edema (small) effusion"),
        ("r2", "p2", "train", "ben", "Pleural Effusion", 1, True, "large effusion on the left"),
        ("r3", "p3", "train", "ann", "", 1, False, "normal heart"),
    ],
    columns=[*CASE_COLUMNS, "searched"],
)


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        pytest.param({}, ["r1", "r2", "r3"], id="nothing_chosen_gives_all"),
        pytest.param({"split": "train"}, ["r2", "r3"], id="by_split"),
        pytest.param({"reader": "ann"}, ["r1", "r3"], id="by_reader"),
        pytest.param({"finding": "Pleural Effusion"}, ["r1", "r2"], id="by_one_of_several_findings"),
        pytest.param({"finding": "Effusion"}, [], id="part_of_a_finding_is_no_finding"),
        pytest.param({"words": "LEFT effusion"}, ["r2"], id="all_words_in_any_order_and_case"),
        pytest.param({"words": "effus"}, ["r1", "r2"], id="beginning_of_a_word"),
        pytest.param({"words": "fusion"}, [], id="middle_of_a_word_does_not_count"),
        pytest.param({"words": "(small)"}, ["r1"], id="signs_are_taken_as_they_are"),
        pytest.param({"words": "no", "split": "validation"}, ["r1"], id="choices_add_up"),
    ],
)
def test_cases_that_fit_a_choice(choice, expected):
    chosen = select_cases(TABLE, **choice)

    assert chosen["case_id"].tolist() == expected
    assert tuple(chosen.columns) == CASE_COLUMNS
    assert chosen.index.tolist() == list(range(len(expected)))


def test_choices_are_the_sorted_values_without_the_empty_one():
    assert choices_of(TABLE) == {
        "split": ("train", "validation"),
        "finding": ("Edema", "Pleural Effusion"),
        "reader": ("ann", "ben"),
    }


def test_an_unknown_case_is_refused_with_one_that_exists():
    with pytest.raises(DataError, match=r"gaze: no case 'r9' among its 3 cases, the first of which is 'r1'"):
        require_case(TABLE, "gaze", "r9")


def test_cache_forgets_what_was_not_asked_for_longest():
    made = []
    cache: BoundedCache[str] = BoundedCache(2)

    def value(key: str) -> str:
        return cache.get(key, lambda: made.append(key) or key.upper())

    assert [value(key) for key in ("a", "b", "a", "c", "a", "b")] == ["A", "B", "A", "C", "A", "B"]
    assert made == ["a", "b", "c", "b"]
    assert len(cache) == 2


def test_cache_keeps_nothing_where_making_fails():
    cache: BoundedCache[int] = BoundedCache(2)

    with pytest.raises(ZeroDivisionError):
        cache.get("a", lambda: 1 // 0)

    assert cache.get("a", lambda: 7) == 7


@pytest.fixture
def reading() -> ExplorerCase:
    sentences = pd.DataFrame(
        {
            "sentence_index": [0, 1],
            "text": ["no edema", "small effusion"],
            "start_s": [1.0, 3.0],
            "end_s": [2.0, 4.0],
            "has_gaze": [True, True],
        }
    )
    fixations = pd.DataFrame(
        {
            "order": [0, 1, 1, 2],
            "onset_s": [0.5, 1.5, 1.5, 3.5],
            "duration_s": [0.5, 1.0, 1.0, 2.0],
            "x": [0.1, 0.5, 0.5, 0.9],
            "y": [0.1, 0.5, 0.5, 0.9],
            "sentence_index": [0.0, 0.0, 1.0, np.nan],
        }
    )
    return ExplorerCase(
        "gaze", "r1", np.zeros((8, 8), np.uint8), np.zeros((4, 4), np.uint8), sentences, pd.DataFrame(),
        fixations, np.zeros((2, 2, 2), np.float32), (), {},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("time_s", "expected"),
    [
        pytest.param(0.5, None, id="before_the_first_word"),
        pytest.param(1.0, 0, id="first_word_begins"),
        pytest.param(2.0, None, id="last_word_has_ended"),
        pytest.param(3.9, 1, id="second_sentence"),
        pytest.param(9.0, None, id="after_the_reading"),
    ],
)
def test_sentence_being_said(reading, time_s, expected):
    assert spoken_at(reading, time_s) == expected


def test_fixations_appear_once_they_begin_and_grow(reading):
    begun = fixations_until(reading, 2.0)

    assert begun["order"].tolist() == [0, 1]
    assert begun["duration_s"].tolist() == [0.5, 0.5]
    assert fixations_until(reading, 0.5).empty
    assert reading.duration_s == pytest.approx(5.5)


def test_gaze_grows_with_time_and_ends_as_that_of_the_whole_reading():
    # One second on the upper left patch, then three on the lower right one; sigma is far below a patch.
    fixations = pd.DataFrame(
        {
            "order": [0, 1], "onset_s": [0.0, 1.0], "duration_s": [1.0, 3.0], "x": [0.25, 0.75],
            "y": [0.25, 0.75], "sigma_x": 0.01, "sigma_y": 0.01, "on_image": True, "sentence_index": [0, 0],
            "weight_s": [1.0, 3.0],
        }
    )  # fmt: skip
    frame = ImageFrame(100, 100)

    shown = [gaze_until(fixations, frame, (2, 2), time_s) for time_s in (0.0, 0.5, 1.5, 4.0, 100.0)]

    expected = [(0, 0), (1, 0), (1, 0.5), (1 / 3, 1), (1 / 3, 1)]
    for heat, (upper, lower) in zip(shown, expected, strict=True):
        np.testing.assert_allclose(heat, [[upper, 0], [0, lower]], atol=1e-6)
