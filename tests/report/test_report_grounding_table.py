"""The table of grounding from stored scores."""

import numpy as np
import pandas as pd
import pytest

from egma_lib.experiments.arms import Arm
from egma_lib.experiments.grounding import GAZE_METRICS, REGION_METRICS
from egma_lib.report.grounding_table import grounding_table
from egma_lib.report.table_files import write_table
from egma_lib.settings import EvaluationSettings

SETTINGS = EvaluationSettings(bootstrap=50)


def write_scores(folder, seed, n_cases=12):
    rng = np.random.default_rng(seed)
    folder.mkdir()
    cases = pd.DataFrame(
        {
            "case_id": [f"c{i}" for i in range(n_cases)],
            "patient_id": [f"p{i // 2}" for i in range(n_cases)],
            "finding": ["Edema", "Fracture"] * (n_cases // 2), "group": "side_free",
        }
    )  # fmt: skip
    regions = {metric: rng.random(n_cases) for metric in REGION_METRICS}
    agreement = {metric: rng.random(n_cases) for metric in GAZE_METRICS}
    cases.assign(source="rsna", **regions).to_parquet(folder / "grounding.parquet")
    cases.assign(source="gaze", **agreement).to_parquet(folder / "grounding_gaze.parquet")
    return folder


@pytest.fixture
def table(tmp_path):
    folders = [write_scores(tmp_path / f"s{seed}", seed) for seed in range(4)]
    arms = [
        (Arm("no_gaze", "Continued, no gaze", "no_gaze"), folders[:2]),
        (Arm("egma", "EGMA", "egma"), folders[2:]),
    ]
    references = {"uniform": write_scores(tmp_path / "u", 9)}
    return grounding_table(arms, references, SETTINGS, "toy")


def test_blocks_stand_by_source_then_by_finding(table):
    titles = [block.title for block in table.blocks]
    assert titles == [
        "RSNA boxes: phrases without side or zone",
        "gaze of the reader: phrases without side or zone",
        "By finding. RSNA boxes: phrases without side or zone",
        "By finding. gaze of the reader: phrases without side or zone",
    ]
    assert table.blocks[0].cells.index.tolist() == ["Continued, no gaze", "EGMA", "uniform"]
    assert table.blocks[2].cells.columns[0] == "Edema (n = 6) pointing hit"


def test_definitions_and_thresholds_are_printed_once(table):
    notes = [block.note for block in table.blocks]
    assert "0.1, 0.2, 0.3, 0.4, 0.5" in notes[0]
    assert "sqrt(var_in + var_out)" in notes[0]
    assert "Bylinskii et al. 2018" in notes[1]
    # Twelve phrases of six patients.
    assert notes[0].startswith("n = 6 patients. ")
    assert notes[2] == ""


def test_cells_are_percent_or_the_metric_s_own_unit(table):
    rows = table.rows.set_index(["dataset", "method", "setting", "metric", "comparison"])["value"]
    hit = rows["rsna", "EGMA", "side_free", "pointing_hit", ""]
    nss = rows["gaze", "EGMA", "side_free", "nss", ""]
    assert 1 < hit < 100
    assert 0 < nss < 1
    assert table.blocks[0].cells.loc["EGMA", "pointing hit"].startswith(f"{hit:.1f} ± ")
    assert table.blocks[1].cells.loc["EGMA", "NSS"].startswith(f"{nss:.2f} ± ")
    assert "±" not in table.blocks[0].cells.loc["uniform", "pointing hit"]


def test_a_method_with_fewer_seeds_is_paired_by_the_first_ones(tmp_path):
    folders = [write_scores(tmp_path / f"s{seed}", seed) for seed in range(5)]
    arms = [
        (Arm("no_gaze", "Continued, no gaze", "no_gaze"), folders[:3]),
        (Arm("filip", "FILIP", "filip"), folders[3:]),
    ]
    table = grounding_table(arms, {}, SETTINGS, "toy")
    assert "Mean over cases and 3 seed(s) (2 for FILIP) ±" in table.blocks[0].note
    at = (table.rows["metric"] == "auprc") & (table.rows["setting"] == "side_free")
    rows = table.rows[at].set_index(["method", "comparison"])
    assert rows["n_seeds"].to_dict() == {
        ("Continued, no gaze", ""): 3, ("FILIP", ""): 2, ("FILIP", "minus Continued, no gaze"): 2,
    }  # fmt: skip
    stored = [pd.read_parquet(folder / "grounding.parquet")["auprc"].mean() for folder in folders]
    expected = 100 * (np.mean(stored[3:]) - np.mean(stored[:2]))
    assert rows.loc[("FILIP", "minus Continued, no gaze"), "value"] == pytest.approx(expected)


def test_files_have_the_columns_of_the_contract(table, tmp_path):
    csv, *_ = write_table(table, tmp_path / "tables", "real", "")
    written = pd.read_csv(csv, keep_default_na=False)
    assert csv.name == "grounding.csv"
    assert written.columns[:13].tolist() == [
        "study", "dataset", "method", "setting", "metric", "value", "ci_low", "ci_high", "sd", "n_cases",
        "n_seeds", "kind", "source",
    ]  # fmt: skip
    assert {"side_free", "side_free, Edema"} <= set(written["setting"])
