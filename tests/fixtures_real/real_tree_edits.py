"""Single faults planted in one file; every function returns an edit of a path."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable
from io import StringIO
from pathlib import Path

Edit = Callable[[Path], None]


def _read(path: Path) -> bytes:
    content = path.read_bytes()
    return gzip.decompress(content) if path.suffix == ".gz" else content


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)


def records(change: Callable[[list[list[str]]], object]) -> Edit:
    """Rewrite a csv file after `change` has edited its records, header first, in place."""

    def edit(path: Path) -> None:
        text = _read(path).decode("utf-8")
        content = list(csv.reader(StringIO(text, newline="")))
        change(content)
        stream = StringIO(newline="")
        csv.writer(stream, lineterminator="\r\n" if "\r\n" in text else "\n").writerows(content)
        _write(path, stream.getvalue().encode("utf-8"))

    return edit


def content(change: Callable[[bytes], bytes]) -> Edit:
    """Rewrite a file's bytes (of a .gz file: what it holds)."""
    return lambda path: _write(path, change(_read(path)))


def cell(column: str, value: str, row: int = 1) -> Edit:
    """Set one cell; row 1 is the first below the header. Header names are compared without blanks."""

    def change(table: list[list[str]]) -> None:
        table[row][[name.strip() for name in table[0]].index(column)] = value

    return records(change)


def whole_column(column: str, value: Callable[[str], str]) -> Edit:
    """Change every cell of a column that is not blank."""

    def change(table: list[list[str]]) -> None:
        position = table[0].index(column)
        for record in table[1:]:
            record[position] = value(record[position]) if record[position] else ""

    return records(change)


def rename(column: str, name: str) -> Edit:
    def change(table: list[list[str]]) -> None:
        table[0][[one.strip() for one in table[0]].index(column)] = name

    return records(change)


def drop(column: str) -> Edit:
    def change(table: list[list[str]]) -> None:
        position = table[0].index(column)
        for record in table:
            del record[position]

    return records(change)


def repeat_row(row: int = 1, **cells: str) -> Edit:
    """Append a copy of a row, with other values in some columns."""

    def change(table: list[list[str]]) -> None:
        copy = list(table[row])
        for column, value in cells.items():
            copy[table[0].index(column)] = value
        table.append(copy)

    return records(change)


def cut_mid_row() -> Edit:
    """Keep the first half of the rows and half of the next one's fields, as a broken download does."""

    def change(data: bytes) -> bytes:
        lines = data.splitlines(keepends=True)
        middle = max(len(lines) // 2, 1)
        fields = lines[middle].split(b",")
        return b"".join(lines[:middle]) + b",".join(fields[: max(len(fields) // 2, 1)])

    return content(change)


def cut_bytes(share: float = 0.5) -> Edit:
    """Keep the first bytes of the stored file itself."""
    return lambda path: path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])


def separator(mark: str) -> Edit:
    return content(lambda data: data.replace(b",", mark.encode()))


def encode(name: str) -> Edit:
    return content(lambda data: data.decode("utf-8").encode(name))


def header_only() -> Edit:
    return content(lambda data: data.splitlines(keepends=True)[0])


def swap(old: str, new: str) -> Edit:
    """Replace text that must occur."""

    def change(data: bytes) -> bytes:
        assert old.encode() in data
        return data.replace(old.encode(), new.encode())

    return content(change)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def remove(path: Path) -> None:
    path.unlink()
