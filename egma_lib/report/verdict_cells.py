"""Verdicts of comparison rows laid out wide: one row per arm, one column per outcome."""

from __future__ import annotations

import pandas as pd

from egma_lib.experiments.verdicts import OUTCOMES, short_verdict
from egma_lib.report.blocks import DATASET_LABELS, METRIC_LABELS


def verdict_cells(rows: pd.DataFrame, index: str) -> pd.DataFrame:
    """Return short verdicts, each with its corrected p.

    Parameters
    ----------
    rows
        Comparison rows with `p_adjusted`; each (index, outcome) at most once.
    index
        Column that names the rows, in order of first appearance.

    Returns
    -------
    pandas.DataFrame
        Text cells, a column for each of `OUTCOMES`; "-" where there is no row.
    """
    cells = {
        (row[index], (row["dataset"], row["metric"])): f"{short_verdict(row)}{_p(row)}"
        for _, row in rows.iterrows()
    }
    names = list(dict.fromkeys(rows[index]))
    return pd.DataFrame(
        {
            f"{DATASET_LABELS[outcome.dataset]} {METRIC_LABELS[outcome.metric]}": [
                cells.get((name, outcome.key), "-") for name in names
            ]
            for outcome in OUTCOMES
        },
        index=pd.Index(names, name=index),
    )


def _p(row: pd.Series) -> str:
    return f" (p = {row['p_adjusted']:.3f})" if pd.notna(row["p_adjusted"]) else ""
