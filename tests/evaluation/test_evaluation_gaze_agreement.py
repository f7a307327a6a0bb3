"""Saliency metrics on maps worked by hand, and against scikit-learn, scipy and numpy."""

import numpy as np
import pytest
from scipy.stats import entropy
from sklearn.metrics import roc_auc_score

from egma_lib.errors import DataError
from egma_lib.evaluation.gaze_agreement import (
    DENSITY_FLOOR,
    as_density,
    auc_judd,
    divergence,
    gaze_agreement,
    information_gain,
    linear_correlation,
    normalised_scanpath_saliency,
    shuffled_auc,
)

NONE = np.zeros(0, dtype=int)


@pytest.fixture
def values():
    return np.round(np.random.default_rng(1).normal(size=100), 1)


def test_nss_by_hand():
    # Mean 2, population variance (4 + 0 + 0 + 4) / 4 = 2.
    values = np.array([0.0, 2.0, 2.0, 4.0])
    assert normalised_scanpath_saliency(values, np.array([3])) == pytest.approx(2 / np.sqrt(2))
    assert normalised_scanpath_saliency(values, np.array([3, 3, 0])) == pytest.approx(2 / 3 / np.sqrt(2))


def test_nss_ignores_shift_and_scale(values):
    fixated = np.array([3, 50, 50, 7])
    expected = normalised_scanpath_saliency(values, fixated)
    assert normalised_scanpath_saliency(4 * values + 1, fixated) == pytest.approx(expected)


def test_areas_are_those_of_scikit_learn(values):
    fixated, elsewhere = np.array([3, 50, 50, 7]), np.array([1, 2, 90, 7, 7, 13])
    free = np.setdiff1d(np.arange(100), fixated)
    for found, negatives in (
        (auc_judd(values, fixated), free),
        (shuffled_auc(values, fixated, elsewhere), elsewhere),
    ):
        labels = np.repeat([1, 0], [len(fixated), len(negatives)])
        expected = roc_auc_score(labels, values[np.concatenate([fixated, negatives])])
        assert found == pytest.approx(expected)


def test_areas_depend_on_the_order_alone(values):
    fixated, elsewhere = np.array([3, 50]), np.array([1, 2, 90])
    assert auc_judd(np.exp(values), fixated) == auc_judd(values, fixated)
    assert shuffled_auc(values**3, fixated, elsewhere) == shuffled_auc(values, fixated, elsewhere)


def test_a_map_that_knows_only_where_readers_look_in_general_gains_nothing_over_other_films(values):
    fixated = np.array([3, 50, 8])
    assert shuffled_auc(values, fixated, fixated) == pytest.approx(0.5)


def test_correlation_is_that_of_numpy():
    maps, heatmaps = np.random.default_rng(2).random((2, 3, 8, 8))
    expected = [
        np.corrcoef(one.ravel(), heat.ravel())[0, 1] for one, heat in zip(maps, heatmaps, strict=True)
    ]
    np.testing.assert_allclose(linear_correlation(maps, heatmaps), expected)
    np.testing.assert_allclose(linear_correlation(-2 * maps + 1, heatmaps), -np.array(expected))


def test_divergence_is_that_of_scipy():
    maps, heatmaps = np.random.default_rng(2).random((2, 3, 8, 8))
    heatmaps[:, 0] = 0
    densities = as_density(maps)
    expected = [entropy(heat.ravel(), one.ravel()) for one, heat in zip(densities, heatmaps, strict=True)]
    np.testing.assert_allclose(divergence(densities, heatmaps), expected)
    np.testing.assert_allclose(divergence(densities, 7 * densities), 0, atol=1e-12)


def test_density_by_hand():
    density = as_density(np.array([[[-1.0, 1.0], [0.0, -1.0]]]))
    raised = np.array([[0, 1], [0.5, 0]]) + DENSITY_FLOOR
    np.testing.assert_allclose(density[0], raised / (1.5 + 4 * DENSITY_FLOOR))
    np.testing.assert_allclose(as_density(np.full((1, 2, 2), 3.0)), 0.25)


def test_information_gain_by_hand():
    density, baseline = np.array([0.5, 0.25, 0.125, 0.125]), np.full(4, 0.25)
    assert information_gain(density, baseline, np.array([0])) == 1
    assert information_gain(density, baseline, np.array([0, 3])) == 0
    assert information_gain(baseline, baseline, np.array([2])) == 0


def test_a_uniform_map_scores_as_defined():
    heatmaps = np.random.default_rng(0).random((1, 4, 4))
    found = gaze_agreement(
        np.ones((1, 4, 4)), heatmaps, [np.array([5, 6])], [np.array([1, 2])], np.ones((4, 4))
    )
    assert found["nss"] == found["information_gain"] == 0
    assert found["auc_judd"] == found["shuffled_auc"] == 0.5
    assert np.isnan(found["cc"]).all()
    # Against the uniform density the divergence is log(cells) minus the entropy of the gaze.
    assert found["kl"] == pytest.approx(np.log(16) - entropy(heatmaps.ravel()))


@pytest.mark.parametrize(
    "metric",
    [
        pytest.param(lambda v: normalised_scanpath_saliency(v, NONE), id="nss_without_fixation"),
        pytest.param(lambda v: auc_judd(v, NONE), id="auc_without_fixation"),
        pytest.param(lambda v: auc_judd(v, np.arange(100)), id="auc_with_a_fixation_in_every_cell"),
        pytest.param(lambda v: shuffled_auc(v, NONE, np.array([1])), id="shuffled_auc_without_fixation"),
        pytest.param(lambda v: shuffled_auc(v, np.array([1]), NONE), id="shuffled_auc_with_a_single_film"),
        pytest.param(lambda v: information_gain(v, v, NONE), id="information_gain_without_fixation"),
    ],
)
def test_what_is_not_defined_is_refused(values, metric):
    with pytest.raises(DataError, match="gaze agreement"):
        metric(values)


def test_an_empty_heatmap_is_refused():
    with pytest.raises(DataError, match="case 1 is empty"):
        divergence(np.full((2, 2, 2), 0.25), np.stack([np.ones((2, 2)), np.zeros((2, 2))]))
