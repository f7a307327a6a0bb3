"""From detected events, or the data set's own fixations, to the fixations of a reading."""

from __future__ import annotations

import numpy as np
import pandas as pd

from egma_lib.gaze.recording import FIXATION_COLUMNS, Recording
from egma_lib.settings import GazeSettings

HIGH_RATE_HZ = 250.0
# Gaze up to half a degree beside the shown part still counts as on the image: tracker offsets are of that
# size, and the authors of REFLACX filter their fixations so (data-set documentation).
MARGIN_DEG = 0.5


def event_method(recording: Recording, settings: GazeSettings) -> str:
    """Return the detector that settings name for the recording's measured rate."""
    high = round(recording.sampling_hz) >= HIGH_RATE_HZ
    return settings.method_high_rate if high else settings.method_low_rate


def fixations_from_events(events: pd.DataFrame, recording: Recording, settings: GazeSettings) -> pd.DataFrame:
    """Return the fixations among detected events, placed on the image.

    The position is the mean of the samples in image pixels, so a pan during a fixation is averaged where the
    eye saw it.

    Parameters
    ----------
    events
        event, onset_s, offset_s (seconds), as `detect_events` gives them.
    recording
        The recording they were found in.
    settings
        Shortest fixation and sigma.

    Returns
    -------
    pandas.DataFrame
        order (0, 1, ...), onset_s, duration_s, x, y (0-1 of the image), sigma_x, sigma_y (one `sigma_deg` in
        0-1 of the image), on_image.
    """
    chosen = events["event"].to_numpy() == "fixation"
    onset = events["onset_s"].to_numpy(dtype=np.float64)[chosen]
    offset = events["offset_s"].to_numpy(dtype=np.float64)[chosen]
    first = np.searchsorted(recording.time_s, onset - 1e-9, side="left")
    # An event ends where the next sample begins, so that sample is not of it.
    stop = np.searchsorted(recording.time_s, offset - 1e-9, side="left")
    valid = recording.valid
    count = _sum_between(valid.astype(np.float64), first, stop)
    x_px = _mean_between(np.where(valid, recording.x_px, 0.0), count, first, stop)
    y_px = _mean_between(np.where(valid, recording.y_px, 0.0), count, first, stop)
    return _place(recording, settings, onset, offset - onset, x_px, y_px)


def vendor_fixations(recording: Recording, settings: GazeSettings) -> pd.DataFrame:
    """Return the fixations that the data set ships, in the form of `fixations_from_events`."""
    table = recording.vendor_fixations
    return _place(recording, settings, *(table[name].to_numpy() for name in FIXATION_COLUMNS))


def _sum_between(values: np.ndarray, first: np.ndarray, stop: np.ndarray) -> np.ndarray:
    total = np.concatenate(([0.0], np.cumsum(values)))
    return total[stop] - total[first]


def _mean_between(values: np.ndarray, count: np.ndarray, first: np.ndarray, stop: np.ndarray) -> np.ndarray:
    total = _sum_between(values, first, stop)
    return np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)


def _place(
    recording: Recording,
    settings: GazeSettings,
    onset_s: np.ndarray,
    duration_s: np.ndarray,
    x_px: np.ndarray,
    y_px: np.ndarray,
) -> pd.DataFrame:
    # A nanosecond of slack, so that a fixation of just the minimum does not hang on the clock's rounding.
    keep = (duration_s >= settings.minimum_fixation_s - 1e-9) & np.isfinite(x_px) & np.isfinite(y_px)
    onset_s, duration_s, x_px, y_px = onset_s[keep], duration_s[keep], x_px[keep], y_px[keep]
    middle = np.searchsorted(recording.time_s, onset_s + duration_s / 2)
    middle = np.minimum(middle, len(recording.time_s) - 1)
    per_deg_x, per_deg_y = recording.px_per_deg_x[middle], recording.px_per_deg_y[middle]
    shown = recording.shown_px[middle]
    on_image = (
        (x_px >= shown[:, 0] - MARGIN_DEG * per_deg_x)
        & (x_px <= shown[:, 2] + MARGIN_DEG * per_deg_x)
        & (y_px >= shown[:, 1] - MARGIN_DEG * per_deg_y)
        & (y_px <= shown[:, 3] + MARGIN_DEG * per_deg_y)
    )
    x, y = recording.frame.to_fraction(x_px, y_px)
    sigma_x, sigma_y = recording.frame.to_fraction(
        settings.sigma_deg * per_deg_x, settings.sigma_deg * per_deg_y
    )
    return pd.DataFrame(
        {
            "order": np.arange(len(onset_s), dtype=np.int64),
            "onset_s": onset_s,
            "duration_s": duration_s,
            "x": x,
            "y": y,
            "sigma_x": sigma_x,
            "sigma_y": sigma_y,
            "on_image": on_image,
        }
    )
