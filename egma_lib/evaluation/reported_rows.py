"""Reported numbers with what is known of the test behind them, read from a csv."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from egma_lib.errors import DataError
from egma_lib.evaluation.printed import Printed

KEY = ("table", "dataset", "method", "setting")
DESIGN = (
    "n_classes", "class_sizes", "n_cases", "n_positive", "prevalence", "n_relevant", "n_runs", "series",
    "counts", "counts_source",
)  # fmt: skip
REQUIRED = ("method", "metric", "value")


@dataclass(frozen=True)
class Design:
    """What is known of the test that a row of numbers comes from; None is unknown.

    Attributes
    ----------
    n_classes
        Number of classes.
    is_balanced
        Whether all classes are known to have the same number of cases.
    n_cases
        Cases of the test set; queries for precision at k.
    n_positive
        Cases of the positive class, two classes only.
    prevalence
        Share of positive cases, where their number is unknown.
    n_relevant
        Candidates of the right class per query, for precision at k.
    n_runs
        Runs whose mean is reported.
    is_known
        Whether the counts are known, or only assumed.
    source
        Where the counts are taken from.
    """

    n_classes: int | None
    is_balanced: bool
    n_cases: int | None
    n_positive: int | None
    prevalence: Printed | None
    n_relevant: int | None
    n_runs: int
    is_known: bool
    source: str


@dataclass(frozen=True)
class ReportedRow:
    """The numbers of one method on one test set, metric to printed value; and the curve it is a point of."""

    table: str
    dataset: str
    method: str
    setting: str
    numbers: Mapping[str, Printed]
    design: Design
    series: str

    @property
    def pair(self) -> tuple[Printed, Printed] | None:
        """Accuracy and macro F1, where both are there."""
        found = self.numbers.get("accuracy"), self.numbers.get("macro_f1")
        return None if found[0] is None or found[1] is None else (found[0], found[1])


def read_reported_rows(path: Path) -> list[ReportedRow]:
    """Read reported numbers, one a line, and bring those of one method on one test set together.

    Parameters
    ----------
    path
        csv with the columns `method`, `metric`, `value` (percent, as printed) and any of `table`, `dataset`,
        `setting`, `DESIGN`; other columns are not read.

    Returns
    -------
    list of ReportedRow
        In the order of the file.

    Raises
    ------
    DataError
        The file cannot be read, a column is missing, a value is not as said, a number stands twice, or the
        lines of one method on one test set disagree about the test.
    """
    try:
        lines = pd.read_csv(path, dtype=str, keep_default_na=False, skipinitialspace=True)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not a readable csv ({error}); see `egma audit --help`") from error
    missing = [name for name in REQUIRED if name not in lines.columns]
    if missing:
        raise DataError(f"{path}: lacks the column(s) {', '.join(missing)}; see `egma audit --help`")
    lines = lines.reindex(columns=[*KEY, "metric", "value", *DESIGN], fill_value="")
    groups = lines.groupby(list(KEY), sort=False, dropna=False)
    return [_row(path, group) for _, group in groups]


def _row(path: Path, group: pd.DataFrame) -> ReportedRow:
    first, where = group.iloc[0], f"{path}: data row {group.index[0] + 1}"
    numbers: dict[str, Printed] = {}
    for index, line in group.iterrows():
        here = f"{path}: data row {int(str(index)) + 1}"
        if line["metric"] in numbers:
            raise DataError(f"{here}: {line['metric']} of {line['method']} stands twice; leave one line")
        numbers[line["metric"]] = _percent(here, "value", line["value"])
        differing = [name for name in DESIGN if line[name] != first[name]]
        if differing:
            raise DataError(
                f"{here}: {', '.join(differing)} differ(s) from data row {group.index[0] + 1}, which is of "
                "the same table, dataset, method and setting; give all its lines the same"
            )
    table, dataset, method, setting = (str(first[name]) for name in KEY)
    return ReportedRow(table, dataset, method, setting, numbers, _design(where, first), str(first["series"]))


def _design(where: str, line: pd.Series) -> Design:
    counts = {name: _count(where, name, line[name]) for name in DESIGN if name.startswith("n_")}
    n_cases, n_positive = counts["n_cases"], counts["n_positive"]
    if n_positive is not None and (n_cases is None or not n_positive < n_cases):
        raise DataError(f"{where}: n_positive is {n_positive}, it must be below n_cases ({n_cases})")
    prevalence = _percent(where, "prevalence", line["prevalence"]) if line["prevalence"] else None
    if prevalence is not None and not 0 < prevalence.value < 1:
        raise DataError(f"{where}: prevalence is {prevalence.text}, expected more than 0 and less than 100")
    for name, words in (("counts", ("known", "assumed")), ("class_sizes", ("equal",))):
        if line[name] not in ("", *words):
            raise DataError(f"{where}: {name} is {line[name]!r}, expected {' or '.join(words)}, or nothing")
    return Design(
        n_classes=counts["n_classes"],
        is_balanced=line["class_sizes"] == "equal",
        n_cases=n_cases,
        n_positive=n_positive,
        prevalence=prevalence,
        n_relevant=counts["n_relevant"],
        n_runs=counts["n_runs"] or 1,
        is_known=line["counts"] != "assumed",
        source=str(line["counts_source"]),
    )


def _count(where: str, name: str, text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise DataError(f"{where}: {name} is {text!r}, expected a whole number above 0 or nothing")
    return int(text)


def _percent(where: str, name: str, text: str) -> Printed:
    try:
        return Printed.parse(text)
    except ValueError as error:
        raise DataError(f"{where}: {name}: {error}; give it in percent, as it is printed") from error
