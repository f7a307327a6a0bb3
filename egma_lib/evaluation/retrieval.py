"""Image-text retrieval on the 8x200 set: precision at k in both directions."""

from __future__ import annotations

import numpy as np

CUTOFFS = (1, 5, 10)


def precision_at(
    scores: np.ndarray,
    query_class: np.ndarray,
    candidate_class: np.ndarray,
    candidate_ids: np.ndarray,
    cutoffs: tuple[int, ...] = CUTOFFS,
) -> np.ndarray:
    """Share of the first k retrieved candidates that have the query's class.

    Parameters
    ----------
    scores
        Shape (n_queries, n_candidates).
    query_class, candidate_class
        Class indices, shapes (n_queries,) and (n_candidates,).
    candidate_ids
        Shape (n_candidates,); of equal scores the smaller id comes first.
    cutoffs
        The values of k; one larger than the number of candidates takes them all.

    Returns
    -------
    numpy.ndarray
        Shape (n_queries, len(cutoffs)).
    """
    by_id = np.argsort(np.asarray(candidate_ids).astype(str), kind="stable")
    ranked = by_id[np.argsort(-scores[:, by_id], axis=1, kind="stable")]
    hits = candidate_class[ranked] == query_class[:, None]
    return np.stack([hits[:, :k].mean(axis=1) for k in cutoffs], axis=1)


def chance_and_ceiling(
    query_class: np.ndarray, candidate_class: np.ndarray, cutoffs: tuple[int, ...] = CUTOFFS
) -> tuple[np.ndarray, np.ndarray]:
    """Return the expected precision of a random ranking and of the best one, shapes (len(cutoffs),)."""
    relevant = (candidate_class[None, :] == query_class[:, None]).sum(axis=1)
    n_candidates = len(candidate_class)
    chance = np.full(len(cutoffs), (relevant / n_candidates).mean())
    reach = [np.minimum(relevant, min(k, n_candidates)) / min(k, n_candidates) for k in cutoffs]
    return chance, np.array([share.mean() for share in reach])
