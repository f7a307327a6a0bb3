"""From stored scores of grounding per case to the long rows of the table `grounding`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from egma_lib.errors import ArtefactError
from egma_lib.evaluation.predictions import read_predictions
from egma_lib.experiments.arms import REFERENCE_ARM, Arm
from egma_lib.experiments.grounding import GAZE_METRICS, GAZE_TABLE, REGION_METRICS, REGION_TABLE
from egma_lib.experiments.grounding_references import ANOTHER_READER
from egma_lib.experiments.measurements import Measured, weights_for
from egma_lib.experiments.stored_metrics import stored_metrics
from egma_lib.settings import EvaluationSettings

PERCENT = ("pointing_hit", "miou", "miou_scaled", "auprc", "auc_judd", "shuffled_auc")
"""Metrics given in percent; the others stand in their own units."""
METRICS = {REGION_TABLE: REGION_METRICS, GAZE_TABLE: GAZE_METRICS}

Key = tuple[str, str, str]
"""Source of the ground truth, setting (group, or group and finding), metric."""


def measure_grounding(folders: Sequence[Path], settings: EvaluationSettings) -> dict[Key, Measured]:
    """Mean of every metric over cases, per source and group and per finding; intervals resample patients.

    Parameters
    ----------
    folders
        Folders with stored scores, one per seed.
    settings
        Bootstrap size and seed.

    Returns
    -------
    dict
        (source, setting, metric) to `Measured`, settings such as `side_free` and `side_free, Pneumothorax`;
        cells without a finite score are left out. `n_cases` counts the patients with one: several phrases of
        one film are not independent, and an export must not show numbers of few patients.

    Raises
    ------
    ArtefactError
        Scores are missing, or the seeds were scored on other cases.
    """
    return {
        key: measured
        for name, metrics in METRICS.items()
        for key, measured in _measure(folders, name, metrics, settings).items()
    }


def _measure(
    folders: Sequence[Path], name: str, metrics: Sequence[str], settings: EvaluationSettings
) -> dict[Key, Measured]:
    tables = [read_predictions(folder, name) for folder in folders]
    first = tables[0]
    for folder, table in zip(folders, tables, strict=True):
        if not table[["source", "case_id"]].equals(first[["source", "case_id"]]):
            raise ArtefactError(
                f"{folder}: {name} holds other cases than {folders[0]}; run notebook 03 again"
            )
    if first.empty:
        return {}
    cells, member = _memberships(first)
    pairs = zip(folders, tables, strict=True)
    by_seed = [_means_of(folder, name, table, metrics, settings) for folder, table in pairs]
    found: dict[Key, Measured] = {}
    for metric in metrics:
        scale = 100.0 if metric in PERCENT else 1.0
        means = np.stack([one[metric] for one in by_seed]) * scale
        scored = np.isfinite(first[metric].to_numpy(dtype=np.float64))
        n_cases = _patients(first["patient_id"], member & scored[:, None])
        for index, (source, setting) in enumerate(cells):
            if np.isfinite(means[:, 0, index]).all() and np.isfinite(means[:, 1:, index]).all(axis=0).any():
                found[source, setting, metric] = Measured(
                    means[:, 0, index], means[:, 1:, index], int(n_cases[index])
                )
    return found


def _means_of(
    folder: Path, name: str, table: pd.DataFrame, metrics: Sequence[str], settings: EvaluationSettings
) -> dict[str, np.ndarray]:
    """Return the mean of every metric in every cell, for all resamples, (1 + n_resamples, cells)."""

    def compute() -> dict[str, np.ndarray]:
        _, member = _memberships(table)
        weights = weights_for(table, settings).astype(np.float64)
        return {
            metric: _weighted_means(weights, table[metric].to_numpy(dtype=np.float64), member)
            for metric in metrics
        }

    return stored_metrics(name, folder, [name], settings, compute)


def _memberships(table: pd.DataFrame) -> tuple[list[tuple[str, str]], np.ndarray]:
    """Return the (source, setting) of every cell of the table, and which cases belong to it, (n, cells)."""
    setting = {
        "overall": table["group"],
        "finding": (table["group"] + ", " + table["finding"]).where(table["finding"] != ""),
    }
    cells: dict[tuple[str, str], np.ndarray] = {}
    for names in setting.values():
        for source, name in dict.fromkeys(zip(table["source"], names, strict=True)):
            if pd.notna(name):
                cells[source, name] = ((table["source"] == source) & (names == name)).to_numpy(dtype=bool)
    return list(cells), np.stack(list(cells.values()), axis=1)


def _patients(ids: pd.Series, counted: np.ndarray) -> np.ndarray:
    """Return the number of distinct patients among the counted cases of every cell, shape (cells,)."""
    codes, _ = pd.factorize(ids)
    return np.array([len(np.unique(codes[column])) for column in counted.T], dtype=int)


def _weighted_means(weights: np.ndarray, scores: np.ndarray, member: np.ndarray) -> np.ndarray:
    """Return the mean of each cell under each row of weights, (1 + n_resamples, cells); NaN where none."""
    finite = np.isfinite(scores)
    counted = (member & finite[:, None]).astype(np.float64)
    total = weights @ counted
    summed = weights @ (counted * np.where(finite, scores, 0.0)[:, None])
    return np.divide(summed, total, out=np.full_like(total, np.nan), where=total > 0)


def grounding_rows(
    arms: Sequence[tuple[Arm, Sequence[Path]]], references: Mapping[str, Path], settings: EvaluationSettings
) -> list[dict[str, Any]]:
    """Return the long rows of methods, of their paired differences to no gaze, and of the references.

    Parameters
    ----------
    arms
        Each method with its folders of scores, one per seed; of two with other numbers of seeds the first
        common ones are paired.
    references
        Folder of each reference by name.
    settings
        Bootstrap size and seed.
    """
    measured = {arm.name: measure_grounding(folders, settings) for arm, folders in arms}
    rows = [row for arm, _ in arms for row in _plain(arm.label, measured[arm.name])]
    reference = next((arm for arm, _ in arms if arm.name == REFERENCE_ARM), None)
    for arm, _ in arms if reference is not None else ():
        if reference is None or arm.name == reference.name:
            continue
        rows += [
            one.difference_row(
                measured[reference.name][key], reference.label, dataset=key[0], method=arm.label,
                setting=key[1], metric=key[2],
            )
            for key, one in measured[arm.name].items()
            if key in measured[reference.name] and ", " not in key[1]
        ]  # fmt: skip
    for name, folder in references.items():
        kind = "measured" if name == ANOTHER_READER else "trivial"
        rows += [
            row | {"kind": kind, "n_seeds": 0} for row in _plain(name, measure_grounding([folder], settings))
        ]
    return rows


def _plain(label: str, measured: Mapping[Key, Measured]) -> list[dict[str, Any]]:
    rows = []
    for (source, setting, metric), one in measured.items():
        row = one.row(dataset=source, method=label, setting=setting, metric=metric)
        # Few patients, or one: resamples that all agree bound nothing.
        if np.isclose(row["ci_low"], row["ci_high"], rtol=1e-9, atol=0):
            row |= {"ci_low": np.nan, "ci_high": np.nan}
        rows.append(row)
    return rows
