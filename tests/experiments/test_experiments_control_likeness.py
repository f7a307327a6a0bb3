from dataclasses import replace

import numpy as np
import pytest
from gaze_control_inputs import make_data, make_gaze

from egma_lib.errors import DataError
from egma_lib.experiments.gaze_controls.likeness import LIKENESS_METRIC, likeness_rows, map_correlations
from egma_lib.experiments.gaze_controls.variant import with_gaze

LOOKED = {
    "a": (9, 9, 0, 1, 9, 9, 4, 4, 9, 9),
    "b": (8, 8, 2, 2, 8, 8, None, None, 8, 8),
    "c": (7, 7, 3, 3, 7, 7, 6, 6, 7, 7),
}


@pytest.fixture
def data():
    return make_data(make_gaze(LOOKED))


def test_the_measured_gaze_is_wholly_like_itself(data):
    assert map_correlations(data, data) == pytest.approx(np.ones(5))


def test_a_correlation_by_hand(data):
    # Both of two patches of 16, one shared: (1 - 4 / 16) / (2 - 4 / 16) = 3 / 7.
    rows = [np.zeros((2, 16), dtype=np.float32), None, None]
    rows[0][0, [1, 2]] = 1
    assert map_correlations(with_gaze(data, rows), data) == pytest.approx([3 / 7])


def test_controls_have_a_row_where_there_is_something_to_correlate(data):
    uniform = with_gaze(data, [np.ones_like(rows) for rows in data.gaze_similarity])
    rows = likeness_rows({"uniform": uniform, "same": data}, data)
    assert [(row["method"], row["metric"], row["n_cases"]) for row in rows] == [("same", LIKENESS_METRIC, 5)]
    assert rows[0]["value"] == pytest.approx(1.0)


def test_other_samples_are_refused(data):
    with pytest.raises(DataError, match="different samples"):
        map_correlations(replace(data, sample_ids=("x", "y", "z")), data)
