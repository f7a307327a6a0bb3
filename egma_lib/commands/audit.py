"""`egma audit`: what arithmetic says of reported numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import pandas as pd

AUDIT_EPILOG = """
Columns of FILE.csv, one number a line:

  method, metric, value: needed; metric is accuracy, macro_f1 or precision_at_K; value in percent as printed

  table, dataset, setting: where the number stands; lines that agree in these and in method are one row

  n_classes; class_sizes (equal); n_cases (queries for precision_at_K); n_positive, or prevalence in percent

  n_relevant (right candidates per query); n_runs (1 if empty); series (name of a curve that the row is on)

  counts (known or assumed): broken assumed counts are a remark; counts_source: said beside the finding

Example:

  method,metric,value,n_classes,n_cases,n_positive

  ours,accuracy,76.97,2,4003,922

  ours,macro_f1,43.49,2,4003,922

  egma audit table.csv

  egma audit data/reference/reported_numbers.csv --out audited
"""


def audit(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Reported numbers, one a line.")],
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Also write reported_audit.csv, .md and .tex there.")
    ] = None,
    every: Annotated[bool, typer.Option("--every", help="Print the passed checks too.")] = False,
) -> None:
    """Check reported numbers: what is impossible as printed, what is worth an explanation.

    Impossible means that a proof excludes the numbers under the counts given. It says nothing of how they
    came about: innocent explanations stand beside each finding (docs/audit.md).
    """
    from egma_lib.evaluation.reported_audit import TOLERANCE, audit_rows
    from egma_lib.evaluation.reported_rows import read_reported_rows
    from egma_lib.report.reported_audit_table import write_audit_table

    found = audit_rows(read_reported_rows(file))
    shown = found if every else found[found["verdict"].isin(["impossible", "remark"])]
    typer.echo("\n\n".join([*(_lines(line) for _, line in shown.iterrows()), _summary(found), TOLERANCE]))
    if out is not None:
        for path in write_audit_table(found, out):
            typer.echo(path)


def _lines(line: pd.Series) -> str:
    table = f"Table {line['table']}" if line["table"] else ""
    where = ", ".join(filter(None, (table, line["dataset"], line["method"], line["setting"])))
    parts = [f"{line['verdict'].upper()}   {where}: {line['reported']}"]
    parts.append(f"{line['check']}: {line['finding']}")
    if line["assumes"]:
        parts.append(f"assumes: {line['assumes']}")
    if line["reasons"]:
        parts.append(f"may also be: {line['reasons']}")
    return "\n  ".join(parts)


def _summary(found: pd.DataFrame) -> str:
    counts = found["verdict"].value_counts()
    return f"{len(found)} checks: " + ", ".join(f"{verdict} {number}" for verdict, number in counts.items())
