"""Effect of gaze against its accuracy: each point is a training with another heatmap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from egma_lib.experiments.arms import REFERENCE_ARM, module_arm
from egma_lib.experiments.verdicts import GAP_SIZE
from egma_lib.figures.style import PALETTE, new_figure, styled, title

PANELS = (
    ("rsna", "pointing_hit", "RSNA pointing hit,\ngain over no gaze (points)"),
    ("siim", "pointing_hit", "SIIM pointing hit,\ngain over no gaze (points)"),
    ("chexpert_5x200", GAP_SIZE, "distance of the shortcut gap from 0,\nchange from no gaze (points)"),
)
_KEPT = (
    "study",
    "dataset",
    "method",
    "setting",
    "metric",
    "value",
    "ci_low",
    "ci_high",
    "n_cases",
    "n_seeds",
)


def gaze_accuracy_data(
    rows: pd.DataFrame, agreement: Sequence[Mapping[str, Any]], agrees_with: str
) -> pd.DataFrame:
    """Return the effects that the figure shows, each with the agreement of the heatmaps behind it.

    Parameters
    ----------
    rows
        Long rows of the table of controls.
    agreement
        Long rows of agreement, one per kind of heatmap (`heatmap_agreement`).
    agrees_with
        What the heatmaps were compared with.

    Returns
    -------
    pandas.DataFrame
        The rows of the table, with agreement (-1 to 1; NaN where the heatmap is the same on all patches),
        n_sentences behind it, and agrees_with.
    """
    keys = {(dataset, metric) for dataset, metric, _ in PANELS}
    mine = rows[rows["comparison"] == f"minus {module_arm(REFERENCE_ARM).label}"]
    shown = [key in keys for key in mine[["dataset", "metric"]].itertuples(index=False, name=None)]
    found = {row["method"]: row for row in agreement}
    data = mine.loc[shown, list(_KEPT)].reset_index(drop=True)
    return data.assign(
        agreement=[found[name]["value"] if name in found else np.nan for name in data["method"]],
        n_sentences=[found[name]["n_cases"] if name in found else 0 for name in data["method"]],
        agrees_with=agrees_with,
    )


@styled
def plot_gaze_accuracy(data: pd.DataFrame, note: str) -> Figure:
    """Draw a panel per outcome: effect against no gaze with its 95 % interval, against agreement.

    Parameters
    ----------
    data
        As `gaze_accuracy_data` gives it.
    note
        The study's title note.
    """
    found = data.groupby("method", sort=False)["agreement"].first().sort_values(na_position="first")
    order = dict(zip(found.index.astype(str), found.astype(float), strict=True))
    numbers = {name: index for index, name in enumerate(order, start=1)}
    figure = new_figure(9.6, 4.9)
    for ax, (dataset, metric, label) in zip(figure.subplots(1, 3), PANELS, strict=True):
        mine = data[(data["dataset"] == dataset) & (data["metric"] == metric)]
        ax.set(ylabel=label)
        if mine.empty:
            ax.set_title("not measured in this study", fontsize=8)
            continue
        _plot_effects(ax, mine, numbers)
        ax.set_xlabel(f"median correlation of the heatmaps\nwith the {mine['agrees_with'].iloc[0]}")
        ax.set_title(_seeds(mine), fontsize=8)
    handles = [
        Line2D(
            [], [], marker=f"${numbers[name]}$", ls="", color=_colour(name), ms=7, label=_named(name, value)
        )
        for name, value in order.items()
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, fontsize=8)
    title(figure, f"Each point is a training with another heatmap. {_finding(data)}", note)
    return figure


def _plot_effects(ax: Axes, mine: pd.DataFrame, numbers: Mapping[str, int]) -> None:
    ax.axhline(0, color="0.6", lw=0.8, ls="--")
    for name, *measures in zip(
        mine["method"].astype(str),
        *mine[["agreement", "value", "ci_low", "ci_high"]].to_numpy(dtype=float).T.tolist(),
        strict=True,
    ):
        agreement, value, low, high = measures
        colour, is_flat = _colour(name), np.isnan(agreement)
        x = 0.0 if is_flat else agreement
        reach = [[max(value - low, 0)], [max(high - value, 0)]]
        ax.errorbar(x, value, yerr=reach, color=colour, capsize=2, lw=0.8, alpha=0.6)
        ax.plot(x, value, "o", ms=9, mfc="white" if is_flat else colour, mec=colour)
        ink = colour if is_flat else "white"
        ax.annotate(str(numbers[name]), (x, value), ha="center", va="center", fontsize=6, color=ink)
    ax.set_xlim(min(-0.08, ax.get_xlim()[0]), 1.08)


def _colour(method: str) -> tuple[float, float, float]:
    return PALETTE[3] if method == module_arm("egma").label else PALETTE[0]


def _named(method: str, agreement: float) -> str:
    name = f"{method}, gaze as measured" if method == module_arm("egma").label else method
    return f"{name} (flat: no correlation, at 0)" if np.isnan(agreement) else name


def _seeds(mine: pd.DataFrame) -> str:
    low, high = int(mine["n_seeds"].min()), int(mine["n_seeds"].max())
    return f"{low} paired seeds" if low == high else f"{low} to {high} paired seeds"


def _finding(data: pd.DataFrame) -> str:
    """Say how the order of agreement goes with the order of effects, per outcome (Spearman)."""
    parts = []
    for dataset, metric, label in PANELS:
        mine = data[(data["dataset"] == dataset) & (data["metric"] == metric)].dropna(subset=["agreement"])
        if len(mine) > 2:
            rank = mine["agreement"].rank().corr(mine["value"].rank())
            parts.append(f"{label.partition(',')[0]} {rank:.2f}")
    return f"Rank correlation with agreement: {', '.join(parts)}" if parts else "Too few to correlate"
