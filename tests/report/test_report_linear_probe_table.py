"""Table 1 from probes of one-step encoders on a phantom: rows, reference rows, notes, absent sets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from egma_lib.errors import ArtefactError
from egma_lib.experiments.arms import main_arms
from egma_lib.experiments.measurements import COLUMNS
from egma_lib.experiments.probe_runs import PIXELS, UNTRAINED, probe_all, probe_encoder, probe_jobs
from egma_lib.experiments.probe_sets import build_probe_sets
from egma_lib.report.linear_probe_table import measure_probes, table_1
from egma_lib.report.table_files import REPORTED, write_table

SHARES = ("1 %", "10 %", "100 %")


@pytest.fixture(scope="module")
def probed(trained_study):
    study, settings = trained_study.study, trained_study.settings
    build_probe_sets(study, settings, progress=False)
    arms = main_arms(settings.experiments)
    jobs = probe_jobs(study, settings, trained_study.corpora, arms)
    probe_all([job for methods in jobs.values() for job in methods], 1, progress=False)
    return arms, jobs


@pytest.fixture(scope="module")
def table(probed, trained_study):
    arms, jobs = probed
    measured = measure_probes(jobs, trained_study.settings)
    return table_1(arms, jobs, measured, trained_study.settings, "phantom", REPORTED)


def test_every_method_and_reference_has_a_row_for_each_head_and_share(table):
    assert list(table.rows.columns) == list(COLUMNS)
    labels = ["Start", "Continued, no gaze", "EGMA", UNTRAINED, PIXELS, "chance"]
    for head, block in zip(("converged", "paper"), table.blocks[:2], strict=True):
        assert block.cells.index.tolist() == labels
        chosen = table.rows[table.rows["setting"].str.endswith(f"{head} head")]
        assert set(chosen["setting"]) == {f"{share}, {head} head" for share in SHARES}
    assert table.rows.loc[table.rows["method"].isin(labels[3:]), "kind"].eq("trivial").all()
    assert table.rows.query("method == 'chance'")["value"].eq(50).all()
    assert not table.rows.duplicated(["dataset", "method", "setting", "metric", "comparison"]).any()


def test_notes_say_how_little_the_paper_s_head_moves_and_how_many_films_there_are(table):
    assert "of their length from where they began" in table.blocks[1].note
    assert "C chosen on the validation part" in table.blocks[0].note
    assert "training films" in table.blocks[0].note
    assert "RSNA:" in table.blocks[0].note


def test_differences_are_against_continued_training_without_gaze(table):
    paired = table.rows[table.rows["comparison"] != ""]
    assert set(paired["comparison"]) == {"minus Continued, no gaze"}
    plain = table.rows[table.rows["comparison"] == ""].set_index(["dataset", "method", "setting", "metric"])
    for _, row in paired.iterrows():
        ours, reference = (
            plain.loc[(row["dataset"], method, row["setting"], "auroc"), "value"]
            for method in (row["method"], "Continued, no gaze")
        )
        assert row["value"] == pytest.approx(ours - reference)


def test_the_table_is_written_with_the_paper_s_numbers_apart(table, tmp_path):
    csv, md, _ = write_table(table, tmp_path, "synthetic", "note")
    assert csv.name == "table_1_linear_probe.csv"
    assert "reported" not in set(pd.read_csv(csv)["kind"])
    assert "89.50" in md.read_text(encoding="utf-8")


def test_a_probe_that_was_made_is_not_made_again(probed):
    job = probed[1]["EGMA"][0]
    before = (job.scores / "rsna.parquet").stat().st_mtime_ns
    assert probe_encoder(job) == job.scores
    assert (job.scores / "rsna.parquet").stat().st_mtime_ns == before


def test_encoders_have_names_and_features_of_their_own(probed):
    jobs = [job for methods in probed[1].values() for job in methods]
    assert len({job.encoder for job in jobs}) == len(jobs)
    assert len({job.features.parent for job in jobs}) == 1
    first, second = (np.load(job.features / "rsna.npy") for job in jobs[:2])
    assert not np.allclose(first, second)


def test_a_set_that_the_study_lacks_says_so(probed, trained_study, tmp_path):
    arms, jobs = probed
    moved = {}
    for label, (job, *_) in jobs.items():
        folder = tmp_path / job.encoder
        folder.mkdir()
        for name in ("chexpert", "chexpert_heads"):
            (folder / f"{name}.parquet").write_bytes((job.scores / f"{name}.parquet").read_bytes())
        moved[label] = (replace(job, scores=folder),)
    measured = measure_probes(moved, trained_study.settings)
    found = table_1(arms, moved, measured, trained_study.settings, "phantom", REPORTED)
    assert (found.blocks[0].cells["RSNA 1 % AUROC"] == "not available").all()
    assert "SIIM: not available" in found.blocks[0].note


def test_untrained_arms_are_asked_for(trained_study):
    settings = trained_study.settings
    more = settings.model_copy(
        update={"experiments": settings.experiments.model_copy(update={"seeds": (0, 99)})}
    )
    with pytest.raises(ArtefactError, match=r"Start, seed 99: run .* is not trained; run notebook 02 first"):
        probe_jobs(trained_study.study, more, trained_study.corpora, main_arms(more.experiments))


def test_a_failed_probe_leaves_no_scores(probed, tmp_path):
    job = replace(probed[1][PIXELS][0], sets=tmp_path / "none", scores=tmp_path / "scores")
    with pytest.raises(ArtefactError, match="run notebook 04 first"):
        probe_all([job], 1, progress=False)
    assert not job.scores.exists()
