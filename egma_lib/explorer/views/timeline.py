"""The reading over time: sentences as bars, fixations as ticks."""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib.figure import Figure

from egma_lib.explorer.case import ExplorerCase
from egma_lib.explorer.replay import spoken_at
from egma_lib.explorer.views.colours import FIXATION_COLOUR
from egma_lib.explorer.views.output import draw_message
from egma_lib.figures.style import PALETTE, new_figure, styled

_ROW_IN = 0.24


@styled
def draw_timeline(case: ExplorerCase, time_s: float | None) -> Figure:
    """Draw when every sentence was dictated and every fixation began.

    Parameters
    ----------
    case
        A reading; without a recording the figure says that there is none.
    time_s
        Seconds of the reading: a line stands there and the sentence being dictated is lit up. None: neither.
    """
    table = case.sentences[case.sentences["start_s"].notna()]
    if table.empty:
        return draw_message("This case has no recording, so there is no time to show.", 6.2, 1.2)
    figure = new_figure(6.2, 0.8 + _ROW_IN * (len(table) + 1))
    ax = figure.subplots()
    lit = None if time_s is None else spoken_at(case, time_s)
    colours = [PALETTE[1] if index == lit else "0.75" for index in table["sentence_index"]]
    rows = np.arange(len(table))
    ax.barh(rows, table["end_s"] - table["start_s"], left=table["start_s"], color=colours, height=0.7)
    labels = [textwrap.shorten(text, 48, placeholder=" …") for text in table["text"]]
    onsets = case.fixations["onset_s"].drop_duplicates().to_numpy(dtype=float)
    ax.vlines(
        onsets, len(table) - 0.35, len(table) + 0.35, color=FIXATION_COLOUR, lw=0.8, gid="fixation_ticks"
    )
    ax.set_yticks(range(len(table) + 1), [*labels, "fixations"], fontsize=7)
    if time_s is not None:
        ax.axvline(time_s, color="black", lw=1, gid="now")
    ax.invert_yaxis()
    ax.set(xlabel="time in the reading (s)", xlim=(0, max(case.duration_s, 1e-3)))
    return figure
