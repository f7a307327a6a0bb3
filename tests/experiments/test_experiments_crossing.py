"""Gaze quantity at two strengths of the confounder, on numbers that can be worked out by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from egma_lib.experiments.comparison_runs import crossed_arms
from egma_lib.experiments.crossing import (
    effect_rows,
    interaction_rows,
    value_rows,
)
from egma_lib.experiments.measurements import Measured
from egma_lib.experiments.verdicts import NO_DIFFERENCE, NO_STATEMENT

ARMS = crossed_arms()
AUROC = ("rsna", "fine_grained", "auroc")
GAP = ("chexpert_5x200", "fine_grained", "shortcut_gap")
ON_AUROC = "Continued, no gaze on RSNA (AUROC)"
# Effects of all gaze: 13, 14, 12 and 1, 0, 2.
STRONG = {"no_gaze": (50, 51, 52), "gaze_0.1": (51, 50, 52), "egma": (63, 65, 64)}
WEAK = {"no_gaze": (60, 60, 60), "gaze_0.1": (61, 59, 60), "egma": (61, 60, 62)}


def measured(strong=STRONG, weak=WEAK, key=AUROC):
    """Return what was measured at 0.8 and at 0.4; patients have no part in it."""
    return {
        strength: {
            name: {key: Measured(np.array(values, float), np.zeros((len(values), 2)), 100)}
            for name, values in by_arm.items()
        }
        for strength, by_arm in ((0.8, strong), (0.4, weak))
    }


def test_every_share_of_gaze_is_compared_with_none_at_every_strength():
    rows = effect_rows(ARMS, measured())
    assert list(zip(rows["setting"], rows["method"], rows["value"], rows["sd"], strict=True)) == [
        ("confounder 0.8", "gaze 10%", 0.0, 1.0),
        ("confounder 0.8", "EGMA", 13.0, 1.0),
        ("confounder 0.4", "gaze 10%", 0.0, 1.0),
        ("confounder 0.4", "EGMA", 1.0, 1.0),
    ]
    assert set(rows["comparison"]) == {"minus Continued, no gaze"}
    # 4.303 / sqrt(3) = 2.484 on either side.
    np.testing.assert_allclose(rows["ci_low"], rows["value"] - 2.484, atol=5e-4)
    np.testing.assert_allclose(rows["ci_high"], rows["value"] + 2.484, atol=5e-4)
    assert rows["verdict"].tolist() == [
        f"confounder 0.8: gaze 10% against {ON_AUROC}: {NO_DIFFERENCE}, +0.0 [-2.5, 2.5]",
        f"confounder 0.8: EGMA beats {ON_AUROC} by 13.0 [10.5, 15.5]",
        f"confounder 0.4: gaze 10% against {ON_AUROC}: {NO_DIFFERENCE}, +0.0 [-2.5, 2.5]",
        f"confounder 0.4: EGMA against {ON_AUROC}: {NO_DIFFERENCE}, +1.0 [-1.5, 3.5]",
    ]


def test_the_correction_is_over_shares_and_strengths_together():
    rows = effect_rows(ARMS, measured())
    assert set(rows["family"]) == {"effect of gaze by confounder: AUROC"}
    # Of four p the smallest counts four times, the next three times; those of no difference stay 1.
    first, second = (stats.ttest_1samp(effect, 0).pvalue for effect in ([13, 14, 12], [1, 0, 2]))
    assert rows["p_adjusted"].tolist() == pytest.approx([1, 4 * first, 1, 3 * second])


def test_the_interaction_is_the_difference_of_the_effects():
    (row,) = interaction_rows(ARMS, measured()).to_dict("records")
    # 13 - 1, 14 - 0, 12 - 2: mean 12, sd 2, 4.303 * 2 / sqrt(3) = 4.968.
    assert (row["value"], row["sd"], row["n_seeds"]) == (12.0, 2.0, 3)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((7.032, 16.968), abs=5e-4)
    assert row["p_value"] == pytest.approx(stats.ttest_rel([13, 14, 12], [1, 0, 2]).pvalue)
    assert row["verdict"] == (
        "effect of EGMA on RSNA (AUROC) is better at confounder 0.8 than at confounder 0.4 "
        "by 12.0 [7.0, 17.0]"
    )
    assert (row["method"], row["setting"]) == ("effect of EGMA", "confounder 0.8")
    assert row["comparison"] == "minus that at confounder 0.4"


def test_effects_that_rise_and_fall_together_are_told_apart_better_than_independent_ones():
    weak = WEAK | {"egma": (63, 64.1, 62)}
    (row,) = interaction_rows(ARMS, measured(weak=weak)).to_dict("records")
    # 13, 14, 12 against 3, 4.1, 2: seeds in pairs differ by 10, 9.9, 10.
    assert row["p_value"] == pytest.approx(stats.ttest_rel([13, 14, 12], [3, 4.1, 2]).pvalue)
    assert row["p_value"] < stats.ttest_ind([13, 14, 12], [3, 4.1, 2], equal_var=False).pvalue


@pytest.mark.parametrize(
    ("moved", "error"),
    [
        # sd 2 over three seeds: 4 / 3; patients move the mean by -1 or 1: variance 2.
        pytest.param((0.8,), np.sqrt(4 / 3 + 2), id="at_one_strength"),
        pytest.param((0.8, 0.4), np.sqrt(4 / 3), id="at_both_alike"),
    ],
)
def test_the_same_patients_are_resampled_at_both_strengths(moved, error):
    found = measured()
    for strength in moved:
        by_key = found[strength]["egma"]
        by_key[AUROC] = replace(by_key[AUROC], resampled=np.tile([-1.0, 1.0], (3, 1)))
    (row,) = interaction_rows(ARMS, found).to_dict("records")
    assert row["standard_error"] == pytest.approx(error)
    assert row["ci_high"] - row["value"] == pytest.approx(stats.t.ppf(0.975, 2) * error)


def test_the_order_of_the_strengths_turns_the_sign():
    (row,) = interaction_rows(ARMS, measured(strong=WEAK, weak=STRONG)).to_dict("records")
    assert row["verdict"] == (
        "effect of EGMA on RSNA (AUROC) is worse at confounder 0.8 than at confounder 0.4 by 12.0 [7.0, 17.0]"
    )


def test_the_shortcut_gap_counts_by_its_size_before_effects_are_taken():
    strong = {"no_gaze": (17, 18, 16), "gaze_0.1": (17, 18, 16), "egma": (-3, 3, 2)}
    weak = {"no_gaze": (2, 1, -2), "gaze_0.1": (2, 1, -2), "egma": (1, 1, 1)}
    (row,) = interaction_rows(ARMS, measured(strong, weak, GAP)).to_dict("records")
    # Sizes: 3 - 17, 3 - 18, 2 - 16 = -14, -15, -14 and 1 - 2, 1 - 1, 1 - 2 = -1, 0, -1; apart -13, -15, -13.
    assert row["value"] == pytest.approx(-41 / 3)
    # sd 1.155, 4.303 * 1.155 / sqrt(3) = 2.868.
    assert row["verdict"] == (
        "effect of EGMA on the shortcut gap is better at confounder 0.8 than at confounder 0.4 "
        "by 13.7 [10.8, 16.5]"
    )


def test_noise_is_no_difference_and_one_seed_no_statement():
    noisy = interaction_rows(ARMS, measured(weak=WEAK | {"egma": (70, 80, 60)}))
    # 13, 14, 12 less 10, 20, 0: 3, -6, 12; mean 3, sd 9, 4.303 * 9 / sqrt(3) = 22.36.
    assert noisy["verdict"].tolist() == [
        "effect of EGMA on RSNA (AUROC) at confounder 0.8 against confounder 0.4: "
        f"{NO_DIFFERENCE}, +3.0 [-19.4, 25.4]"
    ]
    one = [{name: values[:1] for name, values in by_arm.items()} for by_arm in (STRONG, WEAK)]
    for rows in (effect_rows(ARMS, measured(*one)), interaction_rows(ARMS, measured(*one))):
        assert rows["verdict"].str.contains(NO_STATEMENT).all()
        assert rows["p_adjusted"].isna().all()


def test_the_first_seeds_are_paired_where_an_arm_has_more():
    strong = STRONG | {"egma": (63, 65, 64, 99)}
    (row,) = interaction_rows(ARMS, measured(strong)).to_dict("records")
    assert (row["value"], row["n_seeds"]) == (12.0, 3)


def test_an_outcome_that_one_strength_lacks_has_an_effect_and_no_interaction():
    found = measured()
    for by_key in found[0.8].values():
        by_key[GAP] = by_key[AUROC]
    assert len(effect_rows(ARMS, found)) == 6
    assert interaction_rows(ARMS, found)["metric"].tolist() == ["auroc"]


def test_values_are_those_that_verdicts_are_given_on():
    found = measured()
    for by_key in found[0.4].values():
        by_key["rsna", "global", "auroc"] = by_key[AUROC]
    rows = pd.DataFrame(value_rows(ARMS, found))
    assert rows["setting"].tolist() == ["confounder 0.8"] * 3 + ["confounder 0.4"] * 3
    assert rows["value"].tolist() == pytest.approx([51, 51, 64, 60, 60, 61])
