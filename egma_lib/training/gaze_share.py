"""Which samples keep their gaze when only a share of them may."""

from __future__ import annotations

import numpy as np

from egma_lib.training.data import TrainingData


def samples_with_gaze(data: TrainingData, share: float, seed: int) -> np.ndarray:
    """Choose round(share * N) of the N training samples that have gaze.

    Patients are ordered once per seed so that every stretch of the order holds each stratum in proportion;
    the chosen samples are the first of that order. So a smaller share is part of every larger one, and a
    patient's samples come together.

    Parameters
    ----------
    data
        Its `strata` (source and reader) are what the order is stratified by.
    share
        0 to 1.
    seed
        Fixes the order.

    Returns
    -------
    ndarray
        Shape (samples,), bool: True = keeps its gaze. Held-out samples all keep theirs.
    """
    candidates = [i for i in range(len(data)) if data.has_gaze[i].any() and not data.is_validation[i]]
    rng = np.random.default_rng([seed, 0x6A2E])
    strata = data.strata or ("",) * len(data)
    patients: dict[str, list[int]] = {}
    for index in candidates:
        patients.setdefault(data.patient_ids[index], []).append(index)
    by_stratum: dict[str, list[str]] = {}
    for patient in sorted(patients):
        by_stratum.setdefault(strata[patients[patient][0]], []).append(patient)
    places: list[tuple[float, float, str]] = []
    for stratum in sorted(by_stratum):
        members = by_stratum[stratum]
        # Evenly spaced places per stratum from a random start interleave all strata in proportion.
        start = rng.random()
        for place, member in enumerate(rng.permutation(len(members))):
            places.append(((place + start) / len(members), rng.random(), members[member]))
    order = [index for _, _, patient in sorted(places) for index in patients[patient]]
    keep = np.zeros(len(data), dtype=bool)
    keep[order[: round(share * len(candidates))]] = True
    keep[np.asarray(data.is_validation, dtype=bool)] = True
    return keep
