"""Units that a recording must be in, at their borders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from gaze_trees import make_recording

from egma_lib.gaze.plausibility import require_plausible, require_same_clock
from egma_lib.gaze.tables import RecordingError, shape_fault


def words(*times):
    return pd.DataFrame([("word", *pair) for pair in times], columns=["word", "start_s", "end_s"])


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="as_written"),
        pytest.param({"words": words()}, id="nothing_was_said"),
        pytest.param({"words": words((1.5, 7.0))}, id="speech_outlasts_the_gaze"),
        pytest.param({"words": words((-2.0, 0.1))}, id="speech_began_before"),
        pytest.param({"x_px": np.full(2000, np.nan)}, id="one_long_blink"),
    ],
)
def test_what_occurs_is_accepted(changes):
    require_plausible(make_recording(**changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"sampling_hz": 1.0}, "1 samples a second; time stamps must be seconds", id="slow"),
        pytest.param({"sampling_hz": 1e6}, "1e.06 samples a second", id="fast"),
        pytest.param({"words": words((2.5, 3.0))}, "words lie at 2.5 to 3", id="all_words_after_the_gaze"),
        pytest.param({"words": words((0.5, 700.0))}, "words lie at 0.5 to 700", id="words_much_too_late"),
        pytest.param({"words": words((-3.0, -1.0))}, "words lie at -3 to -1", id="all_words_before_the_gaze"),
        pytest.param({"x_px": np.full(2000, -1.0)}, "none of 2000 samples lies on the image", id="off_image"),
        pytest.param(
            {"x_px": np.full(2000, 0.5), "y_px": np.full(2000, 0.5)}, "no fractions", id="fractions"
        ),
    ],
)
def test_another_unit_is_refused(changes, message):
    with pytest.raises(RecordingError, match=message):
        require_plausible(make_recording(**changes))


def test_fixations_that_begin_after_the_last_sample_are_refused_with_their_file():
    fixations = make_recording().vendor_fixations
    require_same_clock(fixations, 2.0, Path("fixations.csv"))
    with pytest.raises(RecordingError, match=r"fixations\.csv: its fixations begin at 0, after the last"):
        require_same_clock(fixations, -1.0, Path("fixations.csv"))


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        pytest.param("a,b\n1,2\n", "", id="a_table"),
        pytest.param('a,b\n1,"two\nlines, a comma"\n', "", id="a_quoted_line_break"),
        pytest.param("a,b\n1,2\n\n", "", id="a_blank_line_at_the_end"),
        pytest.param(",,b\n1,2,3\n", "", id="two_unnamed_columns"),
        pytest.param("a,b\n1,2\n3\n", "record 2 has 1 fields and the header 2", id="cut_short"),
        pytest.param("a,b\n1,2,3\n", "record 1 has 3 fields and the header 2", id="too_long"),
        pytest.param("a, a\n1,2\n", "column 'a' occurs twice", id="a_name_twice_but_for_a_blank"),
    ],
)
def test_the_shape_of_a_csv_file(tmp_path, content, fault):
    path = tmp_path / "t.csv"
    path.write_text(content, encoding="utf-8")
    assert shape_fault(path).startswith(fault)
    assert bool(shape_fault(path)) == bool(fault)
