import numpy as np
import pytest
from scipy import stats

from egma_lib.errors import ArtefactError
from egma_lib.experiments.measurements import Measured
from egma_lib.experiments.two_way_bootstrap import smallest_gain, trend


def arm(per_seed, n_resamples=2000, patient_sd=0.0, seed=0, n_cases=100):
    """Return an arm whose patients shift all seeds alike."""
    per_seed = np.asarray(per_seed, dtype=float)
    shift = np.random.default_rng(seed).normal(0, patient_sd, n_resamples)
    return Measured(per_seed, per_seed[:, None] + shift, n_cases)


def test_a_difference_is_paired_by_seed_and_by_resample_of_patients():
    ours, reference = arm([60, 50, 70], patient_sd=3), arm([55, 45, 65], patient_sd=3)
    effect = smallest_gain([(ours, reference)], 0)
    assert (effect.value, effect.low, effect.high) == pytest.approx((5, 5, 5))
    assert (effect.n_cases, effect.n_seeds) == (100, 3)


def test_less_is_better_turns_the_sign_and_the_interval():
    pair = (arm([1, 3, 2, 4], patient_sd=1), arm([5, 4, 6, 8], patient_sd=1, seed=1))
    more, less = smallest_gain([pair], 0), smallest_gain([pair], 0, -1)
    assert less.value == -more.value == 3.25
    assert (less.low, less.high) == pytest.approx((-more.high, -more.low))


def test_seeds_alone_give_about_the_t_interval():
    values = np.random.default_rng(4).normal(2, 3, 10)
    effect = smallest_gain([(arm(values, 20000), arm(np.zeros(10), 20000))], 0)
    half = stats.t.ppf(0.975, 9) * values.std(ddof=1) / np.sqrt(10)
    assert (effect.high - effect.low) / 2 == pytest.approx(half, rel=0.05)


def test_patients_alone_give_their_percentile_interval():
    ours, reference = arm([50, 50], patient_sd=2), arm([48, 48])
    effect = smallest_gain([(ours, reference)], 0)
    expected = np.percentile(ours.resampled[0] - 48, [2.5, 97.5])
    assert (effect.low, effect.high) == pytest.approx(tuple(expected))


@pytest.mark.parametrize("n_seeds", [pytest.param(n, id=f"{n}_seeds") for n in (2, 3, 5, 10)])
@pytest.mark.parametrize(
    ("patient_sd", "seed_sd"),
    [
        pytest.param(1.0, 0.1, id="patients_vary"),
        pytest.param(0.1, 1.0, id="seeds_vary"),
        pytest.param(1.0, 1.0, id="both_vary"),
    ],
)
def test_the_interval_holds_the_truth_as_often_as_it_says(n_seeds, patient_sd, seed_sd):
    rng = np.random.default_rng(8)
    covered = 0
    for repeat in range(200):
        per_seed = rng.normal(0, patient_sd) + rng.normal(0, seed_sd, n_seeds)
        ours = arm(per_seed, 500, patient_sd, seed=repeat)
        effect = smallest_gain([(ours, arm(np.zeros(n_seeds), 500))], repeat)
        covered += effect.low <= 0 <= effect.high
    assert covered / 200 >= 0.91


def test_of_several_pairs_the_worst_counts():
    ours = arm([60, 62, 61], patient_sd=1)
    effect = smallest_gain([(ours, arm([40, 41, 42])), (ours, arm([59, 60, 62]))], 0)
    assert effect.value == pytest.approx(61 - 181 / 3)
    alone = smallest_gain([(ours, arm([59, 60, 62]))], 0)
    assert effect.low == pytest.approx(alone.low)


def test_the_slope_of_a_straight_line_is_its_step():
    effect = trend([arm(np.array([50.0, 52.0]) + 1.5 * step) for step in range(5)], 0)
    assert (effect.value, effect.low, effect.high) == pytest.approx((1.5, 1.5, 1.5))


def test_the_slope_is_that_of_least_squares():
    means = [50, 55, 51, 58]
    effect = trend([arm([mean, mean]) for mean in means], 0)
    assert effect.value == pytest.approx(np.polyfit(range(4), means, 1)[0])


def test_the_first_common_seeds_are_paired():
    effect = smallest_gain([(arm([60, 62, 0, 0]), arm([50, 50]))], 0)
    assert (effect.value, effect.n_seeds) == (11, 2)


def test_one_seed_has_a_value_and_no_interval():
    effect = smallest_gain([(arm([60], patient_sd=1), arm([50]))], 0)
    assert effect.value == 10
    assert np.isnan([effect.low, effect.high]).all()


def test_the_same_draws_give_the_same_interval():
    pair = (arm([1, 3, 2], patient_sd=1), arm([2, 2, 2]))
    assert smallest_gain([pair], 5) == smallest_gain([pair], 5)


def test_arms_of_other_resamples_are_refused():
    with pytest.raises(ArtefactError, match=r"\[100, 200\] resamples"):
        smallest_gain([(arm([1, 2], 100), arm([1, 2], 200))], 0)
