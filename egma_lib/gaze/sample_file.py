"""Gaze samples of any tracker from a text table of time, x and y."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from egma_lib.errors import GazeError, SettingsError
from egma_lib.gaze.recording import increasing_times

TimeUnit = Literal["s", "ms", "us"]
PositionUnit = Literal["deg", "px"]
PER_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6}
MISSING_MARKS = ("", ".", "NA", "NaN", "nan")
LONGEST_STEP_S, SHORTEST_STEP_S = 0.1, 1e-4
"""Trackers sample at 10 Hz to 10 kHz; a median step beyond is a wrong time unit."""
LARGEST_DEG = 180.0


@dataclass(frozen=True)
class SampleFile:
    """Samples of a text table.

    Attributes
    ----------
    time_s
        Shape (n,), strictly increasing (seconds).
    x_deg, y_deg
        Shape (n,), degrees of visual angle; NaN = missing sample.
    n_repaired_times
        Rows whose time stamp was doubled (dropped) or out of order (put in place).
    """

    time_s: np.ndarray
    x_deg: np.ndarray
    y_deg: np.ndarray
    n_repaired_times: int


def read_sample_file(
    path: Path,
    *,
    time: str = "time",
    x: str = "x",
    y: str = "y",
    time_unit: TimeUnit = "s",
    unit: PositionUnit = "deg",
    px_per_deg: float | None = None,
    missing: float | None = None,
) -> SampleFile:
    """Read time and position columns and bring them to seconds and degrees.

    Parameters
    ----------
    path
        A text table with a header; comma, semicolon or tab between cells.
    time, x, y
        Names of the columns.
    time_unit
        Unit of the time column: `s`, `ms` or `us`.
    unit
        Unit of the positions: `deg`, or `px` with `px_per_deg`.
    px_per_deg
        Pixels per degree of visual angle, with `unit` `px` alone.
    missing
        A sample where x and y both have this value is missing (many trackers write 0, 0). Blank cells, `.`,
        `NA` and `NaN` always are.

    Raises
    ------
    GazeError
        File or column is not there, a cell is no number, a time is blank, or time steps or angles are too
        large or small for the unit: names the option to give.
    SettingsError
        `unit` and `px_per_deg` do not go together.
    """
    if (unit == "px") != (px_per_deg is not None) or (px_per_deg is not None and not px_per_deg > 0):
        raise SettingsError(
            f"unit {unit} with {px_per_deg} pixels per degree: --unit px needs --px-per-deg N above 0, and "
            "--unit deg takes none"
        )
    table = _read_columns(path, (time, x, y))
    time_s = _numbers(path, table, time) / PER_SECOND[time_unit]
    if np.isnan(time_s).any():
        raise GazeError(f"{path}: data row {int(np.isnan(time_s).argmax()) + 1}: column {time!r} is blank")
    position = np.stack([_numbers(path, table, name) for name in (x, y)])
    if missing is not None:
        position[:, (position == missing).all(axis=0)] = np.nan
    position = position / (px_per_deg or 1.0)
    order, repaired = increasing_times(time_s)
    time_s, position = time_s[order], position[:, order]
    _check_units(path, time_s, position, time_unit, unit)
    return SampleFile(time_s, position[0], position[1], repaired)


def _read_columns(path: Path, names: tuple[str, str, str]) -> pd.DataFrame:
    if not path.is_file():
        raise GazeError(f"{path}: no such file")
    try:
        with path.open(encoding="utf-8-sig") as file:
            header = file.readline()
        separator = max(",;\t", key=header.count)
        table = pd.read_csv(path, sep=separator, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise GazeError(f"{path}: not a readable text table ({error})") from error
    table.columns = table.columns.str.strip()
    options = ("--time", "--x", "--y")
    for option, name in zip(options, names, strict=True):
        if name not in table.columns:
            raise GazeError(
                f"{path}: no column {name!r}; name one of {', '.join(map(repr, table.columns))} with {option}"
            )
    return table


def _numbers(path: Path, table: pd.DataFrame, name: str) -> np.ndarray:
    cells = table[name].str.strip()
    numbers = pd.to_numeric(cells.mask(cells.isin(MISSING_MARKS)), errors="coerce").to_numpy(dtype=np.float64)
    wrong = np.isnan(numbers) & ~cells.isin(MISSING_MARKS).to_numpy()
    if wrong.any():
        row = int(wrong.argmax())
        raise GazeError(
            f"{path}: data row {row + 1}, column {name!r}: {cells.iloc[row]!r} is not a number "
            f"({int(wrong.sum())} such rows)"
        )
    return numbers


def _check_units(
    path: Path, time_s: np.ndarray, position: np.ndarray, time_unit: TimeUnit, unit: PositionUnit
) -> None:
    if len(time_s) < 2:
        raise GazeError(f"{path}: {len(time_s)} samples with different times; at least 2 are needed")
    step_s = float(np.median(np.diff(time_s)))
    if not SHORTEST_STEP_S <= step_s <= LONGEST_STEP_S:
        raise GazeError(
            f"{path}: the median step between samples is {step_s:g} s with time in {time_unit}, outside "
            f"{SHORTEST_STEP_S:g} to {LONGEST_STEP_S:g} s; give the unit with --time-unit s, ms or us"
        )
    if unit == "deg" and np.nanmax(np.abs(position), initial=0.0) > LARGEST_DEG:
        raise GazeError(
            f"{path}: positions reach {np.nanmax(np.abs(position)):g} degrees; if they are pixels, give "
            "--unit px --px-per-deg N"
        )
