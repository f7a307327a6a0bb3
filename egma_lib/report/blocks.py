"""Wide, readable blocks out of long rows; the same block is written as Markdown and LaTeX."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

NOT_AVAILABLE = "not available"
"""Cells of a data set that the study lacks."""
DATASET_LABELS = {
    "chexpert": "CheXpert",
    "chexpert_5x200": "CheXpert 5x200",
    "chexpert_5x200_marked": "CheXpert 5x200, marked",
    "chexpert_8x200": "CheXpert 8x200",
    "rsna": "RSNA",
    "siim": "SIIM",
}
METRIC_LABELS = {
    "accuracy": "accuracy",
    "macro_f1": "macro F1",
    "balanced_accuracy": "balanced acc.",
    "auroc": "AUROC",
    "pointing_hit": "pointing hit",
    "shortcut_gap": "shortcut gap",
    "precision_at_1": "P@1",
    "precision_at_5": "P@5",
    "precision_at_10": "P@10",
}


@dataclass(frozen=True)
class Block:
    """One titled part of a table: a frame of text cells with the row names as its index, and a note below."""

    title: str
    cells: pd.DataFrame
    note: str = ""


def format_value(row: pd.Series) -> str:
    """Return `mean ± sd [low, high]`, leaving out what is not known; differences carry their sign."""
    sign = "+" if row["comparison"] else ""
    text = f"{row['value']:{sign}.1f}"
    if np.isfinite(row["sd"]):
        text += f" ± {row['sd']:.1f}"
    if np.isfinite(row["ci_low"]):
        text += f" [{row['ci_low']:.1f}, {row['ci_high']:.1f}]"
    return text


def pivot(
    rows: pd.DataFrame,
    columns: Sequence[tuple[str, str]],
    index: str = "method",
    by: str = "dataset",
    absent: Collection[str] = (),
) -> pd.DataFrame:
    """Lay long rows out wide.

    Parameters
    ----------
    rows
        Long rows; each (index, by, metric) at most once.
    columns
        Pairs (value of `by`, metric), in order.
    index
        Column that names the rows, in order of first appearance.
    by
        Column that, with the metric, names the columns.
    absent
        Values of `by` whose data the study lacks.

    Returns
    -------
    pandas.DataFrame
        Text cells; where there is no row "-", or "not available" in columns of `absent`.
    """
    names = list(dict.fromkeys(rows[index]))
    cells = {(row[index], row[by], row["metric"]): format_value(row) for _, row in rows.iterrows()}
    return pd.DataFrame(
        {
            f"{DATASET_LABELS.get(key, key)} {METRIC_LABELS.get(metric, metric)}": [
                cells.get((name, key, metric), NOT_AVAILABLE if key in absent else "-") for name in names
            ]
            for key, metric in columns
        },
        index=pd.Index(names, name=index),
    )


def text_rows(block: Block) -> list[list[str]]:
    """Return the cells as text, row by row with the row's name first; the first row is the header."""
    header = [str(block.cells.index.name or ""), *map(str, block.cells.columns)]
    body = zip(block.cells.index, block.cells.to_numpy(), strict=True)
    return [header, *([str(name), *map(str, row)] for name, row in body)]


def escape_markdown(text: str) -> str:
    """Return text for a Markdown table cell: a bar would start a new cell, a line break a new row."""
    return text.replace("|", r"\|").replace("\n", " ")


def markdown(block: Block) -> str:
    """Return a block as a Markdown table with its title and note."""
    header, *body = (list(map(escape_markdown, row)) for row in text_rows(block))
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(row) + " |" for row in body]
    note = f"\n{block.note}\n" if block.note else ""
    return f"### {block.title}\n\n" + "\n".join(lines) + f"\n{note}"


_LATEX_ESCAPES = {character: rf"\{character}" for character in "&%_#${}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "±": r"$\pm$",
}


def escape_latex(text: str) -> str:
    """Return text with LaTeX's special characters escaped."""
    return "".join(_LATEX_ESCAPES.get(character, character) for character in text)


def latex(block: Block, heading: str = "") -> str:
    """Return a block as a LaTeX table environment (booktabs), the heading in front of its title."""
    header, *body = (" & ".join(map(escape_latex, row)) + r" \\" for row in text_rows(block))
    caption = " ".join(f"{part.rstrip('.')}." for part in (heading, block.title, block.note) if part)
    return "\n".join(
        [
            r"\begin{table}",
            rf"\caption{{{escape_latex(caption)}}}",
            rf"\begin{{tabular}}{{l{'r' * block.cells.shape[1]}}}",
            r"\toprule",
            header,
            r"\midrule",
            *body,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )
