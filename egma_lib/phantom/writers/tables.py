"""Tables as the real data sets store them: line ends, unnamed index columns and blank cells included.

The whole study is written under a temporary name and renamed at the end, so single files need no such care.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import numpy as np
import pyarrow as pa
import pyarrow.csv

Row = tuple[Any, ...]
Rows = dict[str, list[Row]]
"""Rows that a worker hands back, by the name of the table they belong to."""


@dataclass(frozen=True)
class Table:
    """A table of the study that grows case by case.

    Attributes
    ----------
    name
        Key under which workers hand back rows.
    path
        File below the study's folder; a name ending in `.gz` is compressed.
    columns
        Header cells; an empty one is the unnamed index that pandas saves.
    line_end
        Line end of the real file.
    """

    name: str
    path: str
    columns: tuple[str, ...]
    line_end: str = "\n"


class TableStreams:
    """Open files of several tables; rows are appended in the order in which cases come back."""

    def __init__(self, target: Path, tables: Sequence[Table]) -> None:
        self._target, self._tables = target, tables
        self._stack = ExitStack()
        self._writers: dict[str, Any] = {}

    def __enter__(self) -> TableStreams:
        for table in self._tables:
            file = self._stack.enter_context(_open_text(self._target / table.path, self._stack))
            self._writers[table.name] = csv.writer(file, lineterminator=table.line_end)
            self._writers[table.name].writerow(table.columns)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def append(self, rows: Mapping[str, Iterable[Row]]) -> None:
        """Append the rows of one or more cases; an unknown table name is a KeyError."""
        for name, values in rows.items():
            self._writers[name].writerows(values)


def _open_text(path: Path, stack: ExitStack) -> TextIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix != ".gz":
        return path.open("w", encoding="utf-8", newline="")
    # Neither time nor name may enter the header: the same study has the same bytes.
    raw = stack.enter_context(path.open("wb"))
    packed = stack.enter_context(gzip.GzipFile("", "wb", compresslevel=6, fileobj=raw, mtime=0))
    return io.TextIOWrapper(packed, encoding="utf-8", newline="")


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Row], line_end: str = "\n") -> Path:
    """Write a small table at once (None is a blank cell) and return `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator=line_end)
        writer.writerow(columns)
        writer.writerows(rows)
    return path


def write_columns(
    path: Path, columns: Mapping[str, pa.Array], line_end: str = "\n", append: bool = False
) -> Path:
    """Write a long table column by column (nulls are blank cells, no quotes) and return `path`.

    With `append` the rows follow those of an existing file, whose header stands.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    first = not (append and path.exists())
    options = pa.csv.WriteOptions(
        include_header=first, quoting_style="none", quoting_header="none", eol=line_end
    )
    with path.open("wb" if first else "ab") as file:
        pa.csv.write_csv(pa.table(dict(columns)), file, options)
    return path


def fixed_decimals(values: np.ndarray, decimals: int) -> pa.Array:
    """Return numbers, shape (n,), as Arrow decimals that print with `decimals` places; NaN is null."""
    missing = ~np.isfinite(values)
    scaled = np.rint(np.where(missing, 0.0, values) * 10.0**decimals).astype(np.int64)
    # A decimal128 is a little-endian 128-bit integer: low word, then the sign extension.
    words = np.stack([scaled, np.where(scaled < 0, -1, 0)], axis=1)
    validity = pa.array(~missing).buffers()[1] if missing.any() else None
    kind = pa.decimal128(18, decimals)
    return pa.Array.from_buffers(kind, len(scaled), [validity, pa.py_buffer(np.ascontiguousarray(words))])


def whole_numbers(values: np.ndarray) -> pa.Array:
    """Return numbers, shape (n,), rounded to Arrow integers; NaN is null."""
    missing = ~np.isfinite(values)
    return pa.array(np.rint(np.where(missing, 0.0, values)).astype(np.int64), mask=missing)
