"""AUROC of linear probes from stored scores: intervals over patients, spread over seeds and draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from egma_lib.artefacts import content_hash
from egma_lib.evaluation.linear_probe import HEADS, n_draws, score_column, share_label
from egma_lib.evaluation.metrics import binary_auroc
from egma_lib.evaluation.predictions import read_predictions
from egma_lib.experiments.measurements import Measured, weights_for
from egma_lib.experiments.stored_metrics import stored_metrics
from egma_lib.settings import EvaluationSettings, ProbeSettings

_LABEL = "label|"


@dataclass(frozen=True)
class ProbeMeasurement:
    """AUROC of one method, set, head and share.

    Attributes
    ----------
    auroc
        Percent, shape (n_seeds, n_draws, 1 + n_resamples); the first of the last axis is the value itself.
    n_cases
        Test films whose label is known.
    """

    auroc: np.ndarray
    n_cases: int

    def row(self, **names: Any) -> dict[str, Any]:
        """Return a long row: mean, interval over patients, and spread over seeds and draws together."""
        flat = self.auroc.reshape(-1, self.auroc.shape[-1])
        measured = Measured(flat[:, 0], flat[:, 1:], self.n_cases)
        return measured.row(**names) | {"n_seeds": len(self.auroc)}

    def per_seed(self) -> Measured:
        """Return the mean over draws of each seed, for paired differences between methods."""
        mean = self.auroc.mean(axis=1)
        return Measured(mean[:, 0], mean[:, 1:], self.n_cases)


def judged_classes(table: pd.DataFrame) -> list[str]:
    """Return the classes of a stored table of probe scores, in order."""
    return [column.removeprefix(_LABEL) for column in table.columns if column.startswith(_LABEL)]


def measure_probe(
    folders: Sequence[Path], name: str, probe: ProbeSettings, settings: EvaluationSettings
) -> dict[tuple[str, str, str], ProbeMeasurement]:
    """Measure one method on one set.

    Parameters
    ----------
    folders
        Score folders, one per seed.
    name
        Set, such as `rsna`.
    probe
        Shares and draws.
    settings
        Bootstrap size and seed.

    Returns
    -------
    dict
        (head, share as in `share_label`, class) to AUROC; class "" is the mean over classes. Empty where no
        class of the set can be judged.
    """
    tables = [read_predictions(folder, name) for folder in folders]
    classes = judged_classes(tables[0])
    if not classes:
        return {}
    pairs = zip(folders, tables, strict=True)
    by_seed = [_aurocs_of(folder, name, table, classes, probe, settings) for folder, table in pairs]
    found = {}
    for head in HEADS:
        for share in probe.shares:
            key = (head, share_label(share))
            values = np.stack([one[" ".join(key)] for one in by_seed])  # (seed, draw, class, 1 + resample)
            found[(*key, "")] = ProbeMeasurement(100 * mean_over_classes(values), len(tables[0]))
            for index, one in enumerate(classes):
                known = int(tables[0][_LABEL + one].notna().sum())
                found[(*key, one)] = ProbeMeasurement(100 * values[:, :, index], known)
    return found


def _aurocs_of(
    folder: Path,
    name: str,
    table: pd.DataFrame,
    classes: Sequence[str],
    probe: ProbeSettings,
    settings: EvaluationSettings,
) -> dict[str, np.ndarray]:
    """Return the AUROC of every draw and class under each head and share, (draw, class, 1 + n_resamples)."""

    def compute() -> dict[str, np.ndarray]:
        weights = weights_for(table, settings)
        return {
            f"{head} {share_label(share)}": np.array(
                [
                    [_auroc(table, score_column(head, share, draw, one), one, weights) for one in classes]
                    for draw in range(n_draws(share, probe))
                ]
            )
            for head in HEADS
            for share in probe.shares
        }

    what = f"{name}-{content_hash(list(probe.shares), probe.draws)}"
    return stored_metrics(what, folder, [name], settings, compute)


def mean_over_classes(values: np.ndarray) -> np.ndarray:
    """Return the mean over the last axis but one; a class that a resample cannot judge (NaN) is left out."""
    known = ~np.isnan(values)
    total = np.where(known, values, 0.0).sum(axis=-2)
    count = known.sum(axis=-2)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)


def _auroc(table: pd.DataFrame, column: str, class_name: str, weights: np.ndarray) -> np.ndarray:
    label = table[_LABEL + class_name].to_numpy()
    known = ~np.isnan(label)
    return binary_auroc(label[known] == 1, table[column].to_numpy()[known], weights[:, known])
