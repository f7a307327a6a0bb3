"""Which fixation belongs to which sentence."""

from __future__ import annotations

import numpy as np
import pandas as pd

from egma_lib.settings import GazeSettings


def overlap_s(
    onset_s: np.ndarray, offset_s: np.ndarray, start_s: np.ndarray, end_s: np.ndarray
) -> np.ndarray:
    """Return the time that each of k intervals shares with each of m windows, shape (k, m), seconds."""
    begin = np.maximum(onset_s[:, None], start_s[None, :])
    finish = np.minimum(offset_s[:, None], end_s[None, :])
    return np.clip(finish - begin, 0.0, None)


def assign_fixations(
    fixations: pd.DataFrame, sentences: pd.DataFrame, settings: GazeSettings
) -> pd.DataFrame:
    """Assign fixations to sentences by overlap with [start - lead_s, end + lag_s].

    Lead and lag make neighbouring windows overlap, so a fixation can lie wholly in two. The tie goes to the
    later sentence when the eyes are taken to lead the voice by more than they trail it, else to the earlier.
    Fixations off the image belong to no sentence.

    Parameters
    ----------
    fixations
        order, onset_s, duration_s, on_image and more, k rows.
    sentences
        sentence_index, start_s, end_s, m rows.
    settings
        Lead, lag and assignment rule.

    Returns
    -------
    pandas.DataFrame
        The fixations with `sentence_index` (nullable Int64) and `weight_s` (seconds). `largest_overlap`: one
        row per fixation, its weight the duration. `all_overlaps`: one row per fixation and sentence, its
        weight the shared time; fixations outside all windows keep one row without sentence.
    """
    onset = fixations["onset_s"].to_numpy(dtype=np.float64)
    duration = fixations["duration_s"].to_numpy(dtype=np.float64)
    shared = overlap_s(
        onset,
        onset + duration,
        sentences["start_s"].to_numpy(dtype=np.float64) - settings.lead_s,
        sentences["end_s"].to_numpy(dtype=np.float64) + settings.lag_s,
    )
    # Sums of times carry rounding: equal overlaps must tie whatever the clock's offset is.
    shared = np.where(fixations["on_image"].to_numpy(dtype=bool)[:, None], shared.round(9), 0.0)
    if settings.assignment == "all_overlaps":
        return _all_overlaps(fixations, shared, duration)
    return _largest_overlap(fixations, shared, duration, later_wins=settings.lead_s >= settings.lag_s)


def _largest_overlap(
    fixations: pd.DataFrame, shared: np.ndarray, duration: np.ndarray, *, later_wins: bool
) -> pd.DataFrame:
    k, m = shared.shape
    if m == 0:
        best, some = np.zeros(k, dtype=np.int64), np.zeros(k, dtype=bool)
    else:
        best = m - 1 - shared[:, ::-1].argmax(axis=1) if later_wins else shared.argmax(axis=1)
        some = shared.max(axis=1) > 0
    return fixations.assign(sentence_index=_nullable(best, some), weight_s=duration)


def _all_overlaps(fixations: pd.DataFrame, shared: np.ndarray, duration: np.ndarray) -> pd.DataFrame:
    row, sentence = np.nonzero(shared > 0)
    alone = np.flatnonzero(~(shared > 0).any(axis=1))
    rows = np.concatenate((row, alone))
    index = np.concatenate((sentence, np.zeros(len(alone), dtype=np.int64)))
    some = np.arange(len(rows)) < len(row)
    weight = np.concatenate((shared[row, sentence], duration[alone]))
    order = np.argsort(rows, kind="stable")
    result = fixations.iloc[rows[order]].reset_index(drop=True)
    return result.assign(sentence_index=_nullable(index[order], some[order]), weight_s=weight[order])


def _nullable(index: np.ndarray, present: np.ndarray) -> pd.arrays.IntegerArray:
    return pd.arrays.IntegerArray(index.astype(np.int64), ~present)
