"""What a worker process does: train one job after another and tell its parent."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from egma_lib.errors import EgmaError, SettingsError

if TYPE_CHECKING:
    from egma_lib.training.jobs import TrainJob

_REPORT_EVERY_S = 0.5


def work(pipe: Connection) -> None:
    """Train the jobs that come through `pipe` until None comes.

    Parameters
    ----------
    pipe
        Connection to the parent.
    """
    # Ctrl-C reaches every process of the terminal; the parent decides and sends SIGTERM.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    serve(pipe)


def serve(pipe: Connection) -> None:
    """Answer jobs until None comes, in the calling process.

    For each job, sends ("progress", (step, loss)) now and then and in the end ("done", TrainResult) or
    ("failed", text).

    Parameters
    ----------
    pipe
        Connection to who asks.
    """
    loaded: dict[Path, Any] = {}
    while (job := pipe.recv()) is not None:
        try:
            pipe.send(("done", _train(job, pipe, loaded)))
        except EgmaError as error:
            pipe.send(("failed", str(error)))
        except Exception:
            pipe.send(("failed", traceback.format_exc()))


def _leave(signal_number: int, frame: Any) -> None:
    # Unwinding removes temporary files, which the default action would leave behind.
    sys.exit(128 + signal_number)


def _end_with_parent() -> None:
    """End this process when its parent is gone, even if that was killed and could not say so."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _train(job: TrainJob, pipe: Connection, loaded: dict[Path, Any]) -> Any:
    from egma_lib.training.jobs import TrainResult
    from egma_lib.training.launch import train_in_processes
    from egma_lib.training.run import is_finished

    started_s = time.perf_counter()
    folder = job.runs_folder / job.run_id
    reused = is_finished(folder)
    report = _reporter(pipe)
    if not reused and job.settings.training.processes > 1:
        train_in_processes(job, report)
    elif not reused:
        _train_here(job, report, loaded)
    output = None
    if job.after_run is not None:
        output = _hook(job.after_run)(folder, job.settings, **job.after_run_with)
    return TrainResult(job.run_id, folder, reused, time.perf_counter() - started_s, output)


def _train_here(job: TrainJob, report: Callable[[int, float], None], loaded: dict[Path, Any]) -> None:
    from egma_lib.models.vocabulary import load_tokenizer
    from egma_lib.training.data import TrainingData
    from egma_lib.training.run import WEIGHTS_FILE, train_run

    if job.data_folder not in loaded:
        loaded[job.data_folder] = TrainingData.load(job.data_folder)
    if job.tokenizer_folder not in loaded:
        loaded[job.tokenizer_folder] = load_tokenizer(job.tokenizer_folder)
    train_run(
        job.spec,
        job.settings,
        loaded[job.data_folder],
        job.runs_folder,
        loaded[job.tokenizer_folder],
        None if job.spec.start is None else job.runs_folder / job.spec.start / WEIGHTS_FILE,
        lambda step, n_steps, loss: report(step, loss),
    )


def _reporter(pipe: Connection) -> Callable[[int, float], None]:
    last_s = time.monotonic()

    def report(step: int, loss: float) -> None:
        nonlocal last_s
        if time.monotonic() - last_s >= _REPORT_EVERY_S:
            last_s = time.monotonic()
            pipe.send(("progress", (step, loss)))

    return report


def _hook(name: str) -> Any:
    """Return the function that `module:function` names.

    Raises
    ------
    SettingsError
        There is no such function.
    """
    module, _, function = name.partition(":")
    try:
        return getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise SettingsError(f"after_run {name!r} cannot be imported as module:function ({error})") from error
