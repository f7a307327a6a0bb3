"""What an engine's worker does with a job: train it in a process of its own, as a local worker would."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

from egma_lib.errors import TrainingError
from egma_lib.training.device import worker_environments
from egma_lib.training.jobs import TrainJob

Outcome = tuple[str, Any]
"""("done", TrainResult) or ("failed", text), as `egma_lib.training.worker.serve` says it."""

_PROCESS = "egma_lib.experiments.cluster.process"
_END_GRACE_S = 10.0


class LostRunError(TrainingError):
    """The process of a run ended without a word; the run can go on elsewhere from its last state."""


def run_job(job: TrainJob, run_id: str) -> Outcome:
    """Train a job on this machine and return how it ended.

    The run gets a process of its own, whose threads and GPU are set before it starts. An engine's own worker
    process would keep the threads it was started with, and a lack of memory would take it down.

    Parameters
    ----------
    job
        What to train; its folders are absolute and shared with the machine that sent it.
    run_id
        The job's id where it was sent from.

    Returns
    -------
    (str, TrainResult or str)
        ("done", result), or ("failed", text) where training again would fail again.

    Raises
    ------
    LostRunError
        The process was killed: names run and machine.
    """
    refusal = _refusal(job, run_id)
    if refusal:
        return "failed", refusal
    try:
        with _process(job) as pipe:
            pipe.send(job)
            while (message := pipe.recv())[0] == "progress":
                continue
            pipe.send(None)
    except (EOFError, ConnectionError) as error:
        raise LostRunError(
            f"run {run_id}: its process on {socket.gethostname()} ended without a word, most often killed "
            "for lack of memory"
        ) from error
    kind, content = message
    return kind, content


def _refusal(job: TrainJob, run_id: str) -> str:
    """Return why this machine cannot give the result that the sender expects, or an empty text."""
    host = socket.gethostname()
    for folder in (job.data_folder, job.tokenizer_folder):
        if not folder.is_dir():
            return (
                f"{host} sees no folder {folder}; the results folder has to be shared by all machines, under "
                "the same path"
            )
    if job.run_id != run_id:
        return (
            f"{host} has another version of the suite: the run is {job.run_id} there; use the same checkout"
        )
    return ""


@contextmanager
def _process(job: TrainJob) -> Iterator[Connection]:
    """Start the process of a run, yield the pipe to it, and end it whatever happens."""
    ours, theirs = Pipe()
    # Threads of several processes that spin while they wait take each other's cores.
    environment = {"OMP_WAIT_POLICY": "PASSIVE", **os.environ, **worker_environments([job.settings], 1)[0]}
    with ours:
        # Not multiprocessing: dask's workers are daemons, which may not start processes with it.
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-m", _PROCESS, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env=environment,
            )
        try:
            yield ours
            process.wait(_END_GRACE_S)
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_END_GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
