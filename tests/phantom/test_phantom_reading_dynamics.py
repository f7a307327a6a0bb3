"""Eye and tracker dynamics against the literature: measured on recordings, or on one part at a time."""

import numpy as np
import pytest

from egma_lib.phantom.reading.saccades import (
    MICROSACCADE_DEG,
    SMALLEST_SACCADE_DEG,
    oscillation,
    plan_moves,
    rest_and_flight,
    saccade_peak_deg_s,
)
from egma_lib.phantom.reading.tracker import (
    TRAITS,
    calibration_offset,
    draw_blinks,
    draw_dropouts,
    eye_drift,
    lid_swing,
    pupil_area,
    tracker_noise,
)

HZ = 1000.0


@pytest.fixture(scope="module")
def moves():
    rng = np.random.default_rng(0)
    departure_s = np.concatenate(([-1.0], np.arange(1, 600) * 0.4))
    return plan_moves(departure_s, rng.uniform(0, 22, (600, 2)), rng)


@pytest.fixture(scope="module")
def flown(moves):
    """Amplitude, duration and peak velocity of every move, flown at 5000 Hz without noise."""
    amplitudes, durations_s, peaks = [], [], []
    for onset_s, duration_s in zip(moves.onset_s[1:], moves.duration_s[1:], strict=True):
        time_s = np.arange(onset_s, onset_s + duration_s + 2e-4, 2e-4)
        position, _, _ = rest_and_flight(moves, time_s)
        amplitudes.append(np.hypot(*(position[-1] - position[0])))
        durations_s.append(duration_s)
        peaks.append(np.hypot(*np.gradient(position, 2e-4, axis=0).T).max())
    return np.array(amplitudes), np.array(durations_s), np.array(peaks)


def test_saccade_durations_grow_by_about_two_ms_a_degree(flown):
    amplitude, duration_s, _ = flown
    large = amplitude > 1
    slope, intercept = np.polyfit(amplitude[large], duration_s[large] * 1000, 1)
    assert 1.9 < slope < 2.6
    assert 18 < intercept < 25


@pytest.mark.parametrize(
    ("amplitude_deg", "low", "high"),
    [
        pytest.param(1.0, 50, 85, id="one_degree"),
        pytest.param(5.0, 210, 310, id="five_degrees"),
        pytest.param(10.0, 330, 460, id="ten_degrees"),
        pytest.param(20.0, 430, 600, id="twenty_degrees_near_the_ceiling"),
    ],
)
def test_flown_peak_velocities_lie_on_the_main_sequence(flown, amplitude_deg, low, high):
    amplitude, _, peak = flown
    near = np.abs(amplitude - amplitude_deg) < 0.25 * amplitude_deg
    assert near.sum() > 5
    # Scaled to the nominal amplitude by the (locally straight) law's own ratio.
    scaled = peak[near] * saccade_peak_deg_s(amplitude_deg) / saccade_peak_deg_s(amplitude[near])
    assert low < np.median(scaled) < high


def test_small_saccades_follow_the_square_root_free_linear_range(flown):
    amplitude, _, peak = flown
    small = (amplitude > 0.1) & (amplitude < 1.5)
    exponent = np.polyfit(np.log(amplitude[small]), np.log(peak[small]), 1)[0]
    assert 0.85 < exponent < 1.1


def test_large_saccades_brake_longer_than_they_accelerate(moves):
    number = int(np.argmax(moves.amplitude_deg))
    time_s = np.linspace(moves.onset_s[number], moves.onset_s[number] + moves.duration_s[number], 400)
    position, _, _ = rest_and_flight(moves, time_s)
    speed = np.hypot(*np.gradient(position, axis=0).T)
    assert 0.3 < speed.argmax() / 400 < 0.47


def test_the_eye_never_jumps(moves):
    time_s = np.arange(0, 60, 1 / HZ)
    position, _, _ = rest_and_flight(moves, time_s)
    assert np.hypot(*np.diff(position, axis=0).T).max() < 0.75  # 750 deg/s


def test_microsaccades_come_once_or_twice_a_second_and_are_small():
    rates, sizes = [], []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        departure_s = np.concatenate(([-1.0], np.arange(1, 70) * 0.35))
        moves = plan_moves(departure_s, rng.uniform(0, 20, (70, 2)), rng)
        micro = ~moves.is_saccade & (moves.onset_s > 0)
        rates.append(micro.sum() / departure_s[-1])
        sizes.extend(moves.amplitude_deg[micro])
    assert 0.9 < np.mean(rates) < 2.0
    assert max(sizes) < SMALLEST_SACCADE_DEG
    assert MICROSACCADE_DEG[0] * 0.5 < np.median(sizes) < MICROSACCADE_DEG[1]


