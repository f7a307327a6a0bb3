import numpy as np
import pandas as pd
import pytest
from scipy import stats

from egma_lib.experiments.measurements import Measured
from egma_lib.experiments.verdicts import (
    GAP_SIZE,
    NO_BENEFIT,
    NO_DIFFERENCE,
    NO_POWER,
    comparison_rows,
    power_statement,
    with_one_sided_verdicts,
    with_verdicts,
)

ACCURACY = ("chexpert_5x200", "fine_grained", "accuracy")
AUROC = ("rsna", "fine_grained", "auroc")
GAP = ("chexpert_5x200", "fine_grained", "shortcut_gap")


def measured(*per_seed):
    return Measured(np.array(per_seed, dtype=float), np.zeros((len(per_seed), 3)), 100)


def rows_of(ours, reference, labels=("EGMA", "shuffled gaze")):
    return pd.DataFrame(comparison_rows(ours, reference, *labels, "question"))


def with_patients(*per_seed, shift=(-3.0, 0.0, 3.0)):
    """Return an arm whose resamples of patients, all seeds alike, have a variance of 9."""
    values = np.array(per_seed, dtype=float)
    return Measured(values, values[:, None] + np.array(shift), 100)


def test_a_clear_gain_is_said_to_beat():
    rows = with_verdicts(rows_of({ACCURACY: measured(63, 65, 64)}, {ACCURACY: measured(50, 51, 52)}))
    # Differences 13, 14, 12: mean 13, sd 1, t quantile 4.303 at 2 degrees: 13 +- 2.484.
    assert rows["verdict"].tolist() == [
        "EGMA beats shuffled gaze on the mark-free test (accuracy) by 13.0 [10.5, 15.5]"
    ]
    assert rows["comparison"].tolist() == ["minus shuffled gaze"]


def test_a_clear_loss_is_said_to_be_worse():
    rows = with_verdicts(rows_of({AUROC: measured(50, 51, 52)}, {AUROC: measured(63, 65, 64)}))
    assert rows["verdict"].tolist() == [
        "EGMA is worse than shuffled gaze on RSNA (AUROC) by 13.0 [10.5, 15.5]"
    ]


def test_a_shortcut_gap_nearer_to_zero_is_better():
    rows = with_verdicts(rows_of({GAP: measured(-2, 2, 1)}, {GAP: measured(14, 15, 15)}))
    # Sizes 2, 2, 1 against 14, 15, 15: smaller by 12, 13, 14.
    assert rows["metric"].tolist() == [GAP_SIZE]
    assert rows["value"].tolist() == [-13.0]
    assert rows["verdict"].tolist() == ["EGMA beats shuffled gaze on the shortcut gap by 13.0 [10.5, 15.5]"]


def test_patients_that_vary_widen_the_interval_and_raise_p():
    rows = rows_of({ACCURACY: with_patients(63, 65, 64)}, {ACCURACY: measured(50, 51, 52)})
    # Differences 13, 14, 12: variance 1 of three seeds, and 9 of patients.
    error = np.sqrt(1 / 3 + 9)
    assert rows["standard_error"].tolist() == pytest.approx([error])
    assert rows["p_value"].tolist() == pytest.approx([2 * stats.t.sf(13 / error, 2)])
    # 13 +- 4.303 x 3.055; seeds alone would have called it better.
    assert with_verdicts(rows)["verdict"].tolist() == [
        f"EGMA against shuffled gaze on the mark-free test (accuracy): {NO_DIFFERENCE}, +13.0 [-0.1, 26.1]"
    ]
    # 13 - 2.920 x 3.055; p one-sided is half the two-sided one.
    judged = with_one_sided_verdicts(rows)
    assert judged["verdict"].tolist() == ["helps by 13.0, at least 4.1"]
    assert judged["p_one_sided"].tolist() == pytest.approx((rows["p_value"] / 2).tolist())


def test_the_distance_of_the_gap_is_resampled_as_a_distance():
    rows = rows_of({GAP: with_patients(-20, -22, -21)}, {GAP: measured(40, 41, 42)})
    # Distances 20, 22, 21 against 40, 41, 42: resamples move them by 3, 0, -3.
    assert rows["value"].tolist() == [-20.0]
    assert rows["standard_error"].tolist() == pytest.approx([np.sqrt(1 / 3 + 9)])


