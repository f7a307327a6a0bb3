import numpy as np
import pytest
from scipy import stats

from egma_lib.experiments.seed_statistics import noncentrality, seed_spread


@pytest.mark.parametrize("n_seeds", [pytest.param(n, id=f"{n}_seeds") for n in (2, 3, 5, 10)])
def test_a_t_test_finds_the_effect_with_80_percent_power(n_seeds):
    draws = np.random.default_rng(0).normal(noncentrality(n_seeds) / np.sqrt(n_seeds), size=(4000, n_seeds))
    found = stats.ttest_1samp(draws, 0, axis=1).pvalue < 0.05
    assert found.mean() == pytest.approx(0.8, abs=0.03)


def test_one_seed_says_nothing_about_spread():
    assert np.isnan(seed_spread(np.array([1.0])))
    assert seed_spread(np.array([1.0, 3.0])) == pytest.approx(np.sqrt(2))
