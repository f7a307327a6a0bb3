"""Colours of the layers: warm for the model, blue for the eyes, so that both can lie over one film."""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import ListedColormap

from egma_lib.figures.style import HEAT_MAP, PALETTE

Colour = tuple[float, float, float]

GAZE_COLOUR: Colour = PALETTE[9]
FIXATION_COLOUR: Colour = PALETTE[0]
REGION_COLOURS: tuple[Colour, ...] = tuple(PALETTE[index] for index in (2, 6, 8, 4))
STRUCTURE_COLOUR: Colour = (0.8, 0.8, 0.8)
FILM_GREY = "0.35"
"""Ground behind colour bars: the layers are seen over a film, not over paper."""


def _fading(colours: np.ndarray, opacity: np.ndarray, name: str) -> ListedColormap:
    return ListedColormap(np.column_stack([colours[:, :3], opacity]), name=name)


# The black and the white end of these maps are left out: they would pass for the film.
ATTENTION_MAP = _fading(
    colormaps[HEAT_MAP](np.linspace(0.35, 0.85, 256)), np.linspace(0, 1, 256) ** 2, "explorer_attention"
)
"""From dark red to orange; opacity grows with the square, so that middling similarity, of which every film
is full, does not veil it."""

GAZE_MAP = _fading(np.tile(GAZE_COLOUR, (256, 1)), np.linspace(0, 1, 256), "explorer_gaze")
"""One blue, opacity growing evenly from 0 to 1."""

DIFFERENCE_MAP = _fading(
    colormaps["PuOr_r"](np.linspace(0.12, 0.88, 257)), np.abs(np.linspace(-1, 1, 257)), "explorer_difference"
)
"""Purple below 0, orange above, nothing at 0."""
