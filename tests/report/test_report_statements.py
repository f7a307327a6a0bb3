"""What is said of an effect never goes beyond its interval."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from egma_lib.report.statements import (
    EFFECTS,
    effect_statement,
    effect_statements,
    order_statements,
    report_statements,
)

VERDICTS = ("better than", "worse than")


def difference(low, high, metric="accuracy", dataset="chexpert_5x200", setting="fine_grained", **changes):
    """Return the long row of a paired difference with this interval, its value in the middle."""
    row = {
        "dataset": dataset, "method": "EGMA", "setting": setting, "metric": metric,
        "value": (low + high) / 2, "ci_low": low, "ci_high": high, "sd": 1.0, "n_seeds": 5,
        "comparison": "minus Continued, no gaze",
    }  # fmt: skip
    return pd.Series(row | changes)


def level(method, value, dataset="rsna", setting="fine_grained", comparison=np.nan):
    """Return the long row of a measured accuracy."""
    return {
        "dataset": dataset, "method": method, "setting": setting, "metric": "accuracy", "value": value,
        "comparison": comparison,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        pytest.param(0.1, 4.0, "better than", id="interval_above_zero"),
        pytest.param(-4.0, -0.1, "worse than", id="interval_below_zero"),
        pytest.param(-0.1, 9.0, "no difference seen to", id="reaches_below_zero"),
        pytest.param(-9.0, 0.1, "no difference seen to", id="reaches_above_zero"),
        pytest.param(0.0, 4.0, "no difference seen to", id="touches_zero"),
        pytest.param(0.0, 0.0, "no difference seen to", id="always_equal"),
    ],
)
def test_a_verdict_needs_an_interval_on_one_side_of_zero(low, high, verdict):
    said = effect_statement(difference(low, high), 1)
    assert said.startswith(f"EGMA, accuracy on CheXpert 5x200: {verdict} Continued, no gaze, ")
    assert said.count(f"[{low:+.1f}, {high:+.1f}] points over 5 seeds.") == 1
    assert sum(word in said for word in VERDICTS) == (verdict in VERDICTS)


def test_a_smaller_shortcut_gap_is_better():
    (improvement,) = {sign for _, _, metric, sign in EFFECTS if metric == "shortcut_gap"}
    smaller, larger = difference(-8, -2, "shortcut_gap"), difference(2, 8, "shortcut_gap")
    said = effect_statement(smaller, improvement)
    assert "shortcut gap on CheXpert 5x200: better than" in said
    # The numbers stay as measured.
    assert "-5.0 [-8.0, -2.0] points" in said
    assert "worse than" in effect_statement(larger, improvement)


def test_every_other_effect_is_better_when_larger():
    assert {sign for _, _, metric, sign in EFFECTS if metric != "shortcut_gap"} == {1}


@pytest.mark.parametrize(
    ("n_seeds", "sd", "why"),
    [
        pytest.param(1, np.nan, "one seed", id="one_seed"),
        pytest.param(5, 0.0, "no spread over seeds", id="the_same_difference_in_every_seed"),
    ],
)
def test_without_spread_there_is_no_verdict(n_seeds, sd, why):
    said = effect_statement(difference(np.nan, np.nan, value=12.0, n_seeds=n_seeds, sd=sd), 1)
    assert said == f"EGMA, accuracy on CheXpert 5x200: +12.0 points; {why}, no statement."


def test_effects_are_the_method_s_paired_rows_in_their_order():
    rows = pd.DataFrame(
        [
            difference(-3, -1, "shortcut_gap"),
            difference(1, 3, "pointing_hit", "siim", "similarity"),
            difference(1, 3, "auroc", "rsna", method="EGF"),
            difference(1, 3, "macro_f1"),
            difference(1, 3, setting="global"),
            difference(1, 3, comparison=np.nan),
            difference(1, 3),
        ]
    )
    said = [text.split(":")[0] for text in effect_statements(rows, "EGMA")]
    assert said == [
        "EGMA, accuracy on CheXpert 5x200",
        "EGMA, pointing hit on SIIM",
        "EGMA, shortcut gap on CheXpert 5x200",
    ]


@pytest.mark.parametrize(
    ("ours", "said"),
    [
        pytest.param(50.0, "same sign as reported", id="same"),
        pytest.param(30.0, "opposite sign to the reported one", id="opposite"),
        pytest.param(40.0, "no sign to compare", id="equal"),
    ],
)
def test_order_compares_signs_and_tells_no_size(ours, said):
    reported = pd.DataFrame([level("EGMA", 76.97, setting=""), level("Start", 43.09, setting="")])
    (text,) = order_statements(
        pd.DataFrame([level("EGMA", ours), level("Start", 40.0)]), reported, "EGMA", "Start"
    )
    assert text.startswith("EGMA minus Start, accuracy on RSNA: ")
    assert said in text
    assert not any(character.isdigit() for character in text)


def test_order_says_nothing_where_a_method_is_missing():
    reported = pd.DataFrame([level("EGMA", 76.97, setting=""), level("Start", 43.09, setting="")])
    ours = pd.DataFrame(
        [
            level("EGMA", 50.0),
            level("Start", 40.0, setting="global"),
            level("Start", 1.0, comparison="minus Continued, no gaze"),
        ]
    )
    assert order_statements(ours, reported, "EGMA", "Start") == []


def study(folder):
    return SimpleNamespace(folder=lambda name: folder)


def test_a_table_not_made_is_said_to_be_missing(tmp_path):
    assert report_statements(study(tmp_path)) == ["Table 4 has not been made yet; run notebook 05."]


def test_the_stored_table_speaks_of_effects_then_of_order(tmp_path):
    rows = [difference(1, 3).to_dict(), level("EGMA", 50.0), level("Start", 40.0)]
    pd.DataFrame(rows).to_csv(tmp_path / "table_4_ablation.csv", index=False)
    first, second = report_statements(study(tmp_path))
    assert "better than Continued, no gaze" in first
    # The paper reports 76.97 and 43.09 on RSNA.
    assert second == "EGMA minus Start, accuracy on RSNA: same sign as reported."


def test_the_stored_crossing_speaks_last_of_the_strengths_against_each_other(tmp_path):
    pd.DataFrame([difference(1, 3).to_dict()]).to_csv(tmp_path / "table_4_ablation.csv", index=False)
    rows = [
        {"family": "", "verdict": "", "n_seeds": 3},
        {"family": "effect of gaze by confounder: AUROC", "verdict": "of one strength", "n_seeds": 3},
        {"family": "effect of gaze between confounders: AUROC", "verdict": "of both", "n_seeds": 3},
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "crossing.csv", index=False)
    assert report_statements(study(tmp_path))[1:] == ["of both (3 seeds)."]
