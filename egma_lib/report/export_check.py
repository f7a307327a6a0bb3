"""Search an export for the identifiers that its results folder knows."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from egma_lib.errors import DataError

_IDENTIFIER_COLUMNS = (
    "case_id", "paired_case_id", "patient_id", "sample_id", "reading_id", "dicom_id", "subject_id",
)  # fmt: skip
_FOLDERS = ("evaluation_sets", "corpora", "gaze")
_SHORTEST = 6
_TOKEN = re.compile(r"[\w./-]+")


def known_identifiers(results: Path) -> set[str]:
    """Return the ids of patients, cases and readings in a results folder that text can be searched for.

    Shorter than six characters or without a digit, an id could be any word or number; such ones are left out.
    """
    found: set[str] = set()
    for folder in _FOLDERS:
        for path in sorted((results / folder).rglob("*.parquet")):
            names = pq.read_schema(path).names
            for column in (name for name in _IDENTIFIER_COLUMNS if name in names):
                found.update(pd.read_parquet(path, columns=[column])[column].dropna().astype(str).unique())
    return {one for one in found if len(one) >= _SHORTEST and any(letter.isdigit() for letter in one)}


def fewest_held_out(results: Path) -> int:
    """Return the smallest number of validation samples among the corpora of a results folder, or 0."""
    counts = [
        int(pd.read_parquet(path, columns=["is_validation"])["is_validation"].sum())
        for path in sorted((results / "corpora").glob("*/*/samples.parquet"))
    ]
    return min(counts, default=0)


def require_no_identifiers(folder: Path, identifiers: set[str]) -> None:
    """Search every text file of a folder.

    Raises
    ------
    DataError
        A known id stands in a file: names the file.
    """
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".csv", ".md", ".tex", ".txt", ".json"):
            words = _TOKEN.findall(path.read_text(encoding="utf-8"))
            tokens = {part for word in words for part in (word, *word.split("/"))}
            if tokens & identifiers:
                raise DataError(
                    f"{path.relative_to(folder)}: holds the id of a patient, case or reading; nothing was "
                    "exported. Report this as an error of the suite"
                )
