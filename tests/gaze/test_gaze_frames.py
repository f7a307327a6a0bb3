"""Frames: image pixels, image fractions, padded square."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from egma_lib.errors import GazeError
from egma_lib.gaze.frames import ImageFrame

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
