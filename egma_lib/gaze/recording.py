"""One eye-tracking recording of one reading, in one form whatever device it came from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from egma_lib.errors import GazeError
from egma_lib.gaze.frames import ImageFrame, image_to_screen, screen_px_per_image_px

Source = Literal["reflacx", "eye_gaze"]
WORD_COLUMNS = ("word", "start_s", "end_s")
FIXATION_COLUMNS = ("onset_s", "duration_s", "x_px", "y_px")


@dataclass(frozen=True)
class ReadingReference:
    """A reading found on disk and not yet read.

    Attributes
    ----------
    reading_id
        REFLACX's own id; the `dicom_id` for EYE GAZE, which has one reading per image.
    reader
        REFLACX publishes no reader identity: readings of one image are numbered in the order of their ids
        (`reflacx_1`, ...), so numbers say nothing across images. EYE GAZE has the single reader `egd`.
    folder
        The patient's folder; the root of REFLACX or EGD-CXR where these are read on their own.
    frame
        Size of the original image, from `cxr_meta.csv`; None where that is what is wrong.
    problem
        Why the reading cannot be used, empty if nothing is known against it.
    problem_file
        The file that says so.
    tables
        Folder of the tables of a reading of REFLACX or EGD-CXR on their own; None stands for `REFLACX/` or
        `EyeGaze/` of the patient's folder.
    """

    reading_id: str
    dicom_id: str
    subject_id: str
    source: Source
    reader: str
    folder: Path
    frame: ImageFrame | None
    problem: str = ""
    problem_file: Path | None = None
    tables: Path | None = None


@dataclass(frozen=True)
class Recording:
    """Samples, words and the device's own fixations of one reading.

    Attributes
    ----------
    sampling_hz
        Measured: 1 / median interval between samples.
    frame
        Full-size image frame that all `_px` values refer to unless they say screen.
    time_s
        Shape (n,), seconds since image and audio started, strictly increasing.
    x_px, y_px
        Shape (n,), gaze in pixels of the image frame, not clipped; NaN = missing.
    px_per_deg_x, px_per_deg_y
        Shape (n,), image pixels per degree of visual angle; change with zoom.
    shown_px
        Shape (n, 4): x_min, y_min, x_max, y_max of the part of the image on display (image pixels).
    screen_px
        Shape (n, 4): where that part stands on the screen (screen pixels).
    words
        word, start_s, end_s; punctuation in rows of its own, '.' ends a sentence.
    vendor_fixations
        onset_s, duration_s, x_px, y_px: the fixations that the data set ships.
    n_repaired_times
        Samples whose time stamp was blank, doubled or out of order (dropped or put in place).
    pupil_lost_share
        Share of samples without a pupil size (0-1); NaN where the file has no such column.
    samples_file, words_file
        Where samples and words were read from; None where they were not read from files.
    """

    reading_id: str
    dicom_id: str
    subject_id: str
    reader: str
    source: Source
    sampling_hz: float
    frame: ImageFrame
    time_s: np.ndarray
    x_px: np.ndarray
    y_px: np.ndarray
    px_per_deg_x: np.ndarray
    px_per_deg_y: np.ndarray
    shown_px: np.ndarray
    screen_px: np.ndarray
    words: pd.DataFrame
    vendor_fixations: pd.DataFrame
    n_repaired_times: int = 0
    pupil_lost_share: float = math.nan
    samples_file: Path | None = None
    words_file: Path | None = None

    def __post_init__(self) -> None:
        n = len(self.time_s)
        for name in ("x_px", "y_px", "px_per_deg_x", "px_per_deg_y"):
            if getattr(self, name).shape != (n,):
                raise GazeError(
                    f"{self.reading_id}: {name} has shape {getattr(self, name).shape}, expected ({n},)"
                )
        for name in ("shown_px", "screen_px"):
            if getattr(self, name).shape != (n, 4):
                raise GazeError(
                    f"{self.reading_id}: {name} has shape {getattr(self, name).shape}, expected ({n}, 4)"
                )
        if n < 2 or not (np.diff(self.time_s) > 0).all():
            raise GazeError(f"{self.reading_id}: needs at least two samples with increasing time stamps")

    @property
    def valid(self) -> np.ndarray:
        """Shape (n,): True where the sample has a position."""
        return np.isfinite(self.x_px) & np.isfinite(self.y_px)

    def to_screen(self) -> tuple[np.ndarray, np.ndarray]:
        """Return gaze in screen pixels, x and y of shape (n,) each."""
        return image_to_screen(self.x_px, self.y_px, self.shown_px, self.screen_px)

    def to_degrees(self) -> tuple[np.ndarray, np.ndarray]:
        """Return gaze in degrees of visual angle on the screen, x and y of shape (n,) each.

        Eye movements happen on the screen: when the reader zooms or pans, a resting eye jumps in image pixels
        though it does not move, so positions go from image to screen pixels first. They are then divided by
        one resolution per recording (the median), not by the sample's own: that column is stored in whole
        pixels, and a position of 3000 px divided by 110 and then by 111 px/deg would be a jump of a quarter
        of a degree in a millisecond.
        """
        return self._degrees

    @cached_property
    def _degrees(self) -> tuple[np.ndarray, np.ndarray]:
        x, y = self.to_screen()
        scale = screen_px_per_image_px(self.shown_px, self.screen_px)
        return (
            x / float(np.median(self.px_per_deg_x * scale[:, 0])),
            y / float(np.median(self.px_per_deg_y * scale[:, 1])),
        )


def increasing_times(time_s: np.ndarray) -> tuple[np.ndarray, int]:
    """Return the order that makes time stamps strictly increasing, and how many needed repair.

    Samples without a time stamp and later ones of a double are left out; a sample out of order is put where
    its time belongs.

    Parameters
    ----------
    time_s
        Shape (n,), seconds, as stored.

    Returns
    -------
    (numpy.ndarray, int)
        Indices into `time_s`, shape (k,) with k <= n; number of samples dropped or moved.
    """
    present = np.flatnonzero(np.isfinite(time_s))
    stamps = time_s[present]
    reversed_count = int((stamps < np.maximum.accumulate(stamps)).sum()) if len(stamps) else 0
    order = present[np.argsort(stamps, kind="stable")]
    first = np.ones(len(order), dtype=bool)
    first[1:] = np.diff(time_s[order]) > 0
    dropped = len(time_s) - int(first.sum())
    return order[first], dropped + reversed_count


def measured_rate(time_s: np.ndarray) -> float:
    """Return the sampling rate (Hz) as 1 / median interval, which gaps do not move."""
    return 1.0 / float(np.median(np.diff(time_s)))
