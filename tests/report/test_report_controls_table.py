from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from prediction_folders import write_predictions

from egma_lib.errors import ArtefactError, SettingsError
from egma_lib.experiments.arm_measurements import measure_arms
from egma_lib.experiments.arms import chosen_arms
from egma_lib.experiments.spoken_findings import LAG_METRIC
from egma_lib.experiments.verdicts import NO_BENEFIT, NO_DIFFERENCE, NO_STATEMENT
from egma_lib.report.controls_beside import crossing_block, lag_block, likeness_block, null_block
from egma_lib.report.controls_table import AGAINST, EFFECT, OTHER_EFFECT, table_controls
from egma_lib.report.table_files import write_table
from egma_lib.settings import EvaluationSettings, ExperimentSettings

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
    return table_controls(
        arms, measured, SETTINGS, "phantom", lag=[LAG], unavailable={"oracle regions": "no true regions"}
    )


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


def test_blocks_say_what_there_is_and_what_there_is_not(table):
    values, words, effect, against, likeness, lag, crossing, null = table.blocks
    assert set(values.cells.loc["oracle regions"]) == {"not available"}
    assert "oracle regions: no true regions" in values.note
    assert "mean over 4 seed(s) (3 for shuffled gaze and uniform gaze) ±" in values.note
    assert list(words.cells.columns) == ["against Continued, no gaze", "against shuffled gaze"]
    assert words.cells.loc["the mark-free test (accuracy)"].str.startswith("EGMA ").all()
    assert list(effect.cells.index) == ["EGMA", "shuffled gaze", "uniform gaze"]
    assert list(against.cells.index) == ["shuffled gaze", "uniform gaze"]
    assert effect.cells.map(lambda cell: cell.startswith((NO_DIFFERENCE, "better", "worse"))).all().all()
    assert lag.cells.loc["all readers", "peak (s)"] == "-0.75 [-1.00, -0.50]"
    assert likeness.cells.iloc[0, 0].startswith("not measured")
    assert crossing.cells.iloc[0, 0].startswith("not run")
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
    assert block.cells.map(lambda cell: cell.startswith((NO_BENEFIT, NO_STATEMENT, "helps"))).all().all()
    helped = int(block.cells.map(lambda cell: cell.startswith("helps")).to_numpy().sum())
    assert f"{helped} of 45 verdicts" in block.note


def null_csv(folder, **changes):
    row = {
        "method": "EGMA", "dataset": "rsna", "metric": "auroc", "value": 13.0, "ci_low": 10.5,
        "ci_high": 15.5, "sd": 1.0, "n_seeds": 3, "comparison": "minus Continued, no gaze",
        "family": "effect: AUROC",
    }  # fmt: skip
    path = folder / "controls.csv"
    pd.DataFrame([row | changes]).to_csv(path, index=False)
    return path


@pytest.mark.parametrize(
    ("value", "cell", "count"),
    [
        pytest.param(13.0, "helps by 13.0, at least 11.3", 1, id="a_benefit_where_there_is_none"),
        pytest.param(-13.0, f"{NO_BENEFIT}, -13.0", 0, id="harm"),
    ],
)
def test_a_null_study_that_cries_wolf_is_told(value, cell, count, tmp_path):
    block = null_block(null_csv(tmp_path, value=value))
    assert block.cells.loc["EGMA minus Continued, no gaze", "RSNA AUROC"] == cell
    assert f"{count} of 1 verdicts" in block.note


def test_a_file_that_is_no_table_of_controls_is_refused(tmp_path):
    path = null_csv(tmp_path, family="")
    with pytest.raises(ArtefactError, match="holds no comparison"):
        null_block(path)
    pd.read_csv(path).drop(columns="sd").to_csv(path, index=False)
    with pytest.raises(ArtefactError, match="no column 'sd'"):
        null_block(path)


def test_the_crossing_has_a_column_per_strength():
    rows = [
        {
            "dataset": "chexpert_5x200", "method": method, "setting": f"confounder {strength}",
            "metric": "accuracy", "value": value, "sd": 1.0, "ci_low": np.nan, "ci_high": np.nan,
            "comparison": "",
        }
        for method, strength, value in (("EGMA", 0.4, 70.0), ("EGMA", 0.8, 60.0), ("gaze 10%", 0.4, 50.0))
    ]  # fmt: skip
    cells = crossing_block(rows).cells
    assert list(cells.columns) == [
        "CheXpert 5x200, confounder 0.4 accuracy",
        "CheXpert 5x200, confounder 0.8 accuracy",
    ]
    assert cells.loc["EGMA"].tolist() == ["70.0 ± 1.0", "60.0 ± 1.0"]
    assert cells.loc["gaze 10%"].tolist() == ["50.0 ± 1.0", "-"]


def test_an_unmeasured_lag_is_said_in_words():
    assert lag_block([]).cells.iloc[0, 0].startswith("not measured")
