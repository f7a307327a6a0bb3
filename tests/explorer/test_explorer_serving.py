"""`--explore`: what is served, to whom, what is refused, and that nothing is left of it."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request

import nbformat
import psutil
import pytest
from tiny_studies import ONE_STEP, phantom_settings

from egma_lib.phantom.build import build_phantom
from egma_lib.runner.console import Console
from egma_lib.runner.explore import (
    LOOPBACK,
    NOTEBOOK,
    explore,
    free_port,
    page_notebook,
    serving,
    voila_command,
)
from egma_lib.runner.options import parse_options
from egma_lib.study import REPOSITORY


def said_by(*arguments):
    """Call the explorer; return its exit status and what it said."""
    stream = io.StringIO()
    status = explore(parse_options(["--explore", *arguments]), Console(stream))
    return status, stream.getvalue()


def arguments_of(trained):
    study = trained.study
    settings = [part for name, value in ONE_STEP.items() for part in ("--set", f"{name}={json.dumps(value)}")]
    return [
        "--profile", "smoke", "--data-root", str(study.data_root), "--results", str(study.results), *settings
    ]  # fmt: skip


def test_an_untouched_study_is_refused_with_the_command_that_makes_one(tmp_path):
    build_phantom(phantom_settings(), tmp_path / "data", recipe_hash="0123abcd", jobs=1, progress=False)

    status, said = said_by(
        "--profile", "smoke", "--data-root", str(tmp_path / "data"), "--results", str(tmp_path / "results")
    )  # fmt: skip

    assert status == 1
    assert said.startswith("error: ")
    assert "./run_all.sh --profile smoke --only 01" in said
    assert "with the same --data-root, --results and --set" in said


def test_other_settings_than_those_trained_are_refused(trained_study):
    status, said = said_by(*arguments_of(trained_study), "--set", "data.image_size=64")

    assert status == 1
    assert "./run_all.sh --profile smoke --only 01" in said
    assert "with the same --data-root, --results and --set" in said


def test_a_missing_data_root_is_refused(tmp_path):
    status, said = said_by("--data-root", str(tmp_path / "nowhere"))

    assert status == 1
    assert "is not a folder" in said


def test_the_page_ends_with_the_explorer_and_takes_its_parameters(tmp_path):
    parameters = {"profile": "smoke", "data_root": "d", "results_dir": "r", "overrides": {"a.b": [1]}}

    page = nbformat.read(page_notebook(NOTEBOOK, tmp_path / "page.ipynb", parameters), 4)

    assert {cell.cell_type for cell in page.cells} == {"code"}
    assert "explorer" in page.cells[-1].metadata.tags
    injected = next(
        cell.source for cell in page.cells if "injected-parameters" in cell.metadata.get("tags", [])
    )
    assert 'profile = "smoke"' in injected
    assert 'overrides = {"a.b": [1]}' in injected


def test_the_token_stands_in_no_command_line_and_the_address_is_the_loopback(tmp_path):
    command = voila_command(tmp_path / "page.ipynb", free_port())

    assert f"--Voila.ip={LOOPBACK}" in command
    assert not [part for part in command if part.startswith(("--token", "--Voila.token"))]


def test_without_the_token_there_is_a_login_page_and_no_kernel(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("print('secret')")])
    nbformat.write(notebook, tmp_path / "page.ipynb")

    with serving(tmp_path / "page.ipynb", tmp_path / "log") as (server, address):
        bare = address.partition("?")[0]
        for path in ("", "api/kernels"):
            with urllib.request.urlopen(bare + path, timeout=30) as answer:
                assert "/login" in answer.url
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(f"{bare}api/kernels/{'0' * 8}-{'0000-' * 3}{'0' * 12}", timeout=30)
        listening = [
            one.laddr.ip for one in psutil.Process(server.pid).net_connections() if one.status == "LISTEN"
        ]
        assert listening == [LOOPBACK]
        assert not psutil.Process(server.pid).children(recursive=True)
        with urllib.request.urlopen(address, timeout=60) as answer:
            assert b"secret" in answer.read()
    assert server.poll() is not None


def test_ctrl_c_ends_the_page_and_its_kernels(trained_study):
    command = [sys.executable, "-P", "-m", "egma_lib.runner", "--explore", *arguments_of(trained_study)]
    runner = subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.PIPE, text=True)
    address = runner.stderr.readline().split()[-1]
    assert address.startswith(f"http://{LOOPBACK}:"), address
    with urllib.request.urlopen(address, timeout=120) as answer:
        assert b"widget-view" in answer.read()
    below = psutil.Process(runner.pid).children(recursive=True)
    assert any("ipykernel" in " ".join(one.cmdline()) for one in below)

    runner.send_signal(signal.SIGINT)

    assert runner.wait(timeout=30) == 0
    assert "the explorer has ended" in runner.stderr.read()
    runner.stderr.close()
    assert not [one for one in below if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
