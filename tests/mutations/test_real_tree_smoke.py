"""The whole suite on a data root that the phantom did not write."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pandas as pd
import pytest
from real_tree import write_real_tree

from egma_lib.study import REPOSITORY


@pytest.mark.smoke
def test_the_suite_runs_on_real_layouts_and_counts_the_study_as_real(tmp_path):
    root, results = write_real_tree(tmp_path / "data", mimic_rows=764, kaggle_side=256), tmp_path / "results"
    done = subprocess.run(
        ["./run_all.sh", "--profile", "smoke", "--data-root", str(root), "--results", str(results)],
        cwd=REPOSITORY,
        env={**os.environ, "VIRTUAL_ENV": sys.prefix, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-6000:]
    manifest = json.loads((results / "manifest.json").read_text(encoding="utf-8"))
    assert {stage["status"] for stage in manifest["stages"]} == {"done"}
    table = pd.read_csv(results / "tables" / "table_2_zero_shot.csv")
    assert set(table.loc[table["kind"] != "reported", "study"]) == {"real"}
    # Only in a real study do the paper's numbers stand in the same file.
    assert {"measured", "reported"} <= set(table["kind"])
    assert not table["metric"].eq("shortcut_gap").any()
    excluded = pd.read_csv(next((results / "gaze").glob("*/excluded.csv")))
    assert excluded["reading_id"].tolist()[0] == "P103R000004"
    assert (results / "figures" / "figure_7_readers.pdf").is_file()
