import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from egma_lib.experiments.paired_tests import holm, one_sided_bound, one_sided_p, two_sided_p


@given(st.lists(st.floats(-50, 50).map(lambda x: round(x, 2)), min_size=3, max_size=8, unique=True))
def test_p_values_are_those_of_a_paired_t_test(values):
    reference = np.arange(len(values)) ** 2.0
    difference = np.array(values) - 0.0
    sd = difference.std(ddof=1)
    expected = stats.ttest_rel(reference + difference, reference)
    helps = stats.ttest_rel(reference + difference, reference, alternative="greater")
    args = difference.mean(), sd / len(values) ** 0.5, len(values)
    assert two_sided_p(*args) == pytest.approx(expected.pvalue, rel=1e-6)
    assert one_sided_p(*args) == pytest.approx(helps.pvalue, rel=1e-6)


@pytest.mark.parametrize(
    ("value", "two", "one"),
    [
        pytest.param(0.0, 1.0, 1.0, id="no_difference_at_all"),
        pytest.param(2.0, np.nan, np.nan, id="the_same_gain_in_every_seed"),
        pytest.param(-2.0, np.nan, np.nan, id="the_same_harm_in_every_seed"),
    ],
)
def test_differences_without_spread_are_not_judged(value, two, one):
    assert two_sided_p(value, 0.0, 5) == pytest.approx(two, nan_ok=True)
    assert one_sided_p(value, 0.0, 5) == pytest.approx(one, nan_ok=True)


def test_holm_by_hand():
    # Sorted .01, .02, .03, .5: times 4, 3, 2, 1, never falling.
    assert holm([0.03, 0.01, 0.5, np.nan, 0.02]) == pytest.approx(
        [0.06, 0.04, 0.5, np.nan, 0.06], nan_ok=True
    )
    assert np.isnan(holm([np.nan, np.nan])).all()


@pytest.mark.parametrize("seed", range(3))
def test_holm_as_another_implementation_has_it(seed):
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    values = np.random.default_rng(seed).random(12) ** 3
    assert holm(values) == pytest.approx(multitest.multipletests(values, method="holm")[1])


def test_the_one_sided_bound_by_hand():
    # t quantile at 95 %, 2 degrees: 2.920.
    assert one_sided_bound(13.0, 1 / 3**0.5, 3) == pytest.approx(13 - 2.920 / 3**0.5, abs=1e-3)
    assert np.isnan(one_sided_bound(13.0, np.nan, 1))
    assert np.isnan(one_sided_p(13.0, np.nan, 1))
    assert np.isnan(two_sided_p(13.0, np.nan, 1))


def test_without_an_effect_one_in_twenty_is_called():
    # 1,000 draws of five differences: the share called has a standard error of 0.7 %.
    draws = np.random.default_rng(3).normal(size=(1000, 5))
    called = [one_sided_p(one.mean(), stats.sem(one), 5) < 0.05 for one in draws]
    assert np.mean(called) == pytest.approx(0.05, abs=0.025)
