from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from egma_lib.errors import DataError
from egma_lib.evaluation.eye_voice_lag import (
    SHIFTS_S,
    SpokenFinding,
    eye_voice_lag,
    inside_regions,
    peak_shift,
)


def one_look(lead_s, start_s=10.0, end_s=12.0, patient="p0"):
    """Eyes on the region for as long as the sentence lasts, `lead_s` before it, and elsewhere otherwise."""
    begin, finish = start_s - lead_s, end_s - lead_s
    onset = np.array([0.0, begin, finish])
    return SpokenFinding(
        "egd", patient, start_s, end_s, onset, np.array([begin, finish - begin, 30 - finish]),
        np.array([False, True, False]),
    )  # fmt: skip


def lag_of(spoken, n_resamples=50):
    return eye_voice_lag(spoken, n_resamples, np.random.default_rng(0))


@pytest.mark.parametrize("lead_s", [-2.0, -0.25, 0.0, 0.5, 1.25, 4.75])
def test_a_known_lead_is_found(lead_s):
    lag = lag_of([one_look(lead_s, start_s=10 + i, end_s=12 + i, patient=f"p{i}") for i in range(6)])
    assert lag.peak_s == pytest.approx(-lead_s)
    assert (lag.peak_low_s, lag.peak_high_s) == pytest.approx((-lead_s, -lead_s))
    assert lag.share.max() == pytest.approx(1.0)
    assert (lag.n_sentences, lag.n_patients) == (6, 6)


def test_the_share_falls_off_with_the_time_away_from_the_lead():
    # A window of 2 s, moved by 0.5 s from the look, keeps 1.5 s of it; by 2 s and more, nothing.
    lag = lag_of([one_look(1.0)])
    share = dict(zip(SHIFTS_S.tolist(), lag.share.tolist(), strict=True))
    assert share[-1.0] == pytest.approx(1.0)
    assert share[-1.5] == pytest.approx(0.75)
    assert share[0.0] == pytest.approx(0.5)
    assert share[1.0] == share[-3.0] == 0


def test_a_look_longer_than_the_sentence_peaks_in_its_middle():
    # Eyes on the region from 9 to 12 s, sentence from 10 to 12 s: any shift from -1 to 0 s fits whole.
    spoken = replace(one_look(0.0), onset_s=np.array([0.0, 9.0, 12.0]), duration_s=np.array([9.0, 3.0, 8.0]))
    assert lag_of([spoken]).peak_s == pytest.approx(-0.5)


def test_sentences_count_by_the_fixation_time_in_their_window():
    # 2 s on the region of 2 s, and none of 4 s: a third of the time.
    off = replace(one_look(0.0, 10.0, 14.0), on_region=np.array([False, False, False]))
    lag = lag_of([one_look(0.0), off])
    assert lag.share[SHIFTS_S == 0][0] == pytest.approx(1 / 3)


def test_the_interval_spans_patients_who_differ():
    early = [one_look(2.0, patient=f"e{i}") for i in range(8)]
    late = [one_look(0.0, patient=f"l{i}") for i in range(9)]
    lag = lag_of(early + late, 400)
    assert lag.peak_low_s == pytest.approx(-2.0)
    assert lag.peak_high_s == pytest.approx(0.0)
    assert (lag.low <= lag.share + 1e-9).all()
    assert (lag.share <= lag.high + 1e-9).all()


def test_a_window_beyond_the_recording_has_no_share():
    # The recording ends at 30 s, sentence from 27 to 29 s: from a shift of 3 s on nothing is left.
    lag = lag_of([one_look(0.0, 27.0, 29.0)])
    assert np.isnan(lag.share[SHIFTS_S >= 3]).all()
    assert np.isfinite(lag.share[SHIFTS_S < 3]).all()
    assert lag.peak_s == 0


@pytest.mark.parametrize(
    ("spoken", "message"),
    [
        pytest.param([], "no sentence names a finding", id="no_sentence"),
        pytest.param(
            [replace(one_look(0.0), start_s=90.0, end_s=91.0)], "no fixation falls into", id="no_fixation"
        ),
    ],
)
def test_without_anything_to_measure_it_says_so(spoken, message):
    with pytest.raises(DataError, match=message):
        lag_of(spoken)


def test_equal_peaks_are_averaged_and_missing_shares_left_out():
    shifts = np.array([-1.0, 0.0, 1.0, 2.0])
    share = np.array([[0.2, 0.5, 0.5, np.nan], [np.nan, 0.1, 0.3, 0.2]])
    assert peak_shift(share, shifts).tolist() == [0.5, 1.0]


def test_inside_boxes_and_ellipses():
    regions = pd.DataFrame(
        {
            "kind": ["box", "ellipse"],
            "x_min": [0.0, 0.5], "y_min": [0.0, 0.5], "x_max": [0.2, 0.9], "y_max": [0.4, 0.7],
        }
    )  # fmt: skip
    # Corner of the box, the ellipse's middle, its right end, and the corner of its bounding box.
    x, y = np.array([0.2, 0.7, 0.9, 0.52, 0.3]), np.array([0.4, 0.6, 0.6, 0.51, 0.1])
    assert inside_regions(x, y, regions).tolist() == [True, True, True, False, False]


@given(st.floats(-3, 3), st.floats(-5, 5))
def test_the_lag_does_not_depend_on_the_clocks_zero(lead_s, zero_s):
    spoken = [one_look(lead_s), one_look(lead_s, 14.0, 17.0)]
    moved = [
        replace(one, start_s=one.start_s + zero_s, end_s=one.end_s + zero_s, onset_s=one.onset_s + zero_s)
        for one in spoken
    ]
    assert lag_of(moved, 50).share == pytest.approx(lag_of(spoken, 50).share, abs=1e-6, nan_ok=True)


@pytest.mark.parametrize("lead_s", [0.5, 1.0])
def test_the_lead_of_a_noisy_reader_is_recovered(lead_s):
    # Fixations of 0.2-0.4 s aim at what is said `lead_s` after they begin, 85 % of them well; over a fixation
    # the lead thus falls from `lead_s` by its duration, by 0.15 s on average.
    rng = np.random.default_rng(4)
    spoken = []
    for patient in range(60):
        duration = rng.uniform(0.2, 0.4, 100)
        onset = np.cumsum(duration) - duration
        start_s = rng.uniform(8, 14)
        voice = onset + lead_s
        named = (voice >= start_s) & (voice < start_s + 2.5)
        hit = np.where(named, rng.random(100) < 0.85, rng.random(100) < 0.05)
        spoken.append(SpokenFinding("egd", f"p{patient}", start_s, start_s + 2.5, onset, duration, hit))
    lag = lag_of(spoken, 200)
    assert lag.peak_s == pytest.approx(0.15 - lead_s, abs=0.15)
    assert lag.peak_low_s <= 0.15 - lead_s + 0.125
    assert lag.peak_high_s >= 0.15 - lead_s - 0.125
