"""Reader of the Lund 2013 recordings: eye movements whose every sample two people have labelled."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from egma_lib.errors import DataError

LABELS = ("none", "fixation", "saccade", "pso", "pursuit", "blink", "undefined")
"""Name of each label code; 0 does not occur in the set's description."""
CODERS = ("MN", "RA")


@dataclass(frozen=True)
class CodedRecording:
    """One trial with the labels of one human coder.

    Attributes
    ----------
    trial, coder
        Such as `UH21_img_Rome` and `MN`.
    time_s
        Shape (n,): seconds from the first sample.
    x_deg, y_deg
        Shape (n,): gaze in degrees of visual angle from the screen's centre; NaN = missing.
    labels
        Shape (n,), text: one of `LABELS`.
    sampling_hz
        Nominal sampling rate (Hz).
    """

    trial: str
    coder: str
    time_s: np.ndarray
    x_deg: np.ndarray
    y_deg: np.ndarray
    labels: np.ndarray
    sampling_hz: float


def read_lund2013(path: Path) -> CodedRecording:
    """Read one `<trial>_labelled_<coder>.mat` of the set.

    Positions in screen pixels become degrees by the screen's size and distance in the file, each direction by
    its own angle from the screen's centre; (0, 0) is a missing sample.

    Source: Larsson, Nystrom and Stridh 2013; Andersson et al. 2017; files of
    richardandersson/EyeMovementDetectorEvaluation (GPL-3.0).

    Raises
    ------
    DataError
        The file is not one of the set's.
    """
    from scipy.io import loadmat

    trial, sign, coder = path.stem.partition("_labelled_")
    content = loadmat(path, squeeze_me=True, struct_as_record=False)
    if not sign or "ETdata" not in content:
        raise DataError(
            f"{path.name}: expected a file <trial>_labelled_<coder>.mat with the structure ETdata"
        )
    data = content["ETdata"]
    positions = np.asarray(data.pos, dtype=float)
    if positions.ndim != 2 or positions.shape[1] != 6:
        raise DataError(f"{path.name}: ETdata.pos has shape {positions.shape}, expected (n, 6)")
    missing = (positions[:, 3] == 0) & (positions[:, 4] == 0)
    degrees = [
        np.where(missing, np.nan, _degrees(positions[:, 3 + axis], size, metres, data.viewDist))
        for axis, (size, metres) in enumerate(zip(data.screenRes, data.screenDim, strict=True))
    ]
    return CodedRecording(
        trial=trial,
        coder=coder,
        time_s=(positions[:, 0] - positions[0, 0]) * 1e-6,
        x_deg=degrees[0],
        y_deg=degrees[1],
        labels=np.array(LABELS)[positions[:, 5].astype(int)],
        sampling_hz=float(data.sampFreq),
    )


def _degrees(position_px: np.ndarray, size_px: float, size_m: float, distance_m: float) -> np.ndarray:
    from_centre_m = (position_px - size_px / 2) / size_px * size_m
    return np.degrees(np.arctan2(from_centre_m, distance_m))
