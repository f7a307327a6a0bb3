"""A table on disk: long csv for machines, Markdown and LaTeX blocks for readers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from egma_lib.artefacts import write_text
from egma_lib.report.blocks import DATASET_LABELS, METRIC_LABELS, Block, latex, markdown

REPORTED = Path(__file__).resolve().parents[2] / "data" / "reference" / "reported_numbers.csv"
REPORTED_COLUMNS = ("table", "dataset", "method", "setting", "metric", "value", "source")


@dataclass(frozen=True)
class Table:
    """A table of the paper as this run has it.

    Attributes
    ----------
    name
        Contract name, such as `table_2_zero_shot`.
    title
        Heading, without the study's note.
    rows
        Long rows of measured and trivial values.
    blocks
        Readable parts made of the rows.
    reported
        Long rows the paper reports for this table.
    """

    name: str
    title: str
    rows: pd.DataFrame
    blocks: tuple[Block, ...]
    reported: pd.DataFrame


def read_reported(path: Path, table: int) -> pd.DataFrame:
    """Return the reported numbers of one table of the paper, columns `REPORTED_COLUMNS`."""
    numbers = pd.read_csv(path, keep_default_na=False)
    return numbers.loc[numbers["table"] == table, list(REPORTED_COLUMNS)].reset_index(drop=True)


def reported_block(reported: pd.DataFrame, study_kind: str) -> Block:
    """Return the paper's numbers (percent) as a block of their own, never mixed with measured ones."""
    column = (
        reported["dataset"].map(lambda name: DATASET_LABELS.get(name, name))
        + (" " + reported["setting"]).str.rstrip()
        + " "
        + reported["metric"].map(lambda name: METRIC_LABELS.get(name, name))
    )
    wide = reported.assign(column=column).pivot_table(
        index="method", columns="column", values="value", sort=False
    )
    cells = wide.map(lambda value: "-" if pd.isna(value) else f"{value:.2f}")
    limit = "" if study_kind == "real" else " (real data; not comparable with a synthetic study)"
    source = "Source: " + "; ".join(dict.fromkeys(reported["source"])) + "."
    return Block(f"Reported by the paper{limit}", cells, source)


def write_table(table: Table, folder: Path, study_kind: str, title_note: str) -> list[Path]:
    """Write csv, md and tex of a table.

    Reported numbers enter the csv only where the study is real, with `paper` as their study; in a synthetic
    study they stand in a block of their own in md and tex.

    Parameters
    ----------
    table
        What to write.
    folder
        The results' `tables` folder.
    study_kind
        `synthetic` or `real`.
    title_note
        Printed behind the title, as data.

    Returns
    -------
    list of Path
        The three files.
    """
    rows = table.rows
    if study_kind == "real":
        reported = table.reported.drop(columns="table").assign(study="paper", kind="reported", comparison="")
        rows = pd.concat([rows, reported], ignore_index=True)[list(rows.columns)]
    # Counts stay whole numbers, also where reported rows have none.
    rows = rows.astype({"n_cases": "Int64", "n_seeds": "Int64"})
    blocks: Sequence[Block] = table.blocks
    if len(table.reported):
        blocks = (*blocks, reported_block(table.reported, study_kind))
    title = f"{table.title} ({title_note})" if title_note else table.title
    return write_blocks(folder, table.name, title, rows, blocks)


def write_blocks(
    folder: Path, name: str, title: str, rows: pd.DataFrame, blocks: Sequence[Block]
) -> list[Path]:
    """Write rows as `name.csv` and blocks as `name.md` and `name.tex` under one title; return the files."""
    text = f"# {title}\n\n" + "\n".join(markdown(block) for block in blocks)
    tex = "\n".join(latex(block, title) for block in blocks)
    return [
        write_text(folder / f"{name}.csv", rows.to_csv(index=False, float_format="%.4f")),
        write_text(folder / f"{name}.md", text),
        write_text(folder / f"{name}.tex", tex),
    ]
