"""Spread of the zero-shot score over prompt draws."""

from __future__ import annotations

import pandas as pd
import seaborn as sns
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
    figure = new_figure(3.3 * len(datasets), 3.8)
    for ax, dataset in zip(figure.subplots(1, len(datasets), squeeze=False)[0], datasets, strict=True):
        mine = spread[spread["dataset"] == dataset]
        drawn = mine[mine["draw"] >= 0]
        sns.stripplot(
            drawn, x="method", y=metric, order=methods, color=PALETTE[0], size=2.5, alpha=0.5, ax=ax
        )
        whole = mine[mine["draw"] < 0].groupby("method")[metric].mean()
        ax.scatter(range(len(methods)), whole.reindex(methods), marker="D", color=PALETTE[1], zorder=5, s=30)
        spread_points = drawn.groupby(["method", "seed_index"])[metric].std().groupby("method").mean()
        ax.set_title(f"{dataset}: sd over draws {spread_points.mean():.1f} points", fontsize=8)
        ax.set(xlabel="", ylabel=f"{metric} (%)")
        ax.set_xticks(range(len(methods)), methods, rotation=30, ha="right")
    n_draws, n_seeds = spread["draw"].max() + 1, spread["seed_index"].nunique()
    title(figure, f"Prompt draws ({n_draws} draws x {n_seeds} seeds; diamond: all prompts)", note)
    return figure
