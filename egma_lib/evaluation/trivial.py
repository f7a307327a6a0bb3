"""Predictors that know nothing: the rows every table needs beside its models."""

from __future__ import annotations

import numpy as np

from egma_lib.evaluation.metrics import classification_metrics


def majority_metrics(labels: np.ndarray, n_classes: int, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return the metrics of always calling the most frequent class (of equal ones the first).

    Parameters
    ----------
    labels
        Class indices, shape (n_cases,).
    n_classes
        Number of classes.
    weights
        Shape (n_resamples, n_cases).
    """
    scores = np.zeros((len(labels), n_classes))
    scores[:, np.bincount(labels, minlength=n_classes).argmax()] = 1
    return classification_metrics(labels, scores, weights)


def random_metrics(
    labels: np.ndarray, n_classes: int, weights: np.ndarray, rng: np.random.Generator, n_draws: int = 50
) -> dict[str, np.ndarray]:
    """Return the metrics of uniformly random class scores, averaged over draws."""
    draws = [
        classification_metrics(labels, rng.uniform(size=(len(labels), n_classes)), weights)
        for _ in range(n_draws)
    ]
    return {metric: np.mean([draw[metric] for draw in draws], axis=0) for metric in draws[0]}
