import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from egma_lib.evaluation.metrics import (
    accuracy,
    auroc,
    balanced_accuracy,
    binary_auroc,
    bootstrap_weights,
    classification_metrics,
    confusion,
    macro_f1,
    percentile_interval,
)
from egma_lib.evaluation.trivial import majority_metrics, random_metrics

ONE = np.ones((1, 4), dtype=np.float32)


def test_hand_worked_case():
    labels = np.array([0, 0, 1, 1])
    called = np.array([0, 1, 1, 1])
    matrix = confusion(labels, called, 2, ONE)
    assert matrix.tolist() == [[[1, 1], [0, 2]]]
    assert accuracy(matrix) == pytest.approx([0.75])
    assert balanced_accuracy(matrix) == pytest.approx([0.75])
    # F1 of class 0: 2*1/(1+2) = 2/3; of class 1: 2*2/(3+2) = 4/5.
    assert macro_f1(matrix) == pytest.approx([(2 / 3 + 4 / 5) / 2])


def test_auroc_counts_ties_one_half():
    positive = np.array([True, True, False, False])
    score = np.array([2.0, 1.0, 1.0, 0.0])
    # Four pairs: won, won, tie, won.
    assert binary_auroc(positive, score, ONE) == pytest.approx([3.5 / 4])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 30))
def test_auroc_of_resamples_equals_scikit_learn_with_ties(seed, n_values):
    rng = np.random.default_rng(seed)
    positive = np.append(rng.uniform(size=58) < 0.3, [True, False])
    score = rng.integers(n_values, size=60) / 7
    weights = rng.multinomial(60, np.full(60, 1 / 60), size=4).astype(np.float32)
    weights[:, -2:] += 1  # each resample has both classes
    expected = [sklearn_metrics.roc_auc_score(positive, score, sample_weight=one) for one in weights]
    np.testing.assert_allclose(binary_auroc(positive, score, weights), expected, rtol=0, atol=1e-12)


def test_auroc_without_a_class_is_unknown():
    assert np.isnan(binary_auroc(np.ones(4, bool), np.arange(4.0), ONE)).all()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 6))
def test_weighted_metrics_equal_scikit_learn(seed, n_classes):
    rng = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(n_classes), rng.integers(n_classes, size=40)])
    scores = rng.integers(0, 5, size=(len(labels), n_classes)) / 4 + rng.normal(size=(1, n_classes)) * 1e-6
    weights = rng.integers(1, 4, size=(3, len(labels))).astype(np.float32)
    ours = classification_metrics(labels, scores, weights)
    called = scores.argmax(axis=1)
    for row, weight in enumerate(weights):
        expected = {
            "accuracy": sklearn_metrics.accuracy_score(labels, called, sample_weight=weight),
            "macro_f1": sklearn_metrics.f1_score(
                labels, called, average="macro", sample_weight=weight, zero_division=0
            ),
            "balanced_accuracy": sklearn_metrics.balanced_accuracy_score(
                labels, called, sample_weight=weight
            ),
        }
        for name, value in expected.items():
            assert ours[name][row] == pytest.approx(value), name


@pytest.mark.parametrize("n_classes", [pytest.param(2, id="difference_of_two"), pytest.param(4, id="macro")])
def test_auroc_equals_scikit_learn(n_classes):
    rng = np.random.default_rng(3)
    labels = np.arange(60) % n_classes
    scores = rng.normal(size=(60, n_classes)) + np.eye(n_classes)[labels]
    weights = rng.integers(1, 4, size=(2, 60)).astype(np.float32)
    for row, weight in enumerate(weights):
        if n_classes == 2:
            expected = sklearn_metrics.roc_auc_score(
                labels, scores[:, 1] - scores[:, 0], sample_weight=weight
            )
        else:
            expected = np.mean(
                [
                    sklearn_metrics.roc_auc_score(labels == k, scores[:, k], sample_weight=weight)
                    for k in range(n_classes)
                ]
            )
        assert auroc(labels, scores, weights)[row] == pytest.approx(expected)


def test_metrics_do_not_depend_on_the_order_of_cases():
    rng = np.random.default_rng(0)
    labels, scores = rng.integers(3, size=50), rng.normal(size=(50, 3))
    weights = rng.integers(0, 3, size=(5, 50)).astype(np.float32)
    shuffled = rng.permutation(50)
    ours = classification_metrics(labels, scores, weights)
    again = classification_metrics(labels[shuffled], scores[shuffled], weights[:, shuffled])
    for name in ours:
        np.testing.assert_allclose(ours[name], again[name])


def test_bootstrap_draws_whole_patients():
    patients = np.array(["a", "a", "b", "c", "c", "c"])
    weights = bootstrap_weights(patients, 200, np.random.default_rng(0))
    assert (weights[:, 0] == weights[:, 1]).all()
    assert (weights[:, 3] == weights[:, 5]).all()
    assert (weights[:, [0, 2, 3]].sum(axis=1) == 3).all()
    assert weights.mean() == pytest.approx(1.0, abs=0.1)


def test_bootstrap_interval_covers_as_promised():
    # Accuracy of a coin of .7 over 100 patients: about 95 of 100 intervals hold .7.
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(200):
        correct = rng.uniform(size=100) < 0.7
        weights = bootstrap_weights(np.arange(100), 300, rng)
        drawn = weights @ correct / weights.sum(axis=1)
        interval = percentile_interval(correct.mean(), drawn)
        held += interval.low <= 0.7 <= interval.high
    assert 0.88 <= held / 200 <= 0.99


def test_majority_predictor_has_the_prevalence():
    labels = np.array([0] * 77 + [1] * 23)
    found = majority_metrics(labels, 2, np.ones((1, 100), np.float32))
    assert found["accuracy"] == pytest.approx([0.77])
    assert found["macro_f1"] == pytest.approx([2 * 0.77 / 1.77 / 2])
    assert found["auroc"] == pytest.approx([0.5])


def test_random_predictor_is_at_chance():
    labels = np.arange(500) % 5
    found = random_metrics(labels, 5, np.ones((1, 500), np.float32), np.random.default_rng(0))
    assert found["accuracy"] == pytest.approx([0.2], abs=0.02)
    assert found["auroc"] == pytest.approx([0.5], abs=0.02)
