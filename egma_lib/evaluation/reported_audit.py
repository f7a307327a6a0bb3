"""Audit of reported numbers: every check on every row, as one table."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from egma_lib.evaluation.binary_checks import check_binary
from egma_lib.evaluation.column_checks import Where, check_columns, check_identical, check_series
from egma_lib.evaluation.count_checks import (
    check_grim,
    check_multiclass,
    check_precision_at,
    check_sampling,
)
from egma_lib.evaluation.finding import Finding
from egma_lib.evaluation.reported_rows import ReportedRow

AUDIT_COLUMNS = (
    "table", "dataset", "method", "setting", "check", "verdict", "reported", "finding", "assumes", "reasons",
)  # fmt: skip
TOLERANCE = (
    "A printed number stands for all from half a unit of its last digit below it to one unit above it: "
    "rounded half up, half to even, or cut."
)
_ROW_CHECKS = (check_binary, check_multiclass, check_grim, check_precision_at, check_sampling)
_COLUMN_CHECKS = (check_columns, check_series, check_identical)


def audit_rows(rows: Sequence[ReportedRow]) -> pd.DataFrame:
    """Check reported numbers for what arithmetic excludes and for what a reader should know.

    Parameters
    ----------
    rows
        As `read_reported_rows` returns them.

    Returns
    -------
    pandas.DataFrame
        One line per row and check, columns `AUDIT_COLUMNS`, all text. `verdict` is `impossible` (a proof
        excludes the numbers under what the line assumes), `remark` (possible, but worth an explanation),
        `no objection`, `information` or `not testable`.
    """
    lines = []
    for row in rows:
        where = (row.table, row.dataset, row.method, row.setting)
        for check in _ROW_CHECKS:
            lines += [_line(where, finding, _assumed(row)) for finding in check(row)]
    for compare in _COLUMN_CHECKS:
        lines += [_line(where, finding, "") for where, finding in compare(rows)]
    return pd.DataFrame(lines, columns=list(AUDIT_COLUMNS), dtype=object)


def _assumed(row: ReportedRow) -> str:
    runs = f"mean of {row.design.n_runs} runs" if row.design.n_runs > 1 else "one run"
    counts = f"{'' if row.design.is_known else 'assumed: '}{row.design.source}" if row.design.source else ""
    return "; ".join(filter(None, (counts, runs)))


def _line(where: Where, finding: Finding, assumes: str) -> tuple[str, ...]:
    return (
        *where,
        finding.check,
        finding.verdict,
        finding.reported,
        finding.finding,
        finding.assumes or assumes,
        finding.reasons,
    )
