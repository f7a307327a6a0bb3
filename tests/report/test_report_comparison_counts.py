import pandas as pd
import pytest

from egma_lib.report.comparison_blocks import beside_block, beside_counts

ROWS = pd.DataFrame(
    [
        ("rsna", "pointing_hit", 130),
        ("rsna", "pointing_hit", 128),
        ("chexpert_5x200", "shortcut_gap", 500),
        ("rsna", "accuracy", 600),
    ],
    columns=["dataset", "metric", "n_cases"],
)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        pytest.param(
            ROWS,
            "RSNA pointing hit n = 130, CheXpert 5x200 shortcut gap n = 500.",
            id="cases_of_each_metric_and_none_of_other_metrics",
        ),
        pytest.param(ROWS.iloc[3:], "", id="nothing_beside"),
    ],
)
def test_cases_behind_pointing_and_gap_are_said(rows, words):
    assert beside_counts(rows) == words


def test_they_stand_below_the_block():
    measured = {"method": "EGMA", "value": 50.0, "sd": 1.0, "ci_low": 40.0, "ci_high": 60.0, "comparison": ""}
    rows = ROWS.iloc[[0, 2]].assign(kind="measured", **measured)
    note = beside_block(rows, rows.iloc[:0]).note
    assert "mark; 0 is best. RSNA pointing hit n = 130, CheXpert 5x200 shortcut gap n = 500." in note
