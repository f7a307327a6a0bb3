"""From a click in the picture to the place on the film, and back."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from view_cases import bare_state, made_case

from egma_lib.errors import DataError
from egma_lib.explorer.views import draw_film, draw_side_by_side, film_layout, pixels

WHOLE = (0.0, 0.0, 1.0, 1.0)


def shown(axes, figure, x, y) -> tuple[float, float]:
    """Where matplotlib puts a place of the film, in 0-1 of the picture from its left top."""
    across, down = axes.transData.transform((x, y)) / (figure.bbox.width, figure.bbox.height)
    return across, 1 - down


@pytest.mark.parametrize("films", [1, 2, 3])
@pytest.mark.parametrize(
    "zoom",
    [
        pytest.param(WHOLE, id="whole"),
        pytest.param((0.2, 0.3, 0.7, 0.8), id="square"),
        pytest.param((0.1, 0.4, 0.9, 0.6), id="wide"),
        pytest.param((0.4, 0.1, 0.6, 0.9), id="tall"),
    ],
)
def test_a_click_finds_the_place_that_matplotlib_drew_there(films, zoom):
    state = bare_state(zoom=zoom, difference=films == 3)
    flat = np.zeros((4, 4))
    if films == 1:
        figure = draw_film(made_case(), state, None)
    else:
        figure = draw_side_by_side(made_case(), state, flat, flat, ("a", "b"))
    pixels(figure)  # a drawing settles the aspect
    left, top, right, bottom = zoom
    place = (left + 0.3 * (right - left), top + 0.6 * (bottom - top))
    for ax in figure.axes[:films]:
        found = film_layout(films).point(*shown(ax, figure, *place), zoom)
        assert found == pytest.approx(place, abs=1e-9)


def test_a_click_beside_the_film_finds_nothing():
    layout = film_layout(2)
    assert layout.point(0.001, 0.5, WHOLE) is None
    assert layout.point(0.5, 0.999, WHOLE) is None
    assert layout.point(0.98, 0.5, WHOLE) is None


def test_a_wide_zoom_leaves_bands_that_are_no_film():
    layout = film_layout(1)
    left, bottom, width, height = layout.films[0]
    x, above = left + width / 2, 1 - (bottom + 0.9 * height)
    assert layout.point(x, above, WHOLE) is not None
    assert layout.point(x, above, (0.0, 0.4, 1.0, 0.6)) is None


@settings(deadline=None, max_examples=50)
@given(
    corners=st.tuples(*[st.floats(0, 1)] * 4).filter(lambda z: z[2] - z[0] > 0.05 and z[3] - z[1] > 0.05),
    x=st.floats(0, 1),
    y=st.floats(0, 1),
)
def test_whatever_is_found_is_in_the_zoom(corners, x, y):
    found = film_layout(2).point(x, y, corners)
    if found is not None:
        assert corners[0] - 1e-9 <= found[0] <= corners[2] + 1e-9
        assert corners[1] - 1e-9 <= found[1] <= corners[3] + 1e-9


@pytest.mark.parametrize("films", [1, 2, 3])
def test_places_are_square_inside_the_figure_and_do_not_overlap(films):
    layout = film_layout(films)
    assert len(layout.films) == films
    assert len(layout.bars) == (2 if films == 3 else 1)
    for left, bottom, width, height in layout.films:
        assert width * layout.width == pytest.approx(height * layout.height)
        assert min(left, bottom) > 0
    edges = sorted((left, left + width) for left, _, width, _ in layout.films + layout.bars)
    assert all(end < start for (_, end), (start, _) in pairwise(edges))
    assert edges[-1][1] < 1


def test_another_number_of_films_is_refused():
    with pytest.raises(DataError, match="films=4"):
        film_layout(4)
