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
    """Outline every region that is not empty, with its finding at its upper left; structures lie lowest."""
    looks = region_looks(regions)
    for region in sorted(regions, key=lambda one: one.source != STRUCTURES):
        if region.mask.any():
            _outline(ax, region.mask, looks[region.source], opacity)
            _label(ax, region, looks[region.source], opacity)


def _outline(ax: Axes, mask: np.ndarray, look: Look, opacity: float) -> None:
    rows, columns = mask.shape
    # A rim of background closes outlines at the border of the square.
    padded = np.pad(mask.astype(float), 1)
    x, y = (np.arange(-1, count + 1) + 0.5 for count in (columns, rows))
    outline = ax.contour(x / columns, y / rows, padded, levels=[0.5], colors=[look.colour], alpha=opacity)
    outline.set(linewidth=look.line, gid="region")


def _label(ax: Axes, region: Region, look: Look, opacity: float) -> None:
    """Write the finding at the region's upper left, moved into what is shown."""
    rows, columns = region.mask.shape
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    row, column = (np.flatnonzero(region.mask.any(axis)).min() for axis in (1, 0))
    x, y = column / columns, row / rows
    if x > right or y > bottom:
        return
    space_above = y - top > _LABEL_SHARE * (bottom - top)
    ax.text(
        max(x, left),
        max(y, top),
        region.finding,
        alpha=opacity,
        fontsize=look.label,
        va="bottom" if space_above else "top",
        clip_on=True,
        gid="region_label",
        bbox={"facecolor": look.colour, "edgecolor": "none", "pad": 1, "alpha": opacity},
    )
