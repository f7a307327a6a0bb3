"""A static grid of cases: what is seen without widgets."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from egma_lib.errors import DataError
from egma_lib.explorer.case import ExplorerCase
from egma_lib.explorer.state import ViewState
from egma_lib.explorer.views.colours import ATTENTION_MAP, GAZE_MAP
from egma_lib.explorer.views.film import shared_limits
from egma_lib.explorer.views.layers import add_film, add_map, checked_map
from egma_lib.explorer.views.regions import add_regions
from egma_lib.figures.style import new_figure, styled
from egma_lib.figures.style import title as add_title


@styled
def draw_contact_sheet(
    cases: Sequence[ExplorerCase],
    sentence_indices: Sequence[int],
    attention: Mapping[str, Sequence[np.ndarray]],
    note: str = "",
) -> Figure:
    """Draw a row per case: the film with its regions, gaze for a sentence, and each model's attention to it.

    Parameters
    ----------
    cases
        At least one.
    sentence_indices
        The sentence of each case.
    attention
        Model label to a map a case, shape (rows, columns); the models share one colour scale within a row.
    note
        The study's title note.

    Raises
    ------
    DataError
        There is no case, or not one sentence and one map of every model a case.
    """
    _check_lengths(cases, sentence_indices, attention)
    names = ["film", "gaze while dictated", *attention]
    figure = new_figure(1.9 * len(names), 2.3 * len(cases) + 0.5)
    axes = figure.subplots(len(cases), len(names), squeeze=False)
    state = ViewState()
    for row, (case, sentence) in enumerate(zip(cases, sentence_indices, strict=True)):
        for ax in axes[row]:
            add_film(ax, case, state)
        add_regions(axes[row, 0], case.regions, 1.0)
        axes[row, 0].set_xlabel(_caption(case, sentence), fontsize=7)
        if len(case.heatmaps):
            add_map(axes[row, 1], case.heatmaps[sentence], GAZE_MAP, limits=(0, 1), opacity=0.8, gid="gaze")
        maps = [checked_map(one[row], f"{name}, case {case.case_id}") for name, one in attention.items()]
        limits = shared_limits(*maps) if maps else (0.0, 1.0)
        for ax, values in zip(axes[row, 2:], maps, strict=True):
            add_map(ax, values, ATTENTION_MAP, limits=limits, opacity=0.8)
    for ax, name in zip(axes[0], names, strict=True):
        ax.set_title(name)
    add_title(figure, "Gaze and attention for one sentence a case", note)
    return figure


def _check_lengths(
    cases: Sequence[ExplorerCase], sentences: Sequence[int], attention: Mapping[str, Sequence[np.ndarray]]
) -> None:
    if not cases:
        raise DataError("contact sheet: no case; expected at least one")
    for name, given in {"sentence_indices": sentences, **attention}.items():
        if len(given) != len(cases):
            raise DataError(f"contact sheet: {name} has {len(given)} entries for {len(cases)} cases")


def _caption(case: ExplorerCase, sentence: int) -> str:
    text = case.sentences.loc[case.sentences["sentence_index"] == sentence, "text"].iloc[0]
    return "\n".join(textwrap.wrap(f"{case.case_id}: “{text}”", 32, max_lines=3, placeholder=" …"))
