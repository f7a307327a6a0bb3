"""`egma jobs`."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from egma_lib import cli
from egma_lib.commands import jobs as command
from egma_lib.errors import ArtefactError


def invoke(trained_study, out, *more):
    study = trained_study.study
    arguments = ["jobs", "--profile", "smoke", "--data-root", study.data_root, "--results", study.results]
    return CliRunner().invoke(
        cli.app, [*map(str, arguments), "--out", str(out), *more], catch_exceptions=False
    )


@pytest.fixture
def its_settings(trained_study, monkeypatch):
    nothing = {f"experiments.{name}": [] for name in ("extra_pair_seeds", "methods", "controls", "switches")}
    settings = trained_study.settings.changed({**nothing, "experiments.backbones": {}})
    monkeypatch.setattr("egma_lib.settings.load_settings", lambda profile, overrides: settings)


@pytest.mark.usefixtures("its_settings")
def test_files_are_written_and_the_table_says_how_to_start_one(trained_study, tmp_path):
    shown = invoke(trained_study, tmp_path / "jobs")
    assert shown.exit_code == 0
    names = ["001-base-s0.json", "002-no_gaze-s0.json", "003-egma-s0.json"]
    assert sorted(path.name for path in (tmp_path / "jobs").iterdir()) == names
    assert json.loads((tmp_path / "jobs" / names[2]).read_text())["spec"]["method"] == "egma"
    lines = shown.output.splitlines()
    assert lines[0].split() == ["number", "run", "arm", "seed", "starts", "from", "state"]
    run_ids = trained_study.runs["run_id"].tolist()
    assert [line.split()[1] for line in lines[1:4]] == run_ids
    assert all(line.endswith("finished") for line in lines[1:4])
    assert lines[1].split()[-2:] == ["-", "finished"]
    assert lines[3].split()[-2:] == ["001", "finished"]
    assert "every run has been trained" in shown.output
    assert lines[-1].strip() == (
        "torchrun --standalone --nproc-per-node 1 -m egma_lib.training.distributed "
        f"{tmp_path / 'jobs' / names[0]}"
    )


def test_without_preprocessed_gaze_it_says_what_to_run(trained_study, tmp_path):
    with pytest.raises(ArtefactError, match="run notebook 01 first"):
        invoke(trained_study, tmp_path, "--set", "gaze.sigma_deg=0.3")
    assert not list(tmp_path.iterdir())


def test_help_shows_an_example():
    shown = CliRunner().invoke(cli.app, ["jobs", "--help"])
    assert "egma jobs --profile paper --data-root" in shown.output
    assert command.JOBS_EXAMPLES.count("egma jobs") == 2
