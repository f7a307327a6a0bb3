"""What is shown of the film: zooming and moving, worked by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egma_lib.explorer.zoom import SMALLEST, WHOLE, dragged, panned, zoomed

SHARE = st.floats(0, 1)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(zoomed(WHOLE, 2), (0.25, 0.25, 0.75, 0.75), id="closer_around_the_middle"),
        pytest.param(zoomed(WHOLE, 2, (0.25, 0.5)), (0.125, 0.25, 0.625, 0.75), id="closer_around_a_point"),
        pytest.param(zoomed(WHOLE, 2, (0, 1)), (0, 0.5, 0.5, 1), id="closer_at_a_corner"),
        pytest.param(zoomed((0, 0, 0.5, 0.5), 0.5), WHOLE, id="further_moves_back_into_the_square"),
        pytest.param(zoomed(WHOLE, 0.5), WHOLE, id="never_more_than_all"),
        pytest.param(zoomed(WHOLE, 100), (0.45, 0.45, 0.55, 0.55), id="never_closer_than_the_least"),
        pytest.param(panned((0.25, 0.25, 0.75, 0.75), 0.5, 0), (0.5, 0.25, 1, 0.75), id="right_by_half"),
        pytest.param(panned((0.25, 0.25, 0.75, 0.75), 0, -9), (0.25, 0, 0.75, 0.5), id="up_to_the_border"),
        pytest.param(panned(WHOLE, 0.2, 0.2), WHOLE, id="all_of_it_cannot_move"),
        pytest.param(
            dragged((0.25, 0.25, 0.75, 0.75), (0.5, 0.5), (0.6, 0.4)), (0.15, 0.35, 0.65, 0.85), id="dragged"
        ),
    ],
)
def test_by_hand(found, expected):
    assert found == pytest.approx(expected)


@given(st.lists(st.tuples(st.floats(0.1, 10), SHARE, SHARE), max_size=6), st.floats(-3, 3), st.floats(-3, 3))
def test_whatever_is_done_a_square_within_the_square_is_shown(steps, across, down):
    zoom = WHOLE
    for factor, x, y in steps:
        left, top, right, bottom = zoom
        zoom = zoomed(zoom, factor, (left + x * (right - left), top + y * (bottom - top)))
    left, top, right, bottom = panned(zoom, across, down)

    assert 0 <= left < right <= 1
    assert 0 <= top < bottom <= 1
    assert right - left == pytest.approx(bottom - top)
    assert right - left >= SMALLEST - 1e-9
