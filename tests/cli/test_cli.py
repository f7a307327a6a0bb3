"""The `egma` command."""

from __future__ import annotations

import subprocess
import sys

import pytest
import yaml
from typer.testing import CliRunner

from egma_lib import cli
from egma_lib.study import REPOSITORY


def test_settings_show_prints_what_was_overridden_and_the_defaults():
    shown = CliRunner().invoke(
        cli.app, ["settings", "show", "--profile", "smoke", "--set", "gaze.sigma_deg=0.5"]
    )
    assert shown.exit_code == 0
    settings = yaml.safe_load(shown.output)
    assert settings["profile"] == "smoke"
    assert settings["gaze"]["sigma_deg"] == 0.5
    assert settings["losses"]["mlce_denominator"] == "batch"


def test_an_error_of_the_user_is_one_line_without_a_traceback(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["egma", "settings", "show", "--profile", "huge"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err == "error: profile 'huge' is unknown; use one of smoke, phantom, paper\n"


def test_run_takes_the_runners_options(capsys):
    shown = CliRunner().invoke(cli.app, ["run", "--help"])
    assert shown.exit_code == 0
    assert "usage: egma run" in shown.output
    assert "--data-root DIR" in shown.output
    wrong = CliRunner().invoke(cli.app, ["run", "--seeds", "none"])
    assert wrong.exit_code == 2


def test_python_m_egma_lib_is_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "egma_lib", "--help"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    for command in ("run", "phantom", "settings"):
        assert command in done.stdout


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        pytest.param(["--help"], 0, id="help"),
        pytest.param(["evaluate", "--help"], 0, id="help_of_a_command"),
        pytest.param(["evaluate"], 2, id="missing_option"),
        pytest.param(["data", "chekc"], 2, id="unknown_command"),
    ],
)
def test_help_and_errors_name_the_program_egma(monkeypatch, capsys, arguments, status):
    monkeypatch.setattr(sys, "argv", ["/somewhere/egma_lib/__main__.py", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == status
    shown = capsys.readouterr()
    words = " ".join(["Usage: egma", *(word for word in arguments if word in ("evaluate", "data"))])
    assert words in shown.out + shown.err
    assert "__main__" not in shown.out + shown.err
    assert "python" not in shown.out + shown.err
