"""What in a recording is not eye movement: spikes, and the noise of its velocity through time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from egma_lib.gaze.events.samples import GazeSamples

BLOCK_S = 0.1
NEIGHBOURHOOD_S = 1.5
"""Long enough to hold more fixation than saccade, short enough to follow a head that moves."""
RAYLEIGH_MEDIAN = np.sqrt(2 * np.log(2))
"""Median speed of white noise whose velocity has a standard deviation of 1 in each direction."""


def without_spikes(samples: GazeSamples) -> GazeSamples:
    """Return the recording with each position replaced by the median of itself and its two neighbours.

    A corneal reflection that is lost for one sample throws it off by degrees; no eye comes back so fast.
    """
    x, y = samples.x_deg.copy(), samples.y_deg.copy()
    for start, stop in samples.segments:
        for position in (x, y):
            position[start + 1 : stop - 1] = _median_of_three(position[start:stop])
    return replace(samples, x_deg=x, y_deg=y)


def local_noise(speed: np.ndarray, samples: GazeSamples) -> np.ndarray:
    """Return the standard deviation of the velocity's noise in each direction (degrees/second), shape (n,).

    The median speed within a second or two, which saccades hardly move, divided by what it is for white noise
    of standard deviation 1; taken in blocks, as the median of the blocks' medians.

    Parameters
    ----------
    speed
        Shape (n,): degrees/second, NaN where there is none.
    samples
        The recording.
    """
    seen = np.flatnonzero(~np.isnan(speed))
    if not len(seen):
        return np.zeros(len(speed))
    size = samples.count(BLOCK_S)
    # Losses are closed up first, so that each block holds as many speeds as the next.
    n_blocks = max(1, len(seen) // size)
    used = speed[seen[: n_blocks * size]]
    medians = np.median(used.reshape(n_blocks, -1), axis=1)
    half = round(NEIGHBOURHOOD_S / BLOCK_S / 2)
    padded = np.pad(medians, half, mode="reflect" if n_blocks > half else "edge")
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1)
    block = np.minimum(np.cumsum(~np.isnan(speed)) // size, n_blocks - 1)
    return (np.median(around, axis=1) / RAYLEIGH_MEDIAN)[block]


def _median_of_three(values: np.ndarray) -> np.ndarray:
    before, here, after = values[:-2], values[1:-1], values[2:]
    return np.maximum(np.minimum(before, here), np.minimum(np.maximum(before, here), after))
