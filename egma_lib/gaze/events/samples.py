"""A checked recording: samples, their rate, and the stretches of usable signal between gaps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from egma_lib.errors import GazeError

HIGH_RATE_HZ = 250.0
"""From this rate on a saccade spans enough samples for its velocity profile to be seen."""
RATE_TOLERANCE = 0.02
"""A clock that is 2 % slow still counts as the nominal rate."""
ROUNDING_SHARE = 0.01
"""A length that exceeds its limit by less than this share of an interval still counts as within it."""
BRIDGED_GAP_S = 0.02
"""At high rates a loss up to this long is tracker noise and is bridged by a straight line."""
BRIDGED_GAP_LOW_RATE_S = 0.075
"""At low rates too: shorter than a blink, the usual limit of gap fill-in."""


@dataclass(frozen=True)
class GazeSamples:
    """One recording, checked, with short losses bridged.

    Attributes
    ----------
    time_s
        Shape (n,): strictly increasing sample times (seconds).
    x_deg, y_deg
        Shape (n,): gaze (degrees); bridged across short losses, NaN in longer ones.
    missing
        Shape (n,), bool: the recording has no position here.
    interval_s
        Median interval between samples (seconds); NaN with fewer than two samples.
    segments
        (start, stop) sample indices of the stretches without a longer loss or a hole in time.
    """

    time_s: np.ndarray
    x_deg: np.ndarray
    y_deg: np.ndarray
    missing: np.ndarray
    interval_s: float
    segments: tuple[tuple[int, int], ...]

    @property
    def rate_hz(self) -> float:
        """Sampling rate by the median interval (Hz)."""
        return 1 / self.interval_s

    @property
    def is_high_rate(self) -> bool:
        """Whether velocity profiles can be read from this recording."""
        return self.reaches(HIGH_RATE_HZ)

    def reaches(self, rate_hz: float) -> bool:
        """Whether the recording's rate is at least `rate_hz`, give or take its clock's error."""
        return bool(self.rate_hz >= rate_hz * (1 - RATE_TOLERANCE))

    def count(self, duration_s: float) -> int:
        """Return how many samples span a duration, at least one."""
        return max(1, round(duration_s / self.interval_s))


def read_samples(time_s: ArrayLike, x_deg: ArrayLike, y_deg: ArrayLike) -> GazeSamples:
    """Check a recording and find its stretches of usable signal.

    Parameters
    ----------
    time_s
        Shape (n,): sample times (seconds), strictly increasing; intervals may differ.
    x_deg, y_deg
        Shape (n,): gaze (degrees); NaN in either is a missing sample.

    Raises
    ------
    GazeError
        Lengths differ, a time is not finite or does not increase, or a position is infinite; names
        the sample.
    """
    time, x, y = (np.array(values, dtype=float) for values in (time_s, x_deg, y_deg))
    _check(time, x, y)
    missing = np.isnan(x) | np.isnan(y)
    x[missing] = y[missing] = np.nan
    # To the nanosecond: how the clock's zero rounds the times must not decide what a length is.
    interval = round(float(np.median(np.diff(time))), 9) if len(time) > 1 else float("nan")
    if len(time) < 2 or missing.all():
        return GazeSamples(time, x, y, missing, interval, ())
    high = 1 / interval >= HIGH_RATE_HZ * (1 - RATE_TOLERANCE)
    longest_gap = max(BRIDGED_GAP_S if high else BRIDGED_GAP_LOW_RATE_S, 1.5 * interval)
    longest_gap += ROUNDING_SHARE * interval
    usable = _bridge(time, x, y, missing, longest_gap)
    hole_after = np.flatnonzero(np.diff(time) > longest_gap) + 1
    return GazeSamples(time, x, y, missing, interval, _segments(usable, hole_after))


def runs(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return first and one-past-last index of each run of True in `mask`, shape (n,)."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False]))))
    return edges[::2], edges[1::2]


def _check(time: np.ndarray, x: np.ndarray, y: np.ndarray) -> None:
    if not (time.ndim == 1 and time.shape == x.shape == y.shape):
        raise GazeError(
            f"time, x and y must be one-dimensional and equally long; got shapes {time.shape}, "
            f"{x.shape}, {y.shape}"
        )
    if not np.isfinite(time).all():
        sample = int(np.flatnonzero(~np.isfinite(time))[0])
        raise GazeError(f"sample {sample}: time is {time[sample]}; drop samples without a time")
    backwards = np.flatnonzero(np.diff(time) <= 0)
    if len(backwards):
        sample = int(backwards[0]) + 1
        raise GazeError(
            f"sample {sample}: time {time[sample]:.6f} s does not come after {time[sample - 1]:.6f} s; sort "
            "the recording and drop repeated samples"
        )
    infinite = np.flatnonzero(np.isinf(x) | np.isinf(y))
    if len(infinite):
        raise GazeError(f"sample {int(infinite[0])}: position is infinite; mark missing samples by NaN")


def _bridge(
    time: np.ndarray, x: np.ndarray, y: np.ndarray, missing: np.ndarray, longest_gap: float
) -> np.ndarray:
    """Fill short inner losses of `x` and `y` in place and return which samples are usable."""
    usable = ~missing
    starts, stops = runs(missing)
    inner = (starts > 0) & (stops < len(time))
    starts, stops = starts[inner], stops[inner]
    short = time[stops] - time[starts] <= longest_gap
    for start, stop in zip(starts[short], stops[short], strict=True):
        usable[start:stop] = True
    bridged = usable & missing
    for position in (x, y):
        position[bridged] = np.interp(time[bridged], time[~missing], position[~missing])
    return usable


def _segments(usable: np.ndarray, hole_after: np.ndarray) -> tuple[tuple[int, int], ...]:
    starts, stops = runs(usable)
    inner = hole_after[usable[hole_after] & usable[hole_after - 1]]
    starts, stops = np.sort(np.concatenate((starts, inner))), np.sort(np.concatenate((stops, inner)))
    return tuple(zip(starts.tolist(), stops.tolist(), strict=True))
