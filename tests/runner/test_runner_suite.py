"""The runner on fixture notebooks: what it writes, skips, refuses and keeps after a failure."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import nbformat
import pytest
from filelock import FileLock

MANIFEST_KEYS = {"commit", "settings", "versions", "hardware", "seeds", "data_hash", "stages"}


@pytest.fixture
def two(suite):
    suite.notebook("01_first", "# Gaze", suite.table("a"))
    suite.notebook("02_second", "# Training", suite.table("b"))
    return suite


def statuses(suite) -> dict[str, str]:
    return {stage["name"]: stage["status"] for stage in suite.manifest()["stages"]}


def ran(said: str) -> list[str]:
    return [line.partition(":")[0] for line in said.splitlines() if ": running (" in line]


def test_a_run_writes_notebooks_pages_and_manifest_and_a_second_one_does_nothing(two):
    status, said = two.run(seeds=3, jobs=2)
    assert status == 0, said
    assert ran(said) == ["01_first", "02_second"]
    assert "02_second (2 of 2) · cell 4/4 · Training" in said
    written = {path.name for path in (two.results / "notebooks").iterdir()}
    assert written == {
        f"{name}.{suffix}" for name in ("01_first", "02_second") for suffix in ("ipynb", "html")
    }
    manifest = two.manifest()
    assert set(manifest) == MANIFEST_KEYS
    assert manifest["seeds"] == [0, 1, 2]
    assert [set(stage) for stage in manifest["stages"]] == [{"name", "status", "seconds", "inputs_hash"}] * 2
    executed = nbformat.read(two.results / "notebooks" / "01_first.ipynb", 4)
    injected = next(c for c in executed.cells if "injected-parameters" in c.metadata.get("tags", []))
    assert '"experiments.seeds": [0, 1, 2]' in injected.source
    assert f'results_dir = "{two.results}"' in injected.source

    before = (two.results / "manifest.json").stat().st_mtime_ns
    started = time.monotonic()
    status, said = two.run(seeds=3, jobs=1)  # another number of jobs decides nothing
    assert status == 0
    assert said.splitlines() == [
        "01_first: up to date",
        "02_second: up to date",
        f"everything is up to date; results: {two.results}",
    ]
    assert time.monotonic() - started < 5
    assert (two.results / "manifest.json").stat().st_mtime_ns == before


def test_what_changed_decides_what_runs_again(two):
    two.run()
    tables = two.results / "tables"

    (tables / "b.csv").unlink()
    status, said = two.run()
    assert status == 0
    assert ran(said) == ["02_second"]
    assert "tables/b.csv is missing" in said

    (tables / "a.csv").write_text("edited")
    _, said = two.run()
    assert ran(said) == ["01_first"], "the first writes the same table again, so the second has nothing to do"
    assert "tables/a.csv was changed" in said

    two.notebook("01_first", "# Gaze", two.table("a", "other"))
    _, said = two.run()
    assert ran(said) == ["01_first", "02_second"], "the second reads what the first wrote"

    os.utime(tables / "a.csv")
    assert ran(two.run()[1]) == [], "a new time of change alone is no change"

    executed = nbformat.read(two.notebooks / "02_second.ipynb", 4)
    executed.cells[-1].execution_count = 7
    nbformat.write(executed, two.notebooks / "02_second.ipynb")
    assert ran(two.run()[1]) == [], "counts and outputs of the notebook are no change"

    (two.code / "losses.py").write_text("another loss")
    assert ran(two.run()[1]) == ["01_first", "02_second"]

    _, said = two.run(only=("02",), force=True)
    assert ran(said) == ["02_second"]
    assert ran(two.run(overrides=("gaze.sigma_deg=0.5",))[1]) == ["01_first", "02_second"]


def test_a_failing_cell_stops_and_the_next_call_goes_on(suite):
    suite.notebook("01_first", suite.table("a"))
    suite.notebook("02_second", "# Losses\n\ntext", suite.table("b"), "1 / 0", "print('never')")
    suite.notebook("03_third", suite.table("c"))
    status, said = suite.run()
    assert status == 1
    assert "02_second failed in cell 5 (Losses)" in said
    assert "ZeroDivisionError: division by zero" in said
    assert "\x1b[" not in said
    partial = suite.results / "notebooks" / "02_second.failed.ipynb"
    assert f"The notebook up to there: {partial}" in said
    assert partial.exists()
    assert not (suite.results / "notebooks" / "02_second.ipynb").exists()
    assert not (suite.results / "tables" / "c.csv").exists()
    assert statuses(suite) == {"01_first": "done", "02_second": "failed"}
    assert suite.manifest()["stages"][1]["failed_cell"] == {
        "position": "5",
        "title": "Losses",
        "error": "ZeroDivisionError: division by zero",
    }

    suite.notebook("02_second", "# Losses", suite.table("b"))
    status, said = suite.run()
    assert status == 0, said
    assert ran(said) == ["02_second", "03_third"]
    assert not partial.exists()
    assert set(statuses(suite).values()) == {"done"}


def test_a_killed_kernel_is_said_to_be_out_of_memory(suite):
    suite.notebook("01_first", "# Heavy", "import os\nos.kill(os.getpid(), 9)", suite.table("a"))
    status, said = suite.run()
    assert status == 1
    assert "01_first failed in cell 4 (Heavy): the kernel was killed; most often out of memory" in said
    assert statuses(suite) == {"01_first": "failed"}
    assert not (suite.results / "notebooks" / "01_first.ipynb").exists()
    assert (suite.results / "notebooks" / "01_first.failed.ipynb").exists()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        pytest.param(None, "profile is missing; data_root is missing", id="no_parameters_cell"),
        pytest.param(
            "profile = ''\ndata_root = ''\nresults_dir = ''\noverrides = {}\nsede = 1",
            "nothing else: sede is unknown",
            id="unknown_parameter",
        ),
    ],
)
def test_wrong_parameters_are_refused_before_anything_runs(suite, parameters, message):
    suite.notebook("01_first", suite.table("a"), parameters=parameters)
    status, said = suite.run()
    assert status == 1
    assert message in said
    assert not (suite.results / "tables").exists()


def test_only_needs_what_it_reads(two):
    status, said = two.run(only=("02",))
    assert status == 1
    assert "02_second reads what 01_first writes, which has not been run to its end here" in said
    assert two.run(only=("01",))[0] == 0
    assert two.run(start="02")[0] == 0


def test_list_says_what_would_run_and_changes_nothing(two):
    status, said = two.run(list_only=True)
    assert status == 0
    assert said.splitlines() == ["01_first: to run (not run yet)", "02_second: to run (not run yet)"]
    assert not two.results.exists()
    two.run(only=("01",))
    assert "01_first: up to date" in two.run(list_only=True)[1]


def test_a_second_runner_on_the_same_results_is_refused(two):
    two.results.mkdir()
    (two.results / ".runner.pid").write_text("4711\n")
    with FileLock(two.results / ".runner.lock"):
        status, said = two.run()
    assert status == 1
    assert f"{two.results} is being written by another runner (process 4711)" in said


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"only": ("09",)}, "there is no notebook 09; there are 01, 02", id="unknown_number"),
        pytest.param({"overrides": ("gaze.sigma=1",)}, "gaze.sigma", id="unknown_setting"),
        pytest.param({"only": ("01",), "start": "02"}, "leave nothing to run", id="nothing_left"),
    ],
)
def test_a_wrong_call_is_one_error(two, options, message):
    status, said = two.run(**options)
    assert status == 1
    assert said.startswith("error: ")
    assert message in said


def test_the_state_lives_outside_the_results_so_a_fresh_clone_runs_everything(two):
    two.run()
    for path in (two.folder / "state").iterdir():
        path.unlink()
    assert ran(two.run()[1]) == ["01_first", "02_second"]


def test_a_figure_is_a_picture_in_the_executed_notebook(suite):
    suite.notebook(
        "01_first", "import matplotlib.pyplot as plt\nfigure, axes = plt.subplots(figsize=(1, 1))\nfigure"
    )
    assert suite.run()[0] == 0
    page = Path(suite.results / "notebooks" / "01_first.ipynb").read_text(encoding="utf-8")
    kinds = {
        kind for cell in json.loads(page)["cells"] for out in cell.get("outputs", []) for kind in out["data"]
    }
    assert "image/png" in kinds


def test_time_and_memory_are_said_before_training_starts(two):
    _, said = two.run()
    lines = said.splitlines()
    started = next(i for i, line in enumerate(lines) if line.startswith("02_second: running ("))
    assert lines[started + 1].startswith("training, if none has been done: ")
    assert "Training alone" in lines[started + 1] or "not known" in lines[started + 1]
    assert sum("if none has been done" in line for line in lines) == 1
    assert "if none has been done" not in two.run()[1]


def test_a_measured_speed_more_runs_nothing_again(two):
    (two.code / "resources.csv").write_text("one row")
    two.run()
    (two.code / "resources.csv").write_text("two rows")
    assert ran(two.run()[1]) == []
    (two.code / "other.csv").write_text("anything")
    assert ran(two.run()[1]) == ["01_first", "02_second"]
