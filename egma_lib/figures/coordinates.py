"""The coordinate frames of a gaze sample: the drawing of `docs/coordinates.md`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse, Rectangle

from egma_lib.artefacts import atomic_path
from egma_lib.figures.style import PALETTE, new_figure, styled
from egma_lib.gaze.frames import ImageFrame, patch_centre, patch_of, screen_to_image

Colour = str | tuple[float, ...]
FRAME = ImageFrame(rows=3056, columns=2544)
SCREEN_PX = (3840, 2160)
SHOWN_PX = np.array([1144.0, 928, 2544, 2128])
PLACE_PX = np.array([660.0, 0, 3180, 2160])
SAMPLE_SCREEN_PX = (1956.0, 1260.0)
GRID = (7, 7)
"""The example: on REFLACX's screen, between its control strips, a reader has zoomed into a portrait film."""


def coordinate_example() -> pd.DataFrame:
    """Return one gaze sample in every frame: columns frame, unit, x, y, in the order of the conversions."""
    x_screen_px, y_screen_px = (np.array(value) for value in SAMPLE_SCREEN_PX)
    x_px, y_px = screen_to_image(x_screen_px, y_screen_px, SHOWN_PX, PLACE_PX)
    fraction = FRAME.to_fraction(x_px, y_px)
    padded = FRAME.to_padded(*fraction)
    patch = patch_of(*padded, GRID)
    row, column = divmod(int(patch), GRID[1])
    centre = patch_centre(patch, GRID)
    rows = [
        ("screen", "screen pixels", *SAMPLE_SCREEN_PX),
        ("image", "pixels of the original", float(x_px), float(y_px)),
        ("image", "0-1", float(fraction[0]), float(fraction[1])),
        ("padded square", "0-1", float(padded[0]), float(padded[1])),
        ("patch grid", "column, row", float(column), float(row)),
        ("centre of the patch", "0-1 of the square", float(centre[0]), float(centre[1])),
    ]
    return pd.DataFrame(rows, columns=["frame", "unit", "x", "y"])


@styled
def plot_coordinates() -> Figure:
    """Draw screen, image, padded square and patch grid with the same gaze sample in each."""
    points = coordinate_example()[["x", "y"]].to_numpy()
    figure = new_figure(10.5, 3.1)
    axes = figure.subplots(1, 4, width_ratios=(1.75, 1, 1.1, 1.1))
    _draw_screen(axes[0], points[0])
    _draw_image(axes[1], points[1])
    _draw_square(axes[2], points[3])
    _draw_grid(axes[3], points[3], points[4])
    return figure


def save_coordinates(path: Path) -> Path:
    """Write the drawing as png to `path`, by the same bytes each time, and return it."""
    figure = plot_coordinates()
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=110, metadata={"Software": None})
    return path


def _draw_screen(ax: Axes, point: np.ndarray) -> None:
    width, height = SCREEN_PX
    _box(ax, (0, 0, width, height), "0.25", "0.15")
    _box(ax, PLACE_PX, "0.75", PALETTE[0])
    _chest(ax, _image_on_screen(), PLACE_PX)
    _finish(ax, (0, width), (0, height), "1 screen (screen pixels)")
    ax.set(xticks=[0, *PLACE_PX[[0, 2]], width], yticks=[0, height])
    ax.text(PLACE_PX[0] + 60, 160, "screen_px", color=PALETTE[0], va="center", fontsize=8)
    _mark(ax, point, "white")


def _draw_image(ax: Axes, point: np.ndarray) -> None:
    whole = (0, 0, FRAME.columns, FRAME.rows)
    _box(ax, whole, "0.75", "0.15")
    _chest(ax, whole, whole)
    _box(ax, SHOWN_PX, "none", PALETTE[0], width=3)
    _finish(ax, (0, FRAME.columns), (0, FRAME.rows), "2 image (pixels of the original)")
    ax.set(xticks=[0, SHOWN_PX[0], FRAME.columns], yticks=[0, *SHOWN_PX[[1, 3]], FRAME.rows])
    ax.text(60, SHOWN_PX[1], "shown_px", color=PALETTE[0], va="center", fontsize=8)
    _mark(ax, point, "black")


