"""Runs as jobs of SLURM, or of processes on this machine, through submitit."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from submitit import AutoExecutor, Job
from submitit.core.utils import FailedSubmissionError, UncompletedJobError

from egma_lib.errors import SettingsError, TrainingError
from egma_lib.experiments.cluster.remote_run import Outcome, run_job
from egma_lib.settings import Settings
from egma_lib.training.jobs import TrainJob

_log = logging.getLogger(__name__)

# Options that submitit knows for every engine; the others are SLURM's own.
_COMMON = frozenset({"timeout_min", "mem_gb", "cpus_per_task", "gpus_per_node"})
_MINUTES = 24 * 60
_ATTEMPTS = 3
_POLL_S = 1.0
_SHOWN_CHARACTERS = 3000


class _SubmititRuns:
    def __init__(self, executor: AutoExecutor) -> None:
        self._executor = executor
        self._out: dict[str, tuple[TrainJob, Job[Outcome], int]] = {}

    def submit(self, job: TrainJob, run_id: str) -> None:
        self._send(job, run_id, 1)

    def finished(self) -> Sequence[tuple[str, Outcome]]:
        while True:
            ended = [(run_id, *sent) for run_id, sent in self._out.items() if sent[1].done()]
            outcomes = []
            for run_id, job, handle, attempt in ended:
                try:
                    outcomes.append((run_id, handle.result()))
                    del self._out[run_id]
                except UncompletedJobError as error:
                    self._send_again(job, run_id, attempt, error)
            if outcomes:
                return outcomes
            time.sleep(_POLL_S)

    def cancel(self) -> None:
        """Take back what waits and end what runs."""
        for _, handle, _ in self._out.values():
            handle.cancel(check=False)

    def _send(self, job: TrainJob, run_id: str, attempt: int) -> None:
        self._executor.update_parameters(name=run_id)
        try:
            handle = self._executor.submit(run_job, job, run_id)
        except FailedSubmissionError as error:
            raise TrainingError(f"run {run_id} was refused by the engine:\n{error}") from error
        self._out[run_id] = (job, handle, attempt)

    def _send_again(self, job: TrainJob, run_id: str, attempt: int, error: UncompletedJobError) -> None:
        said = str(error)[-_SHOWN_CHARACTERS:]
        if attempt == _ATTEMPTS:
            raise TrainingError(
                f"run {run_id} was lost {attempt} times; call again to go on:\n{said}"
            ) from error
        _log.warning("run %s was lost, and is sent again:\n%s", run_id, said)
        self._send(job, run_id, attempt + 1)


@contextmanager
def submitit_engine(
    kind: str, options: Mapping[str, int | str], settings: Sequence[Settings], runs_folder: Path
) -> Iterator[_SubmititRuns]:
    """Yield an engine that makes one job of each run, and cancel on leaving what has not ended.

    Parameters
    ----------
    kind
        `slurm`, or `local` for processes on this machine.
    options
        `timeout_min`, `mem_gb`, `cpus_per_task`, `gpus_per_node`, and SLURM's own such as `partition`.
    settings
        Settings of the runs; the one that needs most decides how much a job asks for by default.
    runs_folder
        Where submitit's job files and logs lie meanwhile; every machine has to see it.

    Raises
    ------
    SettingsError
        There is no SLURM here, or an option is unknown.
    """
    runs_folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".cluster-", dir=runs_folder, ignore_cleanup_errors=True) as folder:
        try:
            executor = AutoExecutor(folder, cluster=kind)
            executor.update_parameters(**_parameters(options, settings))
        except (RuntimeError, NameError, ValueError, AssertionError) as error:
            raise SettingsError(f"the cluster engine {kind!r} cannot be used so: {error}") from error
        runs = _SubmititRuns(executor)
        try:
            yield runs
        finally:
            runs.cancel()


def _parameters(options: Mapping[str, int | str], settings: Sequence[Settings]) -> dict[str, int | str]:
    n_processes = max(each.training.processes for each in settings)
    parameters: dict[str, int | str] = {
        "timeout_min": _MINUTES,
        "cpus_per_task": n_processes * max(each.training.threads for each in settings),
    }
    for option, value in options.items():
        parameters[option if option in _COMMON else f"slurm_{option}"] = value
    return parameters
