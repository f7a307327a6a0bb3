"""What the explorer shows of one film: picture, sentences, gaze and regions, all on the padded square."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Region:
    """A ground-truth region: the finding, who marked it, and its mask on the padded square (bool, (R, R))."""

    finding: str
    source: str
    mask: np.ndarray


@dataclass(frozen=True)
class ExplorerCase:
    """One reading, or one film of a test set.

    Attributes
    ----------
    corpus, case_id
        Which corpus (`gaze`, or the name of an evaluation set) and which case of it.
    film
        uint8, shape (S, S), the padded square as stored for display.
    model_input
        uint8, shape (s, s), the padded square that the image encoder sees.
    sentences
        Columns sentence_index, text, start_s, end_s, has_gaze; times are NaN without a recording.
    words
        Columns sentence_index, word, start_s, end_s; empty without a recording.
    fixations
        Columns order, onset_s, duration_s, x, y (0-1 of the padded square), sentence_index (NaN: of none);
        empty without a recording.
    heatmaps
        Gaze per sentence on the patch grid, shape (sentences, grid, grid), maximum 1 or all zero.
    regions
        Ground truth, where there is any.
    facts
        Name to text: ids, findings, reader, recording quality.
    """

    corpus: str
    case_id: str
    film: np.ndarray
    model_input: np.ndarray
    sentences: pd.DataFrame
    words: pd.DataFrame
    fixations: pd.DataFrame
    heatmaps: np.ndarray
    regions: tuple[Region, ...]
    facts: Mapping[str, str]

    @property
    def duration_s(self) -> float:
        """Length of the reading (seconds), 0 without a recording."""
        offsets = self.fixations["onset_s"] + self.fixations["duration_s"]
        ends = np.concatenate([one.to_numpy(dtype=float) for one in (self.sentences["end_s"], offsets)])
        return float(ends[np.isfinite(ends)].max(initial=0.0))
