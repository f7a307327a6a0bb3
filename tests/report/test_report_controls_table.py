from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from prediction_folders import write_predictions
from scipy import stats

from egma_lib.errors import ArtefactError, SettingsError
from egma_lib.experiments.arm_measurements import measure_arms
from egma_lib.experiments.arms import chosen_arms
from egma_lib.experiments.claims import Claim, Claims
from egma_lib.experiments.comparison_arms import control_arm
from egma_lib.experiments.spoken_findings import LAG_METRIC
from egma_lib.experiments.verdicts import NO_BENEFIT, NO_DIFFERENCE, NO_STATEMENT
from egma_lib.report.claim_measurements import ClaimMeasurements, StoredArm
from egma_lib.report.claims import claim_rows
from egma_lib.report.controls_beside import AGAINST, BesideControls, lag_block, likeness_block, null_block
from egma_lib.report.controls_table import EFFECT, OTHER_EFFECT, table_controls
from egma_lib.report.table_files import REPORTED, write_table
from egma_lib.settings import EvaluationSettings, ExperimentSettings, load_settings

SETTINGS = EvaluationSettings(bootstrap=50)
CONTRACT = [
    "study", "dataset", "method", "setting", "metric", "value", "ci_low", "ci_high", "sd", "n_cases",
    "n_seeds", "kind", "source",
]  # fmt: skip
SEEDS = 3
LAG = {
    "dataset": "gaze", "method": "all readers", "setting": "", "metric": LAG_METRIC, "value": -0.75,
    "ci_low": -1.0, "ci_high": -0.5, "sd": np.nan, "n_cases": 40, "n_seeds": 0, "kind": "measured",
    "source": "this run", "comparison": "", "smallest_effect": np.nan,
}  # fmt: skip


@pytest.fixture(scope="module")
def arms(tmp_path_factory):
    """No gaze and EGMA with one seed more than the controls."""
    folder = tmp_path_factory.mktemp("predictions")
    chosen = chosen_arms(ExperimentSettings(arms=("no_gaze", "egma"), gaze_shares=()))
    egma = chosen[1]
    chosen += tuple(
        replace(egma, name=f"control_{name}", label=f"{name} gaze", gaze=name)
        for name in ("shuffled", "uniform")
    )
    return [
        (
            arm,
            [
                write_predictions(folder / f"{arm.name}{seed}", 10 * index + seed)
                for seed in range(SEEDS + (arm.name in ("no_gaze", "egma")))
            ],
        )
        for index, arm in enumerate(chosen)
    ]


@pytest.fixture(scope="module")
def measured(arms):
    return measure_arms(arms, SETTINGS)


@pytest.fixture(scope="module")
def table(arms, measured):
    beside = BesideControls(lag=[LAG], unavailable={"oracle regions": "no true regions"})
    return table_controls(arms, measured, SETTINGS, "phantom", beside)


@pytest.mark.parametrize("kind", ["synthetic", "real"])
def test_the_csv_has_the_contracts_columns_and_a_verdict(table, kind, tmp_path):
    csv, md, tex = write_table(table, tmp_path, kind, "note")
    assert [path.name for path in (csv, md, tex)] == ["controls.csv", "controls.md", "controls.tex"]
    rows = pd.read_csv(csv)
    assert list(rows.columns[: len(CONTRACT)]) == CONTRACT
    assert "verdict" in rows.columns
    assert set(rows["kind"]) == {"measured", "trivial"}
    assert (rows["verdict"].notna() == rows["comparison"].notna()).all()
    assert "no evidence about radiologists" in md.read_text()


def test_every_arm_is_compared_with_no_gaze_and_every_control_with_egma(table):
    compared = table.rows[table.rows["comparison"] != ""]
    pairs = dict.fromkeys(zip(compared["method"], compared["comparison"], strict=True))
    assert list(pairs) == [
        ("EGMA", "minus Continued, no gaze"),
        ("shuffled gaze", "minus Continued, no gaze"),
        ("uniform gaze", "minus Continued, no gaze"),
        ("EGMA", "minus shuffled gaze"),
        ("EGMA", "minus uniform gaze"),
    ]
    assert (compared.groupby(["method", "comparison"]).size() == 9).all()
    assert set(compared["family"].str.split(":").str[0]) == {EFFECT, OTHER_EFFECT, AGAINST}
    assert compared["family"].nunique() == 12


