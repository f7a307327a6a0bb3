"""Start a run's processes with torchrun and follow what they say."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from egma_lib.errors import TrainingError
from egma_lib.training.jobs import TrainJob, save_job

_END_GRACE_S = 15.0
_SHOWN_CHARACTERS = 3000


def train_in_processes(job: TrainJob, progress: Callable[[int, float], None]) -> None:
    """Train a job's run in `training.processes` new processes, one GPU each, and wait for its end.

    A crash or a lack of memory ends those processes and not the calling one.

    Parameters
    ----------
    job
        What to train.
    progress
        Called now and then with the step and its loss.

    Raises
    ------
    TrainingError
        A process failed: holds its error, or the end of what was printed.
    """
    with TemporaryDirectory(prefix="egma-job-") as folder:
        file = save_job(job, Path(folder) / "job.json")
        errors = Path(folder) / "stderr.txt"
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
        command += ["--nproc-per-node", str(job.settings.training.processes)]
        command += ["-m", "egma_lib.training.distributed", str(file)]
        with errors.open("wb") as stderr:
            process = subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=_environment(job, os.environ),
                start_new_session=True,
                text=True,
            )
        said = ""
        try:
            for line in process.stdout or ():
                # The first to fail has the cause; the others only lose their connection to it.
                said = said or _follow(line, progress)
            code = process.wait()
        finally:
            _end(process)
        if code:
            text = said or errors.read_text(errors="replace")[-_SHOWN_CHARACTERS:]
            raise TrainingError(text if said else f"a process of the run ended with code {code}:\n{text}")


def _environment(job: TrainJob, inherited: Mapping[str, str]) -> dict[str, str]:
    threads = str(job.settings.training.threads)
    # Threads of several processes that spin while they wait take each other's cores.
    return {**inherited, "OMP_NUM_THREADS": threads, "OMP_WAIT_POLICY": "PASSIVE"}


def _follow(line: str, progress: Callable[[int, float], None]) -> str:
    """Pass on a line's progress, and return its error if it is one."""
    try:
        message = json.loads(line)
    except json.JSONDecodeError:
        # Libraries may print too.
        return ""
    if "error" in message:
        return str(message["error"])
    progress(message["step"], message["loss"])
    return ""


def _end(process: subprocess.Popen[str]) -> None:
    """End torchrun and all its processes, if they still run."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(_END_GRACE_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process.stdout is not None:
        process.stdout.close()