def test_some_large_saccades_are_followed_by_a_corrective_one(moves):
    first, second = moves.end_deg[:-1] - moves.start_deg[:-1], moves.end_deg[1:] - moves.start_deg[1:]
    gap_s = moves.onset_s[1:] - moves.onset_s[:-1]
    along = (first * second).sum(axis=1) / np.maximum(np.hypot(*first.T), 1e-9) ** 2
    corrective = moves.is_saccade[:-1] & (gap_s < 0.3) & (along > 0.03) & (along < 0.2)
    assert 0.1 < corrective.sum() / moves.is_saccade.sum() < 0.35


def test_oscillation_is_damped_near_twenty_hertz_and_a_few_per_cent_of_the_saccade():
    departure_s = np.array([-1.0, 0.1])
    sizes, frequencies = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        moves = plan_moves(departure_s, np.array([[0.0, 5.0], [10.0, 5.0]]), rng)
        time_s = np.arange(0.1, 0.3, 1e-4)
        _, move, flying = rest_and_flight(moves, time_s)
        wobble, visible = oscillation(moves, time_s, move, flying, rng)
        if moves.is_saccade.sum() != 1:
            continue
        along = wobble[:, 0]
        sizes.append(np.abs(along).max() / 10)
        peak, trough = along.argmax(), along.argmin()
        frequencies.append(0.5 / ((trough - peak) * 1e-4))
        assert trough > peak, "overshoot comes first"
        assert np.abs(along[-500:]).max() < 0.01
        assert not visible[flying].any()
    assert 0.015 < np.median(sizes) < 0.08
    assert 14 < np.median(frequencies) < 32


@pytest.mark.parametrize(
    ("tracker", "hz", "low", "high"),
    [
        pytest.param("eyelink", 1000.0, 0.02, 0.05, id="eyelink"),
        pytest.param("gazepoint", 60.0, 0.2, 0.42, id="gazepoint"),
    ],
)
def test_sample_to_sample_noise_is_the_trackers(tracker, hz, low, high):
    rms = []
    for seed in range(20):
        noise = tracker_noise(6000, hz, TRAITS[tracker], np.random.default_rng(seed))
        rms.append(np.sqrt((np.diff(noise, axis=0) ** 2).sum(axis=1).mean()))
    assert low * 0.95 < min(rms) < max(rms) < high * 1.05
    assert np.ptp(rms) > 0.3 * (high - low)


def test_noise_is_coloured_neighbours_agree_more_than_white_noise_would():
    noise = tracker_noise(20000, HZ, TRAITS["eyelink"], np.random.default_rng(0))[:, 0]
    assert 0.3 < np.corrcoef(noise[:-1], noise[1:])[0, 1] < 0.8


def test_drift_is_slow_and_small():
    drift = eye_drift(60000, HZ, np.random.default_rng(0))
    speed = np.hypot(*(drift[50:] - drift[:-50]).T) / 0.05
    assert 0.1 < np.median(speed) < 2.0
    # Positions within a fixation of real high-speed recordings spread by about a tenth of a degree.
    within = drift.reshape(-1, 300, 2).std(axis=1).mean()
    assert 0.06 < within < 0.13


def test_calibration_offsets_span_their_range_in_every_direction():
    offsets = np.array([calibration_offset(np.random.default_rng(seed)) for seed in range(300)])
    size = np.hypot(*offsets.T)
    assert 0.3 <= size.min() < 0.4
    assert 1.4 < size.max() <= 1.5
    assert np.abs(offsets.mean(axis=0)).max() < 0.15


def test_blinks_come_about_ten_times_a_minute_and_last_a_tenth_to_three_tenths():
    blinks = np.concatenate([draw_blinks(60.0, np.random.default_rng(seed)) for seed in range(60)])
    assert 7.5 < len(blinks) / 60 < 11
    length_s = blinks[:, 1] - blinks[:, 0] - 0.08
    assert length_s.min() >= 0.1
    assert length_s.max() <= 0.3001


def test_the_lid_drags_the_gaze_down_before_the_pupil_is_gone():
    time_s = np.arange(1000) / HZ
    cover, swing = lid_swing(time_s, np.array([[0.3, 0.55]]), np.random.default_rng(0))
    assert (np.flatnonzero(cover) / HZ).min() == pytest.approx(0.301, abs=0.002)
    gone = np.isinf(cover)
    assert gone.sum() == pytest.approx(170, abs=2)
    assert swing[320:329, 1].min() > 0.3
    assert (np.diff(swing[300:329, 1]) > 0).all()
    assert not swing[:300].any()
    assert not swing[551:].any()


def test_drop_outs_are_more_frequent_for_gazepoint():
    counts = {
        tracker: sum(len(draw_dropouts(60.0, TRAITS[tracker], np.random.default_rng(s))) for s in range(40))
        for tracker in ("eyelink", "gazepoint")
    }
    assert counts["gazepoint"] > 1.5 * counts["eyelink"] > 0


def test_pupil_area_stays_about_one():
    pupil = pupil_area(25000, HZ, np.random.default_rng(0))
    assert pupil.mean() == pytest.approx(1.0, abs=0.08)
    assert 0.7 < pupil.min() < pupil.max() < 1.3
