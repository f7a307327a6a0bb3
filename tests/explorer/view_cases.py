"""A case small enough to work out by hand what a view of it must look like."""

from __future__ import annotations

import numpy as np
import pandas as pd

from egma_lib.explorer.case import ExplorerCase, Region
from egma_lib.explorer.state import Layer, ViewState
from egma_lib.explorer.views import film_layout, pixels

HIDDEN = Layer(shown=False)
GRID = 4


def made_case(film=None, regions=(), fixations=None) -> ExplorerCase:
    """A reading of three sentences: gaze for the first two, none for the third."""
    film = np.full((64, 64), 100, np.uint8) if film is None else film
    sentences = pd.DataFrame(
        {
            "sentence_index": [0, 1, 2],
            "text": ["The heart is enlarged.", "Small left effusion.", "No pneumothorax."],
            "start_s": [0.0, 3.0, 5.0],
            "end_s": [2.0, 5.0, 6.0],
            "has_gaze": [True, True, False],
        }
    )
    heatmaps = np.zeros((3, GRID, GRID))
    heatmaps[0, 1, 1], heatmaps[1, 3, 3] = 1, 1
    if fixations is None:
        fixations = pd.DataFrame(
            {
                "order": [0, 1, 2, 3],
                "onset_s": [0.2, 0.8, 3.1, 4.0],
                "duration_s": [0.1, 0.4, 0.2, 0.3],
                "x": [0.25, 0.5, 0.75, 0.875],
                "y": [0.25, 0.5, 0.75, 0.875],
                "sentence_index": [0.0, 0.0, 1.0, np.nan],
            }
        )
    words = pd.DataFrame({"sentence_index": [], "word": [], "start_s": [], "end_s": []})
    return ExplorerCase(
        "gaze", "r1", film, film, sentences, words, fixations, heatmaps, tuple(regions), {"reader": "r"}
    )


def bare_state(**fields) -> ViewState:
    """The film alone, but for the fields given."""
    layers = dict.fromkeys(("attention", "gaze", "fixations", "regions"), HIDDEN)
    return ViewState(**{**layers, **fields})


def film_pixels(figure, index=0, films=1, dpi=100) -> np.ndarray:
    """The part of a rendered figure that a film fills, as int, shape (height, width, 3)."""
    picture = pixels(figure, dpi).astype(int)
    left, bottom, width, height = film_layout(films).films[index]
    rows, columns = picture.shape[:2]
    top = round((1 - bottom - height) * rows)
    first = round(left * columns)
    return picture[top + 2 : top + round(height * rows) - 2, first + 2 : first + round(width * columns) - 2]


def at(film: np.ndarray, x: float, y: float) -> np.ndarray:
    """The colour of a film's picture at a place in 0-1 of what is shown."""
    return film[int(y * film.shape[0]), int(x * film.shape[1])]


def square_region(finding="Edema", top=0.25, left=0.5, side=0.25, size=64) -> Region:
    mask = np.zeros((size, size), bool)
    rows, columns, length = (int(value * size) for value in (top, left, side))
    mask[rows : rows + length, columns : columns + length] = True
    return Region(finding, "reader A", mask)


def artists(figure, gid, ax=0) -> list:
    """The artists of a layer."""
    return figure.axes[ax].findobj(lambda artist: artist.get_gid() == gid)
