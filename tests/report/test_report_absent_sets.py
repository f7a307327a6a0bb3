"""A study that lacks a test set: its cells say so, and nothing crashes or takes another set's numbers."""

import pandas as pd
import pytest
from prediction_folders import write_predictions

from egma_lib.experiments.arm_measurements import measure_arms
from egma_lib.experiments.arms import chosen_arms
from egma_lib.report.blocks import latex, markdown
from egma_lib.report.retrieval_table import table_3
from egma_lib.report.table_files import REPORTED, write_table
from egma_lib.report.zero_shot_tables import table_2, table_4
from egma_lib.settings import EvaluationSettings, ExperimentSettings

SETTINGS = EvaluationSettings(bootstrap=50)
FIVE = ("chexpert_5x200", "chexpert_5x200_marked")
LABELS = {"chexpert_5x200": "CheXpert 5x200", "rsna": "RSNA", "siim": "SIIM"}


def arms_lacking(folder, lacking):
    chosen = chosen_arms(ExperimentSettings(arms=("no_gaze", "egma"), gaze_shares=()))
    return [
        (arm, [write_predictions(folder / f"{arm.name}{s}", 10 * i + s, lacking=lacking) for s in (0, 1)])
        for i, arm in enumerate(chosen)
    ]


LACKING = [
    pytest.param(("siim",), id="without SIIM"),
    pytest.param(("rsna", "siim"), id="without RSNA and SIIM"),
    pytest.param(FIVE, id="without 5x200"),
    pytest.param((*FIVE, "rsna"), id="with SIIM alone"),
]


@pytest.mark.parametrize("make", [table_2, table_4])
@pytest.mark.parametrize("lacking", LACKING)
def test_columns_of_an_absent_set_say_not_available_in_every_row(make, lacking, tmp_path):
    arms = arms_lacking(tmp_path, lacking)
    table = make(arms, measure_arms(arms, SETTINGS), SETTINGS, "real", REPORTED)
    assert set(table.rows["dataset"]) == set(LABELS) - set(lacking)
    for block in table.blocks:
        for column in block.cells.columns:
            absent = any(column.startswith((name, LABELS[name])) for name in lacking if name in LABELS)
            assert (block.cells[column] == "not available").all() == absent, (block.title, column)
    for name in set(lacking) & set(LABELS):
        assert f"{LABELS[name]}: not available" in table.blocks[0].note


@pytest.mark.parametrize("make", [table_2, table_4])
def test_other_sets_have_the_numbers_they_have_in_a_whole_study(make, tmp_path):
    whole, part = arms_lacking(tmp_path / "whole", ()), arms_lacking(tmp_path / "part", ("siim",))
    whole_rows, part_rows = (
        make(arms, measure_arms(arms, SETTINGS), SETTINGS, "real", REPORTED).rows for arms in (whole, part)
    )
    # Each set's predictions are drawn after those of the sets before it, and SIIM is the last.
    expected = whole_rows[whole_rows["dataset"] != "siim"].reset_index(drop=True)
    pd.testing.assert_frame_equal(
        part_rows[part_rows["metric"] != "pointing_hit"].reset_index(drop=True),
        expected[expected["metric"] != "pointing_hit"].reset_index(drop=True),
    )
    assert (expected["kind"] == "measured").any()


@pytest.mark.parametrize("kind", ["real", "synthetic"])
@pytest.mark.parametrize("lacking", [("siim",), ("chexpert_8x200",)])
def test_tables_with_absent_sets_are_written(lacking, kind, tmp_path):
    arms = arms_lacking(tmp_path / "predictions", lacking)
    measured = measure_arms(arms, SETTINGS)
    for table in (
        table_2(arms, measured, SETTINGS, "mine", REPORTED),
        table_3(arms, SETTINGS, "mine", REPORTED),
        table_4(arms, measured, SETTINGS, "mine", REPORTED),
    ):
        csv, _, _ = write_table(table, tmp_path / "tables", kind, "")
        rows = pd.read_csv(csv)
        assert not set(lacking) & set(rows.loc[rows["kind"] != "reported", "dataset"])


def test_retrieval_without_8x200_says_not_available_in_every_cell(tmp_path):
    arms = arms_lacking(tmp_path, ("chexpert_8x200",))
    table = table_3(arms, SETTINGS, "real", REPORTED)
    assert table.rows.empty
    (block,) = table.blocks
    assert list(block.cells.index) == [arm.label for arm, _ in arms]
    assert list(block.cells.columns) == [
        f"{way} P@{k}" for way in ("image to text", "text to image") for k in (1, 5, 10)
    ]
    assert (block.cells == "not available").to_numpy().all()
    assert "not available" in markdown(block)
    assert "not available" in latex(block)
