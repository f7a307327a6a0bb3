"""How many cases stand behind a table, in words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from egma_lib.evaluation.evaluation_sets import CLASS_ORDERS
from egma_lib.evaluation.predictions import has_predictions, read_predictions
from egma_lib.report.blocks import DATASET_LABELS, NOT_AVAILABLE


def case_counts(folder: Path, names: Sequence[str]) -> str:
    """Say n and the class counts of test sets, from a prediction folder; absent ones are named as such."""
    parts = []
    for name in names:
        if not has_predictions([folder], name):
            parts.append(f"{DATASET_LABELS[name]}: {NOT_AVAILABLE}")
            continue
        labels = read_predictions(folder, name)["label"]
        counts = np.bincount(labels, minlength=len(CLASS_ORDERS[name]))
        listed = ", ".join(
            f"{class_name} {count}" for class_name, count in zip(CLASS_ORDERS[name], counts, strict=True)
        )
        parts.append(f"{DATASET_LABELS[name]}: n = {len(labels)} ({listed})")
    return "; ".join(parts) + "."
