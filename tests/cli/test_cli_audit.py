"""`egma audit`: what it prints, writes and refuses."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from egma_lib import cli
from egma_lib.commands.audit import AUDIT_EPILOG

REPORTED = Path(__file__).parents[2] / "data" / "reference" / "reported_numbers.csv"


def invoke(*arguments):
    return CliRunner().invoke(cli.app, ["audit", *map(str, arguments)], catch_exceptions=False)


@pytest.fixture
def example(tmp_path):
    """The csv that the help shows."""
    lines = [line.strip() for line in AUDIT_EPILOG.splitlines()]
    start = lines.index("method,metric,value,n_classes,n_cases,n_positive")
    path = tmp_path / "table.csv"
    path.write_text("\n".join(filter(None, lines[start : start + 6])) + "\n")
    return path


def test_the_example_of_the_help_runs(example):
    shown = invoke(example)
    assert shown.exit_code == 0
    assert "REMARK   ours: 76.97/43.49\n  one class only: " in shown.output
    assert "calling every case negative has exactly these numbers" in shown.output
    assert "may also be: " in shown.output
    assert "half a unit of its last digit below it to one unit above it" in shown.output


def test_passed_checks_are_counted_and_printed_on_demand(example):
    assert "NO OBJECTION" not in invoke(example).output
    assert "no objection 4" in invoke(example).output
    assert "NO OBJECTION   ours: 76.97/43.49\n  macro F1 and accuracy: " in invoke(example, "--every").output


def test_the_paper_s_numbers_are_written_as_three_files(tmp_path):
    shown = invoke(REPORTED, "--out", tmp_path / "audited")
    assert shown.output.count("IMPOSSIBLE   ") == 5
    names = ("reported_audit.csv", "reported_audit.md", "reported_audit.tex")
    assert all(str(tmp_path / "audited" / name) in shown.output.replace("\n", "") for name in names)
    rows = pd.read_csv(tmp_path / "audited" / names[0], keep_default_na=False)
    assert (rows["verdict"] == "impossible").sum() == 5
    text = (tmp_path / "audited" / names[1]).read_text()
    assert text.startswith("# Audit of reported numbers\n\n### Impossible as printed\n")
    assert "| Table 4, SIIM, EGF | 63.54/65.70 | macro F1 and accuracy | macro F1 above accuracy" in text
    assert "Another averaging" not in text
    assert r"\begin{table}" in (tmp_path / "audited" / names[2]).read_text()


def test_help_names_every_column():
    from egma_lib.evaluation.reported_rows import DESIGN, KEY, REQUIRED

    assert not [name for name in (*REQUIRED, *KEY, *DESIGN) if name not in AUDIT_EPILOG]
    assert invoke("--help").exit_code == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "method,value\na,1\n", "lacks the column(s) metric; see `egma audit --help`", id="column"
        ),
        pytest.param("method,metric,value\na,accuracy,x\n", "data row 1: value: 'x' is no plain", id="value"),
    ],
)
def test_errors_are_one_line_with_status_1(text, message, tmp_path, monkeypatch, capsys):
    (tmp_path / "bad.csv").write_text(text)
    monkeypatch.setattr(sys, "argv", ["egma", "audit", str(tmp_path / "bad.csv")])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    shown = capsys.readouterr().err
    assert ended.value.code == 1
    assert shown.startswith("error: ")
    assert message in shown
    assert shown.count("\n") == 1
