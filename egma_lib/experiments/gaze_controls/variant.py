"""Training data that differ from others in their gaze alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from egma_lib.artefacts import content_hash
from egma_lib.errors import DataError
from egma_lib.training.data import TrainingData


def with_gaze(data: TrainingData, similarity: Sequence[np.ndarray | None]) -> TrainingData:
    """Return the same samples with other gaze.

    Parameters
    ----------
    data
        Samples, images, order, splits and strata to keep.
    similarity
        Per sample float32 of shape (sentences, n) >= 0 on the patch grid, or None without gaze. A sentence
        has gaze where its row is not all zero.

    Returns
    -------
    TrainingData
        Its `data_hash` follows from that of `data` and from every heatmap.

    Raises
    ------
    DataError
        The numbers of samples or sentences differ.
    """
    similarity = list(similarity)
    if len(similarity) != len(data):
        raise DataError(f"gaze of {len(similarity)} samples for training data of {len(data)}")
    none = (np.zeros(len(sentences), dtype=bool) for sentences in data.sentences)
    has_gaze = [
        empty if rows is None else np.asarray(rows.any(axis=1), dtype=bool)
        for rows, empty in zip(similarity, none, strict=True)
    ]
    data_hash = content_hash(
        data.data_hash, *(b"" if rows is None else rows.tobytes() for rows in similarity)
    )
    return replace(data, gaze_similarity=similarity, has_gaze=has_gaze, data_hash=data_hash)


def sentences_with_gaze(data: TrainingData, samples: Iterable[int]) -> tuple[np.ndarray, np.ndarray]:
    """Return which sentences of some samples have gaze, and their heatmaps.

    Returns
    -------
    (numpy.ndarray, numpy.ndarray)
        Sample and sentence of each, int64 of shape (k, 2); their gaze similarity, float32 of shape (k, n),
        (0, 0) without any.
    """
    pairs, rows = [], []
    for sample in samples:
        values = data.gaze_similarity[sample]
        if values is not None:
            found = np.flatnonzero(data.has_gaze[sample])
            pairs += [(sample, sentence) for sentence in found.tolist()]
            rows += list(values[found])
    if not pairs:
        return np.zeros((0, 2), dtype=np.int64), np.zeros((0, 0), dtype=np.float32)
    return np.array(pairs, dtype=np.int64), np.stack(rows).astype(np.float32)


def replaced_rows(data: TrainingData, pairs: np.ndarray, rows: np.ndarray) -> list[np.ndarray | None]:
    """Return the gaze similarity of all samples with other heatmaps for some sentences.

    Parameters
    ----------
    data
        Its gaze stays everywhere else.
    pairs
        Sample and sentence, shape (k, 2), as `sentences_with_gaze` gives them.
    rows
        float32, shape (k, n).
    """
    of_sample: dict[int, list[int]] = {}
    for row, sample in enumerate(pairs[:, 0].tolist()):
        of_sample.setdefault(sample, []).append(row)
    similarity: list[np.ndarray | None] = []
    for sample, values in enumerate(data.gaze_similarity):
        changed = of_sample.get(sample)
        if values is not None and changed:
            values = np.array(values, dtype=np.float32)
            values[pairs[changed, 1]] = rows[changed]
        similarity.append(values)
    return similarity
