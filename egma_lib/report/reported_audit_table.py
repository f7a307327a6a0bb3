"""The audit of reported numbers as a table on disk."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from egma_lib.evaluation.reported_audit import TOLERANCE
from egma_lib.report.blocks import DATASET_LABELS, Block
from egma_lib.report.table_files import write_blocks

AUDIT_TABLE = "reported_audit"
TITLE = "Audit of reported numbers"
_CAREFUL = (
    "`impossible` means: under what the line assumes, arithmetic excludes the numbers. It says nothing of "
    "how they came about; the last column names innocent explanations. "
)
_SHOWN = {
    "reported": "as printed",
    "check": "check",
    "finding": "finding",
    "assumes": "assumes",
    "reasons": "innocent explanations",
}
_BINARY = {"called shares": "correct calls", "prevalence": "prevalence", "swapped columns": "both readings"}


def audit_blocks(audit: pd.DataFrame) -> list[Block]:
    """Return the parts of the audit: impossible, remarks, columns, binary rows, all outcomes counted.

    Parameters
    ----------
    audit
        As `audit_rows` returns it.
    """
    column = audit["check"] == "one prevalence"
    parts = [
        ("Impossible as printed", audit["verdict"] == "impossible", _CAREFUL + TOLERANCE),
        ("Possible, but worth an explanation", audit["verdict"] == "remark", ""),
        ("One prevalence for a column", column, "Single runs with two classes."),
    ]
    blocks = [Block(title, _cells(audit[chosen]), note) for title, chosen, note in parts if chosen.any()]
    binary = audit[audit["check"].isin(list(_BINARY))]
    if len(binary):
        note = "Shares are of all cases; see docs/audit.md for the formulas."
        blocks.append(Block("What accuracy and macro F1 of two classes imply", _binary_cells(binary), note))
    counted = pd.crosstab(audit["check"], audit["verdict"])
    counted.columns.name = None
    return [*blocks, Block("Outcomes of each check", counted)]


def _cells(lines: pd.DataFrame) -> pd.DataFrame:
    cells = lines[list(_SHOWN)].rename(columns=_SHOWN)
    return cells.set_index(pd.Index(lines.apply(_row_name, axis=1), name="row"))


def _binary_cells(lines: pd.DataFrame) -> pd.DataFrame:
    named = lines.assign(row=lines.apply(_row_name, axis=1), part=lines["check"].map(_BINARY))
    wide = named.pivot_table(
        index=["row", "reported"], columns="part", values="finding", aggfunc="first", sort=False
    )
    cells = wide.reindex(columns=list(_BINARY.values())).fillna("-").reset_index("reported")
    cells.columns.name = None
    return cells.rename(columns={"reported": "as printed"})


def _row_name(line: pd.Series) -> str:
    table = f"Table {line['table']}" if line["table"] else ""
    parts = (table, DATASET_LABELS.get(line["dataset"], line["dataset"]), line["method"], line["setting"])
    return ", ".join(filter(None, parts))


def write_audit_table(audit: pd.DataFrame, folder: Path) -> list[Path]:
    """Write `reported_audit` as csv (every line), Markdown and LaTeX; return the three files."""
    return write_blocks(folder, AUDIT_TABLE, TITLE, audit, audit_blocks(audit))
