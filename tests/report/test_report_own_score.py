"""A method that publishes a score of its own stands in Tables 2 and 3 with that score."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from prediction_folders import write_predictions

from egma_lib.evaluation.predictions import stored_scores
from egma_lib.evaluation.scores import SCORES
from egma_lib.experiments.arm_measurements import difference_rows, measure_arms
from egma_lib.experiments.arms import Arm
from egma_lib.report.comparison_blocks import seeds_in_words
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


def test_every_score_of_every_method_stands_beside_and_the_others_have_none_of_it(arms):
    tables = (
        (table_2(arms, measure_arms(arms, SETTINGS), SETTINGS, "phantom", REPORTED), "RSNA"),
        (table_3(arms, SETTINGS, "phantom", REPORTED), "image to text"),
    )
    for table, place in tables:
        cells = table.blocks[-1].cells
        (own,) = [name for name in cells.columns if "gloria" in name and place.lower() in name.lower()]
        assert cells.loc["GLoRIA", own].startswith("100.0")
        assert cells.loc["Continued, no gaze", own] == "-"
        assert not (cells[[name for name in cells.columns if "global" in name]] == "-").to_numpy().any()


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        pytest.param({"A": 5, "B": 5}, "5 seed(s)", id="all_alike"),
        pytest.param({"A": 5, "B": 5, "FILIP": 3}, "5 seed(s) (3 for FILIP)", id="one_has_fewer"),
        pytest.param(
            {"A": 5, "B": 5, "C": 5, "FILIP": 3, "own": 1, "SPARC": 3},
            "5 seed(s) (3 for FILIP and SPARC; 1 for own)",
            id="several_have_fewer",
        ),
        pytest.param({"A": 10, "B": 3, "C": 3}, "3 seed(s) (10 for A)", id="one_has_more"),
        pytest.param({"A": 10, "B": 3}, "10 seed(s) (3 for B)", id="a_tie_goes_to_the_first"),
    ],
)
def test_seeds_are_said_where_they_differ(counts, said):
    arms = [
        (Arm(label, label, "clip"), [Path(str(seed)) for seed in range(n)]) for label, n in counts.items()
    ]
    assert seeds_in_words(arms) == said


def test_methods_with_fewer_seeds_stand_in_one_table_and_are_paired_by_the_first_ones(tmp_path):
    reference = [write_predictions(tmp_path / f"a{seed}", seed) for seed in range(3)]
    few = [write_predictions(tmp_path / f"b{seed}", 10 + seed) for seed in range(2)]
    arms = [(Arm("no_gaze", "none", "no_gaze"), reference), (Arm("filip", "FILIP", "filip"), few)]
    measured = measure_arms(arms, SETTINGS)
    tables = (
        table_2(arms, measured, SETTINGS, "phantom", REPORTED),
        table_3(arms, SETTINGS, "phantom", REPORTED),
    )
    for table in tables:
        rows = table.rows[table.rows["kind"] == "measured"]
        assert rows.groupby("method")["n_seeds"].unique().map(list).to_dict() == {"none": [3], "FILIP": [2]}
        assert "mean over 3 seed(s) (2 for FILIP) ±" in table.blocks[0].note
    key = ("rsna", "fine_grained", "accuracy")
    (paired,) = [
        row
        for row in difference_rows("FILIP", measured["filip"], measured["no_gaze"], "none")
        if (row["dataset"], row["setting"], row["metric"]) == key
    ]
    values = [measured[name][key].per_seed[:2] for name in ("filip", "no_gaze")]
    assert paired["value"] == pytest.approx(values[0].mean() - values[1].mean())
    assert paired["n_seeds"] == 2


def test_differences_are_those_of_scores_that_both_have(arms):
    measured = measure_arms(arms, SETTINGS)
    rows = difference_rows("GLoRIA", measured["gloria"], measured["no_gaze"], "Continued, no gaze")
    assert {row["setting"] for row in rows if row["metric"].startswith("accuracy")} == set(SCORES)
