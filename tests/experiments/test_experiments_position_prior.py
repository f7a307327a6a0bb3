"""The prior of positions against maps written by hand."""

from dataclasses import replace

import numpy as np
import pytest

from egma_lib.evaluation.evaluation_sets import EvaluationSet, save_evaluation_set
from egma_lib.experiments.corpora import Corpora
from egma_lib.experiments.position_prior import position_prior, prior_pointing, prior_rows
from egma_lib.settings import EvaluationSettings
from egma_lib.training.data import TrainingData

SETTINGS = EvaluationSettings(bootstrap=200)


def peak(patch, height=1.0):
    """Return a map on 2 x 2 patches with gaze on one of them."""
    values = np.zeros(4, dtype=np.float32)
    values[patch] = height
    return values


@pytest.fixture
def data():
    """Four readings; the last is held out, the third has no gaze."""
    sentences = (("mild edema", "no pneumonia"), ("pneumonia on the left", "edema"), ("edema",), ("edema",))
    gaze = [np.stack([peak(0), peak(3)]), np.stack([peak(2), peak(1, 0.5)]), None, peak(3)[None]]
    return TrainingData(
        images=np.zeros((4, 4, 4), np.uint8),
        image_index=np.arange(4),
        sentences=sentences,
        gaze_similarity=gaze,
        has_gaze=[np.array([True] * len(s)) & (g is not None) for s, g in zip(sentences, gaze, strict=True)],
        is_validation=np.array([False, False, False, True]),
        patient_ids=("p0", "p1", "p2", "p3"),
        sample_ids=("r0", "r1", "r2", "r3"),
        data_hash="0123abcd",
    )


def rsna_set(quadrants, patients=None):
    """Return a set with one region per case, each a quadrant (row by row) of the square."""
    regions = np.zeros((len(quadrants), 2, 2), dtype=bool)
    regions.reshape(-1, 4)[np.arange(len(quadrants)), list(quadrants)] = True
    ids = np.array([f"c{i}" for i in range(len(quadrants))])
    return EvaluationSet(
        name="rsna",
        class_names=("Normal", "Pneumonia"),
        case_ids=ids,
        patient_ids=ids if patients is None else np.array(patients),
        labels=np.ones(len(ids), int),
        images=np.zeros((len(ids), 4, 4), np.uint8),
        prompts=("clear", "pneumonia"),
        prompt_class=np.array([0, 1]),
        pointing_prompts=("pneumonia",),
        pointing_class=np.array([1]),
        region_case=np.arange(len(ids)),
        region_class=np.ones(len(ids), int),
        regions=regions.repeat(8, 1).repeat(8, 2),
        paired_case_ids=ids,
    )


def test_prior_is_the_mean_map_of_affirming_training_sentences_with_gaze(data):
    assert position_prior(data, "Edema").tolist() == [0.5, 0.25, 0, 0]
    # The sentence that denies pneumonia looked at patch 3.
    assert position_prior(data, "Pneumonia").tolist() == [0, 0, 1, 0]


def test_no_prior_without_a_sentence_with_gaze(data):
    assert position_prior(data, "Fracture") is None
    silent = replace(
        data, gaze_similarity=[None] * 4, has_gaze=[np.zeros(len(s), bool) for s in data.sentences]
    )
    assert position_prior(silent, "Edema") is None
    without = replace(data, has_gaze=[np.zeros(len(s), bool) for s in data.sentences])
    assert position_prior(without, "Edema") is None


def test_every_film_is_pointed_at_on_the_same_patch(data):
    measured = prior_pointing(data, rsna_set([2, 2, 2, 1]), SETTINGS)
    assert measured.per_seed == pytest.approx([75])
    assert measured.n_cases == 4
    assert measured.resampled.shape == (1, 200)
    assert set(np.unique(measured.resampled)) <= {0, 25, 50, 75, 100}


def test_resamples_draw_patients_and_not_regions(data):
    measured = prior_pointing(data, rsna_set([2, 2, 1, 1], ["a", "a", "b", "b"]), SETTINGS)
    assert set(np.unique(measured.resampled)) == {0, 50, 100}


def test_sets_whose_finding_was_never_named_have_no_row(data, tmp_path):
    assert (
        prior_pointing(
            replace(data, sentences=tuple(("clear",) * len(s) for s in data.sentences)),
            rsna_set([2]),
            SETTINGS,
        )
        is None
    )
    data.save(tmp_path / "gaze")
    save_evaluation_set(rsna_set([2, 0]), tmp_path / "sets")
    none = replace(rsna_set([]), name="siim", class_names=("Normal", "Pneumothorax"))
    save_evaluation_set(none, tmp_path / "sets")
    corpora = Corpora(tmp_path, tmp_path / "gaze", tmp_path, tmp_path / "sets", "0")
    (row,) = prior_rows(corpora, ["rsna", "siim"], SETTINGS)
    assert (row["dataset"], row["method"], row["metric"]) == ("rsna", "training positions", "pointing_hit")
    assert (row["kind"], row["n_seeds"], row["n_cases"]) == ("trivial", 0, 2)
    assert row["value"] == pytest.approx(50)
    assert row["ci_low"] <= 50 <= row["ci_high"]
