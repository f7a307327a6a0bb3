"""Eye-voice lag: fixation time on what is named, against the shift of the sentence's window."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from egma_lib.figures.style import PALETTE, new_figure, styled, title


@styled
def plot_eye_voice_lag(curves: pd.DataFrame, note: str) -> Figure:
    """Draw a panel per reader: share of fixation time on the region with its 95 % interval, and the peak.

    Parameters
    ----------
    curves
        From `lag_curves`; the first reader is all of them.
    note
        The study's title note.
    """
    readers = list(dict.fromkeys(curves["reader"]))
    columns = min(3, len(readers))
    rows = -(-len(readers) // columns)
    figure = new_figure(3.2 * columns + 0.4, 2.6 * rows + 0.6)
    axes = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).flat
    for ax in axes[len(readers) :]:
        ax.set_axis_off()
    for ax, reader in zip(axes, readers, strict=False):
        mine = curves[curves["reader"] == reader]
        first = mine.iloc[0]
        ax.fill_between(mine["shift_s"], 100 * mine["low"], 100 * mine["high"], color=PALETTE[0], alpha=0.25)
        ax.plot(mine["shift_s"], 100 * mine["share"], color=PALETTE[0], lw=1.2)
        ax.axvspan(first["peak_low_s"], first["peak_high_s"], color=PALETTE[1], alpha=0.25, lw=0)
        ax.axvline(first["peak_s"], color=PALETTE[1], lw=1)
        ax.axvline(0, color="0.6", lw=0.8, ls="--")
        ax.set_title(
            f"{reader}: {_seconds(first)}\n{int(first['n_sentences'])} sentences, "
            f"{int(first['n_patients'])} patients",
            fontsize=8,
        )
        ax.set(xlabel="shift of the sentence's window (s)", ylabel="fixation time on region (%)")
    title(figure, f"Eyes and voice agree best at a shift of {_seconds(curves.iloc[0])}", note)
    return figure


def _seconds(row: pd.Series) -> str:
    return f"{row['peak_s']:+.2f} s [{row['peak_low_s']:+.2f}, {row['peak_high_s']:+.2f}]"
