"""Test sets at another prevalence than they come with.

The paper's SIIM column holds rows that no set of the natural prevalence (22.15 %) allows, but a balanced one
does; so which SIIM set was scored is a setting.
"""

from __future__ import annotations

import numpy as np

from egma_lib.datasets.contract import CaseTable
from egma_lib.datasets.splits import rank_by_hash
from egma_lib.errors import DataError


def balanced_cases(table: CaseTable, seed: int) -> CaseTable:
    """Return all positive cases of a two-class set and as many negative ones, in the order of the table.

    Parameters
    ----------
    table
        Cases with exactly one of two labels, the negative class first (such as Normal, Pneumothorax).
    seed
        Decides which negative cases are drawn: by the hash of their case id, so that neither the order of the
        table nor one case more or less changes the others' rank.

    Raises
    ------
    DataError
        The set has not two classes, no positive case, or fewer negative cases than positive ones.
    """
    if len(table.class_names) != 2:
        raise DataError(f"{table.name}: classes {table.class_names} cannot be balanced; two are needed")
    positive = table.class_index() == 1
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    if not 0 < n_positive <= n_negative:
        raise DataError(
            f"{table.name}: {n_positive} positive and {n_negative} negative cases; a balanced set draws as "
            "many negative cases as there are positive ones"
        )
    negatives = np.flatnonzero(~positive)
    order = rank_by_hash(table.cases["case_id"].iloc[negatives], f"{table.name}/balanced/{seed}")
    keep = positive.copy()
    keep[negatives[order[:n_positive]]] = True
    return table.select(keep)
