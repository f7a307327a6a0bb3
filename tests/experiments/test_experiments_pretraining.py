"""What is written down about the runs of a study."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from egma_lib.errors import ArtefactError
from egma_lib.experiments import pretraining
from egma_lib.experiments.arms import chosen_arms, gaze_quantity_arm
from egma_lib.settings import load_settings


@pytest.fixture
def runs(monkeypatch, tmp_path):
    """The table of `train_arms` with training left out, and what it wrote to runs.csv."""

    def job(study, settings, corpora, spec, data):
        return SimpleNamespace(spec=spec, run_id=f"{spec.name}-s{spec.seed}")

    def trained(jobs, n_jobs, show_progress):
        return [SimpleNamespace(run_id=job.run_id, reused=False, seconds=1.0) for job in jobs]

    monkeypatch.setattr(pretraining, "_job", job)
    monkeypatch.setattr(pretraining, "train_all", trained)
    settings = load_settings("smoke", {"experiments.seeds": [0, 1]})
    corpora = SimpleNamespace(base=tmp_path, gaze=tmp_path)
    table = pretraining.train_arms(
        SimpleNamespace(results=tmp_path),
        settings,
        corpora,
        chosen_arms(settings.experiments),
        progress=False,
    )
    return table, pd.read_csv(tmp_path / "runs.csv")


def test_the_share_of_gaze_is_what_the_arm_sees_and_not_what_the_data_hold(runs):
    table, written = runs
    shares = {"start": 0, "clip": 0, "no_gaze": 0, "mlce": 1, "egf": 1, "egm": 1, "egma": 1, "gaze_0.5": 0.5}
    for arm, share in shares.items():
        assert set(table.loc[table["arm"] == arm, "gaze_share"]) == {share}
        assert set(written.loc[written["arm"] == arm, "gaze_share"]) == {share}


def test_all_arms_of_a_seed_start_from_the_same_base_run(runs):
    table, _ = runs
    continued = table[table["arm"] != "start"]
    assert continued.groupby("seed")["start"].unique().map(list).to_dict() == {0: ["base-s0"], 1: ["base-s1"]}
    assert table.loc[table["arm"] == "start", "run_id"].tolist() == ["base-s0", "base-s1"]


def test_the_start_arm_is_the_base_run_itself(trained_study):
    study, settings, _, _, corpora, _, _ = trained_study
    start, reference, gaze = trained_study.arms
    base = pretraining.base_job(study, settings, corpora, 0)
    assert (base.spec.stage, base.data_folder) == ("base", corpora.base)
    assert pretraining.arm_job(study, settings, corpora, start, 0) == base
    for arm in (reference, gaze):
        job = pretraining.arm_job(study, settings, corpora, arm, 0)
        assert (job.spec.stage, job.spec.start, job.data_folder) == ("continued", base.run_id, corpora.gaze)
        # The loss leaves gaze out, not the data: all arms see the same samples.
        assert job.spec.gaze_share == 1


def test_a_share_of_gaze_is_the_run_s(trained_study):
    job = pretraining.arm_job(*trained_study[:2], trained_study.corpora, gaze_quantity_arm(0.5), 0)
    assert (job.spec.method, job.spec.gaze_share) == ("egma", 0.5)


def test_trained_arms_are_written_down(trained_study):
    table = trained_study.runs
    assert table["arm"].tolist() == ["start", "no_gaze", "egma"]
    assert not table["reused"].any()
    assert (trained_study.study.runs / table["run_id"].iloc[2] / "model.safetensors").exists()
    written = pd.read_csv(trained_study.study.results / "runs.csv", keep_default_na=False)
    assert "reused" not in written
    assert sorted(written["run_id"]) == sorted(table["run_id"])


def test_what_is_trained_is_reused_and_keeps_its_seconds(trained_study, monkeypatch):
    def reuse(jobs, n_jobs, show_progress):
        return [SimpleNamespace(run_id=job.run_id, reused=True, seconds=0.0) for job in jobs]

    monkeypatch.setattr(pretraining, "train_all", reuse)
    path = trained_study.study.results / "runs.csv"
    before = path.read_text()
    again = pretraining.train_arms(
        *trained_study[:2], trained_study.corpora, trained_study.arms, progress=False
    )
    assert again["reused"].all()
    assert path.read_text() == before


def test_predictions_of_every_arm_are_found(trained_study):
    study, settings, corpora = trained_study.study, trained_study.settings, trained_study.corpora
    found = pretraining.arm_predictions(study, settings, corpora, trained_study.arms)
    assert [arm.name for arm, _ in found] == ["start", "no_gaze", "egma"]
    for (_, folders), run_id in zip(found, trained_study.runs["run_id"], strict=True):
        assert folders == (study.results / "predictions" / run_id,)


def test_an_arm_that_was_not_trained_says_what_to_run(trained_study):
    arms = [gaze_quantity_arm(0.5)]
    with pytest.raises(ArtefactError, match=r"gaze 50%, seed 0: no predictions.*run notebook 02 \(or 05"):
        pretraining.arm_predictions(*trained_study[:2], trained_study.corpora, arms)


def test_curves_carry_run_and_arm_on_every_row(trained_study):
    curves = pretraining.training_curves(trained_study.study, trained_study.runs)
    assert set(curves["label"]) == {"Start", "Continued, no gaze", "EGMA"}
    assert curves.groupby("run_id")["arm"].nunique().eq(1).all()
    assert {"step", "seed"} <= set(curves.columns)
