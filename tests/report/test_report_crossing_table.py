import pandas as pd
import pytest
from prediction_folders import write_predictions

from egma_lib.errors import ArtefactError
from egma_lib.experiments.comparison_runs import crossed_arms
from egma_lib.experiments.crossing import measure_crossing
from egma_lib.report.crossing_table import table_crossing
from egma_lib.report.statements import crossing_statements
from egma_lib.report.table_files import write_table
from egma_lib.settings import EvaluationSettings

SETTINGS = EvaluationSettings(bootstrap=50)
CONTRACT = [
    "study", "dataset", "method", "setting", "metric", "value", "ci_low", "ci_high", "sd", "n_cases",
    "n_seeds", "kind", "source",
]  # fmt: skip
SEEDS = 3
N_OUTCOMES = 9


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    folder = tmp_path_factory.mktemp("predictions")
    crossed = {
        strength: [
            (
                arm,
                [
                    write_predictions(folder / f"{arm.name}-{strength}-{s}", 10 * s + i + k)
                    for s in range(SEEDS)
                ],
            )
            for k, arm in enumerate(crossed_arms())
        ]
        for i, strength in ((0, 0.8), (5, 0.4))
    }
    return table_crossing(crossed, SETTINGS, "phantom")


def test_the_csv_has_the_contracts_columns_and_a_verdict_on_every_difference(table, tmp_path):
    csv, md, tex = write_table(table, tmp_path, "synthetic", "note")
    assert [path.name for path in (csv, md, tex)] == ["crossing.csv", "crossing.md", "crossing.tex"]
    rows = pd.read_csv(csv)
    assert list(rows.columns[: len(CONTRACT)]) == CONTRACT
    assert set(rows["kind"]) == {"measured", "trivial"}
    assert (rows["verdict"].notna() == rows["comparison"].notna()).all()
    assert rows["p_value"].notna().sum() >= 1
    # Two shares at two strengths, and the strengths against each other.
    assert rows["comparison"].notna().sum() == (4 + 1) * N_OUTCOMES
    assert rows["family"].nunique() == 2 * 4


def test_blocks_show_values_effects_and_the_interaction(table):
    values, effects, interaction = table.blocks
    assert list(effects.cells.index) == [
        f"{arm}, confounder {strength}" for strength in (0.8, 0.4) for arm in ("gaze 10%", "EGMA")
    ]
    assert effects.cells.shape[1] == N_OUTCOMES
    assert "Continued, no gaze, confounder 0.4" in values.cells.index
    assert "majority class" in values.cells.index
    assert "mean over 3 seed(s)" in values.note
    assert list(interaction.cells.columns) == ["effect of EGMA, confounder 0.8, minus that at confounder 0.4"]
    assert list(interaction.cells.index) == list(effects.cells.columns)
    assert "effect of EGMA minus that at confounder 0.4: with 3 seeds" in interaction.note


def test_the_interaction_is_the_difference_of_the_effects_shown(table):
    rows = table.rows[table.rows["comparison"] != ""].set_index(["method", "setting", "dataset", "metric"])[
        "value"
    ]
    for dataset, metric in (("rsna", "auroc"), ("chexpert_5x200", "shortcut_gap_size")):
        here, there = (rows["EGMA", f"confounder {strength}", dataset, metric] for strength in (0.8, 0.4))
        assert rows["effect of EGMA", "confounder 0.8", dataset, metric] == pytest.approx(here - there)


def test_what_is_said_are_the_verdicts_on_the_interaction(table):
    said = crossing_statements(table.rows)
    assert len(said) == N_OUTCOMES
    assert all(text.startswith("effect of EGMA on ") and text.endswith("(3 seeds).") for text in said)


def test_without_another_strength_the_table_says_so(tmp_path):
    table = table_crossing({}, SETTINGS, "real")
    csv, md, _ = write_table(table, tmp_path, "real", "")
    assert "not run: no arms at another strength of the confounder" in md.read_text()
    assert pd.read_csv(csv).empty
    assert crossing_statements(pd.read_csv(csv)) == crossing_statements(table.rows) == []


def test_strengths_that_were_tested_on_other_cases_are_refused(tmp_path):
    crossed = {
        strength: [
            (arm, [write_predictions(tmp_path / f"{arm.name}-{strength}", 1)]) for arm in crossed_arms()
        ]
        for strength in (0.8, 0.4)
    }
    assert list(measure_crossing(crossed, SETTINGS)) == [0.8, 0.4]
    path = tmp_path / "no_gaze-0.4" / "rsna.parquet"
    table = pd.read_parquet(path)
    table.assign(case_id="other" + table["case_id"]).to_parquet(path)
    with pytest.raises(ArtefactError, match="rsna holds other cases than"):
        measure_crossing(crossed, SETTINGS)
