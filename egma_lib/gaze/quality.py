"""How good a recording is: the numbers of the quality table."""

from __future__ import annotations

import numpy as np
import pandas as pd

from egma_lib.gaze.fixations import HIGH_RATE_HZ
from egma_lib.gaze.recording import Recording
from egma_lib.gaze.sentences import count_empty_sentences
from egma_lib.gaze.transcripts import PUNCTUATION

QUALITY_COLUMNS = (
    "duration_s", "effective_hz", "jitter", "n_gaps", "data_loss", "blink_share", "pupil_lost_share",
    "off_image_share", "rms_s2s_deg", "sd_deg", "n_fixations", "fixations_off_image", "fixation_median_s",
    "n_saccades", "saccade_amplitude_median_deg", "saccade_peak_velocity_median_deg_s", "n_sentences",
    "sentences_with_gaze_share", "n_empty_sentences", "n_words_without_length", "n_repaired_times",
)  # fmt: skip
GAP = 1.5
"""An interval longer than so many median intervals lacks at least one sample."""


def valid_share(recording: Recording) -> float:
    """Return valid samples / samples that the recording's length and rate promise (0-1)."""
    span_s = float(recording.time_s[-1] - recording.time_s[0])
    promised = max(round(span_s * recording.sampling_hz) + 1, len(recording.time_s))
    return float(recording.valid.sum()) / promised


def measure_quality(
    recording: Recording, events: pd.DataFrame, fixations: pd.DataFrame, sentences: pd.DataFrame
) -> dict[str, float]:
    """Measure one recording.

    Parameters
    ----------
    recording
        The recording.
    events
        Detected events; without rows where the data set's own fixations were taken, which leaves blinks and
        saccades unmeasured (NaN).
    fixations
        order, onset_s, duration_s, on_image.
    sentences
        has_gaze per sentence.

    Returns
    -------
    dict
        `QUALITY_COLUMNS`. `effective_hz`: samples per second of the whole recording, gaps included. `jitter`:
        standard deviation of the sample interval over its median. `n_gaps`: places where samples are missing
        from the file (more than `GAP` median intervals). `data_loss`: share of promised samples that are
        missing. `pupil_lost_share`: samples without a pupil size, which nothing else uses; NaN without such a
        column. `off_image_share`: of the valid samples. `rms_s2s_deg` (sample to sample) and `sd_deg`:
        precision within fixations. Peak velocity is NaN below 250 Hz, where it is biased low.
        `n_empty_sentences`: dropped, since nothing stands before their period. `n_words_without_length`:
        begin and end at one time, as words do that were added when the report was corrected.
    """
    interval = np.diff(recording.time_s)
    span_s = float(interval.sum())
    rms, spread = _precision(recording, fixations)
    return {
        "duration_s": span_s,
        "effective_hz": len(interval) / span_s,
        "jitter": float(np.std(interval) / np.median(interval)),
        "n_gaps": int((interval > GAP * np.median(interval)).sum()),
        "data_loss": 1.0 - valid_share(recording),
        "blink_share": _blink_share(events, span_s),
        "pupil_lost_share": recording.pupil_lost_share,
        "off_image_share": _off_image_share(recording),
        "rms_s2s_deg": rms,
        "sd_deg": spread,
        "n_fixations": len(fixations),
        "fixations_off_image": int((~fixations["on_image"]).sum()),
        "fixation_median_s": _median(fixations["duration_s"].to_numpy()),
        **_saccades(recording, events),
        "n_sentences": len(sentences),
        "sentences_with_gaze_share": float(sentences["has_gaze"].mean()) if len(sentences) else np.nan,
        **_speech(recording.words),
        "n_repaired_times": recording.n_repaired_times,
    }


def _speech(words: pd.DataFrame) -> dict[str, int]:
    spoken = words[~words["word"].isin(PUNCTUATION)]
    return {
        "n_empty_sentences": count_empty_sentences(words),
        "n_words_without_length": int((spoken["start_s"] == spoken["end_s"]).sum()),
    }


def _off_image_share(recording: Recording) -> float:
    x, y = recording.frame.to_fraction(recording.x_px[recording.valid], recording.y_px[recording.valid])
    return float(((x < 0) | (x > 1) | (y < 0) | (y > 1)).mean()) if len(x) else np.nan


def _blink_share(events: pd.DataFrame, span_s: float) -> float:
    if not len(events):
        return np.nan
    length_s = events["offset_s"].to_numpy() - events["onset_s"].to_numpy()
    return float(length_s[events["event"].to_numpy() == "blink"].sum()) / span_s


def _saccades(recording: Recording, events: pd.DataFrame) -> dict[str, float]:
    saccade = events["event"].to_numpy() == "saccade"
    fast_enough = round(recording.sampling_hz) >= HIGH_RATE_HZ
    return {
        "n_saccades": float(saccade.sum()) if len(events) else np.nan,
        "saccade_amplitude_median_deg": _median(events["amplitude_deg"].to_numpy()[saccade]),
        "saccade_peak_velocity_median_deg_s": (
            _median(events["peak_velocity_deg_s"].to_numpy()[saccade]) if fast_enough else np.nan
        ),
    }


def _median(values: np.ndarray) -> float:
    numbers = values[np.isfinite(values)]
    return float(np.median(numbers)) if len(numbers) else np.nan


def _precision(recording: Recording, fixations: pd.DataFrame) -> tuple[float, float]:
    """Return RMS sample to sample and median standard deviation within fixations (degrees)."""
    x, y = recording.to_degrees()
    onset = fixations["onset_s"].to_numpy()
    offset = onset + fixations["duration_s"].to_numpy()
    owner = np.searchsorted(onset, recording.time_s + 1e-9, side="right") - 1
    inside = recording.valid & (owner >= 0)
    inside[inside] &= recording.time_s[inside] < offset[owner[inside]] - 1e-9
    if not inside.any():
        return np.nan, np.nan
    together = inside[1:] & inside[:-1] & (owner[1:] == owner[:-1])
    steps = np.diff(x)[together] ** 2 + np.diff(y)[together] ** 2
    rms = float(np.sqrt(steps.mean())) if len(steps) else np.nan
    return rms, _spread_within(x[inside], y[inside], owner[inside], len(onset))


def _spread_within(x: np.ndarray, y: np.ndarray, owner: np.ndarray, k: int) -> float:
    count = np.bincount(owner, minlength=k)
    enough = count > 1
    variance = np.zeros(k)
    for values in (x, y):
        mean = np.bincount(owner, values, minlength=k) / np.maximum(count, 1)
        variance += np.bincount(owner, (values - mean[owner]) ** 2, minlength=k) / np.maximum(count, 1)
    return float(np.median(np.sqrt(variance[enough]))) if enough.any() else np.nan
