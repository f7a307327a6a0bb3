"""What stands around the films: heading, colour bars and legend, at places of their own."""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from egma_lib.explorer.case import ExplorerCase
from egma_lib.explorer.state import ViewState
from egma_lib.explorer.views.colours import ATTENTION_MAP, FILM_GREY, FIXATION_COLOUR, GAZE_COLOUR
from egma_lib.explorer.views.layers import drawn, shown_fixations
from egma_lib.explorer.views.layout import Place
from egma_lib.explorer.views.regions import region_looks

_CHARACTERS_PER_INCH = 12
_MOST_LINES = 2


def add_heading(figure: Figure, text: str) -> None:
    """Write a text over the films, on two lines at most."""
    if not text:
        return
    columns = int(figure.get_figwidth() * _CHARACTERS_PER_INCH)
    lines = textwrap.wrap(text, columns, max_lines=_MOST_LINES, placeholder=" …")
    figure.text(0.5, 1 - 0.05 / figure.get_figheight(), "\n".join(lines), ha="center", va="top", fontsize=10)


def add_colour_bar(
    figure: Figure,
    place: Place,
    colours: ListedColormap,
    limits: tuple[float, float],
    label: str,
    opacity: float,
) -> None:
    """Draw the colours of a layer as they look over the middle grey of a film, with its values."""
    ax = figure.add_axes(place)
    seen = ListedColormap(np.array(colours.colors) * [1, 1, 1, opacity])
    bar = figure.colorbar(ScalarMappable(Normalize(*limits), seen), cax=ax)
    ax.set_facecolor(FILM_GREY)
    bar.ax.ticklabel_format(useOffset=False, style="plain")
    bar.ax.tick_params(labelsize=7, length=2)
    bar.ax.set_title(label, loc="left", fontsize=8)


def add_legend(figure: Figure, case: ExplorerCase, state: ViewState, gaze: bool, attention: bool) -> None:
    """Name every layer that is to be seen, under the films.

    Parameters
    ----------
    figure, case, state
        What is drawn.
    gaze, attention
        Whether there is a map to draw for these layers.
    """
    handles: list[Patch | Line2D] = []
    if attention and drawn(state.attention):
        handles.append(Patch(facecolor=ATTENTION_MAP(255)[:3], label="model attention"))
    if gaze and drawn(state.gaze):
        handles.append(Patch(facecolor=GAZE_COLOUR, label="gaze heatmap"))
    if drawn(state.fixations) and len(shown_fixations(case, state)):
        handles.append(_fixation_handle())
    if drawn(state.regions):
        handles += [
            Line2D([], [], color=look.colour, lw=look.line, label=f"regions: {source}")
            for source, look in region_looks(case.regions).items()
        ]
    if state.patch is not None:
        row, column = state.patch
        label = f"patch: row {row}, column {column}"
        handles.append(Patch(facecolor="none", edgecolor="black", label=label))
    if handles:
        columns = max(2, int(figure.get_figwidth() / 2))
        figure.legend(handles=handles, loc="lower center", ncols=columns, fontsize=7, borderaxespad=0.2)


def _fixation_handle() -> Line2D:
    return Line2D(
        [],
        [],
        color=FIXATION_COLOUR,
        marker="o",
        markeredgecolor="white",
        label="fixations (area: duration, number: order)",
    )
