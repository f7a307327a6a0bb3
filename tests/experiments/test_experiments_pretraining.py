"""What is written down about the runs of a study."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from egma_lib.experiments import pretraining
from egma_lib.experiments.arms import chosen_arms
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
