"""The whole suite on data roots that the phantom did not write."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pandas as pd
import pytest
from cluster_processes import DaskProcesses, KilledInTheMiddle
from real_tree import write_real_tree
from real_tree_without_mimic_eye import write_tree_without_mimic_eye
from suite_runs import run_all

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
TO_THE_TABLES = "01,02,03,04,05,06"
"""The notebooks that train and those that make tables."""
OFTEN_STORED = ("--set", "training.checkpoint_every_s=0.1")
"""A run of the smoke profile then has a middle to go on from; no result depends on it."""
DEADLINE_S = 1200.0


def states_of(root: Path, results: Path, *options: str) -> set[str]:
    """Run the suite on a data root and return the states of its stages."""
    run_all(results, "--data-root", str(root), *options)
    manifest = json.loads((results / "manifest.json").read_text(encoding="utf-8"))
    return {stage["status"] for stage in manifest["stages"]}


@pytest.mark.smoke
def test_the_suite_runs_on_real_layouts_and_counts_the_study_as_real(tmp_path):
    root, results = write_real_tree(tmp_path / "data", mimic_rows=764, kaggle_side=256), tmp_path / "results"
    assert states_of(root, results, *FEW_ARMS) == {"done"}
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


@pytest.fixture(scope="module")
def without_mimic_eye(tmp_path_factory) -> tuple[Path, Path]:
    """Data root and results folder of a run of every notebook with few training runs, all of them here."""
    folder = tmp_path_factory.mktemp("without_mimic_eye")
    root = write_tree_without_mimic_eye(folder / "data", mimic_rows=764, kaggle_side=256)
    assert states_of(root, folder / "results", *NO_ARMS) == {"done"}
    return root, folder / "results"


@pytest.mark.smoke
def test_the_suite_runs_without_mimic_eye(without_mimic_eye):
    require_real(without_mimic_eye[1])


@pytest.mark.smoke
@pytest.mark.skipif(
    importlib.util.find_spec("distributed") is None, reason="dask[distributed] is not installed"
)
def test_tables_are_the_same_bit_for_bit_from_a_cluster_of_which_a_worker_is_killed(
    without_mimic_eye, tmp_path
):
    (root, here), there = without_mimic_eye, tmp_path / "results"
    n_runs = len(list(here.glob("runs/*/model.safetensors")))
    with DaskProcesses(tmp_path, n_workers=2) as dask:
        killer = KilledInTheMiddle(there / "runs", n_before=n_runs // 2, deadline_s=DEADLINE_S)
        options = ("--cluster", f"dask={dask.address}", *OFTEN_STORED, *NO_ARMS)
        assert states_of(root, there, "--only", TO_THE_TABLES, *options) == {"done"}
        gone = [worker.pid for worker in dask.workers if worker.poll() is not None]
    assert gone == [killer.killed_pid]
    ours, theirs = tables_of(here), tables_of(there)
    assert len(ours) > 9
    assert set(theirs) == set(ours)
    assert [name for name in ours if theirs[name] != ours[name]] == []


def tables_of(results: Path) -> dict[str, bytes]:
    """Return the contents of every table and of the claims, by path."""
    paths = [*results.rglob("tables/*.csv"), results / "claims.csv"]
    return {path.relative_to(results).as_posix(): path.read_bytes() for path in paths}


@pytest.mark.smoke
def test_the_gaze_notebooks_run_on_egd_cxr_alone(tmp_path):
    root, results = tmp_path / "data", tmp_path / "results"
    write_tree_without_mimic_eye(root, n=16, mimic_rows=382, kaggle_side=64, collections=("egd-cxr",))
    run_all(results, "--data-root", str(root), "--only", "00,01")
    assert pd.read_csv(results / "figures" / "start_here_case.csv")["gaze_label"].sum() > 0
    readings = pd.read_parquet(next((results / "gaze").glob("*/readings.parquet")))
    assert set(readings["source"]) == {"eye_gaze"}
