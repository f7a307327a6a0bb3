"""The whole suite from the outside, as a new user calls it."""

from __future__ import annotations

import json

import pytest
from suite_runs import run_all

from egma_lib.study import REPOSITORY

TABLES = (
    "table_1_linear_probe",
    "table_2_zero_shot",
    "table_3_retrieval",
    "table_4_ablation",
    "table_7_backbones",
    "controls",
    "crossing",
    "grounding",
    "deviations_effect",
)
FIGURES = (
    "figure_3_attention",
    "figure_4_tsne",
    "figure_5_sentence_heatmaps",
    "figure_6_denoising",
    "figure_7_readers",
    "figure_8_normal_abnormal",
    "figure_9_tsne_methods",
    "gaze_quantity",
    "gaze_accuracy",
    "eye_voice_lag",
    "contact_sheet",
)
TABLE_COLUMNS = {
    "study", "dataset", "method", "setting", "metric", "value", "ci_low", "ci_high", "sd", "n_cases",
    "n_seeds", "kind", "source",
}  # fmt: skip
MANIFEST_KEYS = {"commit", "settings", "versions", "hardware", "seeds", "data_hash", "stages"}


@pytest.mark.smoke
def test_two_commands_give_every_table_and_figure_and_a_second_call_nothing(tmp_path):
    results = tmp_path / "results"
    run_all(results)
    wanted = [f"tables/{name}.{suffix}" for name in TABLES for suffix in ("csv", "md", "tex")]
    wanted += [f"figures/{name}.{suffix}" for name in FIGURES for suffix in ("png", "pdf", "csv")]
    wanted += [f"tables/reported_audit.{suffix}" for suffix in ("csv", "md", "tex")]
    wanted += ["report.html", "manifest.json", "claims.csv"]
    missing = [
        name for name in wanted if not (results / name).is_file() or not (results / name).stat().st_size
    ]
    assert not missing

    import pandas as pd

    for name in TABLES:
        columns = set(pd.read_csv(results / "tables" / f"{name}.csv").columns)
        assert columns >= TABLE_COLUMNS, name
    manifest = json.loads((results / "manifest.json").read_text(encoding="utf-8"))
    assert set(manifest) == MANIFEST_KEYS
    notebooks = sorted(path.stem for path in (REPOSITORY / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    assert [stage["name"] for stage in manifest["stages"]] == notebooks
    assert {stage["status"] for stage in manifest["stages"]} == {"done"}
    assert not list(results.rglob("*.tmp*"))

    written = (results / "manifest.json").stat().st_mtime_ns
    again = run_all(results)
    assert "everything is up to date" in again.stderr
    assert ": running" not in again.stderr
    assert (results / "manifest.json").stat().st_mtime_ns == written
