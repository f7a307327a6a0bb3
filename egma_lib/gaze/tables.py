"""Reading the data sets' csv files by their columns, with errors that name file, column and line."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from egma_lib.errors import DataError

UNREADABLE = (
    pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError, csv.Error, EOFError,
    gzip.BadGzipFile, zlib.error,
)  # fmt: skip
"""What reading something that is no whole csv (or csv.gz) table raises."""


class RecordingError(DataError):
    """One recording cannot be used; the others can.

    Attributes
    ----------
    file
        The file at fault, or None.
    reason
        What is wrong with it, in words.
    """

    def __init__(self, reason: str, file: Path | None = None) -> None:
        super().__init__(reason if file is None else f"{file}: {reason}")
        self.file = file
        self.reason = reason

    def __reduce__(self) -> tuple[type[RecordingError], tuple[str, Path | None]]:
        # Workers send the error home pickled; the default would pass the joined message as the reason.
        return type(self), (self.reason, self.file)


def read_table(path: Path, numbers: Sequence[str], texts: Sequence[str] = ()) -> pd.DataFrame:
    """Read the wanted columns of a csv file.

    Header names are stripped of blanks and everything else (unnamed index columns, labels) is left out, since
    tables are known by their columns (docs of the data sets, rules 1 to 3). Text cells are never read as
    missing, so that a spoken "none" stays a word.

    Parameters
    ----------
    path
        A csv file.
    numbers
        Columns read as float64; a blank cell is NaN.
    texts
        Columns read as stripped text.

    Returns
    -------
    pandas.DataFrame
        Columns `texts` then `numbers`, one row per record, in file order.

    Raises
    ------
    RecordingError
        File missing, unreadable or without one of the columns, or a cell that is not a number.
    """
    wanted = [*texts, *numbers]
    try:
        fault = shape_fault(path)
        table = pd.read_csv(
            path,
            usecols=lambda name: name.strip() in wanted,
            keep_default_na=False,
            na_values={name: ["", "nan", "NaN", "NA"] for name in numbers},
            skipinitialspace=True,
            dtype=dict.fromkeys(texts, str),
            low_memory=False,
        )
    except FileNotFoundError as error:
        raise RecordingError("not found", path) from error
    except UNREADABLE as error:
        raise RecordingError(f"not a readable csv file ({error})", path) from error
    if fault:
        raise RecordingError(fault, path)
    table.columns = table.columns.str.strip()
    missing = [name for name in wanted if name not in table.columns]
    if missing:
        raise RecordingError(f"lacks the columns {', '.join(missing)}", path)
    columns = {name: table[name].astype(str).str.strip() for name in texts}
    return pd.DataFrame(columns | {name: _as_numbers(table[name], path) for name in numbers})


def _as_numbers(column: pd.Series, path: Path) -> pd.Series:
    if column.dtype.kind in "iu":
        return column.astype(np.float64)
    numbers = pd.to_numeric(column, errors="coerce").astype(np.float64)
    bad = np.isinf(numbers)
    if column.dtype.kind != "f":
        bad |= numbers.isna() & column.notna() & (column.astype(str).str.strip() != "")
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise RecordingError(
            f"record {row + 1}, column {column.name}: '{column.iloc[row]}' is not a number", path
        )
    return numbers


def shape_fault(path: Path) -> str:
    """Say where a csv (or csv.gz) file is no table: a record cut short or too long, a column name twice.

    pandas fills up short records with blanks, takes a first column that no name belongs to for an index, and
    renames the second of two equal columns, all without a word.

    Returns
    -------
    str
        Empty for a table.
    """
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8-sig", newline="") as file:
        records = csv.reader(file)
        header = [name.strip() for name in next(records, [])]
        twice = [name for name in header if name and header.count(name) > 1]
        if twice:
            return f"column {twice[0]!r} occurs twice; keep one"
        for number, record in enumerate(records, start=1):
            if record and len(record) != len(header):
                return (
                    f"record {number} has {len(record)} fields and the header {len(header)}; the file is cut "
                    "short or damaged, copy it again"
                )
    return ""


def column_names(path: Path) -> list[str]:
    """Return the stripped header of a csv file; raise RecordingError where there is none."""
    try:
        return [name.strip() for name in pd.read_csv(path, nrows=0).columns]
    except FileNotFoundError as error:
        raise RecordingError("not found", path) from error
    except UNREADABLE as error:
        raise RecordingError(f"not a readable csv file ({error})", path) from error


def is_true(text: str, column: str, path: Path) -> bool:
    """Read a True/False cell of a csv file; raise RecordingError for anything else."""
    value = text.strip().lower()
    if value not in {"true", "false", "1", "0", "1.0", "0.0"}:
        raise RecordingError(f"column {column}: {text!r} is neither True nor False", path)
    return value in {"true", "1", "1.0"}


def whole_number(text: str) -> str:
    """Return an id as whole-number text: ids in columns with blanks are stored as '10000001.0'."""
    return text.strip().removesuffix(".0")
