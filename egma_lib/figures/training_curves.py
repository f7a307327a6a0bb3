"""Training curves: loss, validation loss and logit scale of runs."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from egma_lib.figures.style import PALETTE, new_figure, styled, title

MEASURES = {"total": "training loss", "validation_loss": "validation loss", "logit_scale": "logit scale"}


@styled
def plot_training_curves(curves: pd.DataFrame, note: str, smoothing: int = 10) -> Figure:
    """Draw a panel per measure, a line per run, a colour per arm.

    Parameters
    ----------
    curves
        step, label, run_id and the columns of `MEASURES` (the validation loss only at some steps).
    note
        The study's title note.
    smoothing
        Steps over which the training loss is averaged.
    """
    figure = new_figure(9.6, 3.2)
    labels = list(dict.fromkeys(curves["label"]))
    for ax, (measure, name) in zip(figure.subplots(1, len(MEASURES)), MEASURES.items(), strict=True):
        for (label, _), run in curves.groupby(["label", "run_id"], sort=False):
            values = run[["step", measure]].dropna()
            if measure == "total":
                values = values.rolling(smoothing, min_periods=1).mean()
            colour = PALETTE[labels.index(label) % len(PALETTE)]
            ax.plot(values["step"], values[measure], color=colour, lw=0.9, alpha=0.8, label=label)
        ax.set(xlabel="step", ylabel=name)
    handles, names = figure.axes[0].get_legend_handles_labels()
    once = dict(zip(names, handles, strict=True))
    figure.legend(once.values(), once.keys(), loc="outside lower center", ncols=len(once))
    n_runs = curves["run_id"].nunique()
    title(figure, f"Training of {n_runs} runs (losses of different methods are not comparable)", note)
    return figure
