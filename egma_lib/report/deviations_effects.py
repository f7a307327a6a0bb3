"""The last column of `docs/deviations.md`: what each switch of the released code changes on the phantom."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from egma_lib.errors import ArtefactError
from egma_lib.experiments.arms import Arm, module_arm
from egma_lib.report.blocks import DATASET_LABELS, METRIC_LABELS
from egma_lib.report.effect_tables import PAPER_ARM

SWITCH, EFFECT = "Switch", "Measured effect"
"""Columns of the document that are read and written."""
NOT_MEASURED = "not yet measured"
SHOWN = (
    ("chexpert_5x200", "fine_grained", "accuracy"),
    ("rsna", "fine_grained", "auroc"),
    ("rsna", "similarity", "pointing_hit"),
)
"""Data set, setting and metric of the differences that a cell shows; the table has all of them."""
_COLUMNS = (
    "dataset",
    "method",
    "setting",
    "metric",
    "value",
    "ci_low",
    "ci_high",
    "sd",
    "n_seeds",
    "comparison",
)
_ASSIGNMENT = re.compile(r"`([a-z_]+\.[\w.]+)=([^`]+)`")


def read_effects(path: Path) -> pd.DataFrame:
    """Read the differences to EGMA from the table `deviations_effect`.

    Parameters
    ----------
    path
        `deviations_effect.csv` of a results folder.

    Returns
    -------
    pandas.DataFrame
        A row per arm (`method`, its label), data set, setting and metric.

    Raises
    ------
    ArtefactError
        There is no such file, or a column is missing.
    """
    if not path.is_file():
        raise ArtefactError(f"{path}: not found; run `./run_all.sh --only 05` first")
    rows = pd.read_csv(path)
    missing = [name for name in _COLUMNS if name not in rows]
    if missing:
        raise ArtefactError(f"{path}: no column {', '.join(missing)}; run `./run_all.sh --only 05 --force`")
    return rows[rows["comparison"] == f"minus {module_arm(PAPER_ARM).label}"]


def with_measured_effects(document: str, effects: pd.DataFrame, arms: Sequence[Arm]) -> str:
    """Return the document with the effect of every row whose switch is an arm; other rows stay as they are.

    A row has an arm where each `name=value` of its switch is among the arm's overrides, or where its switch
    names the arm's loss.

    Parameters
    ----------
    document
        Markdown with tables that have the columns `SWITCH` and, last, `EFFECT`.
    effects
        From `read_effects`.
    arms
        From `switch_arms`.

    Raises
    ------
    ArtefactError
        An arm has differences, but not those of `SHOWN`.
    """
    lines = document.splitlines()
    switch: int | None = None
    for number, line in enumerate(lines):
        cells = line.split("|")
        if not line.startswith("|"):
            switch = None
        elif switch is None and SWITCH in line and cells[-2].strip() == EFFECT:
            switch = [cell.strip() for cell in cells].index(SWITCH)
        elif switch is not None and (found := arms_of_switch(cells[switch], arms)):
            cells[-2] = f" {_cell(found, cells[switch], effects)} "
            lines[number] = "|".join(cells)
    return "\n".join(lines) + "\n"


def arms_of_switch(cell: str, arms: Sequence[Arm]) -> list[Arm]:
    """Return the arms that a cell of the column `SWITCH` stands for; most often none or one."""
    assigned = _assignments(cell)
    return [
        arm
        for arm in arms
        if (not arm.overrides and f"`{arm.method}`" in cell)
        or (assigned and all(_same(dict(arm.overrides).get(name), value) for name, value in assigned.items()))
    ]


def _assignments(cell: str) -> Mapping[str, Any]:
    """Return the settings that a cell gives a value, as YAML reads it, fractions as numbers."""
    return {
        name: float(Fraction(text)) if re.fullmatch(r"\d+/\d+", text) else yaml.safe_load(text)
        for name, text in _ASSIGNMENT.findall(cell)
    }


def _same(ours: object, theirs: object) -> bool:
    if isinstance(ours, float) and isinstance(theirs, int | float):
        return bool(np.isclose(ours, theirs))
    return ours is not None and ours == theirs


def _cell(arms: Sequence[Arm], switch: str, effects: pd.DataFrame) -> str:
    texts = []
    for arm in arms:
        others = [f"`{name}`" for name, _ in arm.overrides if name not in _assignments(switch)]
        texts.append(
            (f"{arm.label}: " if len(arms) > 1 else "")
            + _effect(arm, effects[effects["method"] == arm.label])
            + (f", changed together with {', '.join(others)}" if others else "")
        )
    return "; ".join(texts)


def _effect(arm: Arm, rows: pd.DataFrame) -> str:
    if rows.empty:
        return NOT_MEASURED
    seeds = f"({int(rows['n_seeds'].max())} seeds)"
    if (rows[["value", "ci_low", "ci_high"]] == 0).all(axis=None):
        return f"none: every difference is 0 {seeds}"
    parts = []
    for dataset, setting, metric in SHOWN:
        one = rows[(rows["dataset"] == dataset) & (rows["setting"] == setting) & (rows["metric"] == metric)]
        if len(one) != 1:
            raise ArtefactError(
                f"deviations_effect.csv: {len(one)} rows of {arm.label}, {dataset}, {setting}, {metric}; "
                "expected one; run `./run_all.sh --only 05 --force`"
            )
        value, low, high = one[["value", "ci_low", "ci_high"]].iloc[0]
        name = f"{DATASET_LABELS[dataset]} {METRIC_LABELS[metric]}"
        parts.append(f"{name} {value:+.1f} [{low:.1f}, {high:.1f}]")
    return f"{', '.join(parts)} {seeds}"
