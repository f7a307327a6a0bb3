"""A method that publishes a score of its own stands in Tables 2 and 3 with that score."""

import numpy as np
import pandas as pd
import pytest
from prediction_folders import write_predictions

from egma_lib.evaluation.predictions import stored_scores
from egma_lib.evaluation.scores import SCORES
from egma_lib.experiments.arm_measurements import difference_rows, measure_arms
from egma_lib.experiments.arms import Arm
from egma_lib.report.retrieval_table import table_3
from egma_lib.report.table_files import REPORTED
from egma_lib.report.zero_shot_tables import table_2
from egma_lib.settings import EvaluationSettings

SETTINGS = EvaluationSettings(bootstrap=50)


def add_own_score(folder):
    """Let `gloria` rank every class right, which the random scores do not."""
    for path in sorted(folder.glob("*.parquet")):
        table = pd.read_parquet(path)
        classes = [column.partition("|")[2] for column in table if column.startswith("global|")]
        for index, name in enumerate(classes):
            table[f"gloria|{name}"] = (table["label"] == index).astype(np.float32)
        table.to_parquet(path)
    path = folder / "chexpert_8x200_prompts.npz"
    with np.load(path) as stored:
        arrays = dict(stored)
    labels = pd.read_parquet(folder / "chexpert_8x200.parquet")["label"].to_numpy()
    arrays["gloria"] = (labels[:, None] == arrays["prompt_class"][None]).astype(np.float32)
    np.savez(path, **arrays)
    return folder


@pytest.fixture(scope="module")
def arms(tmp_path_factory):
    folder = tmp_path_factory.mktemp("predictions")
    return [
        (Arm("no_gaze", "Continued, no gaze", "no_gaze", 0.0), [write_predictions(folder / "no_gaze", 1)]),
        (
            Arm("gloria", "GLoRIA", "gloria", 0.0, "gloria"),
            [add_own_score(write_predictions(folder / "gloria", 2))],
        ),
    ]


def test_a_run_names_its_own_score_after_the_common_ones(arms):
    (_, (plain,)), (_, (own,)) = arms
    assert stored_scores(plain, "rsna") == SCORES
    assert stored_scores(own, "rsna") == (*SCORES, "gloria")


def test_table_2_shows_the_own_score(arms):
    table = table_2(arms, measure_arms(arms, SETTINGS), SETTINGS, "phantom", REPORTED)
    rows = table.rows[(table.rows["method"] == "GLoRIA") & (table.rows["setting"] == "gloria")]
    accuracy = rows[rows["metric"] == "accuracy"].set_index("dataset")["value"]
    assert accuracy.tolist() == [100.0] * 3
    assert "100.0" in " ".join(str(cell) for cell in table.blocks[0].cells.loc["GLoRIA"])


def test_table_3_shows_the_own_score(arms):
    table = table_3(arms, SETTINGS, "phantom", REPORTED)
    rows = table.rows[(table.rows["method"] == "GLoRIA") & table.rows["setting"].str.endswith(", gloria")]
    first = rows[rows["metric"] == "precision_at_1"]["value"]
    assert first.tolist() == [100.0, 100.0]


def test_differences_are_those_of_scores_that_both_have(arms):
    measured = measure_arms(arms, SETTINGS)
    rows = difference_rows("GLoRIA", measured["gloria"], measured["no_gaze"], "Continued, no gaze")
    assert {row["setting"] for row in rows if row["metric"].startswith("accuracy")} == set(SCORES)
