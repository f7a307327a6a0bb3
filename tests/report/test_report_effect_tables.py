import numpy as np
import pandas as pd
import pytest
from prediction_folders import write_predictions

from egma_lib.errors import SettingsError
from egma_lib.experiments.arm_measurements import measure_arms
from egma_lib.experiments.arms import module_arm
from egma_lib.experiments.comparison_arms import backbone_arms, switch_arms
from egma_lib.report.effect_tables import table_7, table_deviations
from egma_lib.report.table_files import REPORTED, read_reported, write_table
from egma_lib.settings import EvaluationSettings, ExperimentSettings

SETTINGS = EvaluationSettings(bootstrap=50)
EXPERIMENTS = ExperimentSettings(
    switches=("t2i_axis",), backbones={"ViT": {"model.image_encoder": "vit_small"}}
)


def folders_of(arms, folder, n_seeds=3):
    return [
        (arm, [write_predictions(folder / f"{arm.name}{s}", 10 * i + s) for s in range(n_seeds)])
        for i, arm in enumerate(arms)
    ]


@pytest.fixture(scope="module")
def backbones(tmp_path_factory):
    arms = folders_of(backbone_arms(EXPERIMENTS), tmp_path_factory.mktemp("backbones"))
    reported = read_reported(REPORTED, 7)
    return table_7(arms, measure_arms(arms, SETTINGS), SETTINGS, "phantom", reported, {"CLIP": "no file"})


@pytest.fixture(scope="module")
def switches(tmp_path_factory):
    arms = folders_of((module_arm("egma"), *switch_arms(EXPERIMENTS)), tmp_path_factory.mktemp("switches"))
    return arms, measure_arms(arms, SETTINGS)


def accuracy(rows, method, comparison=""):
    chosen = rows[(rows["method"] == method) & (rows["comparison"] == comparison)]
    chosen = chosen[(chosen["dataset"] == "rsna") & (chosen["setting"] == "fine_grained")]
    return chosen.loc[chosen["metric"] == "accuracy", "value"].item()


def test_a_backbone_is_compared_with_its_own_training_without_gaze(backbones):
    rows = backbones.rows
    compared = rows[rows["comparison"] != ""]
    assert set(zip(compared["method"], compared["comparison"], strict=True)) == {
        ("ViT, EGMA", "minus ViT, Continued, no gaze")
    }
    difference = accuracy(rows, "ViT, EGMA") - accuracy(rows, "ViT, Continued, no gaze")
    assert accuracy(rows, "ViT, EGMA", "minus ViT, Continued, no gaze") == pytest.approx(difference)


def test_trivial_rows_counts_and_what_is_missing_stand_with_the_backbones(backbones):
    block = backbones.blocks[0]
    assert {"ViT, Start", "majority class", "random"} <= set(block.cells.index)
    assert "3 seed(s)" in block.note
    assert "CLIP: no file" in block.note
    assert len(backbones.reported)


def test_without_backbones_the_table_says_so(tmp_path):
    table = table_7([], {}, SETTINGS, "real", read_reported(REPORTED, 7), {"CLIP, EGMA": "no file clip"})
    csv, md, _ = write_table(table, tmp_path, "synthetic", "")
    assert pd.read_csv(csv).empty
    assert "no file clip" in md.read_text()
    nothing = table_7([], {}, SETTINGS, "real", read_reported(REPORTED, 7), {})
    assert "experiments.backbones names none" in nothing.blocks[0].cells.to_numpy().item()


def test_every_switch_is_compared_with_the_papers_form(switches):
    arms, measured = switches
    table = table_deviations(arms, measured, SETTINGS, "phantom")
    assert table.name == "deviations_effect"
    compared = table.rows[table.rows["comparison"] != ""]
    assert set(compared["comparison"]) == {"minus EGMA"}
    assert set(compared["method"]) == {"text-to-image over texts", "MLCE alone", "EGM alone"}
    values = [accuracy(table.rows, name) for name in ("MLCE alone", "EGMA")]
    assert accuracy(table.rows, "MLCE alone", "minus EGMA") == pytest.approx(np.subtract(*values))
    assert "MLCE alone, minus EGMA" in table.blocks[2].cells.index


def test_switches_need_the_papers_form(switches):
    arms, measured = switches
    with pytest.raises(SettingsError, match="needs the arm 'egma'"):
        table_deviations(arms[1:], measured, SETTINGS, "phantom")
