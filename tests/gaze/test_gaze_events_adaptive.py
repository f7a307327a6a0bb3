"""The adaptive detector on hand-made eye movements."""

import numpy as np
import pytest

from egma_lib.gaze.events import detect_events, sample_labels


def ringing_saccade(rate_hz=1000, noise_deg=0.01, seed=0):
    """One saccade of 10 degrees from 0.5 s on, lasting 45 ms, then a damped oscillation at 20 Hz."""
    time = np.arange(rate_hz) / rate_hz
    phase = np.clip((time - 0.5) / 0.045, 0, 1)
    after = np.maximum(time - 0.545, 0)
    ringing = np.exp(-after / 0.015) * np.sin(2 * np.pi * 20 * after)
    noise = np.random.default_rng(seed).normal(0, noise_deg, (2, rate_hz))
    return time, 10 * (phase - np.sin(2 * np.pi * phase) / (2 * np.pi)) + ringing + noise[0], noise[1]


@pytest.mark.parametrize("rate_hz", [250, 500, 1000])
def test_an_oscillation_after_a_saccade_is_an_event_of_its_own(rate_hz):
    events = detect_events(*ringing_saccade(rate_hz), "adaptive")
    assert events["event"].tolist() == ["fixation", "saccade", "pso", "fixation"]
    pso = events.iloc[2]
    # The overshoot is part of the saccade; its turning point is a quarter period or less after landing.
    assert 0.545 <= pso["onset_s"] <= 0.56
    assert 0.575 <= pso["offset_s"] <= 0.625
    assert events["onset_s"].iloc[1] == pytest.approx(0.5, abs=0.0085)


def test_noise_alone_is_fixation():
    rng = np.random.default_rng(5)
    for noise_deg in (0.01, 0.1, 0.5):
        x, y = rng.normal(0, noise_deg, (2, 20_000))
        events = detect_events(np.arange(20_000) / 1000, x, y, "adaptive")
        assert events["event"].tolist() == ["fixation"]


def test_thresholds_follow_noise_that_grows_within_a_recording():
    rng = np.random.default_rng(6)
    time = np.arange(20_000) / 1000
    scale = np.where(time < 10, 0.005, 0.4)
    x, y = rng.normal(0, 1, (2, len(time))) * scale
    # A saccade of one degree stands out of the quiet half only.
    for onset in (5.0, 15.0):
        x += 1.0 * np.clip((time - onset) / 0.02, 0, 1)
    saccades = detect_events(time, x, y, "adaptive").query("event == 'saccade'")
    assert saccades["onset_s"].to_numpy() == pytest.approx([5.0], abs=0.01)


def test_strong_noise_hides_no_large_saccade():
    rng = np.random.default_rng(7)
    time = np.arange(10_000) / 500
    x, y = rng.normal(0, 0.25, (2, len(time)))
    onsets = np.arange(0.5, 19.5, 0.5)
    for onset in onsets:
        x += 5.0 * np.clip((time - onset) / 0.035, 0, 1)
    saccades = detect_events(time, x, y, "adaptive").query("event == 'saccade'")
    assert saccades["onset_s"].to_numpy() == pytest.approx(onsets, abs=0.012)


def test_a_spike_of_one_sample_is_no_saccade():
    time = np.arange(1000) / 1000
    x = np.zeros(1000)
    x[400] = 5
    assert detect_events(time, x, np.zeros(1000), "adaptive")["event"].tolist() == ["fixation"]


def test_the_lid_before_and_after_a_blink_belongs_to_the_blink():
    time = np.arange(2000) / 1000
    y = np.zeros(2000)
    y[960:1000] = -np.linspace(0, 6, 40)
    y[1000:1150] = np.nan
    y[1150:1190] = -np.linspace(6, 0, 40)
    events = detect_events(time, np.zeros(2000), y, "adaptive")
    assert events["event"].tolist() == ["fixation", "blink", "fixation"]
    blink = events.iloc[1]
    assert blink["onset_s"] == pytest.approx(0.96, abs=0.01)
    assert blink["offset_s"] == pytest.approx(1.19, abs=0.01)
    assert np.isnan(blink["x_deg"])


def test_half_a_degree_is_a_saccade_and_a_tenth_a_microsaccade():
    time = np.arange(3000) / 1000
    x = 0.7 * np.clip((time - 1) / 0.02, 0, 1) + 0.1 * np.clip((time - 2) / 0.01, 0, 1)
    labels = sample_labels(detect_events(time, x, np.zeros(3000), "adaptive"), time)
    assert labels[1010] == "saccade"
    assert labels[2005] == "fixation"


def test_two_saccades_in_a_row_stay_two_with_a_fixation_between():
    time = np.arange(2000) / 1000
    x = 6 * np.clip((time - 1) / 0.03, 0, 1) + 1.5 * np.clip((time - 1.13) / 0.02, 0, 1)
    events = detect_events(time, x, np.zeros(2000), "adaptive")
    kinds = events.loc[events["event"] != "pso", "event"].tolist()
    assert kinds == ["fixation", "saccade", "fixation", "saccade", "fixation"]


def test_noise_at_the_ends_of_a_recording_is_no_saccade():
    rng = np.random.default_rng(8)
    time = np.arange(150) / 500
    for _ in range(50):
        x, y = rng.normal(0, 0.2, (2, len(time)))
        assert detect_events(time, x, y, "adaptive")["event"].tolist() == ["fixation"]
