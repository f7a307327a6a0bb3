"""The runs of a study in the order in which they can be trained, and one job file for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from egma_lib.errors import ArtefactError
from egma_lib.experiments.arms import Arm, chosen_arms
from egma_lib.experiments.corpora import Corpora
from egma_lib.experiments.pretraining import arm_job
from egma_lib.settings import Settings
from egma_lib.study import Study
from egma_lib.training.jobs import TrainJob, save_job
from egma_lib.training.run import is_finished


@dataclass(frozen=True)
class StudyRun:
    """One training run of a study.

    Attributes
    ----------
    number
        Place in the list, from 1.
    run_id
        Name of the run's folder.
    label
        Name of its arm in tables and figures.
    job
        What is trained.
    start_number
        Number of the run whose weights it starts from; None for a base run.
    finished
        Whether it has been trained.
    """

    number: int
    run_id: str
    label: str
    job: TrainJob
    start_number: int | None
    finished: bool

    @property
    def file_name(self) -> str:
        """Name of the job file, such as `001-base-s0.json`."""
        return f"{self.number:03d}-{self.job.spec.name}-s{self.job.spec.seed}.json"


def list_runs(
    study: Study, settings: Settings, corpora: Corpora, arms: Sequence[Arm] | None = None
) -> list[StudyRun]:
    """Return the runs that arms and seeds need, each once, base runs first.

    Parameters
    ----------
    study, settings, corpora
        The study, with its corpora made.
    arms
        Arms; None is those of the settings, which notebooks 02 and 05 train.

    Raises
    ------
    SettingsError
        The settings name an unknown arm.
    """
    arms = chosen_arms(settings.experiments) if arms is None else arms
    pairs = [(arm, seed) for seed in settings.experiments.seeds for arm in arms]
    bases = [("Start", replace(arm, method=None), seed) for arm, seed in pairs]
    jobs: dict[str, tuple[str, TrainJob]] = {}
    for label, arm, seed in [*bases, *((arm.label, arm, seed) for arm, seed in pairs)]:
        job = arm_job(study, settings, corpora, arm, seed)
        jobs.setdefault(job.run_id, (label, job))
    number_of = {run_id: number for number, run_id in enumerate(jobs, 1)}
    return [
        StudyRun(
            number_of[run_id],
            run_id,
            label,
            job,
            None if job.spec.start is None else number_of[job.spec.start],
            is_finished(job.runs_folder / run_id),
        )
        for run_id, (label, job) in jobs.items()
    ]


def count_unfinished(runs: Sequence[StudyRun]) -> tuple[int, int]:
    """Return how many base runs and how many continued runs are still to be trained."""
    waiting = [run.job.spec.stage for run in runs if not run.finished]
    return waiting.count("base"), waiting.count("continued")


def write_jobs(runs: Sequence[StudyRun], folder: Path) -> list[Path]:
    """Write one job file per run, finished ones too, and return their paths.

    Raises
    ------
    ArtefactError
        The folder holds job files that are not of this list, as after a change of settings.
    """
    names = {run.file_name for run in runs}
    strange = sorted(path.name for path in folder.glob("[0-9]*.json") if path.name not in names)
    if strange:
        raise ArtefactError(
            f"{folder} holds jobs of other settings ({strange[0]} and {len(strange) - 1} more); remove them, "
            "or write to another folder"
        )
    return [save_job(run.job, folder / run.file_name) for run in runs]
