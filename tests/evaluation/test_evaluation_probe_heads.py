"""The two heads: masked labels, the paper's schedule by hand, and convergence."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from egma_lib.evaluation.probe_heads import converged_head, masked_cross_entropy, paper_head, rate_factor
from egma_lib.settings import ProbeSettings

PAPER = ProbeSettings()


def separable(n=60, d=5, seed=0):
    """Return features whose first coordinate tells the label, and labels of shape (n, 1)."""
    rng = np.random.default_rng(seed)
    labels = (np.arange(n) % 2).astype(np.float32)
    features = rng.normal(size=(n, d)).astype(np.float32)
    features[:, 0] += 6 * labels
    return features, labels[:, None]


def share_in_order(logits, labels):
    """Return the share of (present, absent) pairs in the right order, by counting."""
    present, absent = logits[labels == 1], logits[labels == 0]
    return np.mean([[p > a for a in absent] for p in present])


def test_masked_labels_take_no_part_in_value_and_gradient():
    labels = torch.tensor([[1.0, math.nan], [math.nan, 0.0], [0.0, math.nan]])
    logits = torch.tensor([[0.0, 5.0], [-3.0, 0.0], [0.0, 2.0]], requires_grad=True)
    loss = masked_cross_entropy(logits, labels)
    loss.backward()
    assert loss.item() == pytest.approx(math.log(2))
    # Three known labels, each with a probability of one half: (sigmoid - label) / 3.
    expected = [[-1 / 6, 0.0], [0.0, 1 / 6], [1 / 6, 0.0]]
    np.testing.assert_allclose(logits.grad.numpy(), expected, atol=1e-7)


def test_a_batch_without_a_known_label_gives_no_gradient():
    logits = torch.zeros(2, 1, requires_grad=True)
    loss = masked_cross_entropy(logits, torch.full((2, 1), math.nan))
    loss.backward()
    assert loss.item() == 0
    assert logits.grad.abs().max() == 0


def test_learning_rate_rises_for_the_warm_up_and_falls_to_zero():
    factors = [rate_factor(step, 30, 6) for step in range(31)]
    assert factors[:6] == pytest.approx([1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 1])
    assert factors[6] == 1
    assert factors[18] == pytest.approx(0.5)
    assert factors[30] == pytest.approx(0)
    assert rate_factor(0, 10, 0) == 1


def test_first_step_of_the_paper_s_head_moves_each_weight_by_the_learning_rate():
    """AdamW's first step is lr * sign(gradient), after a decay by lr * weight_decay (Loshchilov 2019)."""
    settings = ProbeSettings(epochs=1, warmup_epochs=0, learning_rate=0.01, weight_decay=0.1, batch_size=8)
    features = np.ones((8, 3), dtype=np.float32)
    labels = np.ones((8, 1), dtype=np.float32)
    still = ProbeSettings(epochs=1, warmup_epochs=0, learning_rate=1e-30, batch_size=8)
    start = paper_head(features, labels, still, seed=3)
    moved = paper_head(features, labels, settings, seed=3)
    # All films are present with positive features, so every gradient is negative and every weight grows.
    np.testing.assert_allclose(moved.weight, start.weight * (1 - 0.01 * 0.1) + 0.01, rtol=1e-5)
    np.testing.assert_allclose(moved.bias, start.bias * (1 - 0.01 * 0.1) + 0.01, rtol=1e-5)
    assert np.abs(start.weight).max() <= 1 / math.sqrt(3)


def test_the_paper_s_head_hardly_moves_where_the_converged_head_separates():
    features, labels = separable()
    head = paper_head(features, labels, PAPER, seed=0)
    still = paper_head(features, labels, ProbeSettings(learning_rate=1e-30), seed=0)
    # 30 epochs of 2 steps; factors of the schedule sum to about (6 + 24) / 2 epochs' worth of full steps.
    reach = 5e-7 * sum(rate_factor(step, 60, 12) for step in range(60))
    assert np.abs(head.weight - still.weight).max() <= 1.5 * reach
    assert 0 < head.movement < 1e-3
    converged = converged_head(features, labels, *separable(seed=1), PAPER)
    assert share_in_order(converged.logits(features)[:, 0], labels[:, 0]) > 0.999


def test_the_paper_s_head_depends_on_its_seed_alone():
    features, labels = separable()
    torch.manual_seed(1)
    first = paper_head(features, labels, PAPER, seed=0)
    state = torch.get_rng_state()
    torch.manual_seed(2)
    again = paper_head(features, labels, PAPER, seed=0)
    np.testing.assert_array_equal(first.weight, again.weight)
    assert not np.allclose(first.weight, paper_head(features, labels, PAPER, seed=1).weight)
    torch.manual_seed(1)
    paper_head(features, labels, PAPER, seed=5)
    assert torch.equal(torch.get_rng_state(), state)


def test_converged_head_finds_the_slope_of_a_two_by_two_table():
    """One binary feature: without a penalty the slope is the log odds ratio (Agresti 2013, 5.1)."""
    counts = {(0, 0): 30, (0, 1): 10, (1, 0): 15, (1, 1): 45}
    rows = [pair for pair, count in counts.items() for _ in range(count)]
    features = np.array([[x] for x, _ in rows], dtype=float)
    labels = np.array([[y] for _, y in rows], dtype=float)
    settings = ProbeSettings(inverse_regularisation=(1e8,))
    head = converged_head(features, labels, features, labels, settings)
    assert head.weight[0, 0] == pytest.approx(math.log(30 * 45 / (10 * 15)), rel=1e-3)
    assert head.bias[0] == pytest.approx(math.log(10 / 30), rel=1e-3)


def test_converged_head_ignores_films_whose_label_is_unknown():
    features, labels = separable()
    wrong = np.concatenate([labels, np.full((20, 1), np.nan)])
    padded = np.concatenate([features, features[:20]])
    settings = ProbeSettings(inverse_regularisation=(0.1,))
    seen = converged_head(padded, wrong, features, labels, settings)
    logits = seen.logits(features)[:, 0]
    assert share_in_order(logits, labels[:, 0]) > 0.99


def test_c_is_the_one_that_the_validation_part_prefers():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(40, 20))
    noise = (rng.uniform(size=(40, 1)) < 0.5).astype(float)
    grid = ProbeSettings(inverse_regularisation=(100.0, 1e-4))
    random_labels = (rng.uniform(size=(200, 1)) < 0.5).astype(float)
    head = converged_head(features, noise, rng.normal(size=(200, 20)), random_labels, grid)
    assert head.inverse_regularisation == 1e-4
    x, y = separable(n=400)
    assert converged_head(x, y, *separable(n=400, seed=1), grid).inverse_regularisation == 100.0


def test_a_feature_that_never_varies_is_harmless():
    features, labels = separable()
    features[:, 2] = 7
    head = converged_head(features, labels, features, labels, PAPER)
    assert np.isfinite(head.weight).all()
    assert np.isfinite(head.bias).all()
