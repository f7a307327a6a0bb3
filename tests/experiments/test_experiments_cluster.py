"""Runs on an engine: the bits of a local run, also when a worker is killed in the middle."""

from __future__ import annotations

import importlib.util
import logging
import os
import sys
from pathlib import Path

import pytest
import torch
from cluster_processes import DaskProcesses, KilledInTheMiddle
from safetensors.torch import load_file

from egma_lib.errors import SettingsError, TrainingError
from egma_lib.experiments.cluster import engines, remote_run, train_on_cluster
from egma_lib.training import RunSpec, TrainJob, run_id, train_all

sys.path.insert(0, str(Path(__file__).parents[1] / "training"))
from training_cases import tiny_data, tiny_settings, tiny_tokenizer

needs_dask = pytest.mark.skipif(
    importlib.util.find_spec("distributed") is None, reason="dask[distributed] is not installed"
)
needs_submitit = pytest.mark.skipif(
    importlib.util.find_spec("submitit") is None, reason="submitit is not installed"
)


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """Return the folder of a saved stage: data/ and tokenizer/."""
    folder = tmp_path_factory.mktemp("stage")
    tiny_data().save(folder / "data")
    tiny_tokenizer().save_pretrained(str(folder / "tokenizer"))
    return folder


def jobs_of(stage, runs, **overrides):
    """Return an arm and the base run that it waits for, which is long enough to be interrupted."""
    settings = tiny_settings(
        **{"training.base.image_passes": 800, "training.checkpoint_every_s": 0.05, **overrides}
    )
    base = RunSpec("base", "clip", 0)
    arm = RunSpec("continued", "egma", 0, start=run_id(base, settings, "0123abcd"))
    return [
        TrainJob(spec, settings, stage / "data", stage / "tokenizer", runs, "operator:is_not")
        for spec in (arm, base)
    ]


def assert_same_bits(ours, theirs):
    weights, others = (load_file(folder / "model.safetensors") for folder in (ours, theirs))
    assert all(torch.equal(weights[name], others[name]) for name in others)
    assert (ours / "settings.yaml").read_bytes() == (theirs / "settings.yaml").read_bytes()


@needs_dask
def test_a_run_whose_worker_is_killed_is_finished_by_another_with_the_same_bits(stage, tmp_path):
    here = list(train_all(jobs_of(stage, tmp_path / "here"), n_jobs=1, show_progress=False))
    with DaskProcesses(tmp_path, n_workers=2) as dask:
        engine = f"dask={dask.address}"
        jobs = jobs_of(stage, tmp_path / "there", **{"experiments.cluster": engine})
        killer = KilledInTheMiddle(tmp_path / "there")
        there = list(train_on_cluster(jobs, engine, show_progress=False))
        gone = [worker.pid for worker in dask.workers if worker.poll() is not None]
    assert gone == [killer.killed_pid]
    assert [result.run_id for result in there] == [result.run_id for result in here]
    assert all(result.output is True and not result.reused for result in there)
    for ours, theirs in zip(there, here, strict=True):
        assert_same_bits(ours.folder, theirs.folder)
    assert not list((tmp_path / "there").glob("*/state.safetensors"))


def short_job(stage, runs, after_run=None, **overrides):
    settings = tiny_settings(**overrides)
    return TrainJob(
        RunSpec("base", "clip", 3), settings, stage / "data", stage / "tokenizer", runs, after_run
    )


class FakeExecutor:
    """An executor whose jobs end as told, one after another."""

    def __init__(self, outcomes):
        self.outcomes, self.n_sent, self.cancelled = list(outcomes), 0, 0

    def update_parameters(self, **parameters):
        self.parameters = parameters

    def submit(self, function, job, name):
        self.n_sent += 1
        return self

    def done(self):
        return True

    def result(self):
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def cancel(self, check):
        self.cancelled += 1


@needs_submitit
def test_a_lost_job_is_sent_again_and_in_the_end_given_up(caplog, monkeypatch):
    from submitit.core.utils import UncompletedJobError

    from egma_lib.experiments.cluster import submitit_engine
    from egma_lib.experiments.cluster.submitit_engine import _SubmititRuns

    monkeypatch.setattr(submitit_engine, "_POLL_S", 0.0)
    lost = UncompletedJobError("slurmstepd: error: node failure")
    executor = FakeExecutor([lost, lost, ("done", "result")])
    runs = _SubmititRuns(executor)
    runs.submit(None, "base-s0")
    with caplog.at_level(logging.WARNING):
        assert runs.finished() == [("base-s0", ("done", "result"))]
    assert executor.n_sent == 3
    assert "node failure" in caplog.text

    runs = _SubmititRuns(FakeExecutor([lost] * 3))
    runs.submit(None, "base-s0")
    with pytest.raises(TrainingError, match=r"base-s0 was lost 3 times(.|\n)*node failure"):
        runs.finished()


