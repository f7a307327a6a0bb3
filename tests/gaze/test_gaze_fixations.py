"""Fixations from events and from the data set, and the quality of a recording."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from gaze_trees import FIXATIONS, make_recording

from egma_lib.gaze.fixations import event_method, fixations_from_events, vendor_fixations
from egma_lib.gaze.quality import QUALITY_COLUMNS, measure_quality, valid_share
from egma_lib.settings import GazeSettings

SETTINGS = GazeSettings()


def true_events() -> pd.DataFrame:
    """The fixations that `make_recording` was made from, and the saccades between them."""
    rows = [("fixation", onset, offset, np.nan, np.nan) for onset, offset, _, _ in FIXATIONS]
    for (_, end, x, y), (start, _, u, v) in pairwise(FIXATIONS):
        rows.append(("saccade", end, start, np.hypot(u - x, v - y) / 110, 300.0))
    rows.append(("blink", 1.1, 1.2, np.nan, np.nan))
    names = ["event", "onset_s", "offset_s", "amplitude_deg", "peak_velocity_deg_s"]
    return pd.DataFrame(rows, columns=names).sort_values("onset_s", ignore_index=True)


def test_fixations_lie_where_the_eye_was():
    fixations = fixations_from_events(true_events(), make_recording(), SETTINGS)
    assert fixations["order"].tolist() == [0, 1, 2, 3]
    np.testing.assert_allclose(fixations["x"], [x / 2544 for *_, x, _ in FIXATIONS], atol=1e-9)
    np.testing.assert_allclose(fixations["y"], [y / 3056 for *_, y in FIXATIONS], atol=1e-9)
    np.testing.assert_allclose(fixations["duration_s"], [0.45, 0.45, 0.45, 0.5])
    np.testing.assert_allclose(fixations["sigma_x"], 110 / 2544)
    np.testing.assert_allclose(fixations["sigma_y"], 110 / 3056)
    assert fixations["on_image"].all()


def test_missing_samples_do_not_pull_the_position():
    recording = make_recording()
    x_px = recording.x_px.copy()
    x_px[100:200] = np.nan
    fixations = fixations_from_events(true_events(), replace(recording, x_px=x_px), SETTINGS)
    assert fixations["x"].iloc[0] == pytest.approx(600 / 2544)


def test_the_first_sample_of_what_follows_is_not_of_the_fixation():
    recording = make_recording()
    x_px = recording.x_px.copy()
    x_px[450] = 1e6
    fixations = fixations_from_events(true_events(), replace(recording, x_px=x_px), SETTINGS)
    assert fixations["x"].iloc[0] == pytest.approx(600 / 2544)


def test_short_fixations_are_dropped_and_the_rest_numbered_anew():
    events = pd.DataFrame({"event": "fixation", "onset_s": [0.0, 0.1, 0.2], "offset_s": [0.06, 0.15, 0.4]})
    fixations = fixations_from_events(events, make_recording(), SETTINGS)
    assert fixations["onset_s"].tolist() == [0.0, 0.2]
    assert fixations["order"].tolist() == [0, 1]


def test_events_without_a_fixation_give_an_empty_table():
    events = true_events().query("event == 'saccade'")
    assert fixations_from_events(events, make_recording(), SETTINGS).empty


@pytest.mark.parametrize(
    ("x", "on_image"),
    [
        pytest.param(-50.0, True, id="within_half_a_degree"),
        pytest.param(-60.0, False, id="beyond_half_a_degree"),
        pytest.param(-900.0, False, id="control_strip"),
    ],
)
def test_fixations_beside_the_image_are_marked(x, on_image):
    shipped = pd.DataFrame({"onset_s": [0.1], "duration_s": [0.2], "x_px": [x], "y_px": [100.0]})
    fixations = vendor_fixations(make_recording(vendor_fixations=shipped), SETTINGS)
    assert fixations["on_image"].tolist() == [on_image]


def test_a_fixation_outside_the_part_on_display_is_off_the_image():
    recording = make_recording()
    shown = np.tile(np.array([1200.0, 0, 2400, 3056]), (len(recording.time_s), 1))
    fixations = vendor_fixations(replace(recording, shown_px=shown), SETTINGS)
    assert fixations["on_image"].tolist() == [False, True, True, False]


def test_vendor_fixations_agree_with_perfect_events():
    recording = make_recording()
    columns = ["onset_s", "duration_s", "x", "y", "sigma_x", "sigma_y"]
    np.testing.assert_allclose(
        vendor_fixations(recording, SETTINGS)[columns],
        fixations_from_events(true_events(), recording, SETTINGS)[columns],
        atol=1e-9,
    )


@pytest.mark.parametrize(("hz", "method"), [(1000.0, "adaptive"), (249.99, "adaptive"), (60.0, "ivt")])
def test_the_method_follows_the_rate(hz, method):
    assert event_method(make_recording(sampling_hz=hz), SETTINGS) == method


def quality_of(recording, events=None):
    events = true_events() if events is None else events
    fixations = fixations_from_events(events, recording, SETTINGS)
    return measure_quality(recording, events, fixations, pd.DataFrame({"has_gaze": [True, False]}))


def test_quality_of_a_clean_recording():
    quality = quality_of(make_recording())
    assert tuple(quality) == QUALITY_COLUMNS
    assert quality["effective_hz"] == pytest.approx(1000)
    assert quality["jitter"] == pytest.approx(0, abs=1e-9)
    assert quality["data_loss"] == 0
    assert quality["off_image_share"] == 0
    assert (quality["n_gaps"], quality["n_empty_sentences"], quality["n_words_without_length"]) == (0, 0, 0)
    assert quality["rms_s2s_deg"] == pytest.approx(0, abs=1e-9)
    assert quality["blink_share"] == pytest.approx(0.1 / 1.999)
    assert (quality["n_fixations"], quality["n_saccades"]) == (4, 3)
    assert quality["fixation_median_s"] == pytest.approx(0.45)
    # Amplitudes: 1300 px, 1500 px and hypot(1200, 100) px at 110 px per degree.
    assert quality["saccade_amplitude_median_deg"] == pytest.approx(1300 / 110)
    assert quality["saccade_peak_velocity_median_deg_s"] == 300
    assert quality["sentences_with_gaze_share"] == 0.5


def test_white_noise_shows_as_its_own_size():
    recording, rng = make_recording(), np.random.default_rng(1)
    noise = rng.normal(0, 11, (2, len(recording.time_s)))  # a tenth of a degree
    noisy = replace(recording, x_px=recording.x_px + noise[0], y_px=recording.y_px + noise[1])
    quality = quality_of(noisy)
    # Each axis has sd .1: together sqrt(2) * .1; differences of independent samples twice the variance.
    assert quality["sd_deg"] == pytest.approx(0.1 * np.sqrt(2), rel=0.05)
    assert quality["rms_s2s_deg"] == pytest.approx(0.1 * 2, rel=0.05)


def test_lost_samples_and_lost_rows_both_count_as_loss():
    recording = make_recording()
    x_px = recording.x_px.copy()
    x_px[:500] = np.nan
    keep = np.ones(2000, dtype=bool)
    keep[1000:1500] = False
    arrays = {
        name: (x_px if name == "x_px" else getattr(recording, name))[keep]
        for name in ("time_s", "x_px", "y_px", "px_per_deg_x", "px_per_deg_y", "shown_px", "screen_px")
    }
    assert valid_share(replace(recording, **arrays)) == pytest.approx(0.5)


def test_every_place_without_samples_is_a_gap():
    recording = make_recording()
    keep = np.ones(2000, dtype=bool)
    keep[[300, 301, 302, 900]] = False
    names = ("time_s", "x_px", "y_px", "px_per_deg_x", "px_per_deg_y", "shown_px", "screen_px")
    quality = quality_of(replace(recording, **{name: getattr(recording, name)[keep] for name in names}))
    assert quality["n_gaps"] == 2
    assert quality["data_loss"] == pytest.approx(4 / 2000)


def test_gaze_beside_the_image_is_counted_by_sample_and_by_fixation():
    recording = make_recording()
    # The eye rests on the control strip, left of the image, while the second fixation lasts.
    x_px = np.where((recording.time_s >= 0.5) & (recording.time_s < 0.95), -900.0, recording.x_px)
    quality = quality_of(replace(recording, x_px=x_px))
    assert quality["off_image_share"] == pytest.approx(450 / 2000)
    assert (quality["fixations_off_image"], quality["n_fixations"]) == (1, 4)


def test_sentences_without_words_and_words_without_length_are_counted():
    words = [("clear", 0.1, 0.4), (".", 0.4, 0.5), (".", 0.5, 0.6), ("small", 0.7, 0.7), ("heart", 0.7, 0.9),
             (",", 0.9, 0.9), (".", 0.9, 1.0), (",", 1.1, 1.2)]  # fmt: skip
    table = pd.DataFrame(words, columns=["word", "start_s", "end_s"])
    quality = quality_of(make_recording(words=table))
    # The second period ends nothing, and neither do the last comma's words; commas are no words.
    assert (quality["n_empty_sentences"], quality["n_words_without_length"]) == (2, 1)


def test_no_peak_velocity_is_claimed_below_250_hz():
    quality = quality_of(make_recording(60.0))
    assert np.isnan(quality["saccade_peak_velocity_median_deg_s"])
    assert quality["n_saccades"] == 3


def test_without_events_blinks_and_saccades_are_unmeasured():
    recording = make_recording()
    fixations, sentences = vendor_fixations(recording, SETTINGS), pd.DataFrame({"has_gaze": [True]})
    quality = measure_quality(recording, true_events().iloc[:0], fixations, sentences)
    assert np.isnan(quality["blink_share"])
    assert np.isnan(quality["n_saccades"])
    assert quality["n_fixations"] == 4


def test_a_recording_without_one_position_is_measured_without_warning():
    recording = make_recording()
    lost = replace(recording, x_px=np.full(2000, np.nan))
    quality = quality_of(lost, true_events().iloc[:0])
    assert quality["data_loss"] == 1
    assert np.isnan(quality["off_image_share"])
