"""Gazepoint tables of EYE GAZE (EGD-CXR): 60 Hz samples, fixations and the screen they refer to.

Source: docs/data-formats.md, section 3. `FPOG*` and `BPOG*` are fractions of a 1920 x 1080 screen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from egma_lib.phantom.case import SimulatedReading

COLUMNS = (
    "SESSION_ID", "MEDIA_ID", "DICOM_ID", "CNT", "Time (in secs)", "TIMETICK(f=10000000)", "FPOGX", "FPOGY",
    "FPOGS", "FPOGD", "FPOGID", "FPOGV", "BPOGX", "BPOGY", "BPOGV", "LPCX", "LPCY", "LPD", "LPS", "LPV",
    "RPCX", "RPCY", "RPD", "RPS", "RPV", "BKID", "BKDUR", "BKPMIN", "LPMM", "LPMMV", "RPMM", "RPMMV",
    "SACCADE_MAG", "SACCADE_DIR", "VID_FRAME", "X_ORIGINAL", "Y_ORIGINAL",
)  # fmt: skip
SCREEN_COLUMNS, SCREEN_ROWS = 1920, 1080
_CANVAS_ROWS = 1024
_LONGER_SIDE = 1024
_FEWEST_SAMPLES = 4


@dataclass(frozen=True)
class ScreenPicture:
    """How a film stood on the screen: longer side scaled to 1024, centred on a black 1920 x 1024 canvas.

    Attributes
    ----------
    rows, columns
        Full-size frame (pixels).
    top, bottom, left, right
        Padding (canvas pixels), as in the master sheet.
    """

    rows: int
    columns: int
    top: int
    bottom: int
    left: int
    right: int

    @classmethod
    def of_frame(cls, rows: int, columns: int) -> ScreenPicture:
        """Return the picture of a film of `rows` x `columns` pixels."""
        scale = _LONGER_SIDE / max(rows, columns)
        height, width = int(rows * scale), int(columns * scale)
        top, left = (_CANVAS_ROWS - height) // 2, (SCREEN_COLUMNS - width) // 2
        return cls(rows, columns, top, _CANVAS_ROWS - height - top, left, SCREEN_COLUMNS - width - left)

    @property
    def scale_x(self) -> float:
        """Film pixels per screen pixel across; the width counts rounded up to even."""
        return (self.columns + self.columns % 2) / (SCREEN_COLUMNS - self.left - self.right)

    @property
    def scale_y(self) -> float:
        """Film pixels per screen line; the published mapping divides by a picture of 1080 lines."""
        return (self.rows + self.rows % 2) / (SCREEN_ROWS - self.top - self.bottom)

    def to_screen(self, x_px: np.ndarray, y_px: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Frame pixels -> fractions of the screen."""
        return (
            (x_px / self.scale_x + self.left) / SCREEN_COLUMNS,
            (y_px / self.scale_y + self.top) / SCREEN_ROWS,
        )

    def to_original(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Fractions of the screen -> whole frame pixels, small negative numbers where off the film."""
        across, down = x * SCREEN_COLUMNS - self.left, y * SCREEN_ROWS - self.top
        inside = (across > 0) & (across < SCREEN_COLUMNS - self.left - self.right)
        inside &= (down > 0) & (down < SCREEN_ROWS - self.top - self.bottom)
        return (
            np.trunc(self.scale_x * np.where(inside, across, -1)).astype(np.int64),
            np.trunc(self.scale_y * np.where(inside, down, -1)).astype(np.int64),
        )


def sample_table(
    reading: SimulatedReading,
    picture: ScreenPicture,
    dicom_id: str,
    session: tuple[int, int],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return the rows of `eye_gaze.csv` for one film, columns as `COLUMNS`.

    Parameters
    ----------
    reading
        Recording of n samples in frame pixels; NaN where the tracker lost the eye.
    picture
        Where the film stood on the screen.
    dicom_id
        Image id.
    session
        Session and media number.
    rng
        Source of pupil and camera noise.
    """
    samples = reading.samples
    time_s = np.round(samples["time_s"].to_numpy(), 5)
    x, y = picture.to_screen(samples["x_px"].to_numpy(), samples["y_px"].to_numpy())
    valid = np.isfinite(x) & np.isfinite(y)
    # The device repeats its last good point while it sees no eye.
    best_x, best_y = (np.round(_hold_last(axis, valid), 5) for axis in (x, y))
    filtered = _fixation_filter(reading.true_fixations, time_s, best_x, best_y, valid)
    blinks = _blink_columns(samples["event"].to_numpy() == "blink", time_s)
    original_x, original_y = picture.to_original(filtered["FPOGX"], filtered["FPOGY"])
    count = len(time_s)
    columns = {
        "SESSION_ID": np.full(count, session[0]),
        "MEDIA_ID": np.full(count, session[1]),
        "DICOM_ID": np.full(count, dicom_id, dtype=object),
        "CNT": np.arange(1, count + 1),
        "Time (in secs)": time_s,
        "TIMETICK(f=10000000)": np.rint((time_s + 3600 * session[0] + 60 * session[1]) * 1e7),
        "BPOGX": best_x,
        "BPOGY": best_y,
        "BPOGV": valid.astype(np.int64),
        "VID_FRAME": np.zeros(count),
        "X_ORIGINAL": original_x,
        "Y_ORIGINAL": original_y,
        **filtered,
        **blinks,
        **_pupil_columns(samples["pupil"].to_numpy(), valid, rng),
        **_saccade_columns(filtered),
    }
    return pd.DataFrame({name: columns[name] for name in COLUMNS})


def fixation_table(samples: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `fixations.csv`: the last sample of each fixation, whose time is its end."""
    inside = samples[samples["FPOGV"] == 1]
    return inside.drop_duplicates("FPOGID", keep="last")


def _hold_last(values: np.ndarray, valid: np.ndarray) -> np.ndarray:
    held = pd.Series(np.where(valid, values, np.nan)).ffill().bfill()
    return held.fillna(0.0).to_numpy()


def _fixation_filter(
    fixations: pd.DataFrame, time_s: np.ndarray, x: np.ndarray, y: np.ndarray, valid: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the device's running fixation: mean position so far, start, age, number, validity."""
    filtered = {name: np.zeros(len(time_s)) for name in ("FPOGX", "FPOGY", "FPOGS", "FPOGD")}
    filtered["FPOGX"][:], filtered["FPOGY"][:] = x, y
    filtered["FPOGS"][:] = time_s
    number, inside = np.ones(len(time_s), dtype=np.int64), np.zeros(len(time_s), dtype=np.int64)
    running, previous_stop = 0, 0
    for onset_s, offset_s in fixations[["onset_s", "offset_s"]].to_numpy():
        members = np.arange(*np.searchsorted(time_s, [onset_s, offset_s]))
        members = members[(members >= previous_stop) & valid[members]]
        if len(members) < _FEWEST_SAMPLES:
            continue
        running += 1
        part = slice(members[0], members[-1] + 1)
        counted = np.maximum(np.cumsum(valid[part]), 1)
        for name, axis in (("FPOGX", x), ("FPOGY", y)):
            filtered[name][part] = np.round(np.cumsum(axis[part] * valid[part]) / counted, 5)
        filtered["FPOGS"][part] = time_s[members[0]]
        filtered["FPOGD"][part] = np.round(time_s[part] - time_s[members[0]], 5)
        number[part], inside[part] = running, 1
        previous_stop = part.stop
    # Between fixations the device keeps showing the last one, marked invalid.
    last = np.maximum.accumulate(np.where(inside == 1, np.arange(len(time_s)), -1))
    seen = last >= 0
    for values in filtered.values():
        values[seen] = values[last[seen]]
    number[seen] = number[last[seen]]
    return {**filtered, "FPOGID": number, "FPOGV": inside}


def _blink_columns(blinking: np.ndarray, time_s: np.ndarray) -> dict[str, np.ndarray]:
    starts = np.flatnonzero(np.diff(np.concatenate([[False], blinking]).astype(np.int8)) == 1)
    ends = np.flatnonzero(np.diff(np.concatenate([blinking, [False]]).astype(np.int8)) == -1)
    identity, duration = np.zeros(len(time_s), dtype=np.int64), np.zeros(len(time_s))
    for order, (start, end) in enumerate(zip(starts, ends, strict=True), start=1):
        identity[start : end + 1] = order
        duration[end] = round(float(time_s[end] - time_s[start]), 5)
    minute = np.searchsorted(starts, np.arange(len(time_s)), side="right")
    return {"BKID": identity, "BKDUR": duration, "BKPMIN": minute}


def _pupil_columns(
    pupil_area: np.ndarray, valid: np.ndarray, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    count = len(pupil_area)
    relative = np.sqrt(_hold_last(pupil_area, valid & np.isfinite(pupil_area)))
    seen = valid.astype(np.int64)
    columns = {}
    for side, camera_x in (("L", 0.38), ("R", 0.62)):
        millimetres = np.round(3.4 * relative + rng.normal(0, 0.05, count), 5)
        columns[f"{side}PMM"] = np.where(valid, millimetres, 0.0)
        columns[f"{side}PMMV"] = seen
        columns[f"{side}PD"] = np.where(valid, np.round(4.7 * millimetres, 5), 0.0)
        columns[f"{side}PCX"] = np.round(camera_x + rng.normal(0, 0.002, count), 5)
        columns[f"{side}PCY"] = np.round(0.5 + rng.normal(0, 0.002, count), 5)
        columns[f"{side}PS"] = np.full(count, 1.0)
        columns[f"{side}PV"] = seen
    return columns


def _saccade_columns(filtered: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return size (screen pixels) and direction (degrees) of the step between neighbouring fixations."""
    x, y = filtered["FPOGX"] * SCREEN_COLUMNS, filtered["FPOGY"] * SCREEN_ROWS
    size, direction = np.zeros(len(x)), np.zeros(len(x))
    firsts = np.flatnonzero(np.diff(filtered["FPOGID"], prepend=filtered["FPOGID"][:1]) > 0)
    for first in firsts:
        step_x, step_y = x[first] - x[first - 1], y[first - 1] - y[first]
        same = filtered["FPOGID"] == filtered["FPOGID"][first]
        size[same] = round(float(np.hypot(step_x, step_y)), 5)
        direction[same] = round(float(np.degrees(np.arctan2(step_y, step_x)) % 360), 5)
    return {"SACCADE_MAG": size, "SACCADE_DIR": direction}
