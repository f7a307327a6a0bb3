"""Scores of event detectors on recordings whose every sample has a true label."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from importlib.util import find_spec

import numpy as np
import pandas as pd

from egma_lib.errors import GazeError
from egma_lib.gaze.events import detect_events, detector_names, sample_labels
from egma_lib.gaze.events.agreement import EventMatch, cohen_kappa, events_from_labels, match_events

SCORED_EVENTS = ("fixation", "saccade", "pso")
Labeller = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""Times (seconds), x and y (degrees), shape (n,) each -> label of each sample."""


@dataclass(frozen=True)
class TrueRecording:
    """A recording with its truth; shape (n,) each, seconds and degrees.

    Samples whose `truth` is none of `SCORED_EVENTS` (blink, undefined, lost) are left out of all scores.
    """

    name: str
    time_s: np.ndarray
    x_deg: np.ndarray
    y_deg: np.ndarray
    truth: np.ndarray

    def thinned(self, step: int) -> TrueRecording:
        """Keep every `step`-th sample."""
        parts = (values[::step] for values in (self.time_s, self.x_deg, self.y_deg, self.truth))
        return TrueRecording(self.name, *parts)

    def doubled(self) -> TrueRecording:
        """Put a sample half way between each two, by a straight line, with the earlier one's label."""
        time_s = np.sort(np.concatenate((self.time_s, (self.time_s[1:] + self.time_s[:-1]) / 2)))
        x, y = (np.interp(time_s, self.time_s, values) for values in (self.x_deg, self.y_deg))
        return TrueRecording(self.name, time_s, x, y, np.repeat(self.truth, 2)[:-1])

    def noisier(self, noise_deg: float) -> TrueRecording:
        """Add white noise of a standard deviation in degrees; the same draw on every call."""
        rng = np.random.default_rng(len(self.time_s))
        noise = rng.normal(0, noise_deg, (2, len(self.time_s)))
        return replace(self, x_deg=self.x_deg + noise[0], y_deg=self.y_deg + noise[1])


def detectors() -> dict[str, Labeller]:
    """Return the library's methods, and REMoDNaV where it is installed."""
    methods: dict[str, Labeller] = {name: _labeller(name) for name in detector_names()}
    return methods | ({"remodnav": _label_by_remodnav} if find_spec("remodnav") else {})


def _labeller(method: str) -> Labeller:
    return lambda time_s, x, y: sample_labels(detect_events(time_s, x, y, method), time_s)


def _label_by_remodnav(time_s: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    from remodnav import EyegazeClassifier

    names = {"FIXA": "fixation", "PURS": "fixation", "SACC": "saccade", "ISAC": "saccade"}
    rate_hz = float(round(1 / np.median(np.diff(time_s))))
    # It stops with an exception on recordings that begin or end in missing samples.
    seen = np.flatnonzero(~np.isnan(x))
    first, stop = seen[0], seen[-1] + 1
    signal = np.rec.fromarrays([x[first:stop].copy(), y[first:stop].copy()], names=["x", "y"])
    try:
        classifier = EyegazeClassifier(px2deg=1.0, sampling_rate=rate_hz)
        events = classifier(classifier.preproc(signal))
    except ValueError as error:
        raise GazeError(f"REMoDNaV stops with an exception at {rate_hz:g} Hz with its defaults") from error
    labels = np.full(len(x), "none", dtype="<U8")
    for event in events:
        start, end = (first + round(event[key] * rate_hz) for key in ("start_time", "end_time"))
        labels[start:end] = names.get(event["label"], "pso")
    return labels


def score(recordings: Iterable[TrueRecording], label: Labeller) -> pd.DataFrame:
    """Return one row of scores per event, pooled over recordings.

    Returns
    -------
    pandas.DataFrame
        event, kappa (per sample), f1 (events, by largest overlap), onset_ms and offset_ms (median of detected
        minus true), onset_spread_ms and offset_spread_ms (interquartile range), count_ratio (detected to
        true), duration_bias_ms (mean duration, detected minus true), n_true; and ms_per_minute (processor
        time per minute of recording, the same in all rows).

    Raises
    ------
    GazeError
        The method does not take these recordings.
    """
    found, true, tables, spent_s, length_s = [], [], [], 0.0, 0.0
    for recording in recordings:
        started = time.process_time()
        labels = label(recording.time_s, recording.x_deg, recording.y_deg)
        spent_s += time.process_time() - started
        length_s += recording.time_s[-1] - recording.time_s[0]
        kept = np.isin(recording.truth, SCORED_EVENTS)
        found.append(labels[kept])
        true.append(recording.truth[kept])
        tables.append(
            [_events(np.where(kept, which, "none"), recording) for which in (labels, recording.truth)]
        )
    pooled = np.concatenate(found), np.concatenate(true)
    rows = [_row(event, cohen_kappa(*pooled, event), tables) for event in SCORED_EVENTS]
    return pd.DataFrame(rows).assign(ms_per_minute=spent_s / length_s * 60e3)


def _events(labels: np.ndarray, recording: TrueRecording) -> pd.DataFrame:
    return events_from_labels(labels, recording.time_s, float(np.median(np.diff(recording.time_s))))


def _row(event: str, kappa: float, tables: list[list[pd.DataFrame]]) -> dict[str, str | float]:
    matches = [match_events(found, true, event) for found, true in tables]
    n_found, n_true = (sum(getattr(m, name) for m in matches) for name in ("n_events", "n_reference"))
    row: dict[str, str | float] = {"event": event, "kappa": kappa}
    row["f1"] = 2 * sum(m.n_matched for m in matches) / (n_found + n_true) if n_found + n_true else np.nan
    for edge in ("onset", "offset"):
        row |= _timing(edge, matches)
    row["count_ratio"] = n_found / n_true if n_true else np.nan
    found_s, true_s = (_mean_duration(event, [pair[i] for pair in tables]) for i in (0, 1))
    return row | {"duration_bias_ms": (found_s - true_s) * 1e3, "n_true": n_true}


def _timing(edge: str, matches: list[EventMatch]) -> dict[str, float]:
    errors_ms = np.concatenate([getattr(match, f"{edge}_error_s") for match in matches]) * 1e3
    low, middle, high = np.percentile(errors_ms, [25, 50, 75]) if len(errors_ms) else [np.nan] * 3
    return {f"{edge}_ms": middle, f"{edge}_spread_ms": high - low}


def _mean_duration(event: str, tables: list[pd.DataFrame]) -> float:
    durations = pd.concat([table.loc[table["event"] == event] for table in tables])
    return float((durations["offset_s"] - durations["onset_s"]).mean())
