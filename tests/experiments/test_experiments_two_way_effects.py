"""Effects over seeds and patients: by hand, by simulation with a known truth, and by their symmetries."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from egma_lib.errors import ArtefactError
from egma_lib.experiments.measurements import Measured
from egma_lib.experiments.two_way_effects import (
    missing_spread,
    paired_effect,
    smallest_gain,
    trend,
    two_way_effect,
)

ALL_DRAWS = np.array(list(product(range(3), repeat=3)))
"""Every way to draw three patients with replacement, shape (27, 3)."""


def arm(per_seed, patient_shift=(0.0, 0.0), n_cases=100):
    """Return an arm whose resamples of patients shift all seeds alike."""
    per_seed = np.asarray(per_seed, dtype=float)
    return Measured(per_seed, per_seed[:, None] + np.array(patient_shift), n_cases)


def of_patients(scores, drawn):
    """Return an arm from one score per seed and patient, and the patients of each resample."""
    scores = np.asarray(scores, dtype=float)
    return Measured(scores.mean(axis=1), scores[:, drawn].mean(axis=2), scores.shape[1])


def test_two_seeds_and_three_patients_by_hand():
    ours = of_patients([[4, 6, 8], [8, 7, 9]], ALL_DRAWS)
    effect = paired_effect(ours, of_patients([[3, 3, 3], [3, 3, 3]], ALL_DRAWS))
    # Differences of seeds: 3 and 5. Their mean is 4, their variance 2, and 2 / 2 seeds is 1.
    # Mean difference per patient: 3, 3.5, 5.5; mean 4, squares 1, 0.25, 2.25: variance 3.5 / 3 for one
    # drawn, 3.5 / 9 for the mean of three. The variance over all 27 draws has 26 in its denominator.
    error = np.sqrt(1 + 3.5 / 9 * 27 / 26)
    assert effect.value == 4
    assert effect.sd == pytest.approx(np.sqrt(2))
    assert effect.standard_error == pytest.approx(error)
    # The 97.5 % point of Student's distribution with 1 degree of freedom is 12.706; its tail is arctan.
    assert (effect.low, effect.high) == pytest.approx((4 - 12.7062 * error, 4 + 12.7062 * error), rel=1e-5)
    assert effect.p_value == pytest.approx(1 - 2 / np.pi * np.arctan(4 / error))
    assert (effect.n_cases, effect.n_seeds) == (3, 2)


@pytest.mark.parametrize("axis", [pytest.param(0, id="seeds"), pytest.param(1, id="patients")])
def test_the_order_of_seeds_and_of_patients_says_nothing(axis):
    rng = np.random.default_rng(2)
    ours, reference = rng.normal(60, 9, (2, 4, 3))
    order = rng.permutation(ours.shape[axis])
    first = paired_effect(of_patients(ours, ALL_DRAWS), of_patients(reference, ALL_DRAWS))
    moved = (of_patients(np.take(scores, order, axis), ALL_DRAWS) for scores in (ours, reference))
    second = paired_effect(*moved)
    assert second.standard_error == pytest.approx(first.standard_error)
    assert (second.value, second.p_value) == pytest.approx((first.value, first.p_value))


@pytest.mark.parametrize(
    ("patient_sd", "seed_sd", "n_seeds", "at_least", "at_most"),
    [
        pytest.param(0.2, 2.0, 5, 0.92, 0.98, id="seeds_vary"),
        pytest.param(2.0, 2.0, 10, 0.93, 0.99, id="both_vary"),
        pytest.param(2.0, 0.2, 10, 0.93, 0.995, id="patients_vary"),
        # Few seeds that hardly vary: t has far longer tails than what patients do.
        pytest.param(2.0, 0.2, 3, 0.95, 1.0, id="patients_vary_and_seeds_are_few"),
    ],
)
def test_the_interval_holds_the_truth_as_often_as_it_says(patient_sd, seed_sd, n_seeds, at_least, at_most):
    rng = np.random.default_rng(8)
    n_patients, truth, covered, by_seeds_alone = 25, 1.5, 0, 0
    drawn = rng.integers(0, n_patients, (200, n_patients))
    none = of_patients(np.zeros((n_seeds, n_patients)), drawn)
    for _ in range(500):
        # Two-way random effects: what is special to a seed, to a patient, and to the two together.
        scores = truth + rng.normal(0, seed_sd, (n_seeds, 1)) + rng.normal(0, 1, (n_seeds, n_patients))
        scores += 5 * rng.normal(0, patient_sd, n_patients)
        ours = of_patients(scores, drawn)
        effect = paired_effect(ours, none)
        covered += effect.low <= truth <= effect.high
        alone = stats.ttest_1samp(ours.per_seed, truth)
        by_seeds_alone += alone.pvalue >= 0.05
    assert at_least <= covered / 500 <= at_most
    if patient_sd > seed_sd:
        assert by_seeds_alone / 500 < 0.5


def test_without_spread_over_patients_it_is_the_paired_t_test():
    ours, reference = np.array([80.0, 82, 85, 79, 84]), np.array([78.0, 83, 80, 78, 81])
    effect = paired_effect(arm(ours), arm(reference))
    expected = stats.ttest_rel(ours, reference)
    interval = expected.confidence_interval(0.95)
    assert (effect.low, effect.high) == pytest.approx((interval.low, interval.high))
    assert effect.p_value == pytest.approx(expected.pvalue)


def test_the_smallest_effect_is_found_with_80_percent_power():
    rng = np.random.default_rng(0)
    shift = rng.normal(0, 1.0, 400)
    base = paired_effect(arm([1.0, -1, 1, -1, 0], shift), arm(np.zeros(5), 0 * shift))
    error = np.sqrt(1.0 / 5 + shift.var(ddof=1))
    assert base.standard_error == pytest.approx(error)
    # Simulated experiments whose true difference is the smallest effect, in t tests with that standard error.
    draws = rng.normal(base.smallest_effect, error * np.sqrt(5), size=(4000, 5))
    found = stats.ttest_1samp(draws, 0, axis=1).pvalue < 0.05
    assert found.mean() == pytest.approx(0.8, abs=0.05)


SHIFT = np.array([-1.0, 0.0, 1.0])


@pytest.mark.parametrize(
    ("ours", "n_cases", "why"),
    [
        pytest.param([12.0], 100, "one seed", id="one_seed"),
        pytest.param([12.0, 12.0, 12.0], 100, "no spread over seeds", id="the_same_difference_in_every_seed"),
        pytest.param([12.0, 12.1, 12.3], 1, "no spread over patients", id="one_case"),
    ],
)
def test_without_spread_there_is_a_value_and_no_statement(ours, n_cases, why):
    effect = paired_effect(arm(ours, SHIFT, n_cases), arm(np.zeros(len(ours)), 0 * SHIFT, n_cases))
    assert effect.value == pytest.approx(np.mean(ours))
    unknown = [effect.low, effect.high, effect.standard_error, effect.p_value, effect.smallest_effect]
    assert np.isnan(unknown).all()
    assert missing_spread(effect.n_seeds, effect.sd) == why


def test_differences_of_rounding_are_the_same_difference():
    third = 100 / 3
    effect = paired_effect(arm([third + 12, 50 + 12, 0.1 + 12], SHIFT), arm([third, 50, 0.1], SHIFT))
    assert np.isnan(effect.p_value)
    same = paired_effect(arm([third + 1e-14, 50, 0.1], SHIFT), arm([third, 50, 0.1], SHIFT))
    assert (same.value, same.low, same.high, same.p_value) == (0, 0, 0, 1)
    assert np.isnan(same.smallest_effect)


def test_seeds_that_all_differ_by_nothing_leave_the_patients():
    effect = paired_effect(arm([50.0, 60], SHIFT), arm([50.0, 60], 0 * SHIFT))
    # The variance of -1, 0, 1 is 1.
    assert (effect.value, effect.standard_error, effect.p_value) == (0, 1, 1)
    assert (effect.low, effect.high) == pytest.approx((-12.706, 12.706), abs=1e-3)


def test_resamples_that_cannot_be_judged_are_left_out():
    with_gap = np.array([[-1.0, np.nan, 1.0, 0.0], [-1.0, 5.0, 1.0, 0.0]])
    found = two_way_effect(np.array([1.0, 3.0]), with_gap, 10)
    assert found == two_way_effect(np.array([1.0, 3.0]), with_gap[:, [0, 2, 3]], 10)
    none = two_way_effect(np.array([1.0, 3.0]), np.full((2, 4), np.nan), 10)
    assert np.isnan(none.p_value)
    assert missing_spread(none.n_seeds, none.sd) == "no spread over patients"


def test_less_is_better_turns_the_sign_and_the_interval():
    ours, reference = arm([1, 3, 2, 4], SHIFT), arm([5, 4, 6, 8], 2 * SHIFT)
    one, other = paired_effect(ours, reference), paired_effect(reference, ours)
    assert other.value == -one.value == 3.25
    assert (other.low, other.high, other.p_value) == pytest.approx((-one.high, -one.low, one.p_value))


def test_of_several_pairs_the_worst_counts():
    ours = arm([60, 62, 61], SHIFT)
    weak, strong = arm([40, 41, 42], 0 * SHIFT), arm([59, 60, 62], 0 * SHIFT)
    effect = smallest_gain([(ours, weak), (ours, strong)])
    alone = paired_effect(ours, strong)
    assert effect.value == alone.value == pytest.approx(61 - 181 / 3)
    assert (effect.low, effect.sd, effect.standard_error) == (alone.low, alone.sd, alone.standard_error)
    # Two pairs: the upper bound leaves 1.25 % above it; t quantile of 98.75 % at 2 degrees is 6.205.
    assert effect.high == pytest.approx(alone.value + 6.2053 * alone.standard_error, rel=1e-4)
    assert smallest_gain([(ours, strong)]) == alone


seeds = st.lists(st.floats(-20, 20).map(lambda x: round(x, 1)), min_size=4, max_size=4, unique=True)


@given(st.lists(seeds, min_size=1, max_size=4))
def test_the_interval_of_the_smallest_gain_and_its_p_agree(gains):
    pairs = [(arm(gain, SHIFT), arm(np.zeros(4), 0 * SHIFT)) for gain in gains]
    effect = smallest_gain(pairs)
    assert effect.low <= effect.value <= effect.high
    assert (effect.p_value < 0.05) == (effect.low > 0 or effect.high < 0)
    assert (effect.low > 0) == all(paired_effect(*pair).low > 0 for pair in pairs)


def test_one_pair_without_spread_leaves_no_statement_on_the_smallest():
    ours, reference = arm([60, 62, 61], SHIFT), arm([0, 0, 0], SHIFT)
    effect = smallest_gain([(ours, reference), (ours, arm([50, 52, 51], SHIFT))])
    assert effect.value == 10
    assert np.isnan([effect.low, effect.high, effect.p_value]).all()
    assert missing_spread(effect.n_seeds, effect.sd) == "no spread over seeds"


def test_the_slope_is_that_of_least_squares_of_every_seed():
    means = np.array([[50, 55, 51, 58], [51, 52, 57, 60.0]])
    effect = trend([arm(column, SHIFT) for column in means.T])
    slopes = np.polyfit(range(4), means.T, 1)[0]
    assert effect.value == pytest.approx(slopes.mean())
    assert effect.sd == pytest.approx(slopes.std(ddof=1))
    # Patients shift all steps alike, so they say nothing about the slope.
    assert effect.standard_error == pytest.approx(effect.sd / np.sqrt(2))


def test_the_first_common_seeds_are_paired():
    effect = paired_effect(arm([60, 62, 0, 0]), arm([50, 50]))
    assert (effect.value, effect.n_seeds) == (11, 2)


def test_arms_of_other_resamples_are_refused():
    with pytest.raises(ArtefactError, match=r"\[2, 3\] resamples"):
        paired_effect(arm([1, 2]), arm([1, 2], SHIFT))
