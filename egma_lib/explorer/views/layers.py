"""The layers over a film, each added to given axes in 0-1 of the padded square."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from egma_lib.errors import DataError
from egma_lib.explorer.case import ExplorerCase
from egma_lib.explorer.state import Layer, ViewState
from egma_lib.explorer.views.colours import FIXATION_COLOUR
from egma_lib.explorer.views.layout import check_zoom
from egma_lib.figures.style import show_film

WHOLE = (0.0, 1.0, 1.0, 0.0)
"""Extent of a picture of the padded square: left, right, bottom, top, with y downwards."""

AREA_PT2_PER_S = 400.0
"""Area of a fixation's circle (square points, as matplotlib counts it) per second of its duration."""

MOST_NUMBERED = 60
"""Fixations that all get their number; of more, only the first and the last, or none could be read."""


def drawn(layer: Layer) -> bool:
    """Say whether anything of a layer is to be seen."""
    return layer.shown and layer.opacity > 0


def add_film(ax: Axes, case: ExplorerCase, state: ViewState) -> None:
    """Draw the film with the state's grey window, cut to its zoom.

    Grey values up to `window_centre` - `window_width` / 2 are black, those from `window_centre` +
    `window_width` / 2 on are white, those between on a straight line.
    """
    check_zoom(state.zoom)
    show_film(ax, case.film)
    low = state.window_centre - state.window_width / 2
    image = ax.images[-1]
    image.set_clim(255 * low, 255 * (low + state.window_width))
    image.set_interpolation("auto")
    left, top, right, bottom = state.zoom
    ax.set(xlim=(left, right), ylim=(bottom, top))


def add_map(
    ax: Axes,
    values: np.ndarray,
    colours: Colormap,
    *,
    limits: tuple[float, float],
    opacity: float,
    style: str = "interpolated",
    gid: str = "attention",
) -> None:
    """Lay a patch map, shape (rows, columns), over a film.

    Parameters
    ----------
    values
        One value a patch of the padded square.
    colours
        A colour map whose opacity grows with what is to be seen.
    limits
        Values of its two ends; values beyond them look like the ends.
    opacity
        0-1, of the most opaque colour.
    style
        "grid" paints every patch in one colour, "interpolated" goes evenly from centre to centre.
    gid
        Name of the layer within the figure.
    """
    ax.imshow(
        values,
        cmap=colours,
        alpha=opacity,
        extent=WHOLE,
        vmin=limits[0],
        vmax=limits[1],
        interpolation="nearest" if style == "grid" else "bilinear",
        gid=gid,
    )


def checked_map(values: np.ndarray, name: str) -> np.ndarray:
    """Return a patch map as float64; refuse another shape than (rows, columns), and values not finite."""
    checked = np.asarray(values, dtype=np.float64)
    if checked.ndim != 2 or not checked.size:
        raise DataError(f"{name}: shape {checked.shape}, expected (rows, columns) of the patch grid")
    if not np.isfinite(checked).all():
        raise DataError(f"{name}: holds values that are no finite numbers")
    return checked


def shown_fixations(case: ExplorerCase, state: ViewState) -> pd.DataFrame:
    """Return the fixations that a state shows, each once, in their order.

    With a time: all of the reading that began by then. Else those of the chosen sentence, or of the whole
    reading where none is chosen.
    """
    table = case.fixations
    if state.time_s is not None:
        table = table[table["onset_s"] <= state.time_s]
    elif state.sentence_index is not None:
        table = table[table["sentence_index"] == state.sentence_index]
    return table.drop_duplicates("order").sort_values("order")


def add_fixations(ax: Axes, fixations: pd.DataFrame, opacity: float) -> None:
    """Draw the scanpath, a circle per fixation with its area as the duration, and its number from 1."""
    if fixations.empty:
        return
    x, y = fixations["x"].to_numpy(dtype=float), fixations["y"].to_numpy(dtype=float)
    edge = [withStroke(linewidth=2.6, foreground=FIXATION_COLOUR, alpha=opacity)]
    ax.plot(x, y, color="white", lw=1, alpha=opacity, gid="scanpath", path_effects=edge)
    ax.scatter(
        x,
        y,
        s=AREA_PT2_PER_S * fixations["duration_s"].to_numpy(dtype=float),
        facecolor=FIXATION_COLOUR,
        edgecolor="white",
        linewidth=0.8,
        alpha=opacity,
        gid="fixations",
        zorder=3,
    )
    orders = fixations["order"].to_numpy(dtype=int)
    numbered = range(len(x)) if len(x) <= MOST_NUMBERED else (0, len(x) - 1)
    for index in numbered:
        ax.text(
            x[index],
            y[index],
            str(orders[index] + 1),
            color="white",
            alpha=opacity,
            fontsize=6,
            ha="center",
            va="center",
            clip_on=True,
            gid="fixation_number",
            path_effects=[withStroke(linewidth=1, foreground="black", alpha=opacity)],
        )


def add_patch(ax: Axes, patch: tuple[int, int], grid: tuple[int, int]) -> None:
    """Outline a patch (row, column) of the grid (rows, columns).

    Raises
    ------
    DataError
        The grid has no such patch.
    """
    (row, column), (rows, columns) = patch, grid
    if not (0 <= row < rows and 0 <= column < columns):
        raise DataError(
            f"patch={patch}: the patch grid has {rows} rows and {columns} columns, counted from 0"
        )
    ax.add_patch(
        Rectangle(
            (column / columns, row / rows),
            1 / columns,
            1 / rows,
            fill=False,
            edgecolor="white",
            lw=1.6,
            gid="patch",
            path_effects=[withStroke(linewidth=3.5, foreground="black")],
        )
    )