def _draw_square(ax: Axes, point: np.ndarray) -> None:
    _box(ax, (0, 0, 1, 1), "black", "0.15")
    image = _image_in_square()
    _box(ax, image, "0.75", "none")
    _chest(ax, image, (0, 0, 1, 1))
    _finish(ax, (0, 1), (0, 1), "3 padded square (0-1)")
    ax.set(xticks=[image[0], image[2]], yticks=[0, 1])
    ax.set_xticklabels([f"{image[0]:.3f}", f"{image[2]:.3f}"])
    _mark(ax, point, "black")


def _draw_grid(ax: Axes, point: np.ndarray, patch: np.ndarray) -> None:
    image = _image_in_square()
    _box(ax, (0, 0, 1, 1), "black", "0.15")
    _box(ax, image, "0.75", "none")
    _chest(ax, image, image)
    rows, columns = GRID
    index = int(patch[1]) * columns + int(patch[0])
    left, top = patch[0] / columns, patch[1] / rows
    _box(ax, (left, top, left + 1 / columns, top + 1 / rows), (*PALETTE[1], 0.6), PALETTE[1])
    for line in np.arange(1, rows) / rows:
        ax.axhline(line, color="white", lw=0.7)
    for line in np.arange(1, columns) / columns:
        ax.axvline(line, color="white", lw=0.7)
    _finish(ax, (0, 1), (0, 1), f"4 patch grid ({rows} x {columns}): patch {index}")
    ax.set(xticks=(np.arange(columns) + 0.5) / columns, yticks=(np.arange(rows) + 0.5) / rows)
    ax.set_xticklabels([str(column) for column in range(columns)])
    ax.set_yticklabels([str(row) for row in range(rows)])
    _mark(ax, point, "black")


def _image_on_screen() -> tuple[float, float, float, float]:
    """Return where the whole image would stand on the screen, shown or not (screen pixels)."""
    scale = (PLACE_PX[2:] - PLACE_PX[:2]) / (SHOWN_PX[2:] - SHOWN_PX[:2])
    left, top = PLACE_PX[:2] - SHOWN_PX[:2] * scale
    return left, top, left + FRAME.columns * scale[0], top + FRAME.rows * scale[1]


def _image_in_square() -> tuple[float, float, float, float]:
    x, y = FRAME.to_padded(np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    return float(x[0]), float(y[0]), float(x[1]), float(y[1])


def _chest(ax: Axes, image: tuple[float, ...], inside: tuple[float, ...] | np.ndarray) -> None:
    """Draw two lungs and a heart in the box of the image, cut at the box `inside`."""
    left, top, right, bottom = image
    width, height = right - left, bottom - top
    size = (inside[2] - inside[0], inside[3] - inside[1])
    window = Rectangle((inside[0], inside[1]), *size, transform=ax.transData)
    for x, y, across, down, grey in (
        (0.29, 0.47, 0.3, 0.62, "0.45"), (0.71, 0.47, 0.3, 0.62, "0.45"), (0.56, 0.62, 0.3, 0.26, "0.9"),
    ):  # fmt: skip
        centre = (left + x * width, top + y * height)
        ellipse = Ellipse(centre, across * width, down * height, facecolor=grey, edgecolor="none")
        ax.add_patch(ellipse)
        ellipse.set_clip_path(window)


def _box(
    ax: Axes, corners: tuple[float, ...] | np.ndarray, face: Colour, edge: Colour, width: float = 1.5
) -> None:
    left, top, right, bottom = corners
    ax.add_patch(Rectangle((left, top), right - left, bottom - top, facecolor=face, edgecolor=edge, lw=width))


def _mark(ax: Axes, point: np.ndarray, colour: str) -> None:
    """Draw the gaze sample as a ring with a cross."""
    ax.plot(*point, "o", ms=12, mfc="none", mec=colour, mew=3)
    ax.plot(*point, "o", ms=12, mfc="none", mec=PALETTE[1], mew=1.8)
    ax.plot(*point, "+", ms=9, color=PALETTE[1], mew=1.8)


def _finish(ax: Axes, x: tuple[float, float], y: tuple[float, float], heading: str) -> None:
    ax.set(xlim=x, ylim=(y[1], y[0]), aspect="equal")
    ax.set_title(heading, loc="left")
    ax.tick_params(labelsize=7, length=2)
    for spine in ax.spines.values():
        spine.set_visible(False)
