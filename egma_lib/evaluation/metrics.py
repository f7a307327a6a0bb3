"""Classification metrics of weighted cases, so that one call gives the metric of every bootstrap resample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

METRICS = ("accuracy", "macro_f1", "balanced_accuracy", "auroc")


@dataclass(frozen=True)
class Interval:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


def bootstrap_weights(patient_ids: np.ndarray, n_resamples: int, rng: np.random.Generator) -> np.ndarray:
    """Draw patients with replacement; each resample is a weight per case.

    Parameters
    ----------
    patient_ids
        Shape (n_cases,).
    n_resamples
        Number of resamples.
    rng
        Source of randomness.

    Returns
    -------
    numpy.ndarray
        float32, shape (n_resamples, n_cases): how often each case's patient was drawn.
    """
    _, patient_index = np.unique(np.asarray(patient_ids).astype(str), return_inverse=True)
    n_patients = int(patient_index.max()) + 1
    counts = rng.multinomial(n_patients, np.full(n_patients, 1 / n_patients), size=n_resamples)
    return counts[:, patient_index].astype(np.float32)


def confusion(labels: np.ndarray, predictions: np.ndarray, n_classes: int, weights: np.ndarray) -> np.ndarray:
    """Weighted confusion matrices, shape (n_resamples, true class, predicted class).

    Parameters
    ----------
    labels, predictions
        Class indices, shape (n_cases,).
    weights
        Shape (n_resamples, n_cases).
    """
    cell = np.eye(n_classes * n_classes, dtype=np.float32)[labels * n_classes + predictions]
    return (weights @ cell).reshape(-1, n_classes, n_classes).astype(np.float64)


def accuracy(matrix: np.ndarray) -> np.ndarray:
    """Share of correct calls of each confusion matrix, shape (n_resamples,)."""
    return np.trace(matrix, axis1=1, axis2=2) / matrix.sum(axis=(1, 2))


def balanced_accuracy(matrix: np.ndarray) -> np.ndarray:
    """Mean over classes of the share called correctly; classes a resample lacks are left out."""
    support = matrix.sum(axis=2)
    correct = np.diagonal(matrix, axis1=1, axis2=2)
    share = np.divide(correct, support, out=np.full_like(correct, np.nan), where=support > 0)
    return np.nanmean(share, axis=1)


def macro_f1(matrix: np.ndarray) -> np.ndarray:
    """Mean over classes of F1, 0 for a class that is neither present nor predicted (as scikit-learn)."""
    correct = np.diagonal(matrix, axis1=1, axis2=2)
    total = matrix.sum(axis=1) + matrix.sum(axis=2)
    return np.divide(2 * correct, total, out=np.zeros_like(correct), where=total > 0).mean(axis=1)


def binary_auroc(positive: np.ndarray, score: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted area under the ROC curve, ties counting one half.

    Parameters
    ----------
    positive
        Boolean, shape (n_cases,).
    score
        Shape (n_cases,).
    weights
        Shape (n_resamples, n_cases).

    Returns
    -------
    numpy.ndarray
        Shape (n_resamples,); NaN where a resample lacks one of the two classes.
    """
    # Cases as rows: sorting then moves whole rows, and sums over cases run along contiguous memory.
    by_case = np.ascontiguousarray(weights.T)
    negative = np.flatnonzero(~positive)
    negative = negative[np.argsort(score[negative], kind="stable")]
    ranked = np.zeros((len(negative) + 1, by_case.shape[1]))
    np.cumsum(by_case[negative], axis=0, dtype=np.float64, out=ranked[1:])
    own, others = score[positive], score[negative]
    below = ranked[np.searchsorted(others, own, side="left")]
    not_above = ranked[np.searchsorted(others, own, side="right")]
    positives = by_case[positive].astype(np.float64)
    wins = (np.einsum("ij,ij->j", positives, below) + np.einsum("ij,ij->j", positives, not_above)) / 2
    pairs = positives.sum(axis=0) * ranked[-1]
    return np.divide(wins, pairs, out=np.full_like(wins, np.nan), where=pairs > 0)


def auroc(labels: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """AUROC of class scores: of the difference of two scores, or macro one-versus-rest.

    Parameters
    ----------
    labels
        Class indices, shape (n_cases,).
    scores
        Shape (n_cases, n_classes).
    weights
        Shape (n_resamples, n_cases).
    """
    if scores.shape[1] == 2:
        return binary_auroc(labels == 1, scores[:, 1] - scores[:, 0], weights)
    weights = np.asfortranarray(weights)  # laid out once for all classes
    per_class = [binary_auroc(labels == k, scores[:, k], weights) for k in range(scores.shape[1])]
    return np.mean(per_class, axis=0)


def classification_metrics(
    labels: np.ndarray, scores: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Every metric of `METRICS` for every row of `weights`; the called class is the one of highest score."""
    matrix = confusion(labels, scores.argmax(axis=1), scores.shape[1], weights)
    return {
        "accuracy": accuracy(matrix),
        "macro_f1": macro_f1(matrix),
        "balanced_accuracy": balanced_accuracy(matrix),
        "auroc": auroc(labels, scores, weights),
    }


def percentile_interval(value: float, resampled: np.ndarray, level: float = 0.95) -> Interval:
    """Percentile bootstrap interval; NaN resamples (a class missing) are left out."""
    tail = (1 - level) / 2 * 100
    low, high = np.nanpercentile(resampled, [tail, 100 - tail])
    return Interval(float(value), float(low), float(high))
