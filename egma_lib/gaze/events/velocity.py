"""Velocity of the eye from its positions."""

from __future__ import annotations

import numpy as np
from scipy.signal import savgol_coeffs

from egma_lib.gaze.events.samples import GazeSamples


def smoothed_velocity(samples: GazeSamples, window_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Return horizontal and vertical velocity by a Savitzky-Golay filter of second order.

    Positions and times are both differentiated by sample number, and their ratio is the velocity, so that
    unequal sampling is allowed for. With three samples, the shortest window, this is the central difference.

    Parameters
    ----------
    samples
        Recording of n samples.
    window_s
        Length of the filter (seconds); rounded to an odd number of samples, at least three.

    Returns
    -------
    tuple of numpy.ndarray
        Shape (n,) each (degrees/second); NaN outside the recording's segments and where one is shorter than
        two samples.
    """
    half = max(1, round(window_s / samples.interval_s / 2))
    weights = savgol_coeffs(2 * half + 1, 2, deriv=1)
    velocity = np.full((2, len(samples.time_s)), np.nan)
    for start, stop in samples.segments:
        if stop - start < 2:
            continue
        time_step = _slope(samples.time_s[start:stop], weights)
        velocity[0, start:stop] = _slope(samples.x_deg[start:stop], weights) / time_step
        velocity[1, start:stop] = _slope(samples.y_deg[start:stop], weights) / time_step
    return velocity[0], velocity[1]


def _slope(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Differentiate by sample number; towards either end the slope of the last full window is held.

    A parabola's slope at its end would be several times as noisy, and noise there would look like a saccade.
    """
    half = min(len(weights) // 2, (len(values) - 1) // 2)
    if half == 0:
        return np.full(len(values), values[-1] - values[0])
    if half < len(weights) // 2:
        weights = savgol_coeffs(2 * half + 1, 2, deriv=1)
    return np.pad(np.convolve(values, weights, mode="valid"), half, mode="edge")
