"""Train and evaluate the arms of a study; what has been trained is reused."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from egma_lib.artefacts import write_text
from egma_lib.errors import ArtefactError
from egma_lib.experiments.arms import Arm
from egma_lib.experiments.corpora import Corpora
from egma_lib.experiments.evaluate_run import is_evaluated
from egma_lib.experiments.gaze_controls.registry import MEASURED
from egma_lib.experiments.gaze_variants import arm_settings, gaze_data_folder
from egma_lib.settings import Settings
from egma_lib.study import Study
from egma_lib.training.device import count_workers
from egma_lib.training.jobs import TrainJob, TrainResult
from egma_lib.training.run import RunSpec, is_finished
from egma_lib.training.workers import train_all


def base_job(study: Study, settings: Settings, corpora: Corpora, seed: int) -> TrainJob:
    """Return the stage-1 run of a seed: CLIP on report sentences, without gaze."""
    return _job(study, settings, corpora, RunSpec("base", "clip", seed), corpora.base)


def arm_job(study: Study, settings: Settings, corpora: Corpora, arm: Arm, seed: int) -> TrainJob:
    """Return the run whose model is the arm's: the base run for *Start*, a continued run for the others."""
    changed = arm_settings(settings, arm)
    start = base_job(study, changed if arm.own_base else settings, corpora, seed)
    if arm.method is None:
        return start
    # Arms that ignore gaze by their loss keep the full share: the loss, not the data, leaves it out.
    share = arm.gaze_share if arm.gaze_share > 0 else 1.0
    spec = RunSpec("continued", arm.method, seed, gaze_share=share, start=start.run_id, tag=_tag(arm))
    return _job(study, changed, corpora, spec, gaze_data_folder(corpora, arm))


def _tag(arm: Arm) -> str:
    """Return the beginning of the run's id; arms that differ by method and share alone need none."""
    plain = arm.gaze == MEASURED and not arm.overrides and ":" not in str(arm.method)
    return "" if plain else re.sub(r"[^A-Za-z0-9.+-]+", "_", arm.name)


def _job(study: Study, settings: Settings, corpora: Corpora, spec: RunSpec, data: Path) -> TrainJob:
    return TrainJob(
        spec,
        settings,
        data,
        corpora.tokenizer,
        study.runs,
        after_run="egma_lib.experiments.evaluate_run:evaluate_run",
        after_run_with={"evaluation": corpora.evaluation, "predictions": study.folder("predictions")},
    )


def train_arms(
    study: Study,
    settings: Settings,
    corpora: Corpora,
    arms: Sequence[Arm],
    seeds: Sequence[int] | None = None,
    *,
    progress: bool = True,
) -> pd.DataFrame:
    """Train and evaluate every arm with every seed, in worker processes or on `experiments.cluster`.

    Parameters
    ----------
    study
        Where runs and predictions go.
    settings
        Seeds, schedule, and where the runs train: `experiments.jobs` processes here, or an engine.
    corpora
        What to train and evaluate on.
    arms
        Arms; base runs they start from are trained first. Those of other gaze need `make_gaze_variants`
        before.
    seeds
        Seeds; None is `experiments.seeds`.
    progress
        Show one bar over all steps.

    Returns
    -------
    pandas.DataFrame
        run_id, arm, label, stage, method, seed, gaze_share, start, reused, seconds; also merged into
        `runs.csv`.
    """
    seeds = settings.experiments.seeds if seeds is None else seeds
    named = [(arm, seed, arm_job(study, settings, corpora, arm, seed)) for seed in seeds for arm in arms]
    bases = [arm_job(study, settings, corpora, replace(arm, method=None), seed) for arm, seed, _ in named]
    results = _train(bases + [job for _, _, job in named], settings, progress)
    table = pd.DataFrame(
        [
            {
                "run_id": job.run_id,
                "arm": arm.name,
                "label": arm.label,
                "stage": job.spec.stage,
                "method": job.spec.method,
                "seed": seed,
                "gaze_share": arm.gaze_share,
                "start": job.spec.start or "",
                "reused": results[job.run_id].reused,
                "seconds": round(results[job.run_id].seconds, 1),
            }
            for arm, seed, job in named
        ]
    )
    _merge_runs(study.results / "runs.csv", table.drop(columns=["reused"]))
    return table


def _train(jobs: Sequence[TrainJob], settings: Settings, progress: bool) -> dict[str, TrainResult]:
    """Train jobs here, or on the engine that the settings name."""
    engine = settings.experiments.cluster
    if engine is None:
        trained = train_all(jobs, count_workers(settings), show_progress=progress)
    else:
        from egma_lib.experiments.cluster import train_on_cluster

        trained = train_on_cluster(jobs, engine, is_complete=_is_complete, show_progress=progress)
    return {result.run_id: result for result in trained}


def _is_complete(job: TrainJob) -> bool:
    """Whether a run has been trained and evaluated, so that it need not wait for a worker to say so."""
    where = job.after_run_with
    return is_finished(job.runs_folder / job.run_id) and is_evaluated(
        where["predictions"] / job.run_id, where["evaluation"]
    )


def _merge_runs(path: Path, table: pd.DataFrame) -> None:
    if path.exists():
        # The seconds of a run's first training are kept; a reused run takes none.
        table = pd.concat([pd.read_csv(path, keep_default_na=False), table], ignore_index=True)
    table = table.drop_duplicates(["run_id", "arm"], keep="first").sort_values(["seed", "arm", "run_id"])
    write_text(path, table.to_csv(index=False))


def arm_predictions(
    study: Study,
    settings: Settings,
    corpora: Corpora,
    arms: Sequence[Arm],
    seeds: Sequence[int] | None = None,
) -> list[tuple[Arm, tuple[Path, ...]]]:
    """Return each arm with its prediction folders, one per seed.

    Raises
    ------
    ArtefactError
        A run has not been trained and evaluated: says which notebook does it.
    """
    found = []
    for arm in arms:
        folders = []
        for seed in settings.experiments.seeds if seeds is None else seeds:
            job = arm_job(study, settings, corpora, arm, seed)
            folder = study.folder("predictions") / job.run_id
            if not is_evaluated(folder, corpora.evaluation):
                raise ArtefactError(
                    f"{arm.label}, seed {seed}: no predictions of run {job.run_id}; run notebook 02 "
                    "(or 05 for the ablation arms) with the same settings first"
                )
            folders.append(folder)
        found.append((arm, tuple(folders)))
    return found


def training_curves(study: Study, runs: pd.DataFrame) -> pd.DataFrame:
    """Return the metrics of runs as one table, with run_id, arm, label and seed on every row."""
    tables = []
    for run_id, arm, label, seed in runs[["run_id", "arm", "label", "seed"]].itertuples(index=False):
        path = study.runs / str(run_id) / "metrics.jsonl"
        tables.append(pd.read_json(path, lines=True).assign(run_id=run_id, arm=arm, label=label, seed=seed))
    return pd.concat(tables, ignore_index=True)
