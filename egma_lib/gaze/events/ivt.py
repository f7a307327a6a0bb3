"""I-VT: a sample faster than a fixed velocity belongs to a saccade, any other to a fixation."""

from __future__ import annotations

import numpy as np

from egma_lib.gaze.events.registry import register_detector
from egma_lib.gaze.events.samples import GazeSamples
from egma_lib.gaze.events.table import FIXATION, NONE, SACCADE
from egma_lib.gaze.events.velocity import smoothed_velocity

THRESHOLD_DEG_S = 30.0
SMOOTHING_S = 0.02


@register_detector("ivt", minimum_hz=20)
def ivt(samples: GazeSamples) -> np.ndarray:
    """Label samples by a fixed velocity of 30 degrees per second.

    From 250 Hz on velocities are smoothed over 20 ms; at 60 Hz the shortest filter is longer than that, and
    the velocity is the central difference.

    Returns
    -------
    numpy.ndarray
        Shape (n,): event codes.

    Source: Salvucci and Goldberg 2000; the threshold is that of Olsen 2012.
    """
    speed = np.hypot(*smoothed_velocity(samples, SMOOTHING_S))
    codes = np.where(speed > THRESHOLD_DEG_S, SACCADE, FIXATION)
    codes[np.isnan(speed)] = NONE
    return codes
