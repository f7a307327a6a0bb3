"""Gaze quantity: what each share of gaze changes, against continued training without gaze."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure, SubFigure

from egma_lib.figures.style import PALETTE, new_figure, styled, title

PANELS = (
    ("chexpert_5x200", "fine_grained", "accuracy", "5x200 accuracy (%)"),
    ("rsna", "fine_grained", "auroc", "RSNA AUROC (%)"),
    ("siim", "fine_grained", "auroc", "SIIM AUROC (%)"),
    ("rsna", "similarity", "pointing_hit", "RSNA pointing hit (%)"),
    ("siim", "similarity", "pointing_hit", "SIIM pointing hit (%)"),
    ("chexpert_5x200", "fine_grained", "shortcut_gap", "shortcut gap (points, 0 is best)"),
)


def gaze_quantity_data(rows: pd.DataFrame, shares: Mapping[str, float]) -> pd.DataFrame:
    """Return the rows of Table 4 that the figure shows, with the share of gaze of each method.

    Parameters
    ----------
    rows
        Long rows of Table 4.
    shares
        Method label to share of gaze, 0 for continued training without gaze.
    """
    chosen = rows[(rows["comparison"] == "") & rows["method"].isin(list(shares))]
    keys = {(dataset, setting, metric) for dataset, setting, metric, _ in PANELS}
    shown = [
        key in keys for key in chosen[["dataset", "setting", "metric"]].itertuples(index=False, name=None)
    ]
    return chosen[shown].assign(gaze_share=lambda table: table["method"].map(shares))


def reported_quantity(numbers: pd.DataFrame) -> pd.DataFrame:
    """Return the accuracies of Table 4 as the paper reports them, with the share of gaze.

    Parameters
    ----------
    numbers
        Table 4 of data/reference/reported_numbers.csv; EGMA is its row with all gaze.

    Returns
    -------
    pandas.DataFrame
        dataset, gaze_share (0 to 1), value (%), by dataset and share.
    """
    share = numbers["method"].str.extract(r"^gaze (\d+)%$")[0].astype(float) / 100
    share = share.mask(numbers["method"] == "EGMA", 1.0)
    chosen = numbers.assign(gaze_share=share)[share.notna() & (numbers["metric"] == "accuracy")]
    return chosen[["dataset", "gaze_share", "value"]].sort_values(["dataset", "gaze_share"])


def _plot_reported(panel: SubFigure, reported: pd.DataFrame) -> None:
    panel.set_facecolor("0.94")
    panel.suptitle("As reported by the paper (real data; not measured here)", fontsize=9)
    shares = np.sort(reported["gaze_share"].unique())
    names = {"chexpert_5x200": "5x200", "rsna": "RSNA", "siim": "SIIM"}
    for ax, (dataset, name) in zip(panel.subplots(1, 3), names.items(), strict=True):
        mine = reported[reported["dataset"] == dataset]
        x = np.searchsorted(shares, mine["gaze_share"])
        ax.plot(x, mine["value"], "s", color="0.25", mfc="white")
        ax.set(xticks=range(len(shares)), xticklabels=[f"{100 * share:g}%" for share in shares])
        ax.set(ylabel=f"{name} accuracy (%)", xlabel="share of gaze data", facecolor="0.94")
        ax.margins(0.12)


def _of_panel(data: pd.DataFrame, dataset: str, setting: str, metric: str) -> pd.DataFrame:
    mine = (data["dataset"] == dataset) & (data["setting"] == setting) & (data["metric"] == metric)
    return data[mine].sort_values("gaze_share")


def _finding(data: pd.DataFrame) -> str:
    """Say what changes in the first measure that the study has."""
    panels = ((_of_panel(data, *panel[:3]), panel[3]) for panel in PANELS)
    mine, label = next((rows, label) for rows, label in panels if len(rows))
    ends = mine["value"].iloc[[0, -1]]
    most = mine["gaze_share"].max()
    what = label.removesuffix(" (%)")
    return f"{what} {ends.iloc[0]:.1f} % without gaze, {ends.iloc[1]:.1f} % with {most:.0%} of it"


@styled
def plot_gaze_quantity(data: pd.DataFrame, note: str, reported: pd.DataFrame | None = None) -> Figure:
    """Draw a panel per measure: mean over seeds with its 95 % interval over patients, against gaze share.

    Parameters
    ----------
    data
        As `gaze_quantity_data` gives it.
    note
        The study's title note.
    reported
        As `reported_quantity` gives it; drawn in a panel of its own, apart from what was measured here.
    """
    heights = (5.4,) if reported is None else (5.4, 2.6)
    figure = new_figure(9.6, sum(heights))
    measured, *apart = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    if reported is not None:
        _plot_reported(apart[0], reported)
    shares = np.sort(data["gaze_share"].unique())
    place = {share: index for index, share in enumerate(shares)}
    for ax, (dataset, setting, metric, label) in zip(measured.subplots(2, 3).flat, PANELS, strict=True):
        mine = _of_panel(data, dataset, setting, metric)
        ax.set(ylabel=label)
        if mine.empty:
            ax.set_title("not measured in this study", fontsize=8)
            continue
        x = np.array([place[share] for share in mine["gaze_share"]])
        value = mine["value"].to_numpy()
        reach = np.stack([value - mine["ci_low"], mine["ci_high"] - value])
        ax.errorbar(x, value, yerr=np.maximum(reach, 0), fmt="o-", color=PALETTE[0], capsize=3, lw=1)
        ax.axhline(value[0], color="0.6", lw=0.8, ls="--")
        ax.set(xticks=range(len(shares)), xticklabels=[f"{100 * share:g}%" for share in shares])
        ax.set_xlabel("share of readings that keep their gaze")
        ax.set_title(f"n = {int(mine['n_cases'].iloc[0])}, {int(mine['n_seeds'].iloc[0])} seeds", fontsize=8)
    title(figure, f"Gaze quantity: {_finding(data)}; dashed: continued training without gaze", note)
    return figure
