"""What is seen on a film: grey window, attention, gaze, zoom, and the words around them."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from view_cases import GRID, at, bare_state, film_pixels, made_case, square_region

from egma_lib.errors import DataError
from egma_lib.explorer.state import Layer
from egma_lib.explorer.views import draw_film, film_layout, pixels

OPAQUE = Layer(opacity=1.0)


def hot(row, column, value=1.0) -> np.ndarray:
    attention = np.zeros((GRID, GRID))
    attention[row, column] = value
    return attention


@pytest.mark.parametrize(
    ("centre", "width", "by_hand"),
    [
        pytest.param(0.5, 1.0, 100, id="the whole range leaves grey values as they are"),
        # 100 / 255 = 0.392 stands at (0.392 - 0.3) / 0.2 = 0.461 of the window 0.3-0.5: 117.5.
        pytest.param(0.4, 0.2, 117.5, id="a narrow window spreads them"),
        pytest.param(0.2, 0.2, 255, id="above the window is white"),
        pytest.param(0.7, 0.2, 0, id="below the window is black"),
    ],
)
def test_the_grey_window_maps_values_on_a_straight_line(centre, width, by_hand):
    state = bare_state(window_centre=centre, window_width=width)
    film = film_pixels(draw_film(made_case(), state, None))
    assert np.ptp(film) == 0
    assert film[0, 0, 0] == pytest.approx(by_hand, abs=1)


def test_a_dark_film_stays_dark():
    film = film_pixels(draw_film(made_case(np.full((64, 64), 1, np.uint8)), bare_state(), None))
    assert film.max() <= 1


def test_the_film_stands_upright():
    picture = np.zeros((64, 64), np.uint8)
    picture[:32, :32] = 80
    picture[:32, 32:] = 160
    picture[32:, :32] = 240
    film = film_pixels(draw_film(made_case(picture), bare_state(), None))
    corners = [at(film, x, y)[0] for y in (0.1, 0.9) for x in (0.1, 0.9)]
    np.testing.assert_allclose(corners, [80, 160, 240, 0], atol=1)


@pytest.mark.parametrize("style", ["grid", "interpolated"])
def test_attention_is_warm_where_it_is_high_and_nowhere_else(style):
    state = bare_state(attention=OPAQUE, style=style)
    film = film_pixels(draw_film(made_case(), state, hot(1, 2)))
    red, _, blue = at(film, 0.625, 0.375)
    assert red > blue + 100
    # More than one patch away from the hot one.
    assert np.abs(film[:, : film.shape[1] // 4] - 100).max() <= 1
    assert np.abs(film[film.shape[0] * 3 // 4 :] - 100).max() <= 1


def test_the_raw_grid_paints_a_patch_in_one_colour_and_keeps_to_it():
    film = film_pixels(draw_film(made_case(), bare_state(attention=OPAQUE, style="grid"), hot(1, 2)))
    side = film.shape[0]
    tinted = np.abs(film - 100).max(axis=2) > 1
    rows, columns = np.flatnonzero(tinted.any(axis=1)), np.flatnonzero(tinted.any(axis=0))
    np.testing.assert_allclose([rows[0], rows[-1]], [side / 4, side / 2], atol=3)
    np.testing.assert_allclose([columns[0], columns[-1]], [side / 2, side * 3 / 4], atol=3)
    assert len(np.unique(film[tinted], axis=0)) == 1


def test_interpolation_falls_from_the_centre_of_the_patch():
    film = film_pixels(draw_film(made_case(), bare_state(attention=OPAQUE), hot(1, 2)))
    away = [int(np.ptp(at(film, x, 0.375))) for x in (0.625, 0.7, 0.78, 0.86)]
    assert away == sorted(away, reverse=True)
    assert len(set(away)) == 4


def test_opacity_mixes_film_and_colour():
    case, attention = made_case(), hot(1, 2)
    full = at(film_pixels(draw_film(case, bare_state(attention=OPAQUE), attention)), 0.625, 0.375)
    half_state = bare_state(attention=Layer(opacity=0.5))
    half = at(film_pixels(draw_film(case, half_state, attention)), 0.625, 0.375)
    np.testing.assert_allclose(half, (full + 100) / 2, atol=2)


def test_limits_given_decide_the_colours_and_the_bar():
    case, state = made_case(), bare_state(attention=OPAQUE, style="grid")
    narrow = draw_film(case, state, hot(1, 2, 0.5))
    wide = draw_film(case, state, hot(1, 2, 0.5), limits=(0.0, 1.0))
    assert np.ptp(at(film_pixels(wide), 0.6, 0.4)) < np.ptp(at(film_pixels(narrow), 0.6, 0.4))
    assert narrow.axes[1].get_ylim() == (0.0, 0.5)
    assert wide.axes[1].get_ylim() == (0.0, 1.0)
    assert wide.axes[1].get_title(loc="left") == "similarity"


@pytest.mark.parametrize("scale", [0.001, 0.2, 1.0])
def test_values_and_label_of_the_bar_stand_inside_the_picture(scale):
    attention = np.linspace(-scale, scale, GRID * GRID).reshape(GRID, GRID)
    figure = draw_film(made_case(), bare_state(attention=OPAQUE), attention)
    pixels(figure)
    box = figure.axes[1].get_tightbbox()
    assert box.x1 <= figure.bbox.width
    assert box.x0 >= figure.axes[0].get_window_extent().x1


def test_attention_lies_over_gaze():
    figure = draw_film(made_case(), bare_state(attention=OPAQUE, gaze=OPAQUE), hot(1, 1))
    red, _, blue = at(film_pixels(figure), 0.375, 0.375)
    assert red > blue + 100


def test_the_bar_shows_the_colours_as_they_are_over_a_film_of_its_grey():
    grey = round(0.35 * 255)
    case = made_case(np.full((64, 64), grey, np.uint8))
    figure = draw_film(case, bare_state(attention=Layer(opacity=0.6), style="grid"), hot(1, 2))
    picture = pixels(figure).astype(int)
    left, bottom, width, height = film_layout(1).bars[0]
    column = int((left + width / 2) * picture.shape[1])
    top, end = (int((1 - y) * picture.shape[0]) for y in (bottom + height, bottom))
    np.testing.assert_allclose(picture[top + 3, column], at(film_pixels(figure), 0.6, 0.4), atol=3)
    np.testing.assert_allclose(picture[end - 4, column], grey, atol=3)


def test_a_flat_map_leaves_the_film_as_it_is():
    state = bare_state(attention=OPAQUE)
    film = film_pixels(draw_film(made_case(), state, np.full((GRID, GRID), 0.3)))
    assert np.abs(film - 100).max() <= 1


@pytest.mark.parametrize("layer", ["attention", "gaze", "fixations", "regions"])
def test_opacity_0_is_the_layer_switched_off_to_the_pixel(layer):
    case = made_case(regions=[square_region()])
    views = {
        name: pixels(draw_film(case, bare_state(**{layer: value}), hot(2, 2)))
        for name, value in {
            "off": Layer(shown=False),
            "clear": Layer(opacity=0.0),
            "seen": Layer(opacity=0.8),
        }.items()
    }
    np.testing.assert_array_equal(views["off"], views["clear"])
    assert (views["off"] != views["seen"]).any()


def test_gaze_is_blue_where_the_sentence_was_looked_at():
    film = film_pixels(draw_film(made_case(), bare_state(gaze=OPAQUE, sentence_index=1), None))
    red, _, blue = at(film, 0.875, 0.875)
    assert blue > red + 100
    np.testing.assert_allclose(at(film, 0.375, 0.375), 100, atol=1)


def test_gaze_given_goes_before_the_sentences_own():
    heat = hot(0, 3)
    film = film_pixels(draw_film(made_case(), bare_state(gaze=OPAQUE, sentence_index=1), None, heat=heat))
    assert np.ptp(at(film, 0.875, 0.125)) > 100
    np.testing.assert_allclose(at(film, 0.875, 0.875), 100, atol=1)


@pytest.mark.parametrize(
    "sentence",
    [pytest.param(2, id="a sentence nobody looked at"), pytest.param(None, id="a typed sentence")],
)
def test_without_gaze_nothing_is_drawn_or_named(sentence):
    figure = draw_film(made_case(), bare_state(gaze=OPAQUE, sentence_index=sentence), None)
    assert np.abs(film_pixels(figure) - 100).max() <= 1
    assert not figure.legends


def test_zoom_shows_the_part_asked_for():
    picture = np.zeros((64, 64), np.uint8)
    picture[32:48, 16:32] = 200
    state = bare_state(zoom=(0.25, 0.5, 0.5, 0.75))
    film = film_pixels(draw_film(made_case(picture), state, None))[4:-4, 4:-4]
    np.testing.assert_allclose(film, 200, atol=1)


def test_layers_are_zoomed_with_the_film():
    state = bare_state(attention=OPAQUE, style="grid", zoom=(0.5, 0.25, 0.75, 0.5))
    film = film_pixels(draw_film(made_case(), state, hot(1, 2)))[4:-4, 4:-4]
    assert (film[..., 0] > film[..., 2] + 100).all()


def test_the_legend_names_what_is_seen():
    case = made_case(regions=[square_region()])
    state = bare_state(attention=OPAQUE, gaze=OPAQUE, fixations=OPAQUE)
    (legend,) = draw_film(case, state, hot(0, 0)).legends
    names = [text.get_text() for text in legend.get_texts()]
    assert names == ["model attention", "gaze heatmap", "fixations (area: duration, number: order)"]


def test_a_long_title_takes_two_lines_inside_the_picture():
    figure = draw_film(made_case(), bare_state(), None, title="word " * 60)
    (text,) = figure.texts
    assert text.get_text().count("\n") == 1
    assert text.get_text().endswith("…")
    box = text.get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.width
    film_top = film_layout(1).films[0][1] + film_layout(1).films[0][3]
    assert box.y0 >= film_top * figure.bbox.height


def test_layers_do_not_move_the_film():
    case = made_case(regions=[square_region()])
    places = [
        draw_film(case, state, hot(0, 0), title=title).axes[0].get_position().bounds
        for state, title in [
            (bare_state(), ""),
            (bare_state(attention=OPAQUE, regions=OPAQUE, patch=(0, 0)), "a title"),
        ]
    ]
    np.testing.assert_allclose(places, [film_layout(1).films[0]] * 2)


def test_model_and_eyes_have_colours_that_the_colour_blind_tell_apart():
    from egma_lib.explorer.views.colours import ATTENTION_MAP, GAZE_COLOUR

    warm, cold = ATTENTION_MAP(255)[:3], to_rgb(GAZE_COLOUR)
    # The blue-yellow axis, which the two common colour-vision deficiencies leave intact.
    assert (warm[0] + warm[1]) / 2 - warm[2] > 0.4
    assert cold[2] - (cold[0] + cold[1]) / 2 > 0.3


@pytest.mark.parametrize(
    ("attention", "fields", "message"),
    [
        pytest.param(np.zeros(16), {}, r"attention: shape \(16,\)", id="a map without rows"),
        pytest.param(np.zeros((0, 4)), {}, r"shape \(0, 4\)", id="an empty map"),
        pytest.param(np.full((4, 4), np.nan), {}, "no finite numbers", id="a map of no numbers"),
        pytest.param(None, {"zoom": (0.5, 0.0, 0.5, 1.0)}, "left < right", id="a zoom without width"),
        pytest.param(None, {"zoom": (0.0, 0.9, 1.0, 0.1)}, "top < bottom", id="a zoom upside down"),
        pytest.param(
            np.zeros((4, 4)), {"patch": (4, 0)}, "4 rows and 4 columns", id="a patch beyond the grid"
        ),
        pytest.param(None, {"sentence_index": 3}, "r1 has 3 sentences", id="a sentence that is not there"),
    ],
)
def test_what_cannot_be_drawn_is_said_in_words(attention, fields, message):
    with pytest.raises(DataError, match=message):
        draw_film(made_case(), bare_state(**fields), attention)
