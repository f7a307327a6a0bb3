"""detect_events: the contract that every detector keeps."""

import numpy as np
import pytest

from egma_lib.errors import GazeError
from egma_lib.gaze.events import detect_events, detector_names, sample_labels

COLUMNS = ["event", "onset_s", "offset_s", "x_deg", "y_deg", "amplitude_deg", "peak_velocity_deg_s"]


def step_saccade(rate_hz=1000, amplitude_deg=8.0, noise_deg=0.01, seed=0, duration_s=1.0):
    """Fixation, one saccade of 40 ms from 0.5 s on along x, fixation."""
    time = np.arange(round(duration_s * rate_hz)) / rate_hz
    phase = np.clip((time - 0.5) / 0.04, 0, 1)
    rng = np.random.default_rng(seed)
    # The raised cosine of velocity; its integral is the position.
    x = amplitude_deg * (phase - np.sin(2 * np.pi * phase) / (2 * np.pi)) + rng.normal(
        0, noise_deg, len(time)
    )
    return time, x, rng.normal(0, noise_deg, len(time))


@pytest.mark.parametrize("method", detector_names())
class TestContract:
    def test_finds_the_step_saccade(self, method):
        events = detect_events(*step_saccade(), method)
        saccade = events[events["event"] == "saccade"]
        assert list(events.columns) == COLUMNS
        assert len(saccade) == 1
        assert saccade["onset_s"].iloc[0] == pytest.approx(0.5, abs=0.012)
        assert saccade["offset_s"].iloc[0] == pytest.approx(0.54, abs=0.012)
        assert saccade["amplitude_deg"].iloc[0] == pytest.approx(8, abs=0.4)
        assert saccade["peak_velocity_deg_s"].iloc[0] == pytest.approx(400, rel=0.1)

    @pytest.mark.parametrize(
        ("time", "x"),
        [
            pytest.param([], [], id="no_samples"),
            pytest.param([0.0], [1.0], id="a_single_sample"),
            pytest.param(np.arange(10) / 1000, np.full(10, np.nan), id="nothing_but_missing_samples"),
        ],
    )
    def test_has_no_events_where_nothing_can_be_told(self, method, time, x):
        events = detect_events(time, x, x, method)
        assert events.empty
        assert list(events.columns) == COLUMNS

    @pytest.mark.parametrize("n", [2, 3, 4, 5, 8, 13])
    def test_takes_very_short_recordings(self, method, n):
        labels = sample_labels(
            detect_events(np.arange(n) / 1000, np.zeros(n), np.zeros(n), method), np.arange(n) / 1000
        )
        assert set(labels) <= {"fixation", "none"}

    def test_calls_a_constant_signal_one_fixation(self, method):
        time = np.arange(1000) / 1000
        events = detect_events(time, np.full(1000, 3.0), np.full(1000, -2.0), method)
        assert events["event"].tolist() == ["fixation"]
        assert events.loc[0, ["onset_s", "offset_s", "x_deg", "y_deg"]].tolist() == pytest.approx(
            [0, 1, 3, -2]
        )

    def test_calls_a_gap_a_blink_and_keeps_the_saccade(self, method):
        time, x, y = step_saccade()
        x[200:350] = np.nan
        x[:5] = x[-3:] = np.nan
        events = detect_events(time, x, y, method)
        blink = events[events["event"] == "blink"]
        assert len(blink) == 1
        assert blink[["onset_s", "offset_s"]].to_numpy()[0] == pytest.approx([0.2, 0.35], abs=0.002)
        assert (events["event"] == "saccade").sum() == 1

    def test_events_do_not_overlap_and_labels_give_them_back(self, method):
        time, x, y = step_saccade(noise_deg=0.03)
        x[100:180] = np.nan
        events = detect_events(time, x, y, method)
        assert (events["offset_s"] > events["onset_s"]).all()
        assert (events["onset_s"].to_numpy()[1:] >= events["offset_s"].to_numpy()[:-1]).all()
        labels = sample_labels(events, time)
        middle = sample_labels(events, (events["onset_s"] + events["offset_s"]).to_numpy() / 2)
        assert middle.tolist() == events["event"].tolist()
        assert labels[90] == "fixation"

    def test_refuses_a_repeated_time_by_its_sample(self, method):
        with pytest.raises(GazeError, match=r"sample 2: time 0\.001000 s does not come after 0\.001000 s"):
            detect_events([0.0, 0.001, 0.001, 0.002], np.zeros(4), np.zeros(4), method)


def test_unknown_method_lists_the_known():
    with pytest.raises(GazeError, match=r"event detector 'idt' is unknown; known: .*ivt.*nystrom_holmqvist"):
        detect_events([0, 1], [0, 0], [0, 0], "idt")


def test_low_rate_is_refused_with_the_rate_and_the_alternative():
    time = np.arange(60) / 60
    with pytest.raises(GazeError, match=r"needs 250 Hz or more, but this recording has 60 Hz; use ivt"):
        detect_events(time, np.zeros(60), np.zeros(60), "nystrom_holmqvist")
