"""What may leave a results folder of real data: named tables, named columns, and no small cells."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from egma_lib.errors import DataError

MINIMUM_CASES = 10
SUPPRESSED = f"<{MINIMUM_CASES}"
"""Stands for every number that 1 to 9 cases, or an unknown number of them, stand behind; 0 is shown."""

_IDENTIFIERS = re.compile(
    r"\b\d{8,}\b|[0-9a-f]{8}-[0-9a-f]{4}|\bpatient\s?\d{3,}|\d+(?:\.\d+){5,}|\bP\d{3}R\d{6}\b", re.IGNORECASE
)
_PATHS = re.compile(r"(?:^|\s)(?:/\S|~|\.\.?/|[A-Za-z]:\\)")
_LONGEST_LABEL = 120
_LONGEST_SENTENCE = 200


@dataclass(frozen=True)
class SharedColumns:
    """Which columns of a csv may be shared; all others are left out.

    Attributes
    ----------
    texts
        Labels.
    numbers
        Numbers that say nothing of cases (seeds, steps, shares of gaze).
    governed
        Numbers that stand on as many cases as their row says; suppressed where those are too few.
    sentences
        Short sentences of the suite that state numbers of their row; suppressed with them.
    counts
        Numbers of cases.
    indices
        Whole numbers of at most five digits, separated by blanks.
    """

    texts: tuple[str, ...]
    numbers: tuple[str, ...] = ()
    governed: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()
    indices: tuple[str, ...] = ()


LONG = SharedColumns(
    texts=("study", "dataset", "method", "setting", "metric", "kind", "source", "comparison"),
    numbers=("n_seeds", "gaze_share"),
    governed=("value", "ci_low", "ci_high", "sd", "smallest_effect"),
    counts=("n_cases",),
)  # fmt: skip
TABLES: Mapping[str, SharedColumns] = {
    **dict.fromkeys(
        (
            "table_1_linear_probe", "table_2_zero_shot", "table_3_retrieval", "table_4_ablation",
            "table_7_backbones", "grounding", "deviations_effect",
        ),
        LONG,
    ),
    **dict.fromkeys(
        ("controls", "crossing"),
        replace(
            LONG,
            texts=(*LONG.texts, "family"),
            governed=(*LONG.governed, "standard_error", "p_value", "p_adjusted"),
            sentences=("verdict",),
        ),
    ),
    "reported_audit": SharedColumns(
        texts=("table", "dataset", "method", "setting", "check", "verdict", "reported")
    ),
    **dict.fromkeys(
        ("leakage_audit", "leakage_audit_linear_probe"),
        SharedColumns(
            texts=("study", "first", "second", "verdict"), counts=("n_patients", "n_exact", "n_near")
        ),
    ),
}  # fmt: skip
"""Tables that are shared, by contract name."""
CLAIMS = SharedColumns(
    texts=(
        "study", "id", "claim", "source", "compared", "dataset", "setting", "metric", "reported", "verdict",
        "reason",
    ),
    numbers=("reported_effect", "n_seeds"),
    governed=("value", "ci_low", "ci_high", "p_value"),
    counts=("n_cases",),
)  # fmt: skip
"""What is shared of `claims.csv`."""


def read_shared(path: Path, columns: SharedColumns, n_cases: pd.Series | None = None) -> pd.DataFrame:
    """Read the columns of a csv that may be shared, as text, with small cells suppressed.

    Parameters
    ----------
    path
        The csv of a table or figure.
    columns
        What may be shared of it.
    n_cases
        Cases behind each row, shape (n_rows,), NaN where unknown; None takes the column `n_cases`.

    Returns
    -------
    pandas.DataFrame
        Text cells in the order of the file, `SUPPRESSED` in place of what is not shown.

    Raises
    ------
    DataError
        A label looks like an identifier, a path or free text, or a number is none: names file, row, column.
    """
    found = pd.read_csv(path, dtype=str, keep_default_na=False)
    return share(found, columns, path.name, n_cases)


def share(
    found: pd.DataFrame, columns: SharedColumns, name: str, n_cases: pd.Series | None = None
) -> pd.DataFrame:
    """Do what `read_shared` does with a table of text cells that has been read; `name` is for errors."""
    texts = (*columns.texts, *columns.indices, *columns.sentences)
    wanted = (*texts, *columns.numbers, *columns.governed, *columns.counts)
    shared = found[[column for column in found.columns if column in wanted]].copy()
    for column in shared.columns.intersection(list(columns.texts)):
        _require_labels(shared[column], name, _LONGEST_LABEL)
    for column in shared.columns.intersection(list(columns.sentences)):
        _require_labels(shared[column], name, _LONGEST_SENTENCE)
    for column in shared.columns.intersection(list(columns.indices)):
        _require_indices(shared[column], name)
    values = {column: _numbers(shared[column], name) for column in shared.columns.difference(list(texts))}
    small = _is_small(found, values, n_cases)
    for column in (*columns.governed, *columns.sentences):
        if column in shared:
            shared.loc[small & (shared[column] != ""), column] = SUPPRESSED
    for column in columns.counts:
        if column in shared:
            few = (values[column] > 0) & (values[column] < MINIMUM_CASES)
            shared.loc[few, column] = SUPPRESSED
    return shared


def _is_small(found: pd.DataFrame, values: Mapping[str, pd.Series], n_cases: pd.Series | None) -> np.ndarray:
    """Return which rows stand on too few or an unknown number of cases; the paper's own numbers do not."""
    unknown = pd.Series(np.nan, index=found.index)
    known = values.get("n_cases", unknown) if n_cases is None else n_cases
    printed = found["kind"].eq("reported") if "kind" in found else pd.Series(False, index=found.index)
    return ~((known >= MINIMUM_CASES) | printed).to_numpy()


def require_label(text: str, name: str) -> None:
    """Refuse a name of a folder that is no plain label.

    Raises
    ------
    DataError
        It looks like an identifier, a path or free text: says which folder.
    """
    if _is_no_label(text, _LONGEST_LABEL):
        raise DataError(
            f"{name}: the name looks like an identifier, a path or free text; expected a label such as a "
            "method's name. Rename the folder. Nothing was exported"
        )


def _is_no_label(text: str, longest: int) -> bool:
    found = _IDENTIFIERS.search(text) or _PATHS.search(text)
    return len(text) > longest or found is not None or "\n" in text


def _require_labels(column: pd.Series, name: str, longest: int) -> None:
    for row, text in enumerate(column, start=1):
        if _is_no_label(text, longest):
            raise DataError(
                f"{name}: data row {row}, column {column.name!r} looks like an identifier, a path or free "
                "text; expected a label such as a method's name. Nothing was exported"
            )


def _require_indices(column: pd.Series, name: str) -> None:
    wrong = ~column.str.fullmatch(r"(?:\d{1,5}(?: |$))*")
    if wrong.any():
        raise DataError(
            f"{name}: data row {int(wrong.argmax()) + 1}, column {column.name!r} holds more than indices. "
            "Nothing was exported"
        )


def _numbers(column: pd.Series, name: str) -> pd.Series:
    values = pd.to_numeric(column.replace("", np.nan), errors="coerce")
    bad: Sequence[int] = np.flatnonzero(values.isna() & (column != "")).tolist()
    if bad:
        raise DataError(
            f"{name}: data row {bad[0] + 1}, column {column.name!r} is not a number. Nothing was exported"
        )
    return values
