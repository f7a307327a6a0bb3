"""Nested subsets of samples that keep their gaze: 1 % inside 5 % inside 10 % and so on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from egma_lib.errors import DataError


def nested_gaze_subsets(
    samples: pd.DataFrame, shares: Sequence[float], rng: np.random.Generator
) -> dict[float, tuple[str, ...]]:
    """Choose round(share x N) samples for every share, each subset holding all smaller ones.

    Patients are shuffled within their stratum (source and reader of their first sample) and the strata are
    interleaved in proportion, so that any leading part is stratified; samples follow in patient order.

    Parameters
    ----------
    samples
        sample_id, patient_id, source and reader of the N samples with gaze.
    shares
        Shares in 0-1.
    rng
        Source of randomness.

    Returns
    -------
    dict
        Share to sample ids, in drawing order.
    """
    for share in shares:
        if not 0 <= share <= 1:
            raise DataError(f"gaze share {share} is not between 0 and 1")
    if samples["sample_id"].duplicated().any():
        raise DataError("a sample id occurs twice; gaze subsets need distinct ids")
    patients = samples.sort_values("sample_id").drop_duplicates("patient_id").copy()
    place = pd.Series(0.0, index=patients.index)
    for _, stratum in patients.groupby(["source", "reader"], sort=True):
        shuffled = stratum.index[rng.permutation(len(stratum))]
        place[shuffled] = (np.arange(len(stratum)) + rng.uniform(size=len(stratum))) / len(stratum)
    rank = dict(zip(patients["patient_id"], place.rank(method="first"), strict=True))
    ordered = samples.assign(rank=samples["patient_id"].map(rank)).sort_values(["rank", "sample_id"])
    ids = ordered["sample_id"].tolist()
    return {share: tuple(ids[: round(share * len(ids))]) for share in shares}
