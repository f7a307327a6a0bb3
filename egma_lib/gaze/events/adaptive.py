"""Saccades and post-saccadic oscillations by thresholds that follow the recording's own noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from egma_lib.gaze.events.noise import local_noise, without_spikes
from egma_lib.gaze.events.registry import register_detector
from egma_lib.gaze.events.samples import HIGH_RATE_HZ, GazeSamples, runs
from egma_lib.gaze.events.table import FIXATION, NONE, PSO, SACCADE
from egma_lib.gaze.events.velocity import smoothed_velocity

SMOOTHING_S, STRONG_SMOOTHING_S = 0.012, 0.02
"""About half and all of the shortest saccade; the longer filter only where noise hides more than it blurs."""
NOISY_PEAK_DEG_S = 80.0
"""A saccade of a degree and a half peaks here; noise that hides it calls for the longer filter."""
PEAK_NOISE, PEAK_FLOOR_DEG_S = 6.0, 30.0
"""A saccade's peak stands out of noise by this many standard deviations; half a degree peaks at 30 deg/s, and
smaller ones are microsaccades, part of the fixation."""
MOVING_NOISE, MOVING_FLOOR_DEG_S = 3.5, 5.0
"""The eye moves as long as its speed stands out of noise by this; the drift of a resting eye is below 5."""
ONSET_SHARE = 0.15
"""Smoothing smears a saccade's onset the more, the faster it is; below this share of its peak it is smear."""
FASTEST_DEG_S = 1000.0
SHORTEST_SACCADE_S = 0.008
SHORTEST_FIXATION_S = 0.03
LONGEST_PSO_S = 0.08
LONGEST_PSO_PAUSE_S = 0.01
"""An oscillation turns round within this time; a longer rest ends it."""


@dataclass(frozen=True)
class _Motion:
    """Velocity of a recording and what stands out of its noise; shape (n,) each, degrees/second."""

    vx: np.ndarray
    vy: np.ndarray
    speed: np.ndarray
    moving: np.ndarray
    peak: np.ndarray


@register_detector("adaptive", minimum_hz=HIGH_RATE_HZ)
def adaptive(samples: GazeSamples) -> np.ndarray:
    """Label samples by how far their velocity stands out of the noise around them.

    A saccade is a speed peak far above noise. It begins where the speed leaves the noise, and lands where the
    velocity along its direction sinks into the noise or turns round. What moves from there on, without a rest
    and no faster than the saccade, is post-saccadic oscillation. All other samples are fixation.

    Returns
    -------
    numpy.ndarray
        Shape (n,): event codes.
    """
    motion = _measure(samples)
    codes = np.where(np.isnan(motion.vx), NONE, FIXATION)
    done = 0
    for start, stop in zip(*runs(motion.speed > motion.peak), strict=True):
        if start < done:
            continue
        top = int(start + motion.speed[start:stop].argmax())
        onset, landing = _saccade(motion, top, done)
        if landing - onset < SHORTEST_SACCADE_S / samples.interval_s:
            continue
        end = _oscillation_end(motion, top, landing, samples)
        codes[onset:landing] = SACCADE
        codes[landing:end] = PSO
        done = end
    _absorb_short_pauses(codes, samples)
    _leave_out_lid_movements(codes)
    return codes


def _measure(samples: GazeSamples) -> _Motion:
    signal = without_spikes(samples)
    motion = _motion(signal, SMOOTHING_S)
    if np.median(motion.peak) > NOISY_PEAK_DEG_S:
        return _motion(signal, STRONG_SMOOTHING_S)
    return motion


def _motion(samples: GazeSamples, smoothing_s: float) -> _Motion:
    vx, vy = smoothed_velocity(samples, smoothing_s)
    speed = np.hypot(vx, vy)
    lost = np.isnan(speed) | (speed > FASTEST_DEG_S)
    vx, vy, speed = (np.where(lost, np.nan, values) for values in (vx, vy, speed))
    noise = local_noise(speed, samples)
    moving = np.maximum(MOVING_NOISE * noise, MOVING_FLOOR_DEG_S)
    peak = np.maximum(PEAK_NOISE * noise, PEAK_FLOOR_DEG_S)
    return _Motion(vx, vy, speed, moving, peak)


def _saccade(motion: _Motion, top: int, earliest: int) -> tuple[int, int]:
    """Return onset and landing (one past its last sample) of the saccade with its peak at `top`."""
    peak = motion.speed[top]
    threshold = max(motion.moving[top], ONSET_SHARE * peak)
    onset = top
    while onset > earliest and motion.speed[onset - 1] > threshold:
        onset -= 1
    # Speed along the saccade: it changes sign where the eye has overshot and turns back.
    ux, uy = motion.vx[top] / peak, motion.vy[top] / peak
    moving = motion.moving[top]
    landing = top + 1
    while landing < len(motion.speed) and motion.vx[landing] * ux + motion.vy[landing] * uy > moving:
        landing += 1
    return onset, landing


def _oscillation_end(motion: _Motion, top: int, landing: int, samples: GazeSamples) -> int:
    """Return one past the last sample of the oscillation after a saccade; `landing` where there is none."""
    window = motion.speed[landing : landing + samples.count(LONGEST_PSO_S)]
    # Nothing that follows is an oscillation once the eye is lost or faster than in the saccade itself.
    oscillates = np.logical_and.accumulate(window <= motion.speed[top])
    moving = np.flatnonzero(oscillates & (window > motion.moving[top]))
    rests = np.diff(moving, prepend=-1) > samples.count(LONGEST_PSO_PAUSE_S)
    if rests.any():
        moving = moving[: rests.argmax()]
    return landing + int(moving[-1]) + 1 if len(moving) else landing


def _absorb_short_pauses(codes: np.ndarray, samples: GazeSamples) -> None:
    """Give a pause between two movements that is too short for a fixation to the first of them."""
    starts, stops = runs(codes == FIXATION)
    short = (stops - starts < SHORTEST_FIXATION_S / samples.interval_s) & (starts > 0) & (stops < len(codes))
    for start, stop in zip(starts[short], stops[short], strict=True):
        if codes[start - 1] != NONE and codes[stop] != NONE:
            codes[start:stop] = codes[start - 1]


def _leave_out_lid_movements(codes: np.ndarray) -> None:
    """Take movements that run into a loss for those of the lid over the pupil, not of the eye."""
    lost = codes == NONE
    for start, stop in zip(*runs(codes != FIXATION), strict=True):
        if lost[start:stop].any():
            codes[start:stop] = NONE
