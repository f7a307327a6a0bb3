"""Units that a recording's numbers must be in; another unit passes every check of type and column."""

from __future__ import annotations

import numpy as np

from egma_lib.gaze.recording import Recording
from egma_lib.gaze.tables import RecordingError

LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 20.0, 10_000.0
"""Slower than any eye tracker, faster than any; time stamps in milliseconds come out below 1 Hz or so."""


def require_plausible(recording: Recording) -> None:
    """Refuse a recording whose times or positions are in another unit than its format promises.

    Raises
    ------
    RecordingError
        The sampling rate is no eye tracker's, no word or no shipped fixation falls within the recording, or
        no valid sample lies on the image: says what was found and what is expected.
    """
    rate = recording.sampling_hz
    if not LOWEST_RATE_HZ <= rate <= HIGHEST_RATE_HZ:
        raise RecordingError(
            f"{rate:.3g} samples a second; time stamps must be seconds (are these milliseconds?)",
            recording.samples_file,
        )
    begin, end = recording.time_s[0], recording.time_s[-1]
    shipped, words = recording.vendor_fixations["onset_s"], recording.words
    if len(shipped) and shipped.min() > end:
        raise RecordingError(
            f"shipped fixations begin at {shipped.min():g}, after the last sample at {end:g} s; both must be "
            "seconds of one clock",
            recording.samples_file,
        )
    if len(words) and (words["start_s"].min() > end or words["end_s"].max() < begin):
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
    if max(np.abs(x).max(), np.abs(y).max()) <= 1:
        raise RecordingError(
            "all positions lie within one pixel of the corner; they must be pixels, not fractions",
            recording.samples_file,
        )
