"""Spread of the zero-shot score over prompt draws."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from egma_lib.figures.style import PALETTE, new_figure, styled, title


@styled
def plot_prompt_spread(spread: pd.DataFrame, note: str, metric: str = "accuracy") -> Figure:
    """Draw, per set and method, the score of every draw and seed, and a diamond at the score of all prompts.

    Parameters
    ----------
    spread
        As `prompt_spread` gives it, several sets and methods concatenated.
    note
        The study's title note.
    metric
        `accuracy` or `auroc`.
    """
    datasets = list(dict.fromkeys(spread["dataset"]))
    methods = list(dict.fromkeys(spread["method"]))
    moved: dict[str, float] = {}
    figure = new_figure(3.3 * len(datasets), 3.8)
    for ax, dataset in zip(figure.subplots(1, len(datasets), squeeze=False)[0], datasets, strict=True):
        mine = spread[spread["dataset"] == dataset]
        drawn = mine[mine["draw"] >= 0]
        # Offsets by draw, not by chance: the same spread gives the same picture.
        offset = 0.3 * (drawn["draw"] - drawn["draw"].mean()) / max(drawn["draw"].max(), 1)
        place = drawn["method"].map(methods.index) + offset
        ax.scatter(place, drawn[metric], color=PALETTE[0], s=6, alpha=0.5, linewidths=0)
        whole = mine[mine["draw"] < 0].groupby("method")[metric].mean()
        ax.scatter(range(len(methods)), whole.reindex(methods), marker="D", color=PALETTE[1], zorder=5, s=30)
        spread_points = drawn.groupby(["method", "seed_index"])[metric].std().groupby("method").mean()
        moved[dataset] = spread_points.mean()
        varies = len(set(drawn["prompt_indices"])) > 1
        said = f"sd over draws {moved[dataset]:.1f} points" if varies else "every draw takes all prompts"
        ax.set_title(f"{dataset}: {said}", fontsize=8)
        ax.set(xlabel="", ylabel=f"{metric} (%)")
        ax.set_xticks(range(len(methods)), methods, rotation=30, ha="right")
    n_draws, n_seeds = spread["draw"].max() + 1, spread["seed_index"].nunique()
    finding = f"The choice of prompts moves {metric} by up to {max(moved.values()):.1f} points (sd)"
    title(figure, f"{finding}\n{n_draws} draws x {n_seeds} seeds, diamond: all prompts", note)
    return figure
