"""The audit sees each film of the saved corpora once, in the part that it was put into."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from egma_lib.datasets.leakage import audit_leakage, require_no_leakage
from egma_lib.errors import LeakageError
from egma_lib.evaluation.evaluation_sets import CLASS_ORDERS, EvaluationSet, save_evaluation_set
from egma_lib.experiments.corpora import Corpora
from egma_lib.experiments.film_rows import FilmRows
from egma_lib.experiments.leakage_audit import audit_corpora, training_sets
from egma_lib.settings import EvaluationSettings
from egma_lib.training.data import TrainingData


def films(*seeds):
    coarse = [np.random.default_rng(seed).integers(20, 236, (10, 10)) for seed in seeds]
    return np.stack([np.kron(one, np.ones((4, 4))) for one in coarse]).astype(np.uint8)


def training_data(seeds, image_index, patients, held_out, name):
    n = len(image_index)
    return TrainingData(
        images=films(*seeds),
        image_index=np.array(image_index),
        sentences=(("clear",),) * n,
        gaze_similarity=[None] * n,
        has_gaze=[np.zeros(1, dtype=bool)] * n,
        is_validation=np.array(held_out),
        patient_ids=tuple(patients),
        sample_ids=tuple(f"{name}{number}" for number in range(n)),
        data_hash="0",
    )


def evaluation_set(name, seeds, patients):
    none = np.zeros(0, dtype=int)
    ids = np.array([f"{name}-{seed}" for seed in seeds])
    return EvaluationSet(
        name=name,
        class_names=CLASS_ORDERS[name],
        case_ids=ids,
        patient_ids=np.array(patients),
        labels=np.zeros(len(seeds), dtype=int),
        images=films(*seeds),
        prompts=("p",),
        prompt_class=np.zeros(1, dtype=int),
        pointing_prompts=(),
        pointing_class=none,
        region_case=none,
        region_class=none,
        regions=np.zeros((0, 1, 1), dtype=bool),
        paired_case_ids=ids,
    )


def make_corpora(folder, base, gaze, sets):
    corpora = Corpora(folder / "base", folder / "gaze", folder / "tokenizer", folder / "sets", "0")
    base.save(corpora.base)
    gaze.save(corpora.gaze)
    for one in sets:
        save_evaluation_set(one, corpora.evaluation)
    return corpora


BASE = training_data([1, 2], [0, 1], ["10", "11"], [False, True], "base")
GAZE = training_data([3, 4], [0, 1, 1], ["12", "13", "13"], [False, False, False], "reading")


def test_every_film_is_audited_once_under_its_first_sample():
    data = training_data([5, 6, 7], [2, 0, 2, 1], ["a", "b", "a", "c"], [False, False, False, True], "s")
    train, validation = training_sets("gaze", data)
    assert (train.name, train.role, train.family) == ("gaze_train", "training", "mimic")
    assert train.image_ids.tolist() == ["s1", "s0"]
    np.testing.assert_array_equal(train.images[:], films(5, 7))
    np.testing.assert_array_equal(train.images[1], films(7)[0])
    assert sorted(train.patient_ids) == ["a", "a", "b"]
    assert (validation.name, validation.image_ids.tolist()) == ("gaze_validation", ["s3"])


def test_films_are_not_copied_and_the_audit_reads_them_block_by_block(tmp_path, monkeypatch):
    n = 2500
    images = np.lib.format.open_memmap(tmp_path / "films.npy", "w+", np.uint8, (n, 24, 24))
    images[:] = np.random.default_rng(0).integers(0, 255, images.shape)
    ids = [str(number) for number in range(n)]
    data = training_data([1], [0] * n, ids, [False] * n, "s")
    data = replace(data, images=images, image_index=np.arange(n))
    tracemalloc.start()
    (train,) = training_sets("base", data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # The films are 1.4 MB; ids and indices take the rest.
    assert peak < 0.5 * images.nbytes
    read = []
    get = FilmRows.__getitem__

    def reading(self, key):
        found = get(self, key)
        read.append(len(found) if isinstance(key, slice) else 1)
        return found

    monkeypatch.setattr(FilmRows, "__getitem__", reading)
    audit = audit_leakage([train])
    assert audit.sets["n_images"].tolist() == [n]
    # Once for the fingerprints, once for the hashes of the pixels.
    assert sum(read) == 2 * n
    assert max(read) <= 1024


def test_rows_answer_like_the_array_of_them():
    stack = films(1, 2, 3, 4)
    rows = np.array([3, 0, 2])
    chosen, copied = FilmRows(stack, rows), stack[rows]
    assert (chosen.shape, chosen.dtype, len(chosen)) == (copied.shape, np.uint8, 3)
    for key in (0, -1, slice(None), slice(1, 2), slice(2, 9)):
        np.testing.assert_array_equal(chosen[key], copied[key])
    with pytest.raises(IndexError):
        chosen[3]


def test_corpora_and_test_sets_are_compared_and_an_empty_part_is_left_out(tmp_path):
    sets = [evaluation_set("chexpert_5x200", [8], ["10"]), evaluation_set("rsna", [9], ["10"])]
    audit = audit_corpora(make_corpora(tmp_path, BASE, GAZE, sets), EvaluationSettings())
    assert audit.sets["set"].tolist() == [
        "base_train", "gaze_train", "base_validation", "chexpert_5x200", "rsna",
    ]  # fmt: skip
    assert len(audit.overlaps) == 10
    require_no_leakage(audit)


def test_a_test_film_that_was_trained_on_stops_the_run_unless_allowed(tmp_path):
    corpora = make_corpora(tmp_path, BASE, GAZE, [evaluation_set("siim", [4, 9], ["x", "y"])])
    with pytest.raises(LeakageError, match="gaze_train/siim shares 0 patients and 1 identical films"):
        require_no_leakage(audit_corpora(corpora, EvaluationSettings()))
    require_no_leakage(audit_corpora(corpora, EvaluationSettings(allow_overlap=("gaze_train/siim",))))


def test_marked_copies_share_their_patients_with_the_originals_and_are_only_reported(tmp_path):
    sets = [
        evaluation_set("chexpert_5x200", [8, 9], ["a", "b"]),
        evaluation_set("chexpert_5x200_marked", [9], ["b"]),
    ]
    audit = audit_corpora(make_corpora(tmp_path, BASE, GAZE, sets), EvaluationSettings())
    copies = next(one for one in audit.overlaps if one.name == "chexpert_5x200/chexpert_5x200_marked")
    assert (copies.n_patients, copies.n_exact, copies.verdict) == (1, 1, "reported")
    require_no_leakage(audit)
