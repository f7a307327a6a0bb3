"""A static grid of cases: what is seen without widgets."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
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

_OPACITY = 0.8


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
    figure = new_figure(1.9 * len(names), 2.3 * len(cases) + 0.5)
    axes = figure.subplots(len(cases), len(names), squeeze=False)
    for index, (case, sentence) in enumerate(zip(cases, sentence_indices, strict=True)):
        maps = {name: of_cases[index] for name, of_cases in attention.items()}
        _add_row(list(axes[index]), case, sentence, maps)
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
    for case, sentence in zip(cases, sentences, strict=True):
        if not 0 <= sentence < len(case.sentences):
            count = len(case.sentences)
            raise DataError(f"contact sheet: sentence {sentence} of case {case.case_id}, which has {count}")


def _add_row(
    axes: Sequence[Axes], case: ExplorerCase, sentence: int, attention: Mapping[str, np.ndarray]
) -> None:
    for ax in axes:
        add_film(ax, case, ViewState())
    film, gaze, *models = axes
    add_regions(film, case.regions, 1.0)
    film.set_xlabel(_caption(case, sentence), fontsize=7)
    _add_gaze(gaze, case.heatmaps[sentence])
    maps = [checked_map(one, f"{name}, case {case.case_id}") for name, one in attention.items()]
    for ax, values in zip(models, maps, strict=True):
        add_map(ax, values, ATTENTION_MAP, limits=shared_limits(*maps), opacity=_OPACITY)


def _add_gaze(ax: Axes, heat: np.ndarray) -> None:
    if heat.any():
        add_map(ax, heat, GAZE_MAP, limits=(0, 1), opacity=_OPACITY, gid="gaze")
    else:
        ax.set_xlabel("(no gaze)", fontsize=7)


def _caption(case: ExplorerCase, sentence: int) -> str:
    text = case.sentences["text"].iloc[sentence]
    return "\n".join(textwrap.wrap(f"{case.case_id}: “{text}”", 32, max_lines=3, placeholder=" …"))
