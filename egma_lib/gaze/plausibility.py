"""Units that a recording's numbers must be in; another unit passes every check of type and column."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from egma_lib.gaze.recording import Recording
from egma_lib.gaze.tables import RecordingError

LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 20.0, 10_000.0
"""Slower than any eye tracker, faster than any; time stamps in milliseconds come out below 1 Hz or so."""

LONGEST_TALK_S = 60.0
"""Readers may talk on when the eye tracker has stopped: 4.4 s at most in EGD-CXR."""
CORNER_PX = 3.0


def require_plausible(recording: Recording) -> None:
    """Refuse a recording whose times or positions are in another unit than its format promises.

    Raises
    ------
    RecordingError
        The sampling rate is no eye tracker's, words lie outside the recording, or no valid sample lies on the
        image: says what was found and what is expected.
    """
    rate = recording.sampling_hz
    if not LOWEST_RATE_HZ <= rate <= HIGHEST_RATE_HZ:
        raise RecordingError(
            f"{rate:.3g} samples a second; time stamps must be seconds (are these milliseconds?)",
            recording.samples_file,
        )
    begin, end = recording.time_s[0], recording.time_s[-1]
    words = recording.words
    if len(words) and not (
        words["start_s"].min() <= end and begin <= words["end_s"].max() <= end + LONGEST_TALK_S
    ):
        raise RecordingError(
            f"its words lie at {words['start_s'].min():g} to {words['end_s'].max():g}, its samples at "
            f"{begin:g} to {end:g} s; both must be seconds of one clock",
            recording.words_file,
        )
    _require_on_image(recording)


def _require_on_image(recording: Recording) -> None:
    x, y = recording.x_px[recording.valid], recording.y_px[recording.valid]
    if not len(x):
        return
    columns, rows = recording.frame.columns, recording.frame.rows
    on_image = (x >= 0) & (x <= columns) & (y >= 0) & (y <= rows)
    if not on_image.any():
        raise RecordingError(
            f"none of {len(x)} samples lies on the image of {columns} x {rows} pixels; positions are in "
            "another unit or belong to another image",
            recording.samples_file,
        )
    if max(np.abs(x).max(), np.abs(y).max()) <= CORNER_PX:
        raise RecordingError(
            f"all positions lie within {CORNER_PX:g} pixels of the corner; they must be pixels, no fractions",
            recording.samples_file,
        )


def require_same_clock(fixations: pd.DataFrame, last_sample_s: float, path: Path) -> None:
    """Refuse a data set's own fixations that all begin after the last sample.

    Parameters
    ----------
    fixations
        `FIXATION_COLUMNS`.
    last_sample_s
        Time of the recording's last sample (seconds).
    path
        Where the fixations were read from.

    Raises
    ------
    RecordingError
        As said; names `path`.
    """
    if len(fixations) and fixations["onset_s"].min() > last_sample_s:
        raise RecordingError(
            f"its fixations begin at {fixations['onset_s'].min():g}, after the last sample at "
            f"{last_sample_s:g} s; both must be seconds of one clock",
            path,
        )
