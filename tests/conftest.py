"""Studies that tests of several parts share, each made once."""

from __future__ import annotations

import pytest
from tiny_studies import TinyStudy, TrainedStudy, one_step_settings, phantom_settings


@pytest.fixture(scope="session")
def tiny_study(tmp_path_factory) -> TinyStudy:
    from egma_lib.phantom.build import build_phantom

    settings = phantom_settings(
        gaze_cases=20, multi_reader_cases=2, report_cases=24, chexpert_train=40, chexpert_valid=8,
        rsna_cases=40, siim_cases=40,
    )  # fmt: skip
    target = tmp_path_factory.mktemp("phantom") / "study"
    build_phantom(settings, target, recipe_hash="0123abcd", jobs=1, progress=False)
    return TinyStudy(settings, target)


@pytest.fixture(scope="session")
def trained_study(tiny_study, tmp_path_factory) -> TrainedStudy:
    """The tiny phantom after stages 01 and 02, with runs of one step."""
    from egma_lib.datasets.mimic_eye import load_gaze_corpus
    from egma_lib.experiments.arms import chosen_arms
    from egma_lib.experiments.corpora import build_corpora
    from egma_lib.experiments.pretraining import train_arms
    from egma_lib.gaze.preprocess import build_gaze_artefact
    from egma_lib.study import open_study

    settings = one_step_settings()
    study = open_study(settings, tiny_study.folder, tmp_path_factory.mktemp("results"))
    readings = study.dataset("mimic-eye")
    gaze = build_gaze_artefact(readings, settings, study.results, study.data_hash, jobs=1, progress=False)
    corpora = build_corpora(study, settings, gaze, progress=False)
    arms = chosen_arms(settings.experiments)
    runs = train_arms(study, settings, corpora, arms, progress=False)
    corpus = load_gaze_corpus(readings, gaze, settings.data.validation_share)
    return TrainedStudy(study, settings, gaze, corpus, corpora, arms, runs)
