"""Send the runs of a study to an engine and take their results in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from egma_lib.errors import TrainingError
from egma_lib.experiments.cluster.engines import open_engine
from egma_lib.training.jobs import TrainJob, TrainResult
from egma_lib.training.workers import check_starts, ended_by_sigterm


def train_on_cluster(
    jobs: Sequence[TrainJob],
    engine: str,
    *,
    is_complete: Callable[[TrainJob], bool] | None = None,
    show_progress: bool = True,
) -> Iterator[TrainResult]:
    """Train all jobs on an engine and yield their results in the order of the jobs.

    The counterpart of `egma_lib.training.train_all`: a run waits for the run it starts from, trains in a
    process with the same threads, and gives the same bits on the same kind of processor. A run whose worker
    is lost is given to another one, which goes on from the run's last state. Nothing is sent before the first
    result is asked for. Leaving the iteration takes back what waits; runs that dask is training go on to
    their end, those of SLURM are cancelled.

    Parameters
    ----------
    jobs
        Jobs of the same id are trained once.
    engine
        `dask=ADDRESS` of a scheduler, or `slurm`, also with options: `slurm:partition=gpu,timeout_min=600`.
    is_complete
        Tells of a job that nothing is left to do; it is then not sent, and its result is `reused`.
    show_progress
        Show one bar over the steps of all jobs, which moves when a run ends.

    Raises
    ------
    TrainingError
        A run failed, or was lost too often: names the run.
    SettingsError
        The engine is unknown, out of reach, or its package is not installed.
    """
    ids = [job.run_id for job in jobs]
    waiting = {name: _portable(job) for name, job in zip(ids, jobs, strict=True)}
    done: dict[str, TrainResult] = {}
    for name, job in waiting.items():
        if is_complete is not None and is_complete(job):
            done[name] = TrainResult(name, job.runs_folder / name, reused=True, seconds=0.0, output=None)
    waiting = {name: job for name, job in waiting.items() if name not in done}
    if waiting:
        check_starts(waiting)
        yield from _sent(ids, waiting, done, engine, show_progress)
    else:
        yield from (done[name] for name in ids)


def _sent(
    ids: Sequence[str],
    waiting: dict[str, TrainJob],
    done: dict[str, TrainResult],
    engine: str,
    show_progress: bool,
) -> Iterator[TrainResult]:
    n_steps = {name: job.n_steps for name, job in waiting.items()}
    unfinished = set(waiting)
    runs_folder = next(iter(waiting.values())).runs_folder
    next_result = 0
    with (
        ended_by_sigterm(),
        tqdm(total=sum(n_steps.values()), unit="step", desc="training", disable=not show_progress) as bar,
        open_engine(engine, [job.settings for job in waiting.values()], runs_folder) as runs,
    ):
        while next_result < len(ids):
            for name in [name for name, job in waiting.items() if job.spec.start not in unfinished]:
                runs.submit(waiting.pop(name), name)
            while next_result < len(ids) and ids[next_result] in done:
                yield done[ids[next_result]]
                next_result += 1
            for name, (kind, content) in runs.finished() if unfinished else ():
                if kind == "failed":
                    raise TrainingError(f"run {name} failed:\n{content}")
                done[name] = content
                unfinished.discard(name)
                bar.set_postfix_str(name, refresh=False)
                bar.update(n_steps[name])


def _portable(job: TrainJob) -> TrainJob:
    """Return a job that means the same on another machine, without the engine that no result depends on."""
    arguments = {
        name: value.resolve() if isinstance(value, Path) else value
        for name, value in job.after_run_with.items()
    }
    return replace(
        job,
        settings=job.settings.changed({"experiments.cluster": None}),
        data_folder=job.data_folder.resolve(),
        tokenizer_folder=job.tokenizer_folder.resolve(),
        runs_folder=job.runs_folder.resolve(),
        after_run_with=arguments,
    )
