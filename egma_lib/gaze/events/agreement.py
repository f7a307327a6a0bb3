"""How far two labellings of one recording agree: per sample, per event, and in time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from egma_lib.errors import GazeError


def cohen_kappa(labels: np.ndarray, reference: np.ndarray, event: str) -> float:
    """Return Cohen's kappa of "is this sample `event`?" between two labellings.

    Parameters
    ----------
    labels, reference
        Shape (n,), text: the event of each sample.
    event
        Event that counts as yes; every other label is no.

    Returns
    -------
    float
        1 for full agreement, 0 for chance; NaN where neither or both name the event everywhere.

    Raises
    ------
    GazeError
        The labellings are not equally long.
    """
    a, b = np.asarray(labels) == event, np.asarray(reference) == event
    if a.shape != b.shape:
        raise GazeError(
            f"labellings of {a.shape} and {b.shape} samples cannot be compared; cut to the common part"
        )
    by_chance = a.mean() * b.mean() + (1 - a.mean()) * (1 - b.mean()) if a.size else 1.0
    if by_chance == 1:
        return float("nan")
    return float(((a == b).mean() - by_chance) / (1 - by_chance))


@dataclass(frozen=True)
class EventMatch:
    """Events of one kind, matched one to one by largest overlap.

    Attributes
    ----------
    n_events, n_reference, n_matched
        Counts in the labelling, in the reference, and of pairs.
    onset_error_s, offset_error_s, duration_error_s
        Shape (n_matched,): labelling minus reference (seconds; positive is late or long).
    """

    n_events: int
    n_reference: int
    n_matched: int
    onset_error_s: np.ndarray
    offset_error_s: np.ndarray
    duration_error_s: np.ndarray

    @property
    def f1(self) -> float:
        """2 matched / (events + reference); NaN where neither has any."""
        total = self.n_events + self.n_reference
        return 2 * self.n_matched / total if total else float("nan")


def match_events(events: pd.DataFrame, reference: pd.DataFrame, event: str) -> EventMatch:
    """Pair events of one kind with the reference's, each at most once, largest overlap in time first.

    Parameters
    ----------
    events, reference
        Tables with event, onset_s, offset_s, each in order of time and without overlap.
    event
        Kind of event to compare.

    Source: the matching rule is that of Startsev and Zemblys 2022 (largest overlap, one to one).
    """
    onset, offset = _intervals(events, event)
    true_onset, true_offset = _intervals(reference, event)
    pairs = _overlapping_pairs(onset, offset, true_onset, true_offset)
    left: list[int] = []
    right: list[int] = []
    for _, i, j in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])):
        if i not in left and j not in right:
            left.append(i)
            right.append(j)
    order = np.argsort(left)
    i_matched, j_matched = np.array(left, dtype=int)[order], np.array(right, dtype=int)[order]
    onset_error = onset[i_matched] - true_onset[j_matched]
    offset_error = offset[i_matched] - true_offset[j_matched]
    return EventMatch(
        len(onset), len(true_onset), len(left), onset_error, offset_error, offset_error - onset_error
    )


def events_from_labels(labels: np.ndarray, time_s: np.ndarray, interval_s: float) -> pd.DataFrame:
    """Return event, onset_s, offset_s of each run of one label, whatever the label.

    Parameters
    ----------
    labels
        Shape (n,), text.
    time_s
        Shape (n,): sample times (seconds).
    interval_s
        Length of the last sample's interval (seconds).
    """
    labels, time = np.asarray(labels), np.asarray(time_s, dtype=float)
    first = np.flatnonzero(np.concatenate((np.ones(min(1, len(labels)), bool), labels[1:] != labels[:-1])))
    ends = np.append(time, time[-1:] + interval_s)
    stop = np.append(first[1:], len(labels)) if len(labels) else first
    return pd.DataFrame({"event": labels[first], "onset_s": time[first], "offset_s": ends[stop]})


def _intervals(events: pd.DataFrame, event: str) -> tuple[np.ndarray, np.ndarray]:
    kept = events[events["event"] == event]
    return kept["onset_s"].to_numpy(dtype=float), kept["offset_s"].to_numpy(dtype=float)


def _overlapping_pairs(
    onset: np.ndarray, offset: np.ndarray, true_onset: np.ndarray, true_offset: np.ndarray
) -> list[tuple[float, int, int]]:
    first = np.searchsorted(true_offset, onset, side="right")
    stop = np.searchsorted(true_onset, offset, side="left")
    return [
        (float(min(offset[i], true_offset[j]) - max(onset[i], true_onset[j])), i, int(j))
        for i in range(len(onset))
        for j in range(first[i], stop[i])
    ]
