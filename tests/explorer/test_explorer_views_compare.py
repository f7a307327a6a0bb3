"""Two checkpoints side by side: one colour scale, and a difference that has no favourite."""

from __future__ import annotations

import numpy as np
import pytest
from view_cases import GRID, artists, at, bare_state, film_pixels, made_case, square_region

from egma_lib.errors import DataError
from egma_lib.explorer.state import Layer
from egma_lib.explorer.views import draw_film, draw_side_by_side, pixels, shared_limits

LABELS = ("CLIP", "EGMA")
OPAQUE = Layer(opacity=1.0)


@pytest.fixture
def maps():
    generator = np.random.default_rng(4)
    return generator.uniform(-0.2, 0.1, (GRID, GRID)), generator.uniform(0.0, 0.6, (GRID, GRID))


def test_limits_span_all_maps(maps):
    a, b = maps
    assert shared_limits(a, b) == (a.min(), b.max())


def test_both_films_use_one_scale(maps):
    figure = draw_side_by_side(made_case(), bare_state(attention=OPAQUE), *maps, LABELS)
    limits = [artists(figure, "attention", ax)[0].get_clim() for ax in (0, 1)]
    assert limits == [shared_limits(*maps)] * 2
    assert figure.axes[2].get_ylim() == pytest.approx(shared_limits(*maps))
    assert [figure.axes[ax].get_title() for ax in (0, 1)] == list(LABELS)


def test_the_same_value_has_the_same_colour_on_both_films():
    a, b = np.zeros((GRID, GRID)), np.zeros((GRID, GRID))
    a[0, 0], b[3, 3], b[1, 1] = 0.4, 0.4, 1.0
    figure = draw_side_by_side(made_case(), bare_state(attention=OPAQUE, style="grid"), a, b, LABELS)
    left, right = (film_pixels(figure, index, films=2) for index in (0, 1))
    np.testing.assert_array_equal(at(left, 0.1, 0.1), at(right, 0.9, 0.9))
    assert (at(left, 0.1, 0.1) != at(right, 0.4, 0.4)).any()


def test_each_film_is_what_draw_film_shows_on_those_limits(maps):
    case, state = made_case(), bare_state(attention=OPAQUE, style="grid")
    figure = draw_side_by_side(case, state, *maps, LABELS)
    for index, one in enumerate(maps):
        alone = film_pixels(draw_film(case, state, one, limits=shared_limits(*maps)))
        beside = film_pixels(figure, index, films=2)
        for x in (0.1, 0.4, 0.6, 0.9):
            np.testing.assert_allclose(at(beside, x, 0.6), at(alone, x, 0.6), atol=1)


def test_the_difference_stands_only_where_it_is_asked_for(maps):
    case = made_case()
    assert len(draw_side_by_side(case, bare_state(attention=OPAQUE), *maps, LABELS).axes) == 3
    figure = draw_side_by_side(case, bare_state(attention=OPAQUE, difference=True), *maps, LABELS)
    assert len(figure.axes) == 5
    assert figure.axes[2].get_title() == "CLIP − EGMA"


def test_the_difference_is_antisymmetric_on_symmetric_limits(maps):
    a, b = maps
    state = bare_state(attention=OPAQUE, difference=True)
    there = draw_side_by_side(made_case(), state, a, b, LABELS)
    back = draw_side_by_side(made_case(), state, b, a, LABELS[::-1])
    (one,), (other,) = (artists(figure, "difference", 2) for figure in (there, back))
    np.testing.assert_array_equal(one.get_array(), -other.get_array())
    low, high = one.get_clim()
    assert low == -high
    assert high == np.abs(a - b).max()
    assert other.get_clim() == (low, high)


def test_more_of_the_first_is_orange_and_more_of_the_second_purple():
    a, b = np.zeros((GRID, GRID)), np.zeros((GRID, GRID))
    a[0, 0], b[3, 3] = 0.5, 0.5
    state = bare_state(attention=OPAQUE, difference=True, style="grid")
    film = film_pixels(draw_side_by_side(made_case(), state, a, b, LABELS), 2, films=3)
    red, green, blue = at(film, 0.1, 0.1)
    assert red > green > blue
    assert red > blue + 100
    red, green, blue = at(film, 0.9, 0.9)
    assert blue > red > green
    np.testing.assert_allclose(at(film, 0.6, 0.4), 100, atol=1)


def test_equal_maps_have_a_difference_that_shows_the_film_alone(maps):
    state = bare_state(attention=OPAQUE, difference=True)
    figure = draw_side_by_side(made_case(), state, maps[0], maps[0], LABELS)
    assert np.abs(film_pixels(figure, 2, films=3) - 100).max() <= 1


def test_opacity_0_is_attention_switched_off_to_the_pixel(maps):
    views = [
        pixels(draw_side_by_side(made_case(), bare_state(attention=one, difference=True), *maps, LABELS))
        for one in (Layer(shown=False), Layer(opacity=0.0))
    ]
    np.testing.assert_array_equal(*views)


def test_zoom_regions_and_the_clicked_patch_are_on_every_film(maps):
    state = bare_state(
        difference=True, regions=OPAQUE, patch=(1, 2), zoom=(0.25, 0.0, 1.0, 0.75), attention=OPAQUE
    )
    figure = draw_side_by_side(made_case(regions=[square_region()]), state, *maps, LABELS)
    for ax in range(3):
        assert artists(figure, "patch", ax)
        assert artists(figure, "region_label", ax)
        assert figure.axes[ax].get_xlim() == (0.25, 1.0)
        assert figure.axes[ax].get_ylim() == (0.75, 0.0)


def test_gaze_lies_over_both_films_and_not_over_the_difference(maps):
    state = bare_state(gaze=OPAQUE, difference=True)
    figure = draw_side_by_side(made_case(), state, *maps, LABELS)
    assert [len(artists(figure, "gaze", ax)) for ax in range(3)] == [1, 1, 0]


def test_patch_grids_of_two_sizes_have_no_difference_but_stand_side_by_side(maps):
    small = np.zeros((2, 2))
    draw_side_by_side(made_case(), bare_state(attention=OPAQUE), maps[0], small, LABELS)
    with pytest.raises(DataError, match=r"CLIP \(4, 4\) and EGMA \(2, 2\) differ"):
        draw_side_by_side(made_case(), bare_state(difference=True), maps[0], small, LABELS)


def test_a_map_that_is_none_is_named_by_its_checkpoint(maps):
    with pytest.raises(DataError, match="EGMA: shape"):
        draw_side_by_side(made_case(), bare_state(), maps[0], np.zeros(16), LABELS)
