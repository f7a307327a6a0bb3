"""The runner's command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from egma_lib.runner.options import RunOptions, parse_options


def test_no_argument_is_the_phantom_study():
    assert parse_options([]) == RunOptions(profile="phantom")


def test_every_option_is_read(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    line = "--profile smoke --data-root d --results r --only 3,06 --from 02 --force --seeds 2 --jobs 1 --list"
    line += " --cluster slurm:partition=gpu"
    options = parse_options([*line.split(), "--set", "gaze.sigma_deg=1", "--set", "data.rsna=/x"])
    assert options == RunOptions(
        profile="smoke",
        data_root=str(Path.cwd() / "d"),
        results=str(Path.cwd() / "r"),
        only=("03", "06"),
        start="02",
        force=True,
        seeds=2,
        jobs=1,
        cluster="slurm:partition=gpu",
        overrides=("gaze.sigma_deg=1", "data.rsna=/x"),
        list_only=True,
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["--seeds", "0"], "'0' is not a whole number of at least 1", id="no_seed"),
        pytest.param(["--only", "three"], "'three' is not a notebook number such as 03", id="not_a_number"),
        pytest.param(["--profile", "big"], "invalid choice: 'big'", id="unknown_profile"),
        pytest.param(["--prof", "smoke"], "unrecognized arguments", id="abbreviation"),
    ],
)
def test_a_wrong_line_ends_with_status_2_and_says_why(arguments, message, capsys):
    with pytest.raises(SystemExit) as ended:
        parse_options(arguments)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err
