"""Job files of a study: their order, and that the notebooks reuse what was trained from one."""

from __future__ import annotations

from dataclasses import replace
from multiprocessing import Pipe
from types import SimpleNamespace

import pytest

from egma_lib.errors import ArtefactError
from egma_lib.experiments import job_list
from egma_lib.experiments.arms import Arm
from egma_lib.experiments.evaluate_run import is_evaluated
from egma_lib.experiments.job_list import (
    count_unfinished,
    list_runs,
    list_study_runs,
    planned_arms,
    write_jobs,
)
from egma_lib.experiments.pretraining import arm_job
from egma_lib.settings import load_settings
from egma_lib.training.distributed import train_job
from egma_lib.training.jobs import load_job
from egma_lib.training.ranks import Ranks
from egma_lib.training.worker import serve


def with_seeds(trained_study, *seeds):
    return trained_study.settings.changed({"experiments.seeds": list(seeds)})


def runs_of(trained_study, *seeds):
    settings = with_seeds(trained_study, *seeds)
    return list_runs(trained_study.study, settings, trained_study.corpora, trained_study.arms)


def test_every_run_stands_once_after_the_one_it_starts_from(trained_study):
    runs = runs_of(trained_study, 0, 1)
    assert [run.number for run in runs] == [1, 2, 3, 4, 5, 6]
    assert [run.file_name for run in runs] == [
        "001-base-s0.json",
        "002-base-s1.json",
        "003-no_gaze-s0.json",
        "004-egma-s0.json",
        "005-no_gaze-s1.json",
        "006-egma-s1.json",
    ]
    assert [run.start_number for run in runs] == [None, None, 1, 1, 2, 2]
    assert [run.label for run in runs] == ["Start", "Start"] + ["Continued, no gaze", "EGMA"] * 2
    by_number = {run.number: run for run in runs}
    for run in runs[2:]:
        assert run.job.spec.start == by_number[run.start_number].run_id


def test_what_is_trained_counts_as_finished(trained_study):
    runs = runs_of(trained_study, 0, 1)
    assert [run.finished for run in runs if run.job.spec.seed == 0] == [True, True, True]
    assert count_unfinished([run for run in runs if run.job.spec.seed == 0]) == (0, 0)
    untouched = [replace(run, finished=False) for run in runs]
    assert count_unfinished(untouched) == (2, 4)


def test_a_run_trained_from_its_job_file_is_reused_by_the_notebooks(trained_study, tmp_path):
    study, settings, corpora = trained_study.study, with_seeds(trained_study, 3), trained_study.corpora
    runs = runs_of(trained_study, 3)
    assert not any(run.finished for run in runs)
    for path in write_jobs(runs, tmp_path)[:2]:
        train_job(load_job(path), Ranks())
    again = runs_of(trained_study, 3)
    assert [run.finished for run in again] == [True, True, False]
    ours, theirs = Pipe()
    for job in (arm_job(study, settings, corpora, arm, 3) for arm in trained_study.arms[:2]):
        ours.send(job)
    ours.send(None)
    serve(theirs)  # what a worker of `train_arms` does
    for _ in range(2):
        kind, result = ours.recv()
        assert (kind, result.reused) == ("done", True)
        assert is_evaluated(study.folder("predictions") / result.run_id, corpora.evaluation)


def test_an_arm_with_a_base_run_of_its_own_has_it_listed(monkeypatch, tmp_path):
    def arm_job(study, settings, corpora, arm, seed):
        base = f"{'own' if arm.own_base else 'base'}-s{seed}"
        start = None if arm.method is None else base
        spec = SimpleNamespace(start=start, stage="continued" if start else "base", seed=seed, name=arm.name)
        return SimpleNamespace(
            run_id=f"{arm.name}-s{seed}" if start else base, spec=spec, runs_folder=tmp_path
        )

    monkeypatch.setattr(job_list, "arm_job", arm_job)
    settings = SimpleNamespace(experiments=SimpleNamespace(seeds=(0,)))
    egma, other = Arm("egma", "EGMA", "egma"), Arm("other", "Other", "egma", own_base=True)
    runs = list_runs(None, settings, None, [egma, other])
    assert [run.run_id for run in runs] == ["base-s0", "own-s0", "egma-s0", "other-s0"]
    assert [run.start_number for run in runs] == [None, None, 1, 2]


def test_jobs_of_other_settings_in_the_folder_are_named(trained_study, tmp_path):
    runs = runs_of(trained_study, 0)
    write_jobs(runs, tmp_path)
    write_jobs(runs, tmp_path)
    with pytest.raises(ArtefactError, match=r"other settings \(003-egma-s0\.json and 0 more\); remove"):
        write_jobs(runs[:2], tmp_path)


def test_all_that_the_notebooks_train_is_planned_once():
    settings = load_settings(
        "phantom", {"experiments.backbones": {"B": {"model.image_channels": [8, 16, 32]}}}
    )
    experiments = settings.experiments
    planned = planned_arms(settings)
    assert len({(arm.name, seed) for arm, seed in planned}) == len(planned)
    seeds_of = {arm.name: {seed for other, seed in planned if other == arm} for arm, _ in planned}
    assert seeds_of["egma"] == seeds_of["no_gaze"] == set(experiments.pair_seeds)
    assert seeds_of["mlce"] == seeds_of["gaze_0.1"] == seeds_of["control_shuffled"] == set(experiments.seeds)
    assert seeds_of["sparc"] == seeds_of["switch_padding"] == seeds_of["egma_B"] == set(experiments.few_seeds)


def test_the_whole_study_is_listed_with_data_for_its_controls(trained_study):
    settings = trained_study.settings.changed(
        {
            "experiments.seeds": [0],
            "experiments.methods": ["sparc"],
            "experiments.controls": ["uniform", "oracle"],
            "experiments.switches": ["padding"],
        }
    )
    corpora = trained_study.corpora
    runs = list_study_runs(trained_study.study, settings, corpora, trained_study.gaze, progress=False)
    by_name = {run.job.spec.name: run for run in runs if run.job.spec.seed == 0}
    assert {"base", "no_gaze", "egma", "sparc", "control_uniform", "switch_padding", "mlce_alone"} <= set(
        by_name
    )
    assert all(run.job.data_folder.is_dir() for run in runs)
    assert by_name["control_uniform"].job.data_folder != corpora.gaze
    assert by_name["switch_padding"].job.settings.losses.padding == "upstream"
    starts = [run.start_number for run in runs]
    assert starts.index(1) == starts.count(None), "base runs come first"
    assert all(start is None or start < run.number for run, start in zip(runs, starts, strict=True))
