"""A static grid of cases: what is seen without widgets."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from itertools import cycle

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from egma_lib.errors import DataError
from egma_lib.explorer.case import ExplorerCase, Region
from egma_lib.explorer.state import ViewState
from egma_lib.explorer.views.colours import ATTENTION_MAP, GAZE_MAP, REGION_COLOURS, Colour
from egma_lib.explorer.views.film import shared_limits
from egma_lib.explorer.views.layers import add_film, add_map, checked_map
from egma_lib.explorer.views.regions import STRUCTURES, Look, outline
from egma_lib.figures.style import new_figure, styled
from egma_lib.figures.style import title as add_title

_OPACITY = 0.8
_LEGEND_COLUMNS = 5
_SIDE_IN = 1.6
"""Side of a film: so many films in true colour still make a file below 1 MB."""
_ID_CHARACTERS = 12
"""Characters of a case's id in the caption; the csv behind the sheet gives all of it."""


@styled
def draw_contact_sheet(
    cases: Sequence[ExplorerCase],
    sentence_indices: Sequence[int],
    attention: Mapping[str, Sequence[np.ndarray]],
    note: str = "",
) -> Figure:
    """Draw a row per case: the film with what was marked, gaze for a sentence, each model's attention to it.

    Parameters
    ----------
    cases
        At least one.
    sentence_indices
        The sentence of each case, counted from 0.
    attention
        Model label to a map a case, shape (rows, columns); the models share one colour scale within a row.
    note
        The study's title note.

    Raises
    ------
    DataError
        There is no case, not one sentence and one map of every model a case, or no such sentence.
    """
    _check_lengths(cases, sentence_indices, attention)
    names = ["film", "gaze while dictated", *attention]
    figure = new_figure(_SIDE_IN * len(names), (_SIDE_IN + 0.4) * len(cases) + 0.8)
    axes = figure.subplots(len(cases), len(names), squeeze=False)
    colours = _finding_colours(cases)
    for index, (case, sentence) in enumerate(zip(cases, sentence_indices, strict=True)):
        maps = {name: of_cases[index] for name, of_cases in attention.items()}
        _add_row(list(axes[index]), case, sentence, maps, colours)
    for ax, name in zip(axes[0], names, strict=True):
        ax.set_title(name)
    _add_legend(figure, colours)
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
    for case, sentence in zip(cases, sentences, strict=True):
        if not 0 <= sentence < len(case.sentences):
            count = len(case.sentences)
            raise DataError(f"contact sheet: sentence {sentence} of case {case.case_id}, which has {count}")


def _add_row(
    axes: Sequence[Axes],
    case: ExplorerCase,
    sentence: int,
    attention: Mapping[str, np.ndarray],
    colours: Mapping[str, Colour],
) -> None:
    for ax in axes:
        add_film(ax, case, ViewState())
    film, gaze, *models = axes
    for region in _marked(case):
        outline(film, region.mask, Look(colours[region.finding], 1.2, 0), 1.0)
    film.set_xlabel(_caption(case, sentence), fontsize=7)
    _add_gaze(gaze, case.heatmaps[sentence])
    maps = [checked_map(one, f"{name}, case {case.case_id}") for name, one in attention.items()]
    for ax, values in zip(models, maps, strict=True):
        add_map(ax, values, ATTENTION_MAP, limits=shared_limits(*maps), opacity=_OPACITY)


def _marked(case: ExplorerCase) -> list[Region]:
    """Return the marked findings.

    Structures are left out: on films this small their many outlines would hide the findings.
    """
    return [region for region in case.regions if region.source != STRUCTURES and region.mask.any()]


def _finding_colours(cases: Sequence[ExplorerCase]) -> dict[str, Colour]:
    names = dict.fromkeys(region.finding for case in cases for region in _marked(case))
    return dict(zip(names, cycle(REGION_COLOURS), strict=False))


def _add_legend(figure: Figure, colours: Mapping[str, Colour]) -> None:
    """Name the outlines below the films, where no name covers a film or another name."""
    handles = [Line2D([], [], color=colour, lw=1.6, label=name) for name, colour in colours.items()]
    if handles:
        figure.legend(handles=handles, loc="outside lower center", ncols=_LEGEND_COLUMNS, fontsize=7)


def _add_gaze(ax: Axes, heat: np.ndarray) -> None:
    if heat.any():
        add_map(ax, heat, GAZE_MAP, limits=(0, 1), opacity=_OPACITY, gid="gaze")
    else:
        ax.set_xlabel("(no gaze)", fontsize=7)


def _caption(case: ExplorerCase, sentence: int) -> str:
    text = case.sentences["text"].iloc[sentence]
    fits = len(case.case_id) <= _ID_CHARACTERS
    name = case.case_id if fits else f"{case.case_id[:_ID_CHARACTERS]}…"
    return "\n".join(textwrap.wrap(f"{name}: “{text}”", 28, max_lines=3, placeholder=" …"))
