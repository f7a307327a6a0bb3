"""SIGTERM and SIGINT end the kernel and its workers, and leave nothing half written."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from egma_lib.runner.interrupts import Interrupted, end_children, end_family, interruptible
from egma_lib.study import REPOSITORY

CALL = """
import sys
from pathlib import Path
from egma_lib.runner.options import RunOptions
from egma_lib.runner.suite import Place, run_suite
folder = Path(sys.argv[1])
options = RunOptions(profile="smoke", data_root=str(folder / "data"), results=str(folder / "results"))
sys.exit(run_suite(options, Place(folder / "notebooks", folder / "state", reads={})))
"""
SLEEPS = [sys.executable, "-c", "import time; time.sleep(120)"]
# A worker as training uses one: a child of the kernel that would outlive it.
WAITS_WITH_A_WORKER = """
import os, subprocess, sys, time
from pathlib import Path
worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"])
Path(results_dir, "pids.txt").write_text(f"{os.getpid()} {worker.pid}")
time.sleep(120)
"""


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param(signal.SIGTERM, 143, id="kill"),
        pytest.param(signal.SIGINT, 130, id="ctrl_c"),
    ],
)
def test_a_signal_ends_kernel_and_workers(suite, sent, status):
    suite.notebook("01_first", "# Long", WAITS_WITH_A_WORKER)
    runner = subprocess.Popen(
        [sys.executable, "-c", CALL, str(suite.folder)], cwd=REPOSITORY, stderr=subprocess.PIPE, text=True
    )
    pids = wait_for_pids(suite.results / "pids.txt", runner)
    runner.send_signal(sent)
    said = runner.communicate(timeout=30)[1]
    assert runner.returncode == status, said
    assert "nothing is half written" in said
    assert not [pid for pid in pids if alive(pid)]
    left = {path.name for path in suite.results.rglob("*") if path.is_file()}
    assert left <= {"pids.txt", ".runner.lock"}, "no temporary or partial notebook"

    suite.notebook("01_first", "# Short", suite.table("a"))
    status, said = suite.run()
    assert status == 0, said


def wait_for_pids(path: Path, runner: subprocess.Popen) -> list[int]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and runner.poll() is None:
        if path.exists() and len(path.read_text().split()) == 2:
            return [int(pid) for pid in path.read_text().split()]
        time.sleep(0.1)
    raise AssertionError(f"the notebook did not start: {runner.communicate()[1]}")


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


@pytest.fixture
def sleeper():
    """Start processes that sleep; what a test leaves is ended."""
    started: list[subprocess.Popen] = []

    def start(command: list[str] = SLEEPS, **options) -> subprocess.Popen:
        started.append(subprocess.Popen(command, **options))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_signal_spares_the_processes_that_were_there_before(sleeper):
    # Such as the resource tracker of `multiprocessing`, which the process needs for as long as it lives.
    older = sleeper()
    with interruptible():
        ours = sleeper()
        with pytest.raises(Interrupted) as stopped:
            signal.raise_signal(signal.SIGTERM)
    end_children(stopped.value.older)
    assert alive(older.pid)
    assert not alive(ours.pid)


def test_a_family_ends_with_those_who_do_not_listen_and_nobody_else(sleeper):
    stubborn = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"child = subprocess.Popen({SLEEPS!r})\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(120)\n"
    )
    other = sleeper()
    head = sleeper([sys.executable, "-c", stubborn], stdout=subprocess.PIPE, text=True)
    child = int(head.stdout.readline())
    end_family(head.pid)
    assert not alive(head.pid)
    assert not alive(child)
    assert alive(other.pid)
    end_family(head.pid)
