import numpy as np
import pytest

from egma_lib.evaluation.retrieval import chance_and_ceiling, precision_at


def test_ranking_by_hand_with_ties_by_id():
    scores = np.array([[0.9, 0.5, 0.5, 0.1]])
    candidate_class = np.array([1, 0, 1, 0])
    ids = np.array(["d", "c", "b", "a"])
    # Order: d (class 1), then of the tie b (class 1) before c (class 0), then a (class 0).
    found = precision_at(scores, np.array([1]), candidate_class, ids, cutoffs=(1, 2, 3, 4))
    np.testing.assert_allclose(found, [[1, 1, 2 / 3, 0.5]])


def test_result_does_not_depend_on_candidate_order():
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 4, size=(6, 30)).astype(float)
    query, candidate = rng.integers(3, size=6), rng.integers(3, size=30)
    ids = np.array([f"{k:03d}" for k in rng.permutation(30)])
    mixed = rng.permutation(30)
    np.testing.assert_allclose(
        precision_at(scores, query, candidate, ids),
        precision_at(scores[:, mixed], query, candidate[mixed], ids[mixed]),
    )


def test_paper_sized_set_has_the_known_chance_and_ceiling():
    images, texts = np.repeat(np.arange(8), 200), np.repeat(np.arange(8), 5)
    chance, ceiling = chance_and_ceiling(images, texts)
    np.testing.assert_allclose(chance, 0.125)
    np.testing.assert_allclose(ceiling, [1, 1, 0.5])
    np.testing.assert_allclose(chance_and_ceiling(texts, images)[1], 1)


def test_cutoff_beyond_the_candidates_takes_them_all():
    found = precision_at(np.array([[1.0, 0.0]]), np.array([0]), np.array([0, 1]), np.array(["a", "b"]), (10,))
    assert found[0, 0] == pytest.approx(0.5)
