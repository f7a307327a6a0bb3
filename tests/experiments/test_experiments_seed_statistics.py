import numpy as np
import pytest
from scipy import stats

from egma_lib.experiments.seed_statistics import paired_difference, seed_spread


def test_paired_difference_equals_scipys_paired_t_test():
    ours, reference = np.array([80.0, 82, 85, 79, 84]), np.array([78.0, 83, 80, 78, 81])
    found = paired_difference(ours, reference)
    interval = stats.ttest_rel(ours, reference).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert found.value == pytest.approx(2.0)


def test_smallest_effect_is_found_with_80_percent_power():
    rng = np.random.default_rng(0)
    base = paired_difference(np.array([1.0, -1, 1, -1, 0]), np.zeros(5))
    # Simulated experiments whose true difference is the stated smallest effect for their true spread.
    true_sd = base.sd
    draws = rng.normal(base.smallest_effect, true_sd, size=(4000, 5))
    found = stats.ttest_1samp(draws, 0, axis=1).pvalue < 0.05
    assert found.mean() == pytest.approx(0.8, abs=0.05)


def test_one_seed_says_nothing_about_spread():
    found = paired_difference(np.array([3.0]), np.array([1.0]))
    assert found.value == 2.0
    assert np.isnan([found.low, found.high, found.sd, found.smallest_effect]).all()
    assert np.isnan(seed_spread(np.array([1.0])))
