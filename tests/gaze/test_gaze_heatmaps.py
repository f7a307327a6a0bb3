"""Heatmaps against hand-worked cells and numerical integration."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import dblquad

from egma_lib.errors import GazeError
from egma_lib.gaze import patch_heatmap, sentence_heatmaps, word_heatmaps
from egma_lib.gaze.frames import ImageFrame
from egma_lib.gaze.heatmaps import whole_report_heatmap

SQUARE = ImageFrame(100, 100)


def fixation_table(rows) -> pd.DataFrame:
    """Rows of (x, y, weight_s, sentence_index), sigma a hundredth of the image."""
    table = pd.DataFrame(rows, columns=["x", "y", "weight_s", "sentence_index"])
    return table.assign(
        sigma_x=0.01, sigma_y=0.01, order=np.arange(len(table)), onset_s=np.arange(len(table), dtype=float),
        duration_s=table["weight_s"], on_image=True, sentence_index=table["sentence_index"].astype("Int64"),
    )  # fmt: skip


def test_tiny_sigma_fills_the_one_cell_it_lies_in():
    heat = patch_heatmap([0.9], [0.1], [0.3], [1e-4], [1e-4], (2, 3))
    np.testing.assert_array_equal(heat, [[0, 0, 1], [0, 0, 0]])


def test_a_gaussian_on_the_corner_of_four_cells_fills_them_alike():
    np.testing.assert_allclose(patch_heatmap([0.5], [0.5], [2.0], [0.1], [0.3], (2, 2)), np.ones((2, 2)))


def test_half_of_a_gaussian_on_the_border_is_lost():
    # Two units on the left border leave one inside, as much as the unit in the right cell.
    heat = patch_heatmap([0.0, 0.75], [0.5, 0.5], [2.0, 1.0], [0.01, 0.01], [0.01, 0.01], (1, 2))
    np.testing.assert_allclose(heat, [[1.0, 1.0]], rtol=1e-12)


def test_weight_is_mass_and_not_height():
    heat = patch_heatmap([0.25, 0.75], [0.5, 0.5], [1.0, 1.0], [0.001, 0.03], [0.001, 0.03], (1, 2))
    np.testing.assert_allclose(heat, [[1.0, 1.0]], rtol=1e-12)


def test_cells_agree_with_numerical_integration():
    x, y, weight = np.array([0.3, 1.05]), np.array([0.6, 0.2]), np.array([1.0, 2.5])
    sigma_x, sigma_y = np.array([0.2, 0.15]), np.array([0.1, 0.25])

    def density(v, u):
        z = ((u - x) / sigma_x) ** 2 + ((v - y) / sigma_y) ** 2
        return float(np.sum(weight * np.exp(-z / 2) / (2 * np.pi * sigma_x * sigma_y)))

    expected = np.array(
        [[dblquad(density, j / 3, (j + 1) / 3, i / 2, (i + 1) / 2)[0] for j in range(3)] for i in range(2)]
    )
    got = patch_heatmap(x, y, weight, sigma_x, sigma_y, (2, 3))
    np.testing.assert_allclose(got, expected / expected.max(), rtol=1e-7)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        pytest.param(5.0, 0.5, id="far_right"),
        pytest.param(-5.0, 0.5, id="far_left"),
        pytest.param(2.0, 0.5, id="twenty_sigmas_right"),
        pytest.param(-1.0, 0.5, id="twenty_sigmas_left"),
        pytest.param(0.5, 9.0, id="far_below"),
    ],
)
def test_nothing_inside_gives_zeros(x, y):
    assert not patch_heatmap([x], [y], [1.0], [0.05], [0.05], (7, 7)).any()


def test_the_maximum_is_exactly_1():
    rng = np.random.default_rng(0)
    for _ in range(200):
        x, y, weight = rng.uniform(-0.2, 1.2, (3, 4))
        assert patch_heatmap(x, y, np.abs(weight), 0.1, 0.1, (5, 5)).max() == 1


def test_no_fixations_give_zeros_of_the_grids_shape():
    empty = np.empty(0)
    np.testing.assert_array_equal(patch_heatmap(empty, empty, empty, empty, empty, (3, 5)), np.zeros((3, 5)))


def test_zero_weight_gives_zeros():
    assert not patch_heatmap([0.5], [0.5], [0.0], [0.1], [0.1], (3, 3)).any()


positions = st.floats(-0.3, 1.3)
gaussians = st.lists(
    st.tuples(positions, positions, st.floats(0.01, 5), st.floats(0.05, 0.5), st.floats(0.05, 0.5)),
    min_size=1,
    max_size=6,
)


@given(gaussians, st.randoms(use_true_random=False), st.floats(0.1, 50))
def test_order_and_a_common_factor_of_the_weights_do_not_matter(rows, random, factor):
    columns = np.array(rows).T
    shuffled = list(rows)
    random.shuffle(shuffled)
    other = np.array(shuffled).T
    other[2] *= factor
    heat = patch_heatmap(*columns, (4, 5))
    np.testing.assert_allclose(patch_heatmap(*other, (4, 5)), heat, rtol=1e-9, atol=1e-12)
    assert heat.max() == pytest.approx(1.0)
    assert heat.min() >= 0


@given(gaussians)
def test_mirrored_fixations_give_the_mirrored_map(rows):
    x, y, *rest = np.array(rows).T
    heat = patch_heatmap(x, y, *rest, (4, 5))
    np.testing.assert_allclose(patch_heatmap(1 - x, y, *rest, (4, 5)), heat[:, ::-1], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(patch_heatmap(x, 1 - y, *rest, (4, 5)), heat[::-1], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(
        patch_heatmap(y, x, rest[0], rest[2], rest[1], (5, 4)), heat.T, rtol=1e-9, atol=1e-12
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"x": [0.1]}, "y has shape", id="lengths_differ"),
        pytest.param({"y": [0.1, np.nan]}, "y of fixation 1 is not a finite", id="position_missing"),
        pytest.param({"weight": [1.0, -1.0]}, "weight -1.0 is negative", id="negative_weight"),
        pytest.param({"sigma_x": [0.1, 0.0]}, "sigma_x 0.0 is not positive", id="sigma_zero"),
        pytest.param({"grid": (0, 3)}, "grid", id="grid_without_rows"),
    ],
)
def test_bad_input_is_refused(change, message):
    good = {"x": [0.1, 0.2], "y": [0.1, 0.2], "weight": [1, 1], "sigma_x": [0.1] * 2, "sigma_y": [0.1] * 2}
    with pytest.raises(GazeError, match=message):
        patch_heatmap(**({"grid": (2, 2)} | good | change))


def test_a_portrait_image_is_padded_left_and_right():
    # Of a square of 200, an image 100 wide takes the middle half: its left edge is at a quarter.
    table = fixation_table([(0.25, 0.125, 1.0, 0)])
    heat = sentence_heatmaps(table, 1, (4, 4), ImageFrame(rows=200, columns=100))
    expected = np.zeros((1, 4, 4))
    expected[0, 0, 1] = 1
    np.testing.assert_allclose(heat, expected, atol=1e-6)


def test_sentences_get_their_own_fixations_only():
    rows = [(0.25, 0.25, 1.0, 0), (0.75, 0.75, 0.2, 2), (0.75, 0.25, 0.1, 2), (0.25, 0.75, 9.0, None)]
    heat = sentence_heatmaps(fixation_table(rows), 3, (2, 2), SQUARE)
    assert heat.dtype == np.float32
    expected = [[[1, 0], [0, 0]], [[0, 0], [0, 0]], [[0, 0.5], [0, 1]]]
    np.testing.assert_allclose(heat, expected, atol=1e-6)


def test_each_sentence_equals_its_own_patch_heatmap():
    rng = np.random.default_rng(3)
    rows = [(*rng.uniform(0, 1, 2), rng.uniform(0.1, 1), int(rng.integers(0, 4))) for _ in range(30)]
    table, frame = fixation_table(rows), ImageFrame(300, 250)
    heat = sentence_heatmaps(table, 4, (7, 7), frame)
    for index in range(4):
        mine = table[table["sentence_index"] == index]
        x, y = frame.to_padded(mine["x"], mine["y"])
        sigmas = frame.sigma_to_padded(mine["sigma_x"], mine["sigma_y"])
        alone = patch_heatmap(x, y, mine["weight_s"], *sigmas, (7, 7))
        np.testing.assert_allclose(heat[index], alone, rtol=1e-6, atol=1e-12)


def test_the_floor_removes_cells_below_a_share_of_the_maximum():
    rows = [(0.25, 0.25, 1.0, 0), (0.75, 0.25, 0.04, 0), (0.25, 0.75, 0.06, 0)]
    heat = sentence_heatmaps(fixation_table(rows), 1, (2, 2), SQUARE, floor=0.05)
    np.testing.assert_allclose(heat[0], [[1, 0], [0.06, 0]], atol=1e-6)


def test_a_sentence_index_beyond_the_reading_is_refused():
    with pytest.raises(GazeError, match="sentence_index from 0 to 3 in a reading of 3"):
        sentence_heatmaps(fixation_table([(0.1, 0.1, 1, 0), (0.1, 0.1, 1, 3)]), 3, (2, 2), SQUARE)


def test_a_reading_without_fixations_has_empty_maps():
    assert not sentence_heatmaps(fixation_table([]), 2, (2, 2), SQUARE).any()


def test_words_take_the_fixations_they_overlap_as_much_as_they_overlap():
    table = fixation_table([(0.25, 0.25, 1.0, 0), (0.75, 0.25, 1.0, 0), (0.75, 0.75, 1.0, None)])
    # Fixations last from 0 to 1, 1 to 2 and 2 to 3 s; the third is of no sentence.
    words = pd.DataFrame({"start_s": [0.5, 2.2, 5.0], "end_s": [1.25, 2.9, 6.0]})
    heat = word_heatmaps(table, words, (2, 2), SQUARE)
    np.testing.assert_allclose(heat[0], [[1, 0.5], [0, 0]], atol=1e-6)
    assert not heat[1:].any()


def test_the_whole_report_counts_every_fixation_on_the_image_once_by_its_duration():
    table = fixation_table([(0.25, 0.25, 1.0, 0), (0.75, 0.75, 0.5, None), (0.75, 0.25, 1.0, None)])
    table["on_image"] = [True, True, False]
    doubled = pd.concat([table, table.iloc[[0]].assign(sentence_index=1, weight_s=0.1)])
    heat = whole_report_heatmap(doubled, (2, 2), SQUARE)
    np.testing.assert_allclose(heat, [[1, 0], [0, 0.5]], atol=1e-6)
