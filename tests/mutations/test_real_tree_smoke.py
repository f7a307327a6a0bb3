"""The whole suite on data roots that the phantom did not write."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from real_tree import write_real_tree
from real_tree_without_mimic_eye import write_tree_without_mimic_eye

from egma_lib.study import REPOSITORY

# What is compared is tested on the phantom; here it is the files that are of another make.
FEW_ARMS = (
    "--set", "experiments.methods=[filip]",
    "--set", "experiments.controls=[shuffled, raw_samples, other_detector, oracle]",
    "--set", "experiments.switches=[gaze_tail]",
    "--set", "experiments.backbones={}",
    "--set", "experiments.extra_pair_seeds=[]",
)  # fmt: skip
NO_ARMS = (
    "--seeds", "1",
    "--set", "experiments.methods=[]",
    "--set", "experiments.controls=[]",
    "--set", "experiments.switches=[]",
    "--set", "experiments.backbones={}",
    "--set", "experiments.extra_pair_seeds=[]",
)  # fmt: skip


def run_all(root: Path, results: Path, *options: str) -> set[str]:
    """Call ./run_all.sh, which must succeed, and return the states of its stages."""
    done = subprocess.run(
        ["./run_all.sh", "--profile", "smoke", "--data-root", str(root), "--results", str(results), *options],
        cwd=REPOSITORY,
        env={**os.environ, "VIRTUAL_ENV": sys.prefix, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-6000:]
    manifest = json.loads((results / "manifest.json").read_text(encoding="utf-8"))
    return {stage["status"] for stage in manifest["stages"]}


@pytest.mark.smoke
def test_the_suite_runs_on_real_layouts_and_counts_the_study_as_real(tmp_path):
    root, results = write_real_tree(tmp_path / "data", mimic_rows=764, kaggle_side=256), tmp_path / "results"
    assert run_all(root, results, *FEW_ARMS) == {"done"}
    require_real(results)
    controls = (results / "tables" / "controls.md").read_text(encoding="utf-8")
    assert "oracle regions: not available" in controls
    assert not (results / "studies").exists()
    excluded = pd.read_csv(next((results / "gaze").glob("*/excluded.csv")))
    assert excluded["reading_id"].tolist()[0] == "P103R000004"


def require_real(results: Path) -> None:
    table = pd.read_csv(results / "tables" / "table_2_zero_shot.csv")
    assert set(table.loc[table["kind"] != "reported", "study"]) == {"real"}
    # Only in a real study do the paper's numbers stand in the same file.
    assert {"measured", "reported"} <= set(table["kind"])
    assert not table["metric"].eq("shortcut_gap").any()
    assert (results / "figures" / "figure_7_readers.pdf").is_file()


@pytest.mark.smoke
def test_the_suite_runs_without_mimic_eye(tmp_path):
    root = write_tree_without_mimic_eye(tmp_path / "data", mimic_rows=764, kaggle_side=256)
    assert run_all(root, tmp_path / "results", *NO_ARMS) == {"done"}
    require_real(tmp_path / "results")


@pytest.mark.smoke
def test_the_gaze_notebooks_run_on_egd_cxr_alone(tmp_path):
    root, results = tmp_path / "data", tmp_path / "results"
    write_tree_without_mimic_eye(root, n=16, mimic_rows=382, kaggle_side=64, collections=("egd-cxr",))
    run_all(root, results, "--only", "00,01")
    assert pd.read_csv(results / "figures" / "start_here_case.csv")["gaze_label"].sum() > 0
    readings = pd.read_parquet(next((results / "gaze").glob("*/readings.parquet")))
    assert set(readings["source"]) == {"eye_gaze"}
