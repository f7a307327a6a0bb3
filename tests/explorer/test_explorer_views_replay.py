"""Moments of a reading: canvas and figure show the same, and nothing of one moment stays in the next."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from view_cases import GRID, HIDDEN, artists, bare_state, made_case, square_region

from egma_lib.errors import DataError
from egma_lib.explorer.state import Layer
from egma_lib.explorer.views import ReplayCanvas, draw_replay_frame, pixels

STATE = bare_state(gaze=Layer(opacity=1.0), fixations=Layer(opacity=1.0), regions=Layer())
NOTHING = np.zeros((GRID, GRID))


def heat(row=1, column=1, value=1.0) -> np.ndarray:
    grown = np.zeros((GRID, GRID))
    grown[row, column] = value
    return grown


@pytest.fixture
def case():
    return made_case(regions=[square_region()])


@pytest.mark.parametrize(
    ("grown", "count", "spoken"),
    [
        pytest.param(NOTHING, 0, None, id="before the first fixation"),
        pytest.param(heat(), 2, 0, id="in a sentence"),
        pytest.param(heat(3, 3, 0.5), 4, None, id="in a pause"),
    ],
)
def test_the_canvas_shows_what_the_figure_shows(case, grown, count, spoken):
    canvas = ReplayCanvas(case, STATE)
    canvas.pixels(heat(0, 3), case.fixations, 2)  # an earlier moment that must leave no trace
    fast = canvas.pixels(grown, case.fixations.head(count), spoken)
    slow = pixels(draw_replay_frame(case, STATE, grown, case.fixations.head(count), spoken))
    np.testing.assert_array_equal(fast, slow)


def test_going_back_in_time_gives_the_same_picture(case):
    canvas = ReplayCanvas(case, STATE)
    first = canvas.frame(heat(), case.fixations.head(1), 0)
    assert canvas.frame(heat(2, 2), case.fixations, 1) != first
    assert canvas.frame(heat(), case.fixations.head(1), 0) == first


def test_heat_grows_where_it_was_looked(case):
    canvas = ReplayCanvas(case, STATE)
    blue = []
    for value in (0.0, 0.3, 0.6, 1.0):
        film = canvas.pixels(heat(1, 1, value), case.fixations.head(0), None)[:600]
        red, _, there = film[225, 225].astype(int)
        blue.append(there - red)
        np.testing.assert_allclose(film[500, 500], 100, atol=1)
    assert blue[0] == 0
    assert blue == sorted(blue)
    assert blue[-1] > 100


def test_the_ring_is_at_the_last_fixation_and_the_line_where_the_eyes_have_been(case):
    figure = draw_replay_frame(case, STATE, NOTHING, case.fixations.head(3), 1)
    (ring,), (trail,) = artists(figure, "eye"), artists(figure, "trail")
    np.testing.assert_allclose(ring.get_xydata(), [[0.75, 0.75]])
    np.testing.assert_allclose(trail.get_xydata(), [[0.25, 0.25], [0.5, 0.5], [0.75, 0.75]])
    film = pixels(figure)[:600].astype(int)
    assert np.abs(film[440:461, 440:461] - 100).max() > 50
    np.testing.assert_allclose(film[540, 100], 100, atol=1)


def test_the_sentence_being_said_is_written_under_the_film(case):
    figure = draw_replay_frame(case, STATE, NOTHING, case.fixations, 1)
    assert [text.get_text() for text in figure.texts] == ["“Small left effusion.”"]
    silent = draw_replay_frame(case, STATE, NOTHING, case.fixations, None)
    assert pixels(silent)[600:].min() == 255
    assert pixels(figure)[600:].min() < 128


def test_layers_can_be_off():
    state = bare_state(gaze=HIDDEN, fixations=HIDDEN)
    case = made_case()
    film = ReplayCanvas(case, state).pixels(heat(), case.fixations, None)[:600].astype(int)
    assert np.abs(film - 100).max() <= 1


def test_zoom_and_grey_window_hold_in_the_replay():
    picture = np.zeros((64, 64), np.uint8)
    picture[32:48, 16:32] = 100
    state = bare_state(zoom=(0.25, 0.5, 0.5, 0.75), window_centre=0.2, window_width=0.2)
    film = ReplayCanvas(made_case(picture), state).pixels(NOTHING, made_case().fixations.head(0), None)
    assert film[10:590, 10:590].min() == 255


@pytest.mark.parametrize("side_px", [300, 600])
def test_a_frame_is_a_jpeg_of_the_size_asked_for(case, side_px):
    content = ReplayCanvas(case, STATE, side_px).frame(heat(), case.fixations, 0)
    with Image.open(BytesIO(content)) as picture:
        assert picture.format == "JPEG"
        assert picture.size == (side_px, side_px * 13 // 12)


def test_a_jpeg_is_near_the_pixels(case):
    canvas = ReplayCanvas(case, STATE)
    with Image.open(BytesIO(canvas.frame(heat(), case.fixations, 0))) as picture:
        shown = np.asarray(picture).astype(int)
    assert np.abs(shown - canvas.pixels(heat(), case.fixations, 0)).mean() < 2


def test_what_is_not_in_the_case_is_refused(case):
    canvas = ReplayCanvas(case, STATE)
    with pytest.raises(DataError, match="spoken_index=7: case r1"):
        canvas.frame(heat(), case.fixations, 7)
    with pytest.raises(DataError, match="heat: shape"):
        canvas.frame(np.zeros(3), case.fixations, 0)
