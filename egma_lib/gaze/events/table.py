"""From a label per sample to a table of events, and back."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from egma_lib.gaze.events.samples import GazeSamples, runs
from egma_lib.gaze.events.velocity import smoothed_velocity

EVENTS = ("fixation", "saccade", "pso", "blink")
"""Names of the events; a code is a name's position here."""
FIXATION, SACCADE, PSO, BLINK = range(4)
NONE = -1
"""Code of a sample that belongs to no event."""
COLUMNS = ("event", "onset_s", "offset_s", "x_deg", "y_deg", "amplitude_deg", "peak_velocity_deg_s")
SHORTEST_BLINK_S = 0.05
LONGEST_BLINK_S = 0.8
"""A loss of a length that a lid's closure can have is a blink; longer, the tracker has lost the eye."""
PEAK_SMOOTHING_S = 0.01
"""Longer filters flatten the peak: one of 20 ms takes 12 % from a saccade of 40 ms."""


def mark_blinks(codes: np.ndarray, samples: GazeSamples) -> None:
    """Write `BLINK` into `codes`, shape (n,), where the signal is lost for as long as a blink lasts.

    Samples beside such a loss that the method left out, the lid passing over the pupil, belong to the blink.
    """
    lost = np.isnan(samples.x_deg)
    first, stop = runs(codes == NONE)
    for start, end in zip(*runs(lost), strict=True):
        lost_s = samples.time_s[end - 1] - samples.time_s[start] + samples.interval_s
        if SHORTEST_BLINK_S <= lost_s <= LONGEST_BLINK_S:
            around = int(np.searchsorted(first, start, side="right")) - 1
            codes[first[around] : stop[around]] = BLINK


def events_from_codes(codes: np.ndarray, samples: GazeSamples) -> pd.DataFrame:
    """Return the events of a recording: each run of one code within a segment is one event.

    Parameters
    ----------
    codes
        Shape (n,): code of each sample.
    samples
        Recording of n samples.

    Returns
    -------
    pandas.DataFrame
        `COLUMNS`, in order of time. An event lasts from its first sample to the end of its last sample's
        interval. x_deg and y_deg are its mean position, amplitude_deg the distance between the samples just
        before and just after it; both are NaN for blinks. peak_velocity_deg_s is the highest speed over 10 ms
        (the same for all methods); NaN for blinks and, since it would be far too low, below 250 Hz.
    """
    first, stop = _event_runs(codes, samples)
    kind = codes[first]
    seen = kind != BLINK
    x, y = _means(samples.x_deg, first, stop), _means(samples.y_deg, first, stop)
    peak = _peak_velocities(samples, first, stop)
    return pd.DataFrame(
        {
            "event": pd.Series(np.array(EVENTS, dtype=object)[kind], dtype="str"),
            "onset_s": samples.time_s[first],
            "offset_s": _sample_ends(samples)[stop - 1],
            "x_deg": x,
            "y_deg": y,
            "amplitude_deg": np.where(seen, _displacement(samples, first, stop), np.nan),
            "peak_velocity_deg_s": np.where(seen, peak, np.nan),
        },
        columns=list(COLUMNS),
    )


def sample_labels(events: pd.DataFrame, time_s: ArrayLike) -> np.ndarray:
    """Return the name of the event that each sample belongs to, `none` where there is none.

    Parameters
    ----------
    events
        Events that do not overlap, in order of time, with event, onset_s and offset_s.
    time_s
        Shape (n,): sample times (seconds).

    Returns
    -------
    numpy.ndarray
        Shape (n,), text.
    """
    time = np.asarray(time_s, dtype=float)
    labels = np.full(time.shape, "none", dtype="<U8")
    if events.empty:
        return labels
    index = np.searchsorted(events["onset_s"].to_numpy(), time, side="right") - 1
    inside = (index >= 0) & (time < events["offset_s"].to_numpy()[np.maximum(index, 0)])
    labels[inside] = events["event"].to_numpy(dtype="<U8")[index[inside]]
    return labels


def _event_runs(codes: np.ndarray, samples: GazeSamples) -> tuple[np.ndarray, np.ndarray]:
    change = np.flatnonzero(np.diff(codes)) + 1
    starts, stops = np.array(samples.segments, dtype=int).reshape(-1, 2).T
    holes = np.intersect1d(starts, stops)
    edges = np.unique(np.concatenate(([0], change, holes, [len(codes)])))
    first, stop = edges[:-1], edges[1:]
    kept = codes[np.minimum(first, len(codes) - 1)] != NONE if len(codes) else np.zeros(len(first), bool)
    return first[kept], stop[kept]


def _sample_ends(samples: GazeSamples) -> np.ndarray:
    """End of each sample's interval: the next sample, unless that comes late."""
    ends = samples.time_s + samples.interval_s
    on_time = np.diff(samples.time_s) <= 1.5 * samples.interval_s
    ends[:-1][on_time] = samples.time_s[1:][on_time]
    return ends


def _means(values: np.ndarray, first: np.ndarray, stop: np.ndarray) -> np.ndarray:
    if not len(first):
        return np.empty(0)
    return np.add.reduceat(np.append(values, 0.0), np.stack((first, stop), 1).ravel())[::2] / (stop - first)


def _peak_velocities(samples: GazeSamples, first: np.ndarray, stop: np.ndarray) -> np.ndarray:
    if not (len(first) and samples.is_high_rate):
        return np.full(len(first), np.nan)
    speed = np.hypot(*smoothed_velocity(samples, PEAK_SMOOTHING_S))
    return np.maximum.reduceat(np.append(speed, 0.0), np.stack((first, stop), 1).ravel())[::2]


def _displacement(samples: GazeSamples, first: np.ndarray, stop: np.ndarray) -> np.ndarray:
    """Distance between the samples around each event, or its own outermost where there is none around."""
    before, after = np.maximum(first - 1, 0), np.minimum(stop, len(samples.time_s) - 1)
    before = np.where(np.isnan(samples.x_deg[before]), first, before)
    after = np.where(np.isnan(samples.x_deg[after]), stop - 1, after)
    return np.hypot(
        samples.x_deg[after] - samples.x_deg[before], samples.y_deg[after] - samples.y_deg[before]
    )
