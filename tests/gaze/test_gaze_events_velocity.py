"""Velocity by the Savitzky-Golay filter."""

import numpy as np
import pytest
from scipy.signal import savgol_filter

from egma_lib.gaze.events.samples import read_samples
from egma_lib.gaze.events.velocity import smoothed_velocity


def test_agrees_with_scipy_away_from_the_ends():
    rng = np.random.default_rng(0)
    time = np.arange(200) / 500
    x, y = rng.normal(0, 1, (2, 200))
    vx, vy = smoothed_velocity(read_samples(time, x, y), 0.02)
    expected = savgol_filter(np.stack((x, y)), 11, 2, deriv=1, delta=1 / 500)
    assert vx[5:-5] == pytest.approx(expected[0, 5:-5])
    assert vy[5:-5] == pytest.approx(expected[1, 5:-5])


def test_is_the_central_difference_at_60_hz():
    time = np.arange(6) / 60
    x = np.array([0.0, 1, 4, 9, 16, 25])
    vx, vy = smoothed_velocity(read_samples(time, x, np.zeros(6)), 0.02)
    assert vx == pytest.approx([120, 120, 240, 360, 480, 480])
    assert vy == pytest.approx(np.zeros(6))


def test_constant_velocity_is_exact_at_unequal_intervals_and_beside_gaps():
    time = np.cumsum(np.random.default_rng(1).uniform(0.0008, 0.0012, 300))
    x, y = 7 * time, -3 * time
    x[100:160] = np.nan
    vx, vy = smoothed_velocity(read_samples(time, x, y), 0.02)
    assert np.isnan(vx).tolist() == np.isnan(x).tolist()
    assert vx[~np.isnan(x)] == pytest.approx(np.full(240, 7.0))
    assert vy[~np.isnan(x)] == pytest.approx(np.full(240, -3.0))


@pytest.mark.parametrize("n", [2, 3, 4, 7])
def test_segments_shorter_than_the_filter_have_a_velocity(n):
    time = np.arange(n) / 1000
    vx, _ = smoothed_velocity(read_samples(time, 5 * time, time), 0.02)
    assert vx == pytest.approx(np.full(n, 5.0))
