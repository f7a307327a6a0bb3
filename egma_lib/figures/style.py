"""The one style of all figures, and the one way to save them with the data behind them."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse, Rectangle
from PIL import Image

from egma_lib.artefacts import atomic_path, write_text

P = ParamSpec("P")

PALETTE: tuple[tuple[float, float, float], ...] = tuple(sns.color_palette("colorblind"))
"""Colour-blind-safe colours, in order."""

HEAT_MAP = "inferno"
FILM_MAP = "gray"

_CHARACTERS_PER_INCH = 14
"""Of a title at its font size, a little under the average."""

_RC: dict[Any, Any] = {
    "figure.dpi": 110,
    "savefig.dpi": 130,
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "image.interpolation": "nearest",
    "pdf.fonttype": 42,
}


def styled(plot: Callable[P, Figure]) -> Callable[P, Figure]:
    """Run a figure function in the suite's style, leaving the caller's settings as they are."""

    @wraps(plot)
    def in_style(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with rc_context(_RC):
            return plot(*args, **kwargs)

    return in_style


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of this size in inches, without a global backend."""
    return Figure(figsize=(width, height), layout="constrained")


def title(figure: Figure, finding: str, note: str) -> None:
    """Write the finding as the figure's title, in as many lines as it needs, and the study's note below."""
    width = int(figure.get_figwidth() * _CHARACTERS_PER_INCH)
    lines = [line for part in finding.split("\n") for line in textwrap.wrap(part, width)]
    figure.suptitle("\n".join([*lines, note] if note else lines), fontsize=10)


def show_film(ax: Axes, film: np.ndarray) -> None:
    """Draw a film, shape (S, S), 0-255 or 0-1, without axes."""
    ax.imshow(film, cmap=FILM_MAP, extent=(0, 1, 1, 0), vmin=0, vmax=255 if film.max() > 1 else 1)
    bare(ax)


def show_heat(ax: Axes, heat: np.ndarray, alpha: float = 0.7, vmax: float | None = None) -> None:
    """Lay a patch map, shape (rows, columns), over a film in 0-1 of the padded square.

    Opacity grows with the value, up to `alpha`, so that the film stays readable where there is little.
    """
    top = vmax or max(float(heat.max()), 1e-6)
    ax.imshow(
        heat,
        cmap=HEAT_MAP,
        alpha=alpha * np.clip(heat / top, 0, 1),
        extent=(0, 1, 1, 0),
        vmin=0,
        vmax=top,
        interpolation="bilinear",
    )
    bare(ax)


def show_regions(ax: Axes, regions: pd.DataFrame) -> None:
    """Outline regions: kind (box or ellipse), x_min, y_min, x_max, y_max in 0-1 of the padded square."""
    sides = regions[["x_min", "y_min", "x_max", "y_max"]].to_numpy(dtype=float).tolist()
    for kind, (x_min, y_min, x_max, y_max) in zip(regions["kind"].astype(str), sides, strict=True):
        width, height = x_max - x_min, y_max - y_min
        outline = (
            Ellipse((x_min + width / 2, y_min + height / 2), width, height)
            if kind == "ellipse"
            else Rectangle((x_min, y_min), width, height)
        )
        outline.set(fill=False, edgecolor=PALETTE[2], linewidth=1.4)
        ax.add_patch(outline)
    ax.set(xlim=(0, 1), ylim=(1, 0))


def show_boxes(ax: Axes, table: pd.DataFrame, group: str, measure: str, groups: Sequence[str]) -> None:
    """Draw a box of a measure per group, a colour each; missing values are left out."""
    values = [table.loc[table[group] == name, measure].dropna().to_numpy(dtype=float) for name in groups]
    drawn = ax.boxplot(
        values,
        orientation="vertical",
        tick_labels=list(groups),
        patch_artist=True,
        widths=0.7,
        flierprops={"marker": "o", "markersize": 1.5},
        medianprops={"color": "black"},
    )
    for box, colour in zip(drawn["boxes"], PALETTE, strict=False):
        box.set(facecolor=colour, linewidth=0.8)


def bare(ax: Axes) -> None:
    """Take ticks and frame off."""
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_visible(False)


def save_figure(
    figure: Figure, folder: Path, name: str, data: pd.DataFrame, *, n_colours: int | None = None
) -> list[Path]:
    """Save a figure as png and pdf with the csv it was drawn from.

    Parameters
    ----------
    figure
        What to save.
    folder
        The results' `figures` folder.
    name
        Contract name, such as `figure_4_tsne`.
    data
        The rows behind the figure.
    n_colours
        Colours of the png's palette, where it holds so many films that true colour is too large.

    Returns
    -------
    list of Path
        png, pdf and csv.
    """
    paths = []
    for suffix in (".png", ".pdf"):
        path = folder / f"{name}{suffix}"
        with rc_context(_RC), atomic_path(path) as temporary:
            # Dates inside the files would make two equal runs differ.
            metadata = {"CreationDate": None} if suffix == ".pdf" else {"Software": None}
            figure.savefig(temporary, metadata=metadata)
            if n_colours and suffix == ".png":
                _reduce_colours(temporary, n_colours)
        paths.append(path)
    return [*paths, write_text(folder / f"{name}.csv", data.to_csv(index=False, float_format="%.6g"))]


def _reduce_colours(path: Path, n_colours: int) -> None:
    with Image.open(path) as opened:
        reduced = opened.convert("RGB").quantize(n_colours, dither=Image.Dither.NONE)
    reduced.save(path, format="png", optimize=True)
