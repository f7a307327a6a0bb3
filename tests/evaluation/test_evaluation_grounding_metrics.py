"""Grounding metrics on maps worked by hand, and against scikit-learn and scipy."""

import numpy as np
import pytest
from scipy.ndimage import zoom
from sklearn.metrics import average_precision_score

from egma_lib.errors import DataError
from egma_lib.evaluation.grounding_metrics import (
    average_precision,
    contrast_to_noise,
    enlarge_bilinear,
    mean_iou,
    scaled_to_unit,
)


@pytest.fixture
def random_cases():
    rng = np.random.default_rng(3)
    # Rounded, so that many cells tie.
    maps = np.round(rng.normal(size=(6, 12, 12)), 1)
    regions = rng.random((6, 12, 12)) < 0.3
    return maps, regions


def test_contrast_to_noise_by_hand():
    # Inside 4 and 2: mean 3, variance 1. Outside 1 and -1: mean 0, variance 1.
    maps = np.array([[[4.0, 2.0], [1.0, -1.0]]])
    regions = np.array([[[True, True], [False, False]]])
    assert contrast_to_noise(maps, regions) == pytest.approx(3 / np.sqrt(2))
    assert contrast_to_noise(maps, ~regions) == pytest.approx(-3 / np.sqrt(2))


def test_contrast_to_noise_ignores_shift_and_scale_and_turns_with_the_sign(random_cases):
    maps, regions = random_cases
    value = contrast_to_noise(maps, regions)
    np.testing.assert_allclose(contrast_to_noise(5 * maps - 2, regions), value)
    np.testing.assert_allclose(contrast_to_noise(-maps, regions), -value)


def test_contrast_of_flat_maps():
    region = np.array([[[True, False], [False, False]]])
    assert contrast_to_noise(np.full((1, 2, 2), 0.7), region) == 0
    assert contrast_to_noise(region.astype(float), region) == np.inf


def test_mean_iou_by_hand():
    maps = np.array([[[0.9, 0.35], [0.15, 0.0]]])
    regions = np.array([[[True, True], [False, False]]])
    # Called at .1: three cells (IoU 2/3); at .2 and .3: both (1); at .4 and .5: one of two (1/2).
    assert mean_iou(maps, regions) == pytest.approx((2 / 3 + 1 + 1 + 1 / 2 + 1 / 2) / 5)
    assert mean_iou(np.ones((1, 2, 2)), regions) == pytest.approx(0.5)
    assert mean_iou(np.zeros((1, 2, 2)), regions) == 0


def test_scaling_reaches_from_zero_to_one(random_cases):
    scaled = scaled_to_unit(random_cases[0])
    assert (scaled.min(axis=(1, 2)) == 0).all()
    assert (scaled.max(axis=(1, 2)) == 1).all()
    np.testing.assert_allclose(scaled_to_unit(3 * random_cases[0] + 8), scaled)
    assert not scaled_to_unit(np.full((2, 3, 3), 4.0)).any()


def test_average_precision_is_that_of_scikit_learn(random_cases):
    maps, regions = random_cases
    expected = [
        average_precision_score(region.ravel(), one.ravel())
        for one, region in zip(maps, regions, strict=True)
    ]
    np.testing.assert_allclose(average_precision(maps, regions), expected)
    np.testing.assert_allclose(average_precision(np.exp(maps), regions), expected)


def test_average_precision_of_a_constant_map_is_the_covered_share(random_cases):
    _, regions = random_cases
    found = average_precision(np.ones(regions.shape), regions)
    np.testing.assert_allclose(found, regions.mean(axis=(1, 2)))


def test_enlarging_is_linear_between_patch_centres():
    enlarged = enlarge_bilinear(np.array([[[0.0, 1.0], [0.0, 1.0]]]), 4)[0]
    # Centres of the patches lie at 1/4 and 3/4 of the side, those of the cells at 1/8, 3/8, 5/8 and 7/8.
    np.testing.assert_allclose(enlarged, np.tile([0, 0.25, 0.75, 1], (4, 1)))


def test_enlarging_agrees_with_scipy():
    maps = np.random.default_rng(0).normal(size=(2, 7, 7))
    expected = [zoom(one, 8, order=1, grid_mode=True, mode="nearest") for one in maps]
    np.testing.assert_allclose(enlarge_bilinear(maps, 56), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("region", "fault"),
    [
        pytest.param(np.zeros((1, 3, 3), bool), "is empty", id="an_empty_region"),
        pytest.param(np.ones((1, 3, 3), bool), "covers the whole square", id="a_region_that_is_everything"),
        pytest.param(np.ones((1, 2, 3), bool), "for regions of shape", id="another_raster"),
    ],
)
def test_what_cannot_be_scored_is_refused(region, fault):
    for metric in (contrast_to_noise, mean_iou, average_precision):
        with pytest.raises(DataError, match=fault):
            metric(np.zeros((1, 3, 3)), region)
