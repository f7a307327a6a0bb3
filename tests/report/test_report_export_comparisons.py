"""The tables of comparisons pass the export with the labels that they really have."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from prediction_folders import N_CASES, write_predictions

from egma_lib.errors import DataError
from egma_lib.experiments.arm_measurements import measure_arms
from egma_lib.experiments.arms import module_arm
from egma_lib.experiments.comparison_arms import backbone_arms, control_arm, switch_arms
from egma_lib.experiments.comparison_runs import crossed_arms
from egma_lib.report.captions import TABLES as IN_REPORT
from egma_lib.report.controls_table import table_controls
from egma_lib.report.crossing_table import table_crossing
from egma_lib.report.effect_tables import table_7, table_deviations
from egma_lib.report.export_tables import SUPPRESSED, TABLES, read_shared, share
from egma_lib.report.table_files import REPORTED, read_reported, write_table
from egma_lib.settings import EvaluationSettings, ExperimentSettings

SETTINGS = EvaluationSettings(bootstrap=50)
EXPERIMENTS = ExperimentSettings(backbones={"wide ResNet": {"model.image_channels": [48, 96, 192]}})
PAIR = (module_arm("no_gaze"), module_arm("egma"))
SEEDS = 2


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Predictions of a few runs; which arm they stand for changes no label."""
    folder = tmp_path_factory.mktemp("predictions")
    return [[write_predictions(folder / f"{i}-{s}", 7 * i + s) for s in range(SEEDS)] for i in range(3)]


def make(name, folders):
    """Return the table of this name with every arm of the default settings."""
    if name == "crossing":
        by_arm = list(zip(crossed_arms(), folders, strict=True))
        turned = list(zip(crossed_arms(), folders[::-1], strict=True))
        return table_crossing({0.8: by_arm, 0.4: turned}, SETTINGS, "toy")
    if name == "controls":
        chosen = (*PAIR, *(control_arm(one) for one in EXPERIMENTS.controls))
    else:
        chosen = (
            backbone_arms(EXPERIMENTS)
            if name == "table_7_backbones"
            else (PAIR[1], *switch_arms(EXPERIMENTS))
        )
    arms = [(arm, folders[index % len(folders)]) for index, arm in enumerate(chosen)]
    measured = measure_arms(arms[: len(folders)], SETTINGS)
    by_place = list(measured.values())
    measured = {arm.name: by_place[index % len(folders)] for index, (arm, _) in enumerate(arms)}
    if name == "controls":
        return table_controls(arms, measured, SETTINGS, "toy")
    if name == "deviations_effect":
        return table_deviations(arms, measured, SETTINGS, "toy")
    return table_7(arms, measured, SETTINGS, "toy", read_reported(REPORTED, 7), {})


@pytest.mark.parametrize("name", ["table_7_backbones", "controls", "crossing", "deviations_effect"])
def test_a_table_of_comparisons_is_shared_with_small_cells_suppressed(name, folders, tmp_path):
    table = make(name, folders)
    csv, *_ = write_table(table, tmp_path, "real", "")
    assert csv.stem == name
    assert name in IN_REPORT
    shared = read_shared(csv, TABLES[name])
    written = pd.read_csv(csv, dtype=str, keep_default_na=False)
    assert shared["method"].tolist() == written["method"].tolist()
    # SIIM has 8 cases, RSNA 12.
    assert N_CASES["siim"] < 10 < N_CASES["rsna"]
    measured = shared["kind"] == "measured"
    few = measured & (shared["n_cases"] == SUPPRESSED)
    assert set(shared.loc[few, "dataset"]) >= {"siim"}
    assert set(shared.loc[few, "value"]) == {SUPPRESSED}
    rsna = measured & (shared["dataset"] == "rsna") & (shared["metric"] == "accuracy")
    assert (shared.loc[rsna, "value"] == written.loc[rsna, "value"]).all()


def test_a_verdict_on_few_cases_says_none_of_its_numbers(folders, tmp_path):
    shared = read_shared(write_table(make("controls", folders), tmp_path, "real", "")[0], TABLES["controls"])
    compared = shared[shared["comparison"] != ""]
    on_siim = compared[compared["dataset"] == "siim"]
    for column in ("verdict", "p_value", "p_adjusted", "value"):
        # Where the seeds do not differ there is no p, so nothing to suppress.
        assert set(on_siim[column]) - {""} == {SUPPRESSED}, column
    on_rsna = compared[(compared["dataset"] == "rsna") & (compared["metric"] == "accuracy")]
    assert on_rsna["verdict"].str.contains(" on RSNA").all()
    assert compared["family"].str.contains(": ").all()


@pytest.mark.parametrize(
    ("verdict", "is_shared"),
    [
        pytest.param("EGMA beats shuffled gaze on RSNA by 3.0 [1.0, 5.0]", True, id="a_verdict"),
        pytest.param("word " * 41, False, id="free_text"),
        pytest.param("see /data/p10/p10000032", False, id="a_path"),
        pytest.param("reading of 10000032", False, id="a_number_of_a_patient"),
    ],
)
def test_a_sentence_is_checked_like_a_label(verdict, is_shared):
    row = pd.DataFrame({"dataset": ["rsna"], "verdict": [verdict], "n_cases": ["50"], "kind": ["measured"]})
    if is_shared:
        assert share(row, TABLES["controls"], "controls.csv")["verdict"].tolist() == [verdict]
    else:
        with pytest.raises(DataError, match="data row 1, column 'verdict'"):
            share(row, TABLES["controls"], "controls.csv")


def test_a_slash_between_two_numbers_is_no_path():
    label = "MLCE weights .8 / .2"
    assert label in [arm.label for arm in switch_arms(EXPERIMENTS)]
    row = pd.DataFrame({"method": [label], "n_cases": ["50"], "kind": ["measured"], "value": [str(np.pi)]})
    assert share(row, TABLES["deviations_effect"], "x.csv")["method"].tolist() == [label]
