"""The adaptive velocity algorithm of Nystrom and Holmqvist (2010), as published."""

from __future__ import annotations

import numpy as np

from egma_lib.gaze.events.registry import register_detector
from egma_lib.gaze.events.samples import HIGH_RATE_HZ, GazeSamples, runs
from egma_lib.gaze.events.table import FIXATION, NONE, PSO, SACCADE
from egma_lib.gaze.events.velocity import smoothed_velocity

SMOOTHING_S = 0.02
FASTEST_DEG_S = 1000.0
STRONGEST_DEG_S2 = 100_000.0
FIRST_PEAK_THRESHOLD_DEG_S = 100.0
SHORTEST_SACCADE_S = 0.01
SHORTEST_FIXATION_S = 0.04
LOCAL_SHARE = 0.3
"""Weight beta of the local noise in the offset threshold; the global onset threshold has the rest."""


@register_detector("nystrom_holmqvist", minimum_hz=HIGH_RATE_HZ)
def nystrom_holmqvist(samples: GazeSamples) -> np.ndarray:
    """Label samples by velocity thresholds found from the recording's own velocities.

    Returns
    -------
    numpy.ndarray
        Shape (n,): event codes.

    Source: Nystrom and Holmqvist 2010, Behavior Research Methods 42, 188-204.
    """
    speed = np.hypot(*smoothed_velocity(samples, SMOOTHING_S))
    clean = _without_impossible(speed, samples.interval_s)
    peak_threshold, onset_threshold = velocity_thresholds(clean)
    codes = np.where(np.isnan(clean), NONE, FIXATION)
    done = 0
    for start, stop in zip(*runs(clean > peak_threshold), strict=True):
        if stop - start < SHORTEST_SACCADE_S / samples.interval_s or start < done:
            continue
        saccade = _saccade(clean, start, stop, onset_threshold, peak_threshold, samples)
        if saccade is None:
            continue
        onset, offset, offset_threshold = saccade
        onset = max(onset, done)
        glissade_end = _glissade_end(clean, offset, offset_threshold, samples)
        codes[onset:offset] = SACCADE
        codes[offset:glissade_end] = PSO
        done = glissade_end
    _drop_short_fixations(codes, samples)
    return codes


def velocity_thresholds(speed: np.ndarray) -> tuple[float, float]:
    """Return the peak and onset thresholds (degrees/second) of a recording.

    The peak threshold is the mean + 6 SD of the velocities below it, iterated until it moves by less than
    1 degree per second; the onset threshold is the mean + 3 SD of the same velocities.
    """
    peak, last = FIRST_PEAK_THRESHOLD_DEG_S, np.inf
    below = speed[speed < peak]
    while len(below) and abs(peak - last) >= 1:
        last = peak
        peak = float(below.mean() + 6 * below.std())
        below = speed[speed < peak]
    if not len(below):
        return peak, peak
    return peak, float(below.mean() + 3 * below.std())


def _without_impossible(speed: np.ndarray, interval_s: float) -> np.ndarray:
    """Return the speed with NaN around velocities and accelerations that no eye reaches."""
    clean = speed.copy()
    if np.isnan(speed).all():
        return clean
    acceleration = np.abs(np.diff(speed, prepend=speed[:1])) / interval_s
    impossible = (speed > FASTEST_DEG_S) | (acceleration > STRONGEST_DEG_S2)
    resting = np.nanmedian(speed) * 2
    for start, stop in zip(*runs(speed > resting), strict=True):
        if impossible[start:stop].any():
            clean[start:stop] = np.nan
    return clean


def _saccade(
    speed: np.ndarray,
    start: int,
    stop: int,
    onset_threshold: float,
    peak_threshold: float,
    samples: GazeSamples,
) -> tuple[int, int, float] | None:
    """Return onset, one past the last sample, and the local offset threshold of the saccade at a peak."""
    onset = start
    while onset > 0 and speed[onset - 1] > onset_threshold:
        onset -= 1
    while onset > 0 and speed[onset - 1] < speed[onset]:
        onset -= 1
    before = speed[max(0, onset - samples.count(SHORTEST_FIXATION_S)) : onset]
    before = before[~np.isnan(before)]
    local = before.mean() + 3 * before.std() if len(before) else onset_threshold
    threshold = (1 - LOCAL_SHARE) * onset_threshold + LOCAL_SHARE * local
    if threshold > peak_threshold:
        threshold = onset_threshold
    offset = stop
    while offset < len(speed) and speed[offset] > threshold:
        offset += 1
    while offset < len(speed) and speed[offset] < speed[offset - 1]:
        offset += 1
    if offset == len(speed) or np.isnan(speed[offset]) or onset == 0 or np.isnan(speed[onset - 1]):
        return None
    return onset, offset, float(threshold)


def _glissade_end(speed: np.ndarray, offset: int, threshold: float, samples: GazeSamples) -> int:
    """Return one past the last sample of the glissade after a saccade; `offset` where there is none."""
    window = speed[offset : offset + samples.count(SHORTEST_FIXATION_S)]
    above = np.flatnonzero(window > threshold)
    if not len(above):
        return offset
    end = offset + int(above[-1]) + 1
    while end < len(speed) and speed[end] < speed[end - 1]:
        end += 1
    return end


def _drop_short_fixations(codes: np.ndarray, samples: GazeSamples) -> None:
    for start, stop in zip(*runs(codes == FIXATION), strict=True):
        if stop - start < SHORTEST_FIXATION_S / samples.interval_s:
            codes[start:stop] = NONE
