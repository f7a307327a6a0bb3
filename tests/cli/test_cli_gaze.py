"""`egma gaze detect`: events from any recording, and completion and help of the command."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from egma_lib import cli
from egma_lib.gaze.events import detect_events
from egma_lib.study import REPOSITORY

LUND = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "lund2013"


def two_fixations(rate_hz, px_per_deg=1.0):
    """Half a second at (2, 1) degrees, a 5 degree jump of 20 ms to the right, half a second there; noise."""
    time = np.arange(0, 1.02, 1 / rate_hz)
    x = np.interp(time, [0.5, 0.52], [2.0, 7.0])
    rng = np.random.default_rng(3)
    noise = rng.normal(scale=0.01, size=(2, len(time)))
    return pd.DataFrame({"t": time, "gx": (x + noise[0]) * px_per_deg, "gy": (1 + noise[1]) * px_per_deg})


def detect(*arguments):
    return CliRunner().invoke(cli.app, ["gaze", "detect", *map(str, arguments)], catch_exceptions=False)


NAMES = ("--time", "t", "--x", "gx", "--y", "gy")


def test_events_of_a_recording_in_pixels_and_milliseconds(tmp_path):
    path, out = tmp_path / "one.csv", tmp_path / "events.csv"
    table = two_fixations(500, px_per_deg=40)
    table.assign(t=1000 * table["t"]).to_csv(path, index=False)
    shown = detect(path, *NAMES, "--time-unit", "ms", "--unit", "px", "--px-per-deg", 40, "--out", out)
    assert shown.exit_code == 0
    assert "events by adaptive at 500 Hz (fixation 2, saccade 1" in shown.stderr
    events = pd.read_csv(out)
    first, last = events[events["event"] == "fixation"].to_dict("records")
    assert (first["onset_s"], last["x_deg"]) == (0, pytest.approx(7, abs=0.1))
    assert (first["x_px"], first["y_px"]) == (pytest.approx(80, abs=2), pytest.approx(40, abs=2))
    saccade = events[events["event"] == "saccade"].iloc[0]
    assert saccade["onset_s"] == pytest.approx(0.5, abs=0.02)
    assert saccade["amplitude_deg"] == pytest.approx(5, abs=0.3)


def test_events_are_printed_as_a_table(tmp_path):
    path = tmp_path / "one.csv"
    two_fixations(60).to_csv(path, index=False)
    shown = detect(path, *NAMES, "--method", "ivt")
    printed = pd.read_csv(io.StringIO(shown.stdout), sep=r"\s+")
    table = two_fixations(60)
    expected = detect_events(table["t"], table["gx"], table["gy"], "ivt")
    assert printed["event"].tolist() == expected["event"].tolist()
    np.testing.assert_allclose(printed["onset_s"], expected["onset_s"], atol=1e-4)
    assert "at 60 Hz" in shown.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param((*NAMES,), "needs 250 Hz or more, but this recording has 60 Hz; use ivt", id="rate"),
        pytest.param((*NAMES, "--method", "hmm"), "event detector 'hmm' is unknown", id="method"),
        pytest.param((), "no column 'time'; name one of 't', 'gx', 'gy' with --time", id="column"),
        pytest.param((*NAMES, "--time-unit", "us"), "give the unit with --time-unit s, ms or us", id="unit"),
        pytest.param((*NAMES, "--unit", "px"), "--unit px needs --px-per-deg N", id="resolution"),
    ],
)
def test_errors_are_one_line_with_status_1(arguments, message, tmp_path, monkeypatch, capsys):
    path = tmp_path / "one.csv"
    two_fixations(60).to_csv(path, index=False)
    monkeypatch.setattr(sys, "argv", ["egma", "gaze", "detect", str(path), *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    shown = capsys.readouterr().err
    assert ended.value.code == 1
    assert shown.startswith("error: ")
    assert message in shown
    assert shown.count("\n") == 1


@pytest.mark.real_files
@pytest.mark.skipif(not LUND.is_dir(), reason="no folder of real eye movements beside the checkout")
def test_real_recording_gives_the_events_of_the_library(tmp_path):
    from scipy.io import loadmat

    trial = sorted(LUND.rglob("UH21*_MN.mat"))[0]
    recorded = loadmat(trial, squeeze_me=True, struct_as_record=False)["ETdata"].pos
    table = pd.DataFrame({"time": recorded[:, 0], "x": recorded[:, 3], "y": recorded[:, 4]})
    table.to_csv(tmp_path / "lund.csv", index=False)
    options = ("--time-unit", "us", "--unit", "px", "--px-per-deg", 27, "--missing", 0)
    shown = detect(tmp_path / "lund.csv", *options, "--out", tmp_path / "events.csv")
    assert shown.exit_code == 0, shown.output
    events = pd.read_csv(tmp_path / "events.csv")
    gone = (table[["x", "y"]] == 0).all(axis=1)
    position = table[["x", "y"]].mask(gone) / 27
    expected = detect_events(table["time"] / 1e6, position["x"], position["y"], "adaptive")
    assert events["event"].tolist() == expected["event"].tolist()
    assert (events["event"] == "fixation").sum() > 3


COMMANDS = [
    (), ("data", "check"), ("data", "sample"), ("data", "build"), ("gaze", "detect"), ("phantom", "build"),
    ("settings", "show"), ("run",),
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_examples(command):
    shown = CliRunner().invoke(cli.app, [*command, "--help"])
    assert shown.exit_code == 0
    assert "examples:" in shown.output.lower()


def test_shell_completion_offers_the_commands():
    asked = os.environ | {
        "_EGMA_COMPLETE": "complete_bash", "COMP_WORDS": "egma ", "COMP_CWORD": "1",
    }  # fmt: skip
    code = "import sys; sys.argv = ['egma']; from egma_lib.cli import app; app(prog_name='egma')"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, env=asked, capture_output=True, text=True, check=False
    )
    assert {"run", "data", "gaze", "phantom", "settings"} <= set(done.stdout.split())
