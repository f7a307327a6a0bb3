"""Sentences are chosen for Figure 3 by the rule stated, and shown as the trained models see them."""

from dataclasses import replace

import numpy as np
import pytest
from test_figures_gaze_examples import artefact_of, corpus_of

from egma_lib.errors import ArtefactError, DataError
from egma_lib.evaluation.evaluation_sets import load_evaluation_set
from egma_lib.experiments.arms import gaze_quantity_arm
from egma_lib.figures.attention_examples import (
    attention_examples,
    choose_sentences,
    class_features,
    load_arm_model,
    marked_regions,
)


def split(corpus, *splits):
    return replace(corpus, samples=corpus.samples.assign(split=list(splits)))


@pytest.fixture
def corpus():
    films = {"r0": "d0", "r1": "d1", "r2": "d2"}
    return split(corpus_of(films), "train", "train", "validation")


def test_held_out_readings_come_first_and_no_reading_twice(corpus):
    gaze = artefact_of(
        [
            ("r0", "large effusion"),
            ("r1", "mild edema"),
            ("r2", "effusion"),
            ("r2", "edema"),
            ("r9", "pneumonia"),
        ]
    )
    # Edema is before effusion in the list of words; r2, then without its effusion, leaves that to r0.
    assert choose_sentences(gaze, corpus, 4) == [("r2", 1, "edema"), ("r0", 0, "large effusion")]
    assert choose_sentences(gaze, corpus, 1) == [("r2", 1, "edema")]


def test_held_out_readings_with_the_finding_marked_come_first():
    films = {"r0": "d0", "r1": "d1", "r2": "d2"}
    marked = [("r1", "Edema"), ("r2", "Pleural Effusion")]
    corpus = split(corpus_of(films, marked), "validation", "validation", "train")
    gaze = artefact_of([("r0", "edema"), ("r1", "mild edema"), ("r1", "effusion"), ("r2", "large effusion")])
    # r1's marked edema goes before r0's; its effusion is then taken, and that of r2 is of training.
    assert choose_sentences(gaze, corpus, 2) == [("r1", 0, "mild edema"), ("r2", 0, "large effusion")]
    unmarked = replace(corpus, regions=None)
    assert choose_sentences(gaze, unmarked, 2) == [("r0", 0, "edema"), ("r1", 1, "effusion")]


def test_marked_regions_are_those_that_the_sentence_affirms():
    corpus = corpus_of(
        {"r0": "d0", "r1": "d1"}, [("r0", "Edema"), ("r0", "Pleural Effusion"), ("r1", "Edema")]
    )
    marked = marked_regions(corpus, "r0", "no edema but a small effusion")
    assert marked["finding"].tolist() == ["Pleural Effusion"]
    # Of 100 rows and 50 columns: the padded square is twice as wide as the film.
    np.testing.assert_allclose(marked[["x_min", "x_max", "y_min", "y_max"]], [[0.375, 0.625, 0.25, 0.75]])
    assert marked_regions(replace(corpus, regions=None), "r0", "edema") is None


def test_sentences_that_deny_or_have_no_gaze_are_not_chosen(corpus):
    gaze = artefact_of([("r0", "mild edema"), ("r1", "edema"), ("r2", "no edema")])
    silent = replace(gaze, sentences=gaze.sentences.assign(has_gaze=[False, True, True]))
    assert choose_sentences(silent, corpus, 4) == [("r1", 0, "edema")]


def test_no_sentence_to_show_is_an_error(trained_study, corpus):
    study, settings, corpora, arms = (
        trained_study.study, trained_study.settings, trained_study.corpora, trained_study.arms,
    )  # fmt: skip
    with pytest.raises(DataError, match="no sentence with gaze names a finding"):
        attention_examples(study, settings, corpora, artefact_of([("r0", "clear")]), corpus, arms)


def test_examples_show_gaze_and_every_arm_on_the_patch_grid(trained_study):
    study, settings, gaze, corpus, corpora, arms, _ = trained_study
    examples = attention_examples(study, settings, corpora, gaze, corpus, arms, n_examples=2)
    chosen = choose_sentences(gaze, corpus, 2)
    assert [(item.sample_id, item.sentence) for item in examples] == [(s, text) for s, _, text in chosen]
    grid = (settings.model.patch_grid,) * 2
    for item in examples:
        assert list(item.attention) == ["Start", "Continued, no gaze", "EGMA"]
        assert item.gaze.shape == grid
        assert item.gaze.max() == pytest.approx(1)
        for values in item.attention.values():
            assert values.shape == grid
            assert (values.min(), values.max()) == pytest.approx((0, 1))


def test_class_features_are_of_unit_length_with_their_classes(trained_study):
    study, settings, _, _, corpora, arms, _ = trained_study
    features, names = class_features(study, settings, corpora, arms[:1])
    tested = load_evaluation_set(corpora.evaluation / "chexpert_5x200")
    assert features["Start"].shape == (len(tested), settings.model.embed_dim)
    np.testing.assert_allclose(np.linalg.norm(features["Start"], axis=1), 1, rtol=1e-5)
    assert names.tolist() == [tested.class_names[label] for label in tested.labels]


def test_an_arm_that_was_not_trained_has_no_model(trained_study):
    with pytest.raises(ArtefactError):
        load_arm_model(
            trained_study.study, trained_study.settings, trained_study.corpora, gaze_quantity_arm(0.5), 0
        )
