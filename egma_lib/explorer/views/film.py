"""The film with its layers, alone or for two checkpoints."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from egma_lib.errors import DataError
from egma_lib.explorer.case import ExplorerCase
from egma_lib.explorer.state import ViewState
from egma_lib.explorer.views.colours import ATTENTION_MAP, DIFFERENCE_MAP, GAZE_MAP
from egma_lib.explorer.views.layers import (
    add_film,
    add_fixations,
    add_map,
    add_patch,
    checked_map,
    drawn,
    shown_fixations,
)
from egma_lib.explorer.views.layout import Place, film_layout
from egma_lib.explorer.views.legends import add_colour_bar, add_heading, add_legend
from egma_lib.explorer.views.regions import add_regions
from egma_lib.figures.style import styled

Limits = tuple[float, float]


def shared_limits(*maps: np.ndarray) -> Limits:
    """Return the smallest and the largest value of patch maps: one colour scale for all of them."""
    return float(min(one.min() for one in maps)), float(max(one.max() for one in maps))


@styled
def draw_film(
    case: ExplorerCase,
    state: ViewState,
    attention: np.ndarray | None,
    *,
    limits: Limits | None = None,
    heat: np.ndarray | None = None,
    title: str = "",
) -> Figure:
    """Draw a film with the layers that the state shows.

    Parameters
    ----------
    case, state
        What, and how.
    attention
        Model attention on the patch grid, shape (rows, columns), any scale; None leaves the layer out.
    limits
        Attention that is transparent, and attention that is fully coloured; None takes the map's own.
    heat
        Gaze on the patch grid, 0-1; None takes the heatmap of the chosen sentence, where there is one.
    title
        At most two lines over the film.

    Raises
    ------
    DataError
        A map is no finite (rows, columns) array, the zoom is empty, or the grid has no such patch.
    """
    layout = film_layout(1)
    figure = layout.figure()
    ax = layout.film_axes(figure)[0]
    checked = None if attention is None else checked_map(attention, "attention")
    scale = limits if checked is None or limits is not None else shared_limits(checked)
    _add_layers(ax, case, state, checked, scale, heat)
    if checked is not None and scale is not None and drawn(state.attention):
        add_colour_bar(figure, layout.bars[0], ATTENTION_MAP, scale, "similarity", state.attention.opacity)
    add_heading(figure, title)
    add_legend(figure, case, state, _gaze(case, state, heat) is not None, checked is not None)
    return figure


@styled
def draw_side_by_side(
    case: ExplorerCase,
    state: ViewState,
    attention_a: np.ndarray,
    attention_b: np.ndarray,
    labels: tuple[str, str],
    *,
    heat: np.ndarray | None = None,
    title: str = "",
) -> Figure:
    """Draw two checkpoints' attention on one colour scale, and a - b where the state asks for it.

    Parameters
    ----------
    case, state
        What, and how; the other layers lie over both films.
    attention_a, attention_b
        Attention on the patch grid, of the same shape (rows, columns) and on the same scale.
    labels
        The checkpoints' names.
    heat
        As for `draw_film`.
    title
        At most two lines over the films.

    Raises
    ------
    DataError
        As `draw_film`; or the maps differ in shape and the difference is asked for.
    """
    layout = film_layout(3 if state.difference else 2)
    figure = layout.figure()
    axes = layout.film_axes(figure)
    maps = [checked_map(attention_a, labels[0]), checked_map(attention_b, labels[1])]
    limits = shared_limits(*maps)
    for ax, label, attention in zip(axes, labels, maps, strict=False):
        _add_layers(ax, case, state, attention, limits, heat)
        ax.set_title(label)
    if drawn(state.attention):
        add_colour_bar(figure, layout.bars[0], ATTENTION_MAP, limits, "similarity", state.attention.opacity)
    if state.difference:
        _add_difference(axes[2], figure, layout.bars[1], case, state, _difference(maps, labels))
        axes[2].set_title(f"{labels[0]} − {labels[1]}")
    add_heading(figure, title)
    add_legend(figure, case, state, _gaze(case, state, heat) is not None, True)
    return figure


def _add_difference(
    ax: Axes, figure: Figure, bar: Place, case: ExplorerCase, state: ViewState, difference: np.ndarray
) -> None:
    """Draw a difference alone over the film, on limits as far below 0 as above."""
    add_film(ax, case, state)
    if drawn(state.attention):
        # Equal maps have no scale of their own; cosine similarities lie within 1.
        largest = float(np.abs(difference).max()) or 1.0
        limits, opacity = (-largest, largest), state.attention.opacity
        add_map(
            ax,
            difference,
            DIFFERENCE_MAP,
            limits=limits,
            opacity=opacity,
            style=state.style,
            gid="difference",
        )
        add_colour_bar(figure, bar, DIFFERENCE_MAP, limits, "difference", opacity)
    _add_outlines(ax, case, state, difference.shape)


def _add_layers(
    ax: Axes,
    case: ExplorerCase,
    state: ViewState,
    attention: np.ndarray | None,
    limits: Limits | None,
    heat: np.ndarray | None,
) -> None:
    """Draw all layers, the model's attention over the gaze: it is what is asked about."""
    add_film(ax, case, state)
    gaze = _gaze(case, state, heat)
    if gaze is not None and drawn(state.gaze):
        add_map(ax, gaze, GAZE_MAP, limits=(0, 1), opacity=state.gaze.opacity, style=state.style, gid="gaze")
    if attention is not None and limits is not None and drawn(state.attention):
        add_map(
            ax, attention, ATTENTION_MAP, limits=limits, opacity=state.attention.opacity, style=state.style
        )
    if drawn(state.fixations):
        add_fixations(ax, shown_fixations(case, state), state.fixations.opacity)
    _add_outlines(ax, case, state, case.heatmaps.shape[1:] if attention is None else attention.shape)


def _add_outlines(ax: Axes, case: ExplorerCase, state: ViewState, grid: tuple[int, ...]) -> None:
    """Outline the regions and the clicked patch."""
    if drawn(state.regions):
        add_regions(ax, case.regions, state.regions.opacity)
    if state.patch is not None:
        add_patch(ax, state.patch, (grid[0], grid[1]))


def _gaze(case: ExplorerCase, state: ViewState, heat: np.ndarray | None) -> np.ndarray | None:
    """Return the gaze map to draw, None where nobody looked."""
    if heat is not None:
        return checked_map(heat, "heat")
    index = state.sentence_index
    if index is None or not len(case.heatmaps):
        return None
    if not 0 <= index < len(case.heatmaps):
        raise DataError(f"sentence_index={index}: case {case.case_id} has {len(case.heatmaps)} sentences")
    return case.heatmaps[index] if case.heatmaps[index].any() else None


def _difference(maps: list[np.ndarray], labels: tuple[str, str]) -> np.ndarray:
    if maps[0].shape != maps[1].shape:
        shapes = " and ".join(f"{label} {one.shape}" for label, one in zip(labels, maps, strict=True))
        raise DataError(f"difference: patch grids {shapes} differ; choose checkpoints with the same grid")
    return maps[0] - maps[1]
