"""Shuffled gaze: every sentence gets the measured heatmap of a sentence of another patient."""

from __future__ import annotations

import numpy as np

from egma_lib.errors import DataError
from egma_lib.experiments.gaze_controls.variant import replaced_rows, sentences_with_gaze
from egma_lib.training.data import TrainingData


def shuffled_gaze(data: TrainingData, rng: np.random.Generator) -> list[np.ndarray | None]:
    """Exchange the heatmaps of sentences between patients.

    All heatmaps stay in use, each once; what is lost is the tie between image, sentence and heatmap.

    Parameters
    ----------
    data
        The gaze corpus. Training and held-out samples are shuffled apart.
    rng
        Source of randomness.

    Returns
    -------
    list
        As `TrainingData.gaze_similarity`; the same sentences have gaze.

    Raises
    ------
    DataError
        One patient has more than half of the sentences with gaze of a split.
    """
    held = np.asarray(data.is_validation)
    places, heatmaps = [], []
    for part in (np.flatnonzero(~held), np.flatnonzero(held)):
        pairs, rows = sentences_with_gaze(data, part.tolist())
        if len(pairs):
            patients = np.array([data.patient_ids[sample] for sample in pairs[:, 0]])
            places.append(pairs)
            heatmaps.append(rows[derangement(patients, rng)])
    if not places:
        return list(data.gaze_similarity)
    return replaced_rows(data, np.concatenate(places), np.concatenate(heatmaps))


def derangement(groups: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a random order in which no place gets an entry of its own group.

    A random permutation is repaired by swaps. A place in conflict always finds a partner where no group
    holds more than half of the entries: partners are ruled out where the place or its entry is of the same
    group, which are fewer than twice the group's size.

    Parameters
    ----------
    groups
        Group of each entry, shape (k,).
    rng
        Source of randomness.

    Returns
    -------
    numpy.ndarray
        int64, shape (k,): the entry that each place gets; a permutation.

    Raises
    ------
    DataError
        A group holds more than half of the entries.
    """
    names, group, counts = np.unique(groups, return_inverse=True, return_counts=True)
    if 2 * counts.max() > len(groups):
        raise DataError(
            f"shuffled gaze: {counts.max()} of {len(groups)} sentences with gaze are of patient "
            f"{names[counts.argmax()]}; more patients are needed in each split"
        )
    source = rng.permutation(len(groups))
    for place in np.flatnonzero(group[source] == group):
        if group[source[place]] != group[place]:
            continue
        partners = np.flatnonzero((group != group[place]) & (group[source] != group[place]))
        other = rng.choice(partners)
        source[[place, other]] = source[[other, place]]
    return source
