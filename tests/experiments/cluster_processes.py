"""A dask scheduler and its workers as processes of a test, and conditions to wait on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

_DEADLINE_S = 120.0
_POLL_S = 0.01


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
        repository = str(Path(__file__).parents[2])
        environment = {**os.environ, "PYTHONPATH": repository}
        with (self.folder / f"{len(self.processes)}.txt").open("w") as log:
            process = subprocess.Popen(
                command, cwd=self.folder, env=environment, stdout=log, stderr=subprocess.STDOUT
            )
        self.processes.append(process)
        return process


def wait_until(condition: Callable[[], object]) -> object:
    """Return the condition's first value that is true."""
    deadline_s = time.monotonic() + _DEADLINE_S
    while not (value := condition()):
        assert time.monotonic() < deadline_s, "nothing happened"
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
