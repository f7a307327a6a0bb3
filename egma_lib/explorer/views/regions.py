"""Outlines of ground truth: findings bold, the structures around them thin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from egma_lib.explorer.case import Region
from egma_lib.explorer.views.colours import REGION_COLOURS, STRUCTURE_COLOUR, Colour

STRUCTURES = "structures"
"""Source of regions that are anatomy, of which a film has many at once."""

_LABEL_SHARE = 0.05
"""Height of a label as a share of what is shown."""

_CHARACTER_EM, _LINE_EM = 0.62, 1.2
"""Width of a character and height of a line, in sizes of the font (DejaVu Sans, about)."""

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in 0-1 of the padded square, y downwards."""


@dataclass(frozen=True)
class Look:
    """How the regions of one source are drawn: colour, width of the line and size of the label (points)."""

    colour: Colour
    line: float
    label: float


def region_looks(regions: Sequence[Region]) -> dict[str, Look]:
    """Return the look of every source, in the order in which sources first stand."""
    sources = dict.fromkeys(region.source for region in regions)
    marked = [source for source in sources if source != STRUCTURES]
    looks = {
        source: Look(REGION_COLOURS[index % len(REGION_COLOURS)], 1.6, 7)
        for index, source in enumerate(marked)
    }
    return {source: looks.get(source, Look(STRUCTURE_COLOUR, 0.7, 5)) for source in sources}


def add_regions(ax: Axes, regions: Sequence[Region], opacity: float) -> None:
    """Outline every region that is not empty, with its finding at its upper left; structures lie lowest.

    A name that would lie on another moves down to where it is free; where there is no such place it is left
    out. Findings choose their place first.
    """
    looks = region_looks(regions)
    shown = [region for region in regions if region.mask.any()]
    for region in sorted(shown, key=lambda one: one.source != STRUCTURES):
        outline(ax, region.mask, looks[region.source], opacity)
    taken: list[Box] = []
    for region in sorted(shown, key=lambda one: one.source == STRUCTURES):
        _label(ax, region, looks[region.source], opacity, taken)


def outline(ax: Axes, mask: np.ndarray, look: Look, opacity: float) -> None:
    """Outline a mask, bool of any shape on the padded square."""
    rows, columns = mask.shape
    # A rim of background closes outlines at the border of the square.
    padded = np.pad(mask.astype(float), 1)
    x, y = (np.arange(-1, count + 1) + 0.5 for count in (columns, rows))
    outline = ax.contour(x / columns, y / rows, padded, levels=[0.5], colors=[look.colour], alpha=opacity)
    outline.set(linewidth=look.line, gid="region")


def _label(ax: Axes, region: Region, look: Look, opacity: float, taken: list[Box]) -> None:
    """Write the finding at the region's upper left, moved into what is shown and off what is `taken`."""
    rows, columns = region.mask.shape
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    row, column = (np.flatnonzero(region.mask.any(axis)).min() for axis in (1, 0))
    x, y = max(column / columns, left), row / rows
    if x > right or y > bottom:
        return
    width, height = _label_size(ax, region.finding, look.label)
    above = y - top > _LABEL_SHARE * (bottom - top)
    start = y - height if above else max(y, top)
    place = _free_place((x, start, x + width, start + height), taken, bottom)
    if place is None:
        return
    taken.append(place)
    moved = place[1] - start
    ax.text(
        x,
        max(y, top) + moved,
        region.finding,
        alpha=opacity,
        fontsize=look.label,
        va="bottom" if above else "top",
        clip_on=True,
        gid="region_label",
        zorder=3 if region.source != STRUCTURES else 2.5,
        bbox={"facecolor": look.colour, "edgecolor": "none", "pad": 1, "alpha": opacity},
    )


def _label_size(ax: Axes, text: str, points: float) -> tuple[float, float]:
    """Return about how wide and high a label is, in 0-1 of the padded square."""
    box, figure = ax.get_position(), ax.figure.get_figure(root=True)
    assert figure is not None  # axes that are drawn on stand in a figure
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    width_pt, height_pt = box.width * figure.get_figwidth() * 72, box.height * figure.get_figheight() * 72
    wide, high = _CHARACTER_EM * points * len(text) + 2, _LINE_EM * points + 2
    return wide / width_pt * (right - left), high / height_pt * (bottom - top)


def _free_place(box: Box, taken: Sequence[Box], bottom: float) -> Box | None:
    """Return a box moved down until it lies on none that is taken; None where it would pass the bottom."""
    left, top, right, low = box
    while hit := [one for one in taken if one[0] < right and left < one[2] and one[1] < low and top < one[3]]:
        down = max(one[3] for one in hit) - top
        top, low = top + down, low + down
    return None if low > bottom else (left, top, right, low)
