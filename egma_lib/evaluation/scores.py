"""Scores between images and one-sentence texts, by name, as pinned in docs/design.md."""

from __future__ import annotations

import numpy as np

from egma_lib.evaluation.encode import EncodedImages

SCORES = ("fine_grained", "global", "image_to_text", "text_to_image")


def prompt_scores(
    images: EncodedImages, prompt_features: np.ndarray, chunk: int = 128
) -> dict[str, np.ndarray]:
    """Score every image against every prompt, each prompt taken as a one-sentence report.

    Parameters
    ----------
    images
        Features of n_images images.
    prompt_features
        Shape (n_prompts, d), unit length.
    chunk
        Images at a time; bounds memory at chunk x n_patches x n_prompts.

    Returns
    -------
    dict
        Each of `SCORES`, shape (n_images, n_prompts): `image_to_text` is the mean over patches,
        `text_to_image` the maximum over patches (both directions of Eq. 5 for one sentence),
        `fine_grained` their mean, `global` the cosine of the global features.
    """
    n_images, n_prompts = len(images.global_features), len(prompt_features)
    mean, maximum = (np.empty((n_images, n_prompts), np.float32) for _ in range(2))
    for start in range(0, n_images, chunk):
        similarity = images.patch_features[start : start + chunk] @ prompt_features.T
        mean[start : start + chunk] = similarity.mean(axis=1)
        maximum[start : start + chunk] = similarity.max(axis=1)
    return {
        "fine_grained": (mean + maximum) / 2,
        "global": images.global_features @ prompt_features.T,
        "image_to_text": mean,
        "text_to_image": maximum,
    }


def class_scores(scores: np.ndarray, prompt_class: np.ndarray, n_classes: int) -> np.ndarray:
    """Average prompt scores over each class's prompts.

    Parameters
    ----------
    scores
        Shape (n_images, n_prompts).
    prompt_class
        Class index of each prompt, shape (n_prompts,).
    n_classes
        Number of classes, each with at least one prompt.

    Returns
    -------
    numpy.ndarray
        Shape (n_images, n_classes).
    """
    weights = np.zeros((scores.shape[1], n_classes), dtype=np.float64)
    weights[np.arange(len(prompt_class)), prompt_class] = 1
    counts = weights.sum(axis=0)
    if (counts == 0).any():
        raise ValueError(f"class index {int(np.argmin(counts))} has no prompt")
    return scores @ (weights / counts)
