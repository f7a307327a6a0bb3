"""Report corpus and gaze corpus as training data, without ever holding their films in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from egma_lib.artefacts import content_hash
from egma_lib.datasets.contract import ReportCorpus
from egma_lib.datasets.image_cache import ImageCache
from egma_lib.gaze.artefact import GazeArtefact
from egma_lib.gaze.heatmaps import gaze_similarity
from egma_lib.settings import Settings
from egma_lib.training.data import TrainingData

CHUNK_BYTES = 2**24
"""Size of the parts in which films are hashed; all of MIMIC-CXR at 224 px is 19 GB."""


def base_training_data(
    corpus: ReportCorpus, cache: ImageCache, tokenizer: Path, labels: np.ndarray | None = None
) -> TrainingData:
    """Return a report corpus as training data without gaze.

    Parameters
    ----------
    corpus
        N films with the sentences of their reports.
    cache
        Holds all of the films, and possibly others.
    tokenizer
        The saved tokenizer's folder.
    labels
        Shape (N, 14) float32: CheXpert labels 1, 0, NaN, or None where there are none.
    """
    none = [np.zeros(len(sentences), dtype=bool) for sentences in corpus.sentences]
    return _training_data(corpus, cache, [None] * len(corpus), none, tokenizer, labels)


def gaze_training_data(
    corpus: ReportCorpus,
    cache: ImageCache,
    gaze: GazeArtefact,
    settings: Settings,
    tokenizer: Path,
    labels: np.ndarray | None = None,
) -> TrainingData:
    """Return the gaze corpus as training data: gaze similarity on the patch grid, per sentence.

    A sentence has gaze where its heatmap is not empty. `gaze` is the artefact whose readings `corpus` holds;
    the other parameters are those of `base_training_data`.
    """
    ids = corpus.samples["sample_id"].tolist()
    grid = (settings.model.patch_grid, settings.model.patch_grid)
    similarity = gaze_similarity(gaze, ids, grid, gaze.frames_of(ids), settings.gaze)
    has_gaze = [np.asarray(values.any(axis=1), dtype=bool) for values in similarity]
    return _training_data(corpus, cache, list(similarity), has_gaze, tokenizer, labels)


def _training_data(
    corpus: ReportCorpus,
    cache: ImageCache,
    similarity: list[np.ndarray | None],
    has_gaze: list[np.ndarray],
    tokenizer: Path,
    labels: np.ndarray | None,
) -> TrainingData:
    samples = corpus.samples
    image_index = cache.rows(samples["image_path"].tolist())
    rows, position = np.unique(image_index, return_inverse=True)
    # By content, not by the code that made it: a run is repeated only where what it trains on differs. Labels
    # count where there are some, since a method may train on them.
    data_hash = content_hash(
        *sorted(tokenizer.iterdir()),
        samples[["sample_id", "patient_id", "split", "source", "reader"]].to_dict("list"),
        corpus.sentences,
        film_chunks(cache.images, rows),
        position.tobytes(),
        *(b"" if gaze is None else gaze.tobytes() for gaze in similarity),
        *(() if labels is None else (labels.tobytes(),)),
    )
    return TrainingData(
        images=cache.images,
        image_index=image_index,
        sentences=corpus.sentences,
        gaze_similarity=similarity,
        has_gaze=has_gaze,
        is_validation=(samples["split"] == "validation").to_numpy(),
        patient_ids=tuple(samples["patient_id"].astype(str)),
        sample_ids=tuple(samples["sample_id"].astype(str)),
        data_hash=data_hash,
        strata=tuple(samples["source"] + "/" + samples["reader"]),
        labels=labels,
    )


def film_chunks(images: np.ndarray, rows: np.ndarray) -> Iterator[bytes]:
    """Yield the bytes of `images[rows]` in parts of about `CHUNK_BYTES`.

    Parameters
    ----------
    images
        Shape (K, S, S) uint8, a memory map.
    rows
        Shape (k,) int, films in the order wanted.
    """
    step = max(1, CHUNK_BYTES // max(1, images[:1].nbytes))
    for start in range(0, len(rows), step):
        yield images[rows[start : start + step]].tobytes()
