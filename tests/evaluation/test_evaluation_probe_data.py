"""Shares of the labels: nested, stratified, by patient, and never without both sides of a finding."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from egma_lib.errors import DataError
from egma_lib.evaluation.probe_data import ProbeSet, nested_order, share_rows

SHARES = (0.01, 0.05, 0.1, 0.5, 1.0)


def films(n_patients, prevalence, seed):
    """Return patient ids and one binary label per film, one to four films per patient, all of one label."""
    rng = np.random.default_rng(seed)
    per_patient = rng.integers(1, 5, n_patients)
    patients = np.repeat([f"p{number:04d}" for number in range(n_patients)], per_patient)
    positive = rng.permutation(n_patients) < round(prevalence * n_patients)
    return patients, np.repeat(positive, per_patient)[:, None].astype(float)


@pytest.mark.parametrize("seed", range(5))
def test_shares_are_nested_whole_patients_of_the_right_number(seed):
    patients, labels = films(400, 0.3, seed)
    order = nested_order(patients, labels, np.random.default_rng(seed))
    taken = [set(share_rows(patients, labels, order, share).tolist()) for share in SHARES]
    assert all(smaller < larger for smaller, larger in pairwise(taken))
    assert taken[-1] == set(range(len(patients)))
    for share, rows in zip(SHARES, taken, strict=True):
        inside = set(patients[sorted(rows)])
        assert inside.isdisjoint(patients[[row for row in range(len(patients)) if row not in rows]])
        assert abs(len(inside) - share * 400) <= 1


@pytest.mark.parametrize("seed", range(5))
def test_every_share_keeps_the_prevalence_of_patients(seed):
    patients, labels = films(1000, 0.225, seed)
    order = nested_order(patients, labels, np.random.default_rng(seed))
    positive = dict(zip(patients.tolist(), labels[:, 0], strict=True))
    for share in SHARES:
        inside = set(patients[share_rows(patients, labels, order, share)].tolist())
        # Up to one patient too many or too few per stratum, of which there are two.
        assert abs(sum(positive[one] for one in inside) - 0.225 * len(inside)) <= 2


def test_a_patient_s_chance_to_be_drawn_does_not_depend_on_the_size_of_the_stratum():
    patients = np.array([f"p{number:03d}" for number in range(100)])
    labels = (np.arange(100) < 4)[:, None].astype(float)
    drawn = np.zeros(100)
    for draw in range(2000):
        order = nested_order(patients, labels, np.random.default_rng(draw))
        drawn[np.isin(patients, order[:10])] += 1
    # 10 of 100: .1 for each; four standard errors of 2000 draws, and more for the mean of many.
    assert drawn[:4].mean() / 2000 == pytest.approx(0.1, abs=0.015)
    assert drawn[4:].mean() / 2000 == pytest.approx(0.1, abs=0.002)


def test_too_small_a_share_grows_until_each_finding_is_present_and_absent():
    patients = np.array([f"p{number}" for number in range(6)])
    labels = np.array([[0, 0], [0, 0], [1, np.nan], [0, np.nan], [0, 1], [0, 0]], dtype=float)
    order = np.array(["p0", "p1", "p2", "p3", "p4", "p5"])
    assert share_rows(patients, labels, order, 0.01).tolist() == [0, 1, 2, 3, 4]
    assert share_rows(patients, labels[:, :1], order, 0.01).tolist() == [0, 1, 2]
    assert share_rows(patients, np.zeros((6, 1)), order, 0.5).tolist() == [0, 1, 2]


def probe_set(labels, split):
    labels = np.array(labels, dtype=np.float32)
    ids = np.array([f"c{number}" for number in range(len(labels))])
    names = tuple(f"Finding {number}" for number in range(labels.shape[1]))
    return ProbeSet("rsna", names, ids, ids, np.array(split), labels, Path("none"), 0)


def test_a_class_without_both_sides_in_train_and_test_is_not_judged():
    split = ["train", "train", "validation", "test", "test"]
    one = probe_set([[0, 0, 1], [1, 1, np.nan], [1, 0, 0], [0, 0, 0], [1, 0, 1]], split)
    assert one.judged_classes().tolist() == [0]
    assert one.rows("test").tolist() == [3, 4]


@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_a_set_without_a_part_is_refused(part):
    split = [one if one != part else "other" for one in ("train", "validation", "test")]
    with pytest.raises(DataError, match=f"rsna: no film in its {part} part"):
        probe_set([[0], [1], [1]], split)


def test_labels_of_another_shape_are_refused():
    ids = np.array(["a", "b"])
    with pytest.raises(DataError, match=r"labels of shape \(3, 1\) for 2 films"):
        ProbeSet("siim", ("Pneumothorax",), ids, ids, ids, np.zeros((3, 1)), Path("none"), 0)
