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


def scanpath(rate_hz, duration_s, noise_deg, seed=0):
    """Fixations of 0.3 s and saccades on the main sequence in random directions."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(duration_s * rate_hz)) / rate_hz
    position = rng.normal(0, noise_deg, (2, len(time)))
    for onset in np.arange(0.3, duration_s - 0.2, 0.4):
        amplitude, angle = rng.uniform(2, 10), rng.uniform(0, 2 * np.pi)
        phase = np.clip((time - onset) / (0.021 + 0.0022 * amplitude), 0, 1)
        travelled = amplitude * (phase - np.sin(2 * np.pi * phase) / (2 * np.pi))
        position += np.stack((np.cos(angle) * travelled, np.sin(angle) * travelled))
    return time, *position


def onsets(events):
    return events.loc[events["event"] == "saccade", "onset_s"].to_numpy()


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

    @pytest.mark.parametrize(
        "transform",
        [
            pytest.param(lambda t, x, y: (t, x + 7.5, y - 3), id="another_place_on_the_screen"),
            pytest.param(lambda t, x, y: (t + 1234.5, x, y), id="another_start_of_the_clock"),
            pytest.param(lambda t, x, y: (t, -y, x), id="rotated_by_90_degrees"),
            pytest.param(lambda t, x, y: (t, x, -y), id="mirrored"),
        ],
    )
    def test_events_do_not_depend_on_where_and_when(self, method, transform):
        time, x, y = scanpath(1000, 6, noise_deg=0.05)
        x[2000:2150] = np.nan
        moved_time, *moved = transform(time, x, y)
        expected = detect_events(time, x, y, method)
        events = detect_events(moved_time, *moved, method)
        assert events["event"].tolist() == expected["event"].tolist()
        since = events[["onset_s", "offset_s"]] - moved_time[0]
        assert since.to_numpy() == pytest.approx(expected[["onset_s", "offset_s"]].to_numpy(), abs=1e-6)
        assert events["amplitude_deg"].to_numpy() == pytest.approx(
            expected["amplitude_deg"].to_numpy(), abs=1e-6, nan_ok=True
        )

    def test_finds_the_same_saccades_at_jittered_times(self, method):
        time, x, y = scanpath(500, 10, noise_deg=0.02)
        rng = np.random.default_rng(1)
        jittered = time + rng.uniform(-2e-4, 2e-4, len(time))
        even = onsets(detect_events(time, x, y, method))
        uneven = onsets(
            detect_events(jittered, np.interp(jittered, time, x), np.interp(jittered, time, y), method)
        )
        assert uneven == pytest.approx(even, abs=0.006)

    def test_events_end_at_a_hole_in_time(self, method):
        time = np.concatenate((np.arange(300), np.arange(800, 1200))) / 1000
        events = detect_events(time, np.zeros(700), np.zeros(700), method)
        assert events["event"].tolist() == ["fixation", "fixation"]
        assert events[["onset_s", "offset_s"]].to_numpy().ravel().tolist() == pytest.approx(
            [0, 0.3, 0.8, 1.2]
        )

    def test_bridges_a_loss_of_a_few_samples(self, method):
        time = np.arange(1000) / 1000
        x = np.zeros(1000)
        x[500:510] = np.nan
        assert detect_events(time, x, x, method)["event"].tolist() == ["fixation"]

    def test_calls_a_loss_of_seconds_nothing(self, method):
        time = np.arange(4000) / 1000
        x = np.zeros(4000)
        x[500:3500] = np.nan
        events = detect_events(time, x, x, method)
        assert events["event"].tolist() == ["fixation", "fixation"]
        assert sample_labels(events, time)[2000] == "none"

    def test_does_not_change_its_input(self, method):
        time, x, y = scanpath(1000, 2, noise_deg=0.02)
        x[100:105] = np.nan
        before = x.copy()
        detect_events(time, x, y, method)
        np.testing.assert_array_equal(x, before)

    @pytest.mark.parametrize(
        ("time", "x", "message"),
        [
            pytest.param([0, 0.002, 0.001], [0, 0, 0], "sample 2: time 0.001000 s", id="time_runs_backwards"),
            pytest.param([0, np.nan, 0.002], [0, 0, 0], "sample 1: time is nan", id="a_time_is_missing"),
            pytest.param([0, 0.001, 0.002], [0, np.inf, 0], "sample 1: position is infinite", id="infinite"),
            pytest.param([0, 0.001], [0, 0, 0], "equally long", id="lengths_differ"),
        ],
    )
    def test_refuses_what_is_not_a_recording(self, method, time, x, message):
        with pytest.raises(GazeError, match=message):
            detect_events(time, x, np.zeros(len(x)), method)

    def test_refuses_a_repeated_time_by_its_sample(self, method):
        with pytest.raises(GazeError, match=r"sample 2: time 0\.001000 s does not come after 0\.001000 s"):
            detect_events([0.0, 0.001, 0.001, 0.002], np.zeros(4), np.zeros(4), method)


def test_unknown_method_lists_the_known():
    with pytest.raises(
        GazeError, match=r"event detector 'idt' is unknown; known: adaptive, ivt, nystrom_holmqvist"
    ):
        detect_events([0, 1], [0, 0], [0, 0], "idt")


def test_low_rate_is_refused_with_the_rate_and_the_alternative():
    time = np.arange(60) / 60
    with pytest.raises(GazeError, match=r"needs 250 Hz or more, but this recording has 60 Hz; use ivt"):
        detect_events(time, np.zeros(60), np.zeros(60), "nystrom_holmqvist")


@pytest.mark.parametrize("method", [name for name in detector_names() if name != "ivt"])
def test_adaptive_methods_are_refused_at_100_hz_by_name(method):
    with pytest.raises(GazeError, match=f"method '{method}' needs 250 Hz or more, .* has 100 Hz; use ivt"):
        detect_events(np.arange(50) / 100, np.zeros(50), np.zeros(50), method)


@pytest.mark.parametrize("method", ["adaptive", "ivt"])
def test_positions_must_be_in_degrees(method):
    time, x, y = scanpath(1000, 6, noise_deg=0.01)
    assert (detect_events(time, x / 100, y / 100, method)["event"] != "saccade").all()


def test_times_in_milliseconds_are_refused_by_every_method():
    with pytest.raises(GazeError, match="check that times are in seconds"):
        detect_events(np.arange(50.0), np.zeros(50), np.zeros(50), "ivt")


@pytest.mark.parametrize("method", ["adaptive", "ivt"])
@pytest.mark.parametrize("rate_hz", [250, 500])
def test_a_gap_at_the_limit_reads_the_same_wherever_the_clock_starts(method, rate_hz):
    time, x, y = step_saccade(rate_hz)
    for start in range(10, 200, 40):
        x[start : start + round(0.02 * rate_hz)] = np.nan
    events = detect_events(time, x, y, method)
    for zero in (0.1, 7.3, 100.0, 4321.0):
        later = detect_events(time + zero, x, y, method)
        assert later["event"].tolist() == events["event"].tolist()
        np.testing.assert_allclose(later["onset_s"] - zero, events["onset_s"], atol=1e-9)


@pytest.mark.parametrize("method", detector_names())
def test_samples_too_sparse_for_a_velocity_give_no_event_and_no_warning(method):
    assert detect_events([0.0, 0.001, 0.002], [np.nan, 1.0, np.nan], [np.nan, 1.0, np.nan], method).empty


def test_a_clock_one_percent_slow_is_still_250_hz():
    time = np.arange(500) / 248
    assert detect_events(time, np.zeros(500), np.zeros(500), "adaptive")["event"].tolist() == ["fixation"]


def test_low_rates_claim_no_peak_velocity():
    events = detect_events(*scanpath(60, 10, noise_deg=0.02), "ivt")
    assert (events["event"] == "saccade").sum() == 24
    assert events["peak_velocity_deg_s"].isna().all()


def test_a_new_detector_is_entered_by_its_decorator(monkeypatch):
    from egma_lib.gaze.events import registry

    monkeypatch.setattr(registry, "_DETECTORS", dict(registry._DETECTORS))

    @registry.register_detector("all_fixation", minimum_hz=10)
    def all_fixation(samples):
        return np.zeros(len(samples.time_s), dtype=int)

    events = detect_events(np.arange(30) / 30, np.zeros(30), np.zeros(30), "all_fixation")
    assert events["event"].tolist() == ["fixation"]
    assert registry.get_detector("all_fixation").minimum_hz == 10
