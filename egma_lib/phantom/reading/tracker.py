"""What trackers add to the eye: calibration offset, drift, noise, blinks, drop-outs, pupil."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from egma_lib.phantom.reading.screen import Tracker

OFFSET_DEG = (0.3, 1.5)
"""Size of a recording's calibration offset."""
DRIFT_SD_DEG = 0.2
DRIFT_S = 0.4
"""Correlation time of the eye's slow drift (seconds)."""
BLINK_RATE_HZ = 10 / 60
BLINK_S = (0.1, 0.3)
BLINK_EDGE_S = (0.03, 0.05)
"""Time the lid takes to cover and to free the pupil: positions are reported but wrong (seconds)."""
BLINK_SWING_DEG = (1.5, 8.0)


@dataclass(frozen=True)
class TrackerTraits:
    """How well a kind of tracker measures.

    Attributes
    ----------
    rms_deg
        Range of a recording's root mean square sample-to-sample noise (degrees, both axes together).
    coloured_share
        Share of the noise's variance that is correlated over time.
    coloured_s
        Correlation time of that share (seconds).
    dropouts_hz
        Drop-outs per second.
    oscillates
        Whether post-saccadic oscillations show.
    """

    rms_deg: tuple[float, float]
    coloured_share: float
    coloured_s: float
    dropouts_hz: float
    oscillates: bool


TRAITS: dict[Tracker, TrackerTraits] = {
    "eyelink": TrackerTraits((0.02, 0.05), 0.6, 0.01, 0.04, True),
    "gazepoint": TrackerTraits((0.22, 0.4), 0.5, 0.05, 0.1, False),
}


def calibration_offset(rng: np.random.Generator) -> np.ndarray:
    """Draw a recording's constant offset, shape (2,) (degrees)."""
    size, direction = rng.uniform(*OFFSET_DEG), rng.uniform(0, 2 * np.pi)
    return size * np.array([np.cos(direction), np.sin(direction)])


def eye_drift(n_samples: int, sampling_hz: float, rng: np.random.Generator) -> np.ndarray:
    """Draw slow ocular drift, shape (n_samples, 2) (degrees): a smoothed Ornstein-Uhlenbeck walk."""
    walk = _correlated(n_samples, sampling_hz, DRIFT_S, rng)
    keep = np.exp(-1 / (sampling_hz * 0.04))
    return DRIFT_SD_DEG * lfilter([1 - keep], [1, -keep], walk, axis=0)


def tracker_noise(
    n_samples: int, sampling_hz: float, traits: TrackerTraits, rng: np.random.Generator
) -> np.ndarray:
    """Draw white and coloured noise of a recording, shape (n_samples, 2) (degrees)."""
    keep = np.exp(-1 / (sampling_hz * traits.coloured_s))
    share = traits.coloured_share
    # Sample-to-sample variance of unit noise: 2 where white, 2 (1 - keep) where coloured; two axes.
    step = np.sqrt(2 * (2 * (1 - share) + 2 * share * (1 - keep)))
    scale = rng.uniform(*traits.rms_deg) / step
    white = rng.standard_normal((n_samples, 2))
    coloured = _correlated(n_samples, sampling_hz, traits.coloured_s, rng)
    return scale * (np.sqrt(1 - share) * white + np.sqrt(share) * coloured)


def draw_blinks(duration_s: float, rng: np.random.Generator) -> np.ndarray:
    """Draw blinks as (onset, offset) rows, shape (n, 2) (seconds), their lid movements included."""
    onset_s = np.sort(rng.uniform(0.0, duration_s, rng.poisson(BLINK_RATE_HZ * duration_s)))
    onset_s = onset_s[np.diff(onset_s, prepend=-1.0) > 1.0]
    length_s = rng.uniform(*BLINK_S, len(onset_s)) + sum(BLINK_EDGE_S)
    return np.stack([onset_s, onset_s + length_s], axis=1)


def draw_dropouts(duration_s: float, traits: TrackerTraits, rng: np.random.Generator) -> np.ndarray:
    """Draw stretches without an eye as (onset, offset) rows, shape (n, 2) (seconds)."""
    onset_s = np.sort(rng.uniform(0.0, duration_s, rng.poisson(traits.dropouts_hz * duration_s)))
    return np.stack([onset_s, onset_s + np.clip(rng.lognormal(-1.8, 0.7, len(onset_s)), 0.03, 1.0)], axis=1)


def lid_swing(
    time_s: np.ndarray, blinks: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return how far the lid has come down (0 to 1, beyond 1 = no pupil) and the false position it causes.

    Parameters
    ----------
    time_s
        Shape (n,).
    blinks
        Rows of `draw_blinks`.

    Returns
    -------
    cover, swing_deg
        Shapes (n,) and (n, 2). `cover` is 0 outside blinks and infinite while the pupil is gone; the lid
        comes from above, so that the middle of what is left of the pupil moves down.
    """
    cover, swing = np.zeros(len(time_s)), np.zeros((len(time_s), 2))
    closing_s, opening_s = BLINK_EDGE_S
    for onset_s, offset_s in blinks:
        first, last = np.searchsorted(time_s, [onset_s, offset_s])
        inside = time_s[first:last]
        closed = np.minimum((inside - onset_s) / closing_s, (offset_s - inside) / opening_s)
        size = np.array([rng.normal(0, 0.4), rng.uniform(*BLINK_SWING_DEG)])
        cover[first:last] = np.where(closed >= 1, np.inf, closed)
        swing[first:last] = np.minimum(closed, 1.0)[:, None] ** 2 * size
    return cover, swing


def within(time_s: np.ndarray, intervals: np.ndarray) -> np.ndarray:
    """Return whether each time lies in one of the (onset, offset) rows, shape (n,)."""
    inside = np.zeros(len(time_s), dtype=bool)
    for first, last in np.searchsorted(time_s, intervals):
        inside[first:last] = True
    return inside


def pupil_area(n_samples: int, sampling_hz: float, rng: np.random.Generator) -> np.ndarray:
    """Draw the normalised pupil area, about 1, shape (n_samples,)."""
    slow = _correlated(n_samples, sampling_hz, 1.2, rng)[:, 0]
    return 1.0 + 0.06 * slow + 0.004 * rng.standard_normal(n_samples)


def _correlated(
    n_samples: int, sampling_hz: float, time_constant_s: float, rng: np.random.Generator
) -> np.ndarray:
    """Draw unit-variance first-order noise, shape (n_samples, 2), started in its stationary state."""
    keep = np.exp(-1 / (sampling_hz * time_constant_s))
    drive = rng.standard_normal((n_samples, 2)) * np.sqrt(1 - keep**2)
    drive[0] /= np.sqrt(1 - keep**2)
    return lfilter([1.0], [1, -keep], drive, axis=0)