@needs_submitit
def test_what_a_job_asks_slurm_for():
    from egma_lib.experiments.cluster.submitit_engine import _parameters

    settings = [tiny_settings(**{"training.threads": threads}) for threads in (1, 3)]
    assert _parameters({}, settings) == {"timeout_min": 1440, "cpus_per_task": 3}
    options = engines._options("slurm:partition=gpu,gpus_per_node=1,timeout_min=60,cpus_per_task=8")
    assert _parameters(options, settings) == {
        "timeout_min": 60,
        "cpus_per_task": 8,
        "slurm_partition": "gpu",
        "gpus_per_node": 1,
    }


def test_a_killed_process_is_told_from_a_failed_run(stage, tmp_path, monkeypatch):
    failing = short_job(stage, tmp_path, "operator:add")
    kind, text = remote_run.run_job(failing, failing.run_id)
    assert kind == "failed"
    assert "TypeError" in text
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]), prepend=os.pathsep)
    killed = short_job(stage, tmp_path, "cluster_processes:end_this_process")
    with pytest.raises(remote_run.LostRunError, match=rf"{killed.run_id}.*ended without a word"):
        remote_run.run_job(killed, killed.run_id)


def test_a_machine_that_would_train_something_else_refuses(stage, tmp_path):
    job = short_job(stage, tmp_path)
    kind, text = remote_run.run_job(job, "base-s3-00000000")
    assert kind == "failed"
    assert f"the run is {job.run_id} there; use the same checkout" in text
    elsewhere = TrainJob(**{**vars(job), "tokenizer_folder": tmp_path / "tokenizer"})
    kind, text = remote_run.run_job(elsewhere, job.run_id)
    assert kind == "failed"
    assert f"sees no folder {tmp_path / 'tokenizer'}" in text


def test_what_is_complete_is_not_sent(stage, tmp_path):
    job = short_job(stage, tmp_path)
    trained = train_on_cluster([job, job], "dask=tcp://127.0.0.1:1", is_complete=lambda job: True)
    for result in trained:
        assert (result.run_id, result.folder, result.reused) == (job.run_id, tmp_path / job.run_id, True)


def test_a_run_without_its_start_is_refused_before_an_engine_is_asked(stage, tmp_path):
    lost = TrainJob(
        **{**vars(short_job(stage, tmp_path)), "spec": RunSpec("continued", "egma", 0, start="base-s0-gone")}
    )
    with pytest.raises(TrainingError, match="base-s0-gone, which is neither"):
        next(train_on_cluster([lost], "dask=tcp://127.0.0.1:1"))


@pytest.mark.parametrize(
    ("engine", "words"),
    [
        pytest.param("ray", "cluster 'ray' is unknown; use dask=", id="unknown_engine"),
        pytest.param("slurm:gpu", "'gpu' is not of the form option=value", id="option_without_value"),
    ],
)
def test_an_engine_that_cannot_be_is_refused(stage, tmp_path, engine, words):
    with pytest.raises(SettingsError, match=words):
        next(train_on_cluster([short_job(stage, tmp_path)], engine, show_progress=False))


@pytest.mark.parametrize("engine", ["dask=tcp://127.0.0.1:1", "slurm"])
def test_a_missing_package_is_named_with_the_line_that_installs_it(engine, monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"needs the package .*pip install 'dask\[distributed\]"):
        engines.open_engine(engine, [], tmp_path)


@needs_dask
def test_a_scheduler_that_does_not_answer_is_named(monkeypatch):
    from egma_lib.experiments.cluster import dask_engine

    monkeypatch.setattr(dask_engine, "_CONNECT_TIMEOUT_S", 0.2)
    with (
        pytest.raises(SettingsError, match=r"no dask scheduler answers at tcp://127.0.0.1:1 "),
        dask_engine.dask_engine("tcp://127.0.0.1:1"),
    ):
        pass


@needs_submitit
def test_slurm_that_is_not_there_is_said(tmp_path, monkeypatch):
    from egma_lib.experiments.cluster.submitit_engine import submitit_engine

    monkeypatch.setenv("PATH", "")
    with (
        pytest.raises(SettingsError, match=r"'slurm' cannot be used so: .*srun"),
        submitit_engine("slurm", {}, [tiny_settings()], tmp_path),
    ):
        pass
