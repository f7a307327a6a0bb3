"""The probe on one set: what it stores, and that it finds what is linear in the features."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from egma_lib.errors import SettingsError
from egma_lib.evaluation.linear_probe import n_draws, probe, score_column, share_label, training_shares
from egma_lib.evaluation.probe_data import ProbeSet
from egma_lib.settings import ProbeSettings, load_settings

SETTINGS = ProbeSettings(shares=(0.1, 1.0), draws=2, epochs=2, warmup_epochs=1)
N = {"train": 60, "validation": 20, "test": 40}


def toy_set(n_classes=2, seed=0):
    """Return a set and features of which the first ones tell the labels apart without an error."""
    rng = np.random.default_rng(seed)
    split = np.repeat(list(N), list(N.values()))
    labels = np.stack([rng.permutation(len(split)) % 2 for _ in range(n_classes)], axis=1).astype(np.float32)
    features = rng.normal(size=(len(split), 6)).astype(np.float32)
    features[:, :n_classes] += 8 * labels
    ids = np.array([f"c{number:03d}" for number in range(len(split))])
    names = ("Edema", "Cardiomegaly")[:n_classes]
    return ProbeSet("chexpert", names, ids, ids, split, labels, Path("none"), 0), features


def test_scores_of_the_test_films_separate_what_the_features_separate():
    toy, features = toy_set()
    scores, heads = probe(features, toy, SETTINGS, seed=0)
    test = toy.rows("test")
    assert scores["case_id"].tolist() == toy.case_ids[test].tolist()
    np.testing.assert_array_equal(scores["label|Edema"], toy.labels[test, 0])
    for name in toy.class_names:
        logits = scores[score_column("converged", 1.0, 0, name)]
        present = scores[f"label|{name}"] == 1
        assert logits[present].min() > logits[~present].max()
    assert len(heads) == 2 * (2 + 1)
    assert heads.query("head == 'paper'")["inverse_regularisation"].isna().all()
    assert heads.query("share == 1.0")["n_films"].tolist() == [60, 60]


def test_labels_of_the_test_part_decide_no_score():
    toy, features = toy_set()
    scores, _ = probe(features, toy, SETTINGS, seed=0)
    toy.labels[toy.rows("test")] = 1 - toy.labels[toy.rows("test")]
    again, _ = probe(features, toy, SETTINGS, seed=0)
    for column in scores.columns.difference(["label|Edema", "label|Cardiomegaly"]):
        assert scores[column].equals(again[column])


def test_encoders_share_the_draws_and_seeds_differ_in_the_paper_s_head_alone():
    toy, features = toy_set()
    first, _ = probe(features, toy, SETTINGS, seed=0)
    second, _ = probe(features, toy, SETTINGS, seed=1)
    converged = score_column("converged", 0.1, 1, "Edema")
    assert first[converged].equals(second[converged])
    paper = score_column("paper", 0.1, 1, "Edema")
    assert not np.allclose(first[paper], second[paper])


def test_shares_are_train_films_nested_within_a_draw_and_differ_between_draws():
    toy, _ = toy_set()
    found = {(share, draw): rows for share, draw, rows in training_shares(toy, SETTINGS)}
    assert list(found) == [(0.1, 0), (0.1, 1), (1.0, 0)]
    assert found[1.0, 0].tolist() == toy.rows("train").tolist()
    assert set(found[0.1, 0]) < set(found[1.0, 0])
    assert set(found[0.1, 0]) != set(found[0.1, 1])


def test_a_finding_that_cannot_be_judged_is_left_out():
    toy, features = toy_set()
    toy.labels[toy.rows("test"), 1] = 0
    scores, _ = probe(features, toy, SETTINGS, seed=0)
    assert [column for column in scores if column.startswith("label|")] == ["label|Edema"]
    toy.labels[:, 0] = 1
    scores, heads = probe(features, toy, SETTINGS, seed=0)
    assert list(scores) == ["case_id", "patient_id"]
    assert heads.empty


@pytest.mark.parametrize(("share", "label", "draws"), [(0.01, "1 %", 2), (0.1, "10 %", 2), (1.0, "100 %", 1)])
def test_shares_are_named_as_in_the_paper(share, label, draws):
    assert share_label(share) == label
    assert n_draws(share, SETTINGS) == draws


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("shares", [0.0, 1.0], id="a_share_of_nothing"),
        pytest.param("shares", [1.5], id="a_share_of_more_than_all"),
        pytest.param("shares", [], id="no_share"),
        pytest.param("inverse_regularisation", [], id="no_value_of_c"),
        pytest.param("inverse_regularisation", [-1.0], id="a_negative_c"),
        pytest.param("draws", 0, id="no_draw"),
    ],
)
def test_settings_that_make_no_probe_are_refused(field, value):
    with pytest.raises(SettingsError, match=rf"probe\.{field}"):
        load_settings("smoke", {f"probe.{field}": value})


def test_uncertain_labels_are_masked_except_where_published_rows_are_compared():
    assert load_settings("phantom").data.uncertain_as == "nan"
    assert load_settings("paper").data.uncertain_as == "gloria"