def test_the_main_pair_has_all_its_seeds_and_controls_their_own(table):
    compared = table.rows[table.rows["comparison"] != ""]
    counts = compared.groupby(["method", "comparison"])["n_seeds"].first()
    assert counts["EGMA", "minus Continued, no gaze"] == SEEDS + 1
    assert counts["EGMA", "minus shuffled gaze"] == SEEDS


def test_a_comparison_is_that_of_the_measured_seeds(table, measured):
    key = ("rsna", "fine_grained", "auroc")
    ours, theirs = (measured[name][key].per_seed[:SEEDS] for name in ("egma", "control_shuffled"))
    rows = table.rows[(table.rows["comparison"] == "minus shuffled gaze") & (table.rows["metric"] == "auroc")]
    assert rows.set_index("dataset").loc["rsna", "value"] == pytest.approx(np.mean(ours - theirs))


def test_a_comparison_varies_with_seeds_and_patients(table):
    compared = table.rows[table.rows["standard_error"].notna()]
    assert len(compared) > 35
    over_seeds = compared["sd"] / np.sqrt(compared["n_seeds"])
    assert (compared["standard_error"] > over_seeds).all()
    half = stats.t.ppf(0.975, compared["n_seeds"] - 1) * compared["standard_error"]
    np.testing.assert_allclose(compared["ci_high"] - compared["value"], half)


def test_a_claim_and_the_table_of_controls_say_the_same_of_the_same_pair(table, arms):
    claim = Claim(
        id="x", claim="c", source="s", measured="ablation", ours=("egma",),
        references=("no_gaze", ), datasets=("rsna", "siim"), metrics=("accuracy", "auroc", "pointing_hit"),
    )  # fmt: skip
    settings = load_settings("smoke", {"evaluation.bootstrap": SETTINGS.bootstrap})
    stored = {arm.name: StoredArm(arm, tuple(folders)) for arm, folders in arms}
    claims = claim_rows(
        Claims(tolerance_points=1, claims=(claim,)),
        ClaimMeasurements(stored, settings),
        pd.read_csv(REPORTED, keep_default_na=False),
        settings,
        SimpleNamespace(name="phantom", kind="synthetic"),
    )
    pair = table.rows[
        (table.rows["method"] == "EGMA") & (table.rows["comparison"] == "minus Continued, no gaze")
    ]
    shown = ["value", "ci_low", "ci_high", "p_value", "n_cases", "n_seeds"]
    controls = pair.set_index(["dataset", "metric"])[shown].loc[
        list(zip(claims["dataset"], claims["metric"], strict=True))
    ]
    np.testing.assert_array_equal(claims[shown].to_numpy(float), controls.to_numpy(float))


def test_blocks_say_what_there_is_and_what_there_is_not(table):
    values, words, effect, against, likeness, lag, null = table.blocks
    assert set(values.cells.loc["oracle regions"]) == {"not available"}
    assert "oracle regions: no true regions" in values.note
    assert "mean over 4 seed(s) (3 for shuffled gaze and uniform gaze) ±" in values.note
    assert list(words.cells.columns) == ["against Continued, no gaze", "against shuffled gaze"]
    assert words.cells.loc["the mark-free test (accuracy)"].str.startswith("EGMA ").all()
    assert list(effect.cells.index) == ["EGMA", "shuffled gaze", "uniform gaze"]
    assert list(against.cells.index) == ["shuffled gaze", "uniform gaze"]
    assert effect.cells.map(lambda cell: cell.startswith((NO_DIFFERENCE, "better", "worse"))).all().all()
    assert "[95 % interval over seeds and patients, not corrected]" in effect.note
    assert lag.cells.loc["all readers", "peak (s)"] == "-0.75 [-1.00, -0.50]"
    assert likeness.cells.iloc[0, 0].startswith("not measured")
    assert null.cells.iloc[0, 0].startswith("not run")


@pytest.mark.parametrize("lacking", ["no_gaze", "egma"])
def test_without_the_arms_that_all_hangs_on_it_refuses(arms, measured, lacking):
    rest = [(arm, folders) for arm, folders in arms if arm.name != lacking]
    with pytest.raises(SettingsError, match=lacking):
        table_controls(rest, measured, SETTINGS, "phantom")


