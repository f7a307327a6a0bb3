"""Frames: image pixels, image fractions, padded square."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from egma_lib.errors import GazeError
from egma_lib.gaze.frames import (
    ImageFrame,
    image_to_screen,
    patch_centre,
    patch_of,
    screen_px_per_image_px,
    screen_to_image,
)

sides = st.integers(1, 5000)


@given(sides, sides, st.floats(-2, 3), st.floats(-2, 3))
def test_padding_and_back_is_the_identity(rows, columns, x, y):
    frame = ImageFrame(rows, columns)
    back = frame.from_padded(*frame.to_padded(np.array(x), np.array(y)))
    # The shorter side is divided by its share of the square, which magnifies rounding.
    tolerance = 1e-12 * max(rows, columns) / min(rows, columns)
    np.testing.assert_allclose(back, (x, y), rtol=1e-9, atol=tolerance)


@given(sides, sides)
def test_the_images_middle_is_the_squares_middle(rows, columns):
    assert ImageFrame(rows, columns).to_padded(np.array(0.5), np.array(0.5)) == pytest.approx((0.5, 0.5))


def test_landscape_corners_by_hand():
    # 300 x 400: padded by 50 of 400 at the top.
    frame = ImageFrame(rows=300, columns=400)
    x, y = frame.to_padded(np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    np.testing.assert_allclose(x, [0, 1])
    np.testing.assert_allclose(y, [0.125, 0.875])
    assert frame.sigma_to_padded(np.array(0.1), np.array(0.1)) == pytest.approx((0.1, 0.075))


def test_pixels_become_fractions_of_their_own_side():
    x, y = ImageFrame(rows=3056, columns=2544).to_fraction(np.array([1272.0]), np.array([-3056.0]))
    assert (x[0], y[0]) == (0.5, -1.0)


def test_an_empty_frame_is_refused():
    with pytest.raises(GazeError, match="0 x 10"):
        ImageFrame(0, 10)


def test_pixels_and_fractions_are_inverses_by_hand():
    frame = ImageFrame(rows=3056, columns=2544)
    assert frame.to_pixels(np.array(0.25), np.array(1.5)) == (636, 4584)
    assert frame.to_fraction(np.array(636), np.array(4584)) == (0.25, 1.5)


# The right half of a 2544 x 3056 film, zoomed to 1200 x 2160 screen pixels from (1000, 0).
SHOWN, SCREEN = np.array([1272.0, 0, 2544, 3056]), np.array([1000.0, 0, 2200, 2160])


def test_zoom_and_screen_position_by_hand():
    assert screen_px_per_image_px(SHOWN, SCREEN) == pytest.approx([1200 / 1272, 2160 / 3056])
    assert image_to_screen(np.array(1908.0), np.array(1528.0), SHOWN, SCREEN) == pytest.approx((1600, 1080))
    # Left of the part shown is left of its place on the screen.
    x, _ = image_to_screen(np.array(1166.0), np.array(0.0), SHOWN, SCREEN)
    assert x == pytest.approx(900)


corner = st.floats(-500, 3000)
length = st.floats(1, 4000)


@given(
    corner, corner, length, length, corner, corner, length, length, st.floats(-5e3, 5e3), st.floats(-5e3, 5e3)
)
def test_screen_and_back_is_the_identity(left, top, width, height, x_min, y_min, across, down, x, y):
    shown = np.array([[left, top, left + width, top + height]])
    screen = np.array([[x_min, y_min, x_min + across, y_min + down]])
    there = screen_to_image(np.array([x]), np.array([y]), shown, screen)
    back = image_to_screen(*there, shown, screen)
    # A corner of thousands of pixels and a width of one lose digits; gaze is never that exact.
    np.testing.assert_allclose(np.ravel(back), (x, y), atol=1e-6)


def test_each_sample_has_its_own_zoom():
    shown = np.stack([SHOWN, [0, 0, 2544, 3056]])
    x, y = screen_to_image(
        np.array([1600.0, 1600.0]), np.array([1080.0, 1080.0]), shown, np.stack([SCREEN, SCREEN])
    )
    np.testing.assert_allclose(x, [1908, 1272])
    np.testing.assert_allclose(y, [1528, 1528])


@pytest.mark.parametrize(
    ("x", "y", "patch"),
    [
        pytest.param(0.0, 0.0, 0, id="top_left_corner"),
        pytest.param(1.0, 0.0, 6, id="right_border_is_the_last_column"),
        pytest.param(1.0, 1.0, 48, id="bottom_right_corner"),
        pytest.param(0.5, 0.5, 24, id="middle"),
        pytest.param(1 / 7, 0.0, 1, id="a_border_belongs_to_the_right"),
        pytest.param(0.0, 0.15, 7, id="second_row"),
        pytest.param(-1e-9, 0.5, -1, id="left_of_the_square"),
        pytest.param(0.5, 1.001, -1, id="below_the_square"),
        pytest.param(np.nan, 0.5, -1, id="missing"),
    ],
)
def test_patches_are_counted_by_rows(x, y, patch):
    assert patch_of(np.array([x]), np.array([y]), (7, 7)).tolist() == [patch]


@given(st.integers(1, 20), st.integers(1, 20))
def test_a_patchs_centre_lies_in_it(rows, columns):
    index = np.arange(rows * columns)
    x, y = patch_centre(index, (rows, columns))
    np.testing.assert_array_equal(patch_of(x, y, (rows, columns)), index)
    assert (x[-1], y[-1]) == pytest.approx((1 - 0.5 / columns, 1 - 0.5 / rows))


@given(st.integers(1, 20), st.integers(1, 20), st.floats(0, 1), st.floats(0, 1))
def test_no_position_is_farther_than_half_a_patch_from_its_centre(rows, columns, x, y):
    centre = patch_centre(patch_of(np.array([x]), np.array([y]), (rows, columns)), (rows, columns))
    assert abs(centre[0][0] - x) <= 0.5 / columns + 1e-12
    assert abs(centre[1][0] - y) <= 0.5 / rows + 1e-12


def test_screen_to_patch_by_hand():
    """One sample through all frames; the film is zoomed to 1.8 screen pixels per image pixel."""
    frame = ImageFrame(rows=3056, columns=2544)
    shown, place = np.array([1144.0, 928, 2544, 2128]), np.array([660.0, 0, 3180, 2160])
    x_px, y_px = screen_to_image(np.array([1956.0]), np.array([1260.0]), shown, place)
    # 1144 + 1296 / 1.8 and 928 + 1260 / 1.8.
    assert (x_px[0], y_px[0]) == pytest.approx((1864, 1628))
    x, y = frame.to_padded(*frame.to_fraction(x_px, y_px))
    # 256 pixels of padding left and right.
    assert (x[0], y[0]) == pytest.approx((2120 / 3056, 1628 / 3056))
    assert patch_of(x, y, (7, 7)).tolist() == [3 * 7 + 4]


@pytest.mark.parametrize("index", [-1, 49])
def test_a_patch_beyond_the_grid_is_refused(index):
    with pytest.raises(GazeError, match=f"patch {index} on a grid of 7 x 7"):
        patch_centre(np.array([3, index]), (7, 7))


def test_an_empty_grid_is_refused():
    with pytest.raises(GazeError, match="patch grid of 0 x 7"):
        patch_of(np.array([0.5]), np.array([0.5]), (0, 7))
