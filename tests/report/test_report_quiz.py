import math

import pytest

from egma_lib.errors import DataError, SettingsError
from egma_lib.report.quiz import check_prediction, direction_of_change


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(2.0, 1.5, "smaller", id="falls"),
        pytest.param(-1.0, 0.5, "larger", id="rises_through_zero"),
        pytest.param(2.0, 2.0, "unchanged", id="same"),
        pytest.param(2.0, 2.0000001, "unchanged", id="rounding_of_float32"),
        pytest.param(0.0, 1e-9, "unchanged", id="rounding_at_zero"),
        pytest.param(2.0, 2.0001, "larger", id="small_but_real"),
    ],
)
def test_direction_of_change(before, after, expected):
    assert direction_of_change(before, after) == expected


def test_a_right_prediction_is_told_with_its_numbers():
    told = check_prediction("larger", "the loss", 1.0, 1.25)
    assert told == "Right: the loss is larger, 1.2500 after 1.0000."


def test_a_wrong_prediction_is_told_what_happened():
    told = check_prediction("unchanged", "the loss", 1.0, 0.75)
    assert told == "Not unchanged: the loss is smaller, 0.7500 after 1.0000."


def test_an_unknown_word_names_the_known_ones():
    with pytest.raises(SettingsError, match="'bigger' is unknown; write one of smaller, larger, unchanged"):
        check_prediction("bigger", "the loss", 1.0, 2.0)


@pytest.mark.parametrize("values", [(math.nan, 1.0), (1.0, math.inf)], ids=["nan_before", "infinite_after"])
def test_a_value_that_is_not_finite_is_refused(values):
    with pytest.raises(DataError, match="finite numbers are expected"):
        check_prediction("larger", "the loss", *values)