def test_without_controls_the_effect_of_gaze_is_still_told(arms, measured):
    table = table_controls(arms[:2], measured, SETTINGS, "phantom")
    assert [block.title for block in table.blocks][2:4] == [
        "Each arm against Continued, no gaze",
        "Heatmaps of the controls beside the measured ones",
    ]


def test_controls_that_are_not_trained_show_how_like_the_measured_they_are():
    block = likeness_block([LAG | {"method": "raw samples", "value": 0.9912, "n_cases": 300}])
    assert block.cells.loc["raw samples"].tolist() == ["0.991", "300"]


def test_the_null_study_is_judged_one_sided(table, tmp_path):
    csv, *_ = write_table(table, tmp_path, "synthetic", "note")
    block = null_block(csv)
    assert block.cells.index[0] == "EGMA minus Continued, no gaze"
    assert block.cells.shape == (5, 9)
    said = block.cells.map(lambda cell: cell.startswith((NO_BENEFIT, "helps")) or cell.endswith(NO_STATEMENT))
    assert said.all().all()
    helps = block.cells.map(lambda cell: cell.startswith("helps")).sum(axis=1)
    # Three rows against no gaze, two of EGMA against a control.
    assert block.note.count(f"{helps.iloc[:3].sum()} of 27 verdicts on heatmaps of gaze against no gaze") == 1
    assert f"Against controls: {helps.iloc[3:].sum()} of 18;" in block.note


def null_csv(folder, *changes):
    """Write a table of controls with a row per dict of changes."""
    row = {
        "method": "EGMA", "dataset": "rsna", "metric": "auroc", "value": 13.0, "ci_low": 10.5,
        "ci_high": 15.5, "sd": 1.0, "standard_error": 3**-0.5, "n_seeds": 3,
        "comparison": "minus Continued, no gaze", "family": "effect: AUROC",
    }  # fmt: skip
    path = folder / "controls.csv"
    pd.DataFrame([row | change for change in changes]).to_csv(path, index=False)
    return path


@pytest.mark.parametrize(
    ("value", "cell", "count"),
    [
        pytest.param(13.0, "helps by 13.0, at least 11.3", 1, id="a_benefit_where_there_is_none"),
        pytest.param(-13.0, f"{NO_BENEFIT}, -13.0", 0, id="harm"),
    ],
)
def test_a_null_study_that_cries_wolf_is_told(value, cell, count, tmp_path):
    block = null_block(null_csv(tmp_path, {"value": value}))
    assert block.cells.loc["EGMA minus Continued, no gaze", "RSNA AUROC"] == cell
    assert f"{count} of 1 verdicts" in block.note
    assert "Against controls" not in block.note


def test_harm_by_a_control_and_true_regions_are_no_wolf(tmp_path):
    oracle = control_arm("oracle").label
    harm = {"comparison": "minus shuffled gaze", "family": f"{AGAINST}: AUROC"}
    path = null_csv(
        tmp_path,
        {"value": -1.0},
        {"method": "shuffled gaze", "value": -13.0, "family": f"{OTHER_EFFECT}: AUROC"},
        {"method": oracle, "family": f"{OTHER_EFFECT}: AUROC"},
        harm,
        {"comparison": f"minus {oracle}", "value": -13.0, "family": f"{AGAINST}: AUROC"},
    )
    note = null_block(path).note
    assert "0 of 2 verdicts on heatmaps of gaze against no gaze say that they help; right is 0." in note
    assert "On the true regions, which are no gaze and may help: 1 of 1." in note
    assert "Against controls: 1 of 2; there harm by the control reads as help by gaze." in note


def test_without_spread_over_seeds_nothing_is_said_to_help(tmp_path):
    block = null_block(null_csv(tmp_path, {"sd": 0.0, "standard_error": np.nan}))
    assert block.cells.iloc[0, 0] == "no spread over seeds, no statement"


def test_a_file_that_is_no_table_of_controls_is_refused(tmp_path):
    path = null_csv(tmp_path, {"family": ""})
    with pytest.raises(ArtefactError, match="holds no comparison"):
        null_block(path)
    pd.read_csv(path).drop(columns="standard_error").to_csv(path, index=False)
    with pytest.raises(ArtefactError, match="no column 'standard_error'"):
        null_block(path)


def test_an_unmeasured_lag_is_said_in_words():
    assert lag_block([]).cells.iloc[0, 0].startswith("not measured")
