"""Which of the files that a table names are there, gathered part by part."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from egma_lib.datasets.check.results import Inventory
from egma_lib.datasets.tables import find_path, has_path, read_text_table
from egma_lib.errors import DataError


@dataclass
class Findings:
    """What the check of one data set has found so far.

    Attributes
    ----------
    folder
        Folder of the data set.
    """

    folder: Path
    missing: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    provides: set[str] = field(default_factory=set)

    def table(self, names: Sequence[str], columns: Sequence[str]) -> tuple[Path, pd.DataFrame] | None:
        """Read the first of alternative tables that is there; None with an entry where it cannot be used.

        Parameters
        ----------
        names
            Alternative paths, relative to the folder or one folder below it.
        columns
            Columns that the reader needs; all cells stay text.
        """
        if not any(has_path(self.folder, name) for name in names):
            self.missing.append(" or ".join(names))
            return None
        try:
            path = find_path(self.folder, *names)
            if not self.require([path]):
                return None
            table = read_text_table(path)
        except DataError as error:
            self.faults.append(str(error))
            return None
        lacking = [name for name in columns if name not in table.columns]
        if lacking:
            self.faults.append(f"{path}: lacks the columns {', '.join(lacking)}")
            return None
        return path, table

    def require(self, files: Iterable[str | Path]) -> bool:
        """Enter the files that are not there or empty; return whether all are there."""
        absent = [path for path in map(str, files) if not _has_content(path)]
        self.missing += [self._shown(path) for path in absent]
        return not absent

    def require_below(self, *names: str) -> bool:
        """Enter the names found neither in the folder nor one folder below; return whether all are there."""
        absent = [name for name in names if not has_path(self.folder, name)]
        self.missing += absent
        return not absent

    def inventory(self) -> Inventory:
        """Return what was found, frozen."""
        return Inventory(
            missing=tuple(self.missing),
            faults=tuple(self.faults),
            notes=tuple(self.notes),
            counts=tuple(self.counts.items()),
            provides=frozenset(self.provides),
        )

    def _shown(self, path: str) -> str:
        inside = path.startswith(f"{self.folder}{os.sep}")
        return path[len(str(self.folder)) + 1 :] if inside else path


def _has_content(path: str) -> bool:
    """Whether a file is there with at least one byte: interrupted downloads leave empty files."""
    try:
        return os.stat(path).st_size > 0  # noqa: PTH116 - half a million Path objects cost more than the calls
    except OSError:
        return False


def whole(identifiers: pd.Series) -> pd.Series:
    """Return ids without the `.0` that whole numbers get beside blanks."""
    return identifiers.str.removesuffix(".0")
