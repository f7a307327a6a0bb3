"""How data sets are obtained and what their releases count, from `data/reference/`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from egma_lib.datasets.check.results import Access, Count
from egma_lib.errors import DataError
from egma_lib.settings import DATASET_KEYS
from egma_lib.study import REPOSITORY

ACCESS_FILE = REPOSITORY / "data" / "reference" / "access.yaml"
COUNTS_FILE = REPOSITORY / "data" / "reference" / "published_counts.yaml"


def read_access(path: Path = ACCESS_FILE) -> dict[str, Access]:
    """Return how every data set is obtained, by its key.

    Raises
    ------
    DataError
        The file is missing or damaged, or lacks a data set or field.
    """
    content = _read(path)
    try:
        return {key: Access(**content[key]) for key in DATASET_KEYS}
    except (KeyError, TypeError) as error:
        raise DataError(f"{path}: {error}; restore it with `git checkout -- data/reference`") from error


def compare_counts(key: str, found: tuple[tuple[str, int], ...], path: Path = COUNTS_FILE) -> list[Count]:
    """Set the counts of one data set beside the published ones.

    Parameters
    ----------
    key
        Data set.
    found
        Name and number of each count of this copy.
    path
        Published counts.

    Raises
    ------
    DataError
        The file is missing or damaged.
    """
    published = _read(path).get(key, {})
    counts = []
    for what, number in found:
        entry = published.get(what, {"count": None, "source": ""})
        counts.append(Count(what, number, entry["count"], entry["source"]))
    return counts


def _read(path: Path) -> dict[str, Any]:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, yaml.YAMLError) as error:
        raise DataError(
            f"{path}: not readable ({error}); restore it with `git checkout -- data/reference`"
        ) from error
