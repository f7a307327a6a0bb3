"""I-VT: a sample faster than a fixed velocity belongs to a saccade, any other to a fixation."""

from __future__ import annotations

import numpy as np

from egma_lib.gaze.events.registry import register_detector
from egma_lib.gaze.events.samples import GazeSamples, runs
from egma_lib.gaze.events.table import FIXATION, NONE, SACCADE
from egma_lib.gaze.events.velocity import smoothed_velocity

THRESHOLD_DEG_S = 32.0
SMOOTHING_S = 0.02
SHORTEST_FIXATION_S = 0.04


@register_detector("ivt", minimum_hz=20)
def ivt(samples: GazeSamples) -> np.ndarray:
    """Label samples by a fixed velocity of 32 degrees per second.

    From 250 Hz on velocities are smoothed over 20 ms; at 60 Hz the shortest filter is longer than that, and
    the velocity is the central difference. Fixations shorter than 40 ms are left out.

    Returns
    -------
    numpy.ndarray
        Shape (n,): event codes.

    Source: Salvucci and Goldberg 2000; thresholds in use are 30 to 35 degrees per second.
    """
    speed = np.hypot(*smoothed_velocity(samples, SMOOTHING_S))
    codes = np.where(speed > THRESHOLD_DEG_S, SACCADE, FIXATION)
    codes[np.isnan(speed)] = NONE
    for start, stop in zip(*runs(codes == FIXATION), strict=True):
        if stop - start < SHORTEST_FIXATION_S / samples.interval_s:
            codes[start:stop] = NONE
    return codes
