"""The runs of a study in the order in which they can be trained, and one job file for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from egma_lib.errors import ArtefactError
from egma_lib.experiments.arms import Arm, chosen_arms
from egma_lib.experiments.comparison_arms import backbone_arms, method_arms, switch_arms
from egma_lib.experiments.comparison_runs import control_arms, pair_arms
from egma_lib.experiments.corpora import Corpora
from egma_lib.experiments.gaze_variants import available_arms, make_gaze_variants
from egma_lib.experiments.pretraining import arm_job
from egma_lib.gaze.artefact import GazeArtefact
from egma_lib.settings import Settings
from egma_lib.study import Study
from egma_lib.training.jobs import TrainJob, save_job
from egma_lib.training.run import is_finished

BASE_LABEL = "Start"
"""Label of base runs: the arm that they are without stage 2."""


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


def planned_arms(settings: Settings) -> list[tuple[Arm, int]]:
    """Return every arm and seed that the notebooks train on the study itself, each once.

    Studies beside the main one, which only the built-in phantom has, are not among them.
    """
    experiments = settings.experiments
    few = (*method_arms(experiments), *switch_arms(experiments), *backbone_arms(experiments))
    plan = (
        (chosen_arms(experiments), experiments.seeds),
        (pair_arms(), experiments.pair_seeds),
        (control_arms(experiments), experiments.seeds),
        (few, experiments.few_seeds),
    )
    pairs = ((arm, seed) for arms, seeds in plan for seed in seeds for arm in arms)
    # By name, since the settings that an arm changes may be lists.
    return list({(arm.name, seed): (arm, seed) for arm, seed in pairs}.values())


def list_study_runs(
    study: Study, settings: Settings, corpora: Corpora, gaze: GazeArtefact, *, progress: bool = True
) -> list[StudyRun]:
    """Return all runs that the notebooks train on the study itself, base runs first.

    Training data of the gaze controls are made, unless they are there; arms that the study cannot have are
    left out.

    Raises
    ------
    SettingsError
        The settings name an unknown arm.
    """
    planned = planned_arms(settings)
    arms, _ = available_arms(tuple({arm.name: arm for arm, _ in planned}.values()), study, corpora)
    make_gaze_variants(arms, study, settings, corpora, gaze, progress=progress)
    return _listed(study, settings, corpora, [(arm, seed) for arm, seed in planned if arm in arms])


def list_runs(study: Study, settings: Settings, corpora: Corpora, arms: Sequence[Arm]) -> list[StudyRun]:
    """Return the runs that these arms need with the seeds of the settings, each once, base runs first."""
    pairs = [(arm, seed) for seed in settings.experiments.seeds for arm in arms]
    return _listed(study, settings, corpora, pairs)


def _listed(
    study: Study, settings: Settings, corpora: Corpora, pairs: Sequence[tuple[Arm, int]]
) -> list[StudyRun]:
    bases = [(BASE_LABEL, replace(arm, method=None), seed) for arm, seed in pairs]
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
