"""Many runs in worker processes that live for several of them."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import connection, get_context
from multiprocessing.context import SpawnProcess
from typing import Any

from tqdm import tqdm

from egma_lib.errors import TrainingError
from egma_lib.training.device import worker_environments
from egma_lib.training.jobs import TrainJob, TrainResult
from egma_lib.training.run import is_finished
from egma_lib.training.worker import work

_END_GRACE_S = 10.0


@dataclass
class _Worker:
    process: SpawnProcess
    pipe: connection.Connection
    run_id: str | None = None


def train_all(jobs: Sequence[TrainJob], n_jobs: int, *, show_progress: bool = True) -> Iterator[TrainResult]:
    """Train all jobs in worker processes and yield their results in the order of the jobs.

    Each run has `training.threads` threads of its own, so `n_jobs` changes no bit of any result. Nothing
    starts before the first result is asked for; leaving the iteration, Ctrl-C and SIGTERM end the workers,
    and the next call goes on from what they had saved.

    Parameters
    ----------
    jobs
        Jobs of the same id are trained once.
    n_jobs
        Worker processes.
    show_progress
        Show one bar over the steps of all jobs.

    Raises
    ------
    TrainingError
        A run failed or its worker was killed: names the run.
    """
    if n_jobs < 1:
        raise TrainingError(f"n_jobs must be at least 1, got {n_jobs}")
    ids = [job.run_id for job in jobs]
    waiting = dict(zip(ids, jobs, strict=True))
    done: dict[str, TrainResult] = {}
    check_starts(waiting)
    n_steps = {name: job.n_steps for name, job in waiting.items()}
    steps_done = dict.fromkeys(ids, 0)
    next_result = 0
    environments = worker_environments([job.settings for job in jobs], min(n_jobs, len(waiting)))
    with (
        ended_by_sigterm(),
        _pool(environments) as workers,
        _bar(sum(n_steps.values()), show_progress) as bar,
    ):
        while next_result < len(ids):
            _hand_out(workers, waiting)
            for kind, name, content in _messages(workers):
                if kind == "failed":
                    raise TrainingError(f"run {name} failed:\n{content}")
                if kind == "done":
                    done[name] = content
                    step = n_steps[name]
                else:
                    step, loss = content
                    bar.set_postfix_str(f"{name} loss {loss:.3f}", refresh=False)
                bar.update(step - steps_done[name])
                steps_done[name] = step
            while next_result < len(ids) and ids[next_result] in done:
                yield done[ids[next_result]]
                next_result += 1


def check_starts(jobs: dict[str, TrainJob]) -> None:
    """Refuse a start that is neither among the jobs nor finished, and starts that wait for each other."""
    for name, job in jobs.items():
        seen = [name]
        while (start := jobs[seen[-1]].spec.start) in jobs:
            if start in seen:
                raise TrainingError(f"the runs {', '.join(seen)} wait for each other; check their `start`")
            seen.append(str(start))
        if start is not None and not is_finished(job.runs_folder / start):
            raise TrainingError(
                f"run {seen[-1]} starts from {start}, which is neither finished nor among the jobs"
            )


def _hand_out(workers: list[_Worker], waiting: dict[str, TrainJob]) -> None:
    """Give every idle worker the first waiting job whose start is not itself still to be trained."""
    for worker in workers:
        if worker.run_id is not None:
            continue
        unfinished = waiting.keys() | {other.run_id for other in workers if other.run_id is not None}
        ready = next((name for name, job in waiting.items() if job.spec.start not in unfinished), None)
        if ready is None:
            return
        worker.run_id = ready
        worker.pipe.send(waiting.pop(ready))


def _messages(workers: list[_Worker]) -> Iterator[tuple[str, str, Any]]:
    """Wait for busy workers and yield (kind, run id, content) of what they say."""
    busy = {worker.pipe: worker for worker in workers if worker.run_id is not None}
    for pipe in connection.wait(list(busy)):
        worker = busy[pipe]  # type: ignore[index]
        name = str(worker.run_id)
        try:
            kind, content = worker.pipe.recv()
        except (EOFError, ConnectionResetError) as error:
            worker.process.join(1.0)
            raise TrainingError(
                f"run {name}: its worker ended with exit code {worker.process.exitcode} without a word, most "
                "often killed for lack of memory; call again to go on, with fewer --jobs if memory is short"
            ) from error
        if kind == "done":
            worker.run_id = None
        yield kind, name, content


@contextmanager
def _pool(environments: Sequence[dict[str, str]]) -> Iterator[list[_Worker]]:
    """Start one worker in each environment and end them whatever happens."""
    context = get_context("spawn")
    workers: list[_Worker] = []
    try:
        for environment in environments:
            with _environment(environment):
                ours, theirs = context.Pipe()
                process = context.Process(target=work, args=(theirs,), daemon=True)
                process.start()
                theirs.close()
                workers.append(_Worker(process, ours))
        yield workers
        for worker in workers:
            worker.pipe.send(None)
            worker.process.join(_END_GRACE_S)
    finally:
        for worker in workers:
            worker.process.terminate()
        for worker in workers:
            worker.process.join(_END_GRACE_S)
            if worker.process.is_alive():
                worker.process.kill()
            worker.pipe.close()


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """Set variables that new processes read before Python code could, then put the old ones back."""
    old = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in old.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM unwind the stack, so that workers are ended with their parent."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(signal_number: int, frame: Any) -> None:
        sys.exit(128 + signal_number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _bar(total: int, show: bool) -> tqdm:
    return tqdm(total=total, unit="step", desc="training", mininterval=1.0, disable=not show)