@pytest.mark.parametrize(
    ("ours", "expected"),
    [
        pytest.param((60,), "one seed, no statement", id="one_seed"),
        pytest.param((60, 61, 62), "no spread over seeds, no statement", id="the_same_difference"),
    ],
)
def test_without_spread_over_seeds_the_verdict_says_so(ours, expected):
    reference = [value - 10 for value in ours]
    rows = rows_of({ACCURACY: with_patients(*ours)}, {ACCURACY: measured(*reference)})
    assert with_verdicts(rows)["verdict"].tolist() == [
        f"EGMA against shuffled gaze on the mark-free test (accuracy): {expected}"
    ]
    assert with_one_sided_verdicts(rows)["verdict"].tolist() == [expected]
    assert power_statement(rows) == NO_POWER


def test_noise_is_no_difference():
    noise = with_verdicts(rows_of({ACCURACY: measured(60, 50, 55)}, {ACCURACY: measured(50, 58, 56)}))
    # Differences 10, -8, -1: mean 0.3, sd 9.07, t quantile 4.303: 0.3 +- 22.5.
    assert noise["verdict"].tolist() == [
        f"EGMA against shuffled gaze on the mark-free test (accuracy): {NO_DIFFERENCE}, +0.3 [-22.2, 22.9]"
    ]


def test_the_correction_is_over_the_family_and_not_beyond():
    ours, reference = measured(60, 63, 61.0), measured(55, 55, 58)
    alone = with_verdicts(rows_of({ACCURACY: ours}, {ACCURACY: reference}))
    p = stats.ttest_rel(ours.per_seed, reference.per_seed).pvalue
    assert alone["p_adjusted"].tolist() == pytest.approx([p])
    other = ("siim", "fine_grained", "accuracy")
    both = {ACCURACY: ours, other: ours, AUROC: ours}
    rows = with_verdicts(rows_of(both, dict.fromkeys(both, reference)))
    assert rows["family"].tolist() == ["question: accuracy"] * 2 + ["question: AUROC"]
    assert rows["p_adjusted"].tolist() == pytest.approx([2 * p, 2 * p, p])


def test_the_first_seeds_are_paired_where_one_arm_has_more():
    rows = rows_of({ACCURACY: measured(60, 61, 62, 99, 99)}, {ACCURACY: measured(50, 50, 50)})
    assert rows["value"].tolist() == [11.0]
    assert rows["n_seeds"].tolist() == [3]


def test_outcomes_that_one_arm_lacks_are_left_out():
    assert rows_of({ACCURACY: measured(1, 2)}, {AUROC: measured(1, 2)}).empty


@pytest.mark.parametrize(
    ("key", "ours", "reference", "expected"),
    [
        # t quantile at 95 % one-sided, 2 degrees: 2.920; 13 - 2.920 / sqrt(3) = 11.3.
        pytest.param(ACCURACY, (63, 65, 64), (50, 51, 52), "helps by 13.0, at least 11.3", id="helps"),
        pytest.param(ACCURACY, (50, 51, 52), (63, 65, 64), f"{NO_BENEFIT}, -13.0", id="harm_is_no_benefit"),
        pytest.param(GAP, (2, 2, 1), (14, 15, 15), "helps by 13.0, at least 11.3", id="smaller_gap_helps"),
        pytest.param(GAP, (14, 15, 15), (2, 2, 1), f"{NO_BENEFIT}, -13.0", id="larger_gap_does_not"),
    ],
)
def test_one_sided_verdicts(key, ours, reference, expected):
    rows = with_one_sided_verdicts(rows_of({key: measured(*ours)}, {key: measured(*reference)}))
    assert rows["verdict"].tolist() == [expected]


def test_the_power_statement_names_seeds_and_effects():
    rows = rows_of({ACCURACY: measured(63, 65, 64)}, {ACCURACY: measured(50, 51, 52)})
    text = power_statement(rows)
    assert "EGMA minus shuffled gaze: with 3 seeds, and the spread over seeds and patients," in text
    assert f"the mark-free test (accuracy) {rows['smallest_effect'].iloc[0]:.1f}" in text
