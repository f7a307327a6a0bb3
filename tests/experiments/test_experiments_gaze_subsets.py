from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from egma_lib.errors import DataError
from egma_lib.experiments.gaze_subsets import nested_gaze_subsets


def samples(n_patients=100, readings=2):
    rows = [
        {
            "sample_id": f"r{patient:03d}_{reading}",
            "patient_id": f"p{patient:03d}",
            "source": "reflacx" if patient % 4 == 0 else "eye_gaze",
            "reader": f"reader{patient % 2}",
        }
        for patient in range(n_patients)
        for reading in range(readings)
    ]
    return pd.DataFrame(rows)


def test_subsets_are_nested_and_of_the_promised_size():
    shares = [0.01, 0.05, 0.1, 0.5, 1.0]
    found = nested_gaze_subsets(samples(), shares, np.random.default_rng(0))
    assert [len(found[share]) for share in shares] == [2, 10, 20, 100, 200]
    for small, large in pairwise(shares):
        assert set(found[small]) <= set(found[large])


def test_at_most_one_patient_is_split():
    table = samples(readings=3)
    for share, ids in nested_gaze_subsets(table, [0.1, 0.37], np.random.default_rng(1)).items():
        chosen = table[table["sample_id"].isin(ids)].groupby("patient_id").size()
        assert (chosen < 3).sum() <= 1, share


def test_half_is_stratified_by_source_and_reader():
    table = samples()
    half = nested_gaze_subsets(table, [0.5], np.random.default_rng(2))[0.5]
    chosen = table[table["sample_id"].isin(half)]
    whole, part = (t.groupby(["source", "reader"]).size() / len(t) for t in (table, chosen))
    assert (whole - part).abs().max() < 0.03


def test_other_seed_other_subset_same_seed_same_subset():
    first, again, other = (
        nested_gaze_subsets(samples(), [0.1], np.random.default_rng(seed))[0.1] for seed in (0, 0, 1)
    )
    assert first == again != other


def test_row_order_does_not_matter():
    table = samples()
    mixed = table.sample(frac=1, random_state=3)
    assert (
        nested_gaze_subsets(table, [0.1], np.random.default_rng(0))
        == nested_gaze_subsets(mixed, [0.1], np.random.default_rng(0))
    )  # fmt: skip


def test_share_beyond_one_is_refused():
    with pytest.raises(DataError, match=r"gaze share 1\.5 is not between 0 and 1"):
        nested_gaze_subsets(samples(), [1.5], np.random.default_rng(0))
