"""How far the eyes lead or trail the voice: time on what is named, against a shift of the sentence's window.

The eye-voice lag is read off without training. The window of every sentence that names a finding marked on
the film is moved in time; the share of fixation time inside the marked region peaks where eyes and voice
agree. Where the eyes stay on what was named after the sentence has ended, the peak lies between the lead at
the sentence's start and the lag at its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from egma_lib.errors import DataError
from egma_lib.evaluation.metrics import bootstrap_weights
from egma_lib.gaze.assignment import overlap_s

SHIFTS_S = np.arange(-20, 21) / 4
"""Shifts measured: -5 to 5 s in steps of 0.25 s; negative is before the sentence."""


@dataclass(frozen=True)
class SpokenFinding:
    """A sentence that names a finding which is marked on its film.

    Attributes
    ----------
    reader, patient_id
        Who read, and whose film.
    start_s, end_s
        First word's start and last word's end (seconds).
    onset_s, duration_s
        Fixations on the image of the whole reading, shape (k,), seconds.
    on_region
        Shape (k,): True where a fixation is inside a region of the finding.
    """

    reader: str
    patient_id: str
    start_s: float
    end_s: float
    onset_s: np.ndarray
    duration_s: np.ndarray
    on_region: np.ndarray

    def time_on_region(self, shifts_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return fixation time on the region, and in all, within the moved windows, shape (s,) each (s)."""
        shared = overlap_s(
            self.onset_s, self.onset_s + self.duration_s, self.start_s + shifts_s, self.end_s + shifts_s
        )
        return shared[self.on_region].sum(axis=0), shared.sum(axis=0)


@dataclass(frozen=True)
class EyeVoiceLag:
    """The share of fixation time on the region against the shift, and where it peaks.

    Attributes
    ----------
    shifts_s
        Shape (s,), seconds; negative is before the sentence.
    share, low, high
        Share of fixation time inside the region (0-1) with its 95 % interval over patients, shape (s,); NaN
        where no fixation falls into a window.
    peak_s, peak_low_s, peak_high_s
        Shift of the largest share with its 95 % interval; negative: the eyes lead the voice.
    n_sentences, n_patients
        What it rests on.
    """

    shifts_s: np.ndarray
    share: np.ndarray
    low: np.ndarray
    high: np.ndarray
    peak_s: float
    peak_low_s: float
    peak_high_s: float
    n_sentences: int
    n_patients: int


def inside_regions(x: np.ndarray, y: np.ndarray, regions: pd.DataFrame) -> np.ndarray:
    """Return which positions lie inside any of the regions.

    Parameters
    ----------
    x, y
        Shape (k,), 0-1 of the image.
    regions
        kind (`ellipse`: the ends of its axes; anything else is a box), x_min, y_min, x_max, y_max in 0-1 of
        the image.

    Returns
    -------
    numpy.ndarray
        bool, shape (k,); borders belong to the region.
    """
    ends = regions[["x_min", "y_min", "x_max", "y_max"]].to_numpy(dtype=float)
    u = (2 * np.asarray(x)[:, None] - ends[:, 0] - ends[:, 2]) / (ends[:, 2] - ends[:, 0])
    v = (2 * np.asarray(y)[:, None] - ends[:, 1] - ends[:, 3]) / (ends[:, 3] - ends[:, 1])
    is_ellipse = (regions["kind"] == "ellipse").to_numpy()
    inside = np.where(is_ellipse, u**2 + v**2 <= 1, (np.abs(u) <= 1) & (np.abs(v) <= 1))
    return np.asarray(inside.any(axis=1), dtype=bool)


def eye_voice_lag(
    spoken: Sequence[SpokenFinding],
    n_resamples: int,
    rng: np.random.Generator,
    shifts_s: np.ndarray = SHIFTS_S,
) -> EyeVoiceLag:
    """Measure the lag of some sentences, by resampling patients.

    Times are summed over sentences before they are divided, so that a sentence counts by the fixation time in
    its window. Where several shifts share the largest value the peak is their mean.

    Parameters
    ----------
    spoken
        Sentences that name a marked finding.
    n_resamples
        Bootstrap resamples of patients.
    rng
        Source of randomness.
    shifts_s
        Shape (s,), seconds.

    Raises
    ------
    DataError
        There is no sentence, or no fixation in any window.
    """
    if not spoken:
        raise DataError("eye-voice lag: no sentence names a finding that is marked on its film")
    times = [one.time_on_region(shifts_s) for one in spoken]
    inside, total = (np.stack(part) for part in zip(*times, strict=True))
    if not total.any():
        raise DataError("eye-voice lag: no fixation falls into the window of any sentence")
    patients = np.array([one.patient_id for one in spoken])
    weights = bootstrap_weights(patients, n_resamples, rng)
    resampled = _share(weights @ inside, weights @ total)
    share = _share(inside.sum(axis=0), total.sum(axis=0))
    seen = np.isfinite(share)
    low, high = np.full((2, len(shifts_s)), np.nan)
    low[seen], high[seen] = np.nanpercentile(resampled[:, seen], [2.5, 97.5], axis=0)
    peaks = peak_shift(resampled[np.isfinite(resampled).any(axis=1)], shifts_s)
    peak_low, peak_high = np.percentile(peaks, [2.5, 97.5])
    return EyeVoiceLag(
        shifts_s=shifts_s,
        share=share,
        low=low,
        high=high,
        peak_s=float(peak_shift(share[None], shifts_s)[0]),
        peak_low_s=float(peak_low),
        peak_high_s=float(peak_high),
        n_sentences=len(spoken),
        n_patients=len(np.unique(patients)),
    )


def peak_shift(share: np.ndarray, shifts_s: np.ndarray) -> np.ndarray:
    """Return the shift of the largest share of each row, the mean of them where several are equal.

    Parameters
    ----------
    share
        Shape (r, s), each row with at least one finite value.
    shifts_s
        Shape (s,), seconds.

    Returns
    -------
    numpy.ndarray
        Shape (r,), seconds.
    """
    top = np.nanmax(share, axis=1, keepdims=True)
    # Sums of times carry rounding: equal shares must tie.
    largest = share >= top - 1e-6
    return largest @ shifts_s / largest.sum(axis=1)


def _share(inside: np.ndarray, total: np.ndarray) -> np.ndarray:
    return np.divide(inside, total, out=np.full(total.shape, np.nan), where=total > 1e-9)
