"""Evaluation of one run of the tiny phantom on its evaluation sets."""

import numpy as np
import pandas as pd
import pytest

from egma_lib.artefacts import read_json
from egma_lib.errors import ArtefactError
from egma_lib.evaluation.evaluation_sets import load_evaluation_set
from egma_lib.experiments.evaluate_run import DONE_FILE, evaluate_run, is_evaluated

SETS = ["chexpert_5x200", "chexpert_5x200_marked", "chexpert_8x200", "rsna", "siim"]


@pytest.fixture(scope="module")
def run_folder(trained_study):
    return trained_study.study.runs / trained_study.runs.set_index("arm").loc["egma", "run_id"]


def test_a_run_is_scored_on_every_set(trained_study, run_folder, tmp_path):
    evaluation = trained_study.corpora.evaluation
    folder = evaluate_run(run_folder, trained_study.settings, evaluation, tmp_path)
    assert folder == tmp_path / run_folder.name
    assert read_json(folder / DONE_FILE) == {"evaluation": evaluation.name, "sets": SETS}
    for name in SETS:
        scored = pd.read_parquet(folder / f"{name}.parquet")
        assert scored["case_id"].tolist() == load_evaluation_set(evaluation / name).case_ids.tolist()
        assert np.isfinite(scored.filter(like="|").to_numpy()).all()
    assert (folder / "rsna_pointing.parquet").exists()


def test_predictions_are_those_the_worker_stored(trained_study, run_folder, tmp_path):
    folder = evaluate_run(run_folder, trained_study.settings, trained_study.corpora.evaluation, tmp_path)
    stored = trained_study.study.folder("predictions") / run_folder.name
    ours, theirs = (pd.read_parquet(path / "siim.parquet") for path in (folder, stored))
    pd.testing.assert_frame_equal(ours, theirs, rtol=1e-5)


def test_what_has_been_scored_on_these_sets_is_left_alone(trained_study, run_folder):
    predictions, evaluation = trained_study.study.folder("predictions"), trained_study.corpora.evaluation
    done = predictions / run_folder.name / DONE_FILE
    before = done.stat().st_mtime_ns
    # Weights that are not there cannot be loaded again.
    gone = run_folder.parent / "gone" / run_folder.name
    assert evaluate_run(gone, trained_study.settings, evaluation, predictions) == done.parent
    assert done.stat().st_mtime_ns == before


def test_predictions_on_other_sets_do_not_count(trained_study, run_folder, tmp_path):
    predictions, evaluation = trained_study.study.folder("predictions"), trained_study.corpora.evaluation
    folder = predictions / run_folder.name
    assert is_evaluated(folder, evaluation)
    assert not is_evaluated(folder, tmp_path / "other_sets")
    assert not is_evaluated(tmp_path, evaluation)


def test_a_run_that_is_not_there_is_named(trained_study, tmp_path):
    with pytest.raises(ArtefactError, match="gone"):
        evaluate_run(tmp_path / "gone", trained_study.settings, trained_study.corpora.evaluation, tmp_path)
