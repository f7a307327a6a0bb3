"""A dask scheduler and its workers as processes of a test, and conditions to wait on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

_DEADLINE_S = 120.0
_POLL_S = 0.05


class DaskProcesses:
    """Use in a `with` statement; `address` and `workers` are there inside it."""

    def __init__(self, folder: Path, n_workers: int) -> None:
        self.folder, self.n_workers = folder, n_workers
        self.processes: list[subprocess.Popen] = []

    def __enter__(self) -> DaskProcesses:
        about = self.folder / "scheduler.json"
        self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", about)
        wait_until(about.exists)
        self.address = json.loads(about.read_text())["address"]
        self.workers = [
            self._start("worker", self.address, "--nthreads", "1", "--no-nanny")
            for _ in range(self.n_workers)
        ]
        return self

    def __exit__(self, *error: object) -> None:
        for process in self.processes:
            process.kill()
            process.wait()

    def _start(self, *arguments: object) -> subprocess.Popen:
        code = f"from distributed.cli.dask_{arguments[0]} import main; main()"
        command = [sys.executable, "-c", code, *map(str, arguments[1:]), "--no-dashboard"]
        repository = str(Path(__file__).parents[1])
        environment = {**os.environ, "PYTHONPATH": repository}
        with (self.folder / f"{len(self.processes)}.txt").open("w") as log:
            process = subprocess.Popen(
                command, cwd=self.folder, env=environment, stdout=log, stderr=subprocess.STDOUT
            )
        self.processes.append(process)
        return process


class KilledInTheMiddle(threading.Thread):
    """Kill, with no warning, whoever has started a run that is in its middle; `n_before` runs end before."""

    def __init__(self, runs: Path, n_before: int = 0, deadline_s: float = _DEADLINE_S) -> None:
        super().__init__(daemon=True)
        self.runs, self.n_before, self.deadline_s = runs, n_before, deadline_s
        self.killed_pid: int | None = None
        self.start()

    def run(self) -> None:
        owner = wait_until(self._owner, self.deadline_s)
        os.kill(owner["parent_pid"], signal.SIGKILL)
        self.killed_pid = owner["parent_pid"]

    def _owner(self) -> dict | None:
        finished = len(list(self.runs.glob("*/model.safetensors")))
        return owner_of_a_run_in_the_middle(self.runs) if finished >= self.n_before else None


def wait_until(condition: Callable[[], object], deadline_s: float = _DEADLINE_S) -> object:
    """Return the condition's first value that is true."""
    end_s = time.monotonic() + deadline_s
    while not (value := condition()):
        assert time.monotonic() < end_s, "nothing happened"
        time.sleep(_POLL_S)
    return value


def owner_of_a_run_in_the_middle(runs: Path) -> dict | None:
    """Return who trains a run that has stored a state and is not finished, or None when there is none."""
    for state in runs.glob("*/state.safetensors"):
        try:
            return json.loads((state.parent / "owner.json").read_text())
        except FileNotFoundError:
            continue
    return None


def end_this_process(folder: Path, settings: object) -> None:
    """Stand in for a hook whose process is killed."""
    os.kill(os.getpid(), signal.SIGKILL)
