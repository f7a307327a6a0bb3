"""AUROC of stored probe scores: counted by hand, masked, and spread over seeds and draws."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from egma_lib.evaluation.linear_probe import score_column
from egma_lib.experiments.probe_measurements import judged_classes, mean_over_classes, measure_probe
from egma_lib.settings import EvaluationSettings, ProbeSettings

PROBE = ProbeSettings(shares=(0.1, 1.0), draws=2)
BOOTSTRAP = EvaluationSettings(bootstrap=50)
LABELS = {"Edema": [1, 1, 0, 0, np.nan, 0], "Cardiomegaly": [1, 0, 0, 1, 1, 0]}


def store(folder, seed, edema):
    """Store scores of six films; `edema` gives those of the converged head at 100 %."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"case_id": list("abcdef"), "patient_id": list("ppqrst")})
    for name, labels in LABELS.items():
        table[f"label|{name}"] = np.array(labels, dtype=np.float32)
    for head in ("converged", "paper"):
        for share, draw in ((0.1, 0), (0.1, 1), (1.0, 0)):
            for name in LABELS:
                table[score_column(head, share, draw, name)] = rng.normal(size=6)
    table[score_column("converged", 1.0, 0, "Edema")] = edema
    folder.mkdir()
    table.to_parquet(folder / "chexpert.parquet")
    return folder


@pytest.fixture
def folders(tmp_path):
    # Known films of Edema: present 5, 2; absent 1, 3, 0. Seed 0 orders 5 of 6 pairs, seed 1 all of them.
    return [
        store(tmp_path / "s0", 0, [5, 2, 1, 3, 99, 0]),
        store(tmp_path / "s1", 1, [5, 4, 1, 3, -99, 0]),
    ]


def test_auroc_counts_ordered_pairs_of_films_whose_label_is_known(folders):
    found = measure_probe(folders, "chexpert", PROBE, BOOTSTRAP)
    edema = found["converged", "100 %", "Edema"]
    assert edema.auroc.shape == (2, 1, 51)
    np.testing.assert_allclose(edema.auroc[:, 0, 0], [100 * 5 / 6, 100])
    assert edema.n_cases == 5
    assert found["converged", "100 %", "Cardiomegaly"].n_cases == 6


def test_the_mean_over_findings_has_a_row_of_its_own(folders):
    found = measure_probe(folders, "chexpert", PROBE, BOOTSTRAP)
    parts = [found["paper", "10 %", name].auroc[..., 0] for name in LABELS]
    np.testing.assert_allclose(found["paper", "10 %", ""].auroc[..., 0], (parts[0] + parts[1]) / 2)
    assert set(found) == {
        (head, share, name)
        for head in ("converged", "paper")
        for share in ("10 %", "100 %")
        for name in ("", *LABELS)
    }


def test_spread_is_over_seeds_and_draws_together_and_pairs_are_by_seed(folders):
    one = measure_probe(folders, "chexpert", PROBE, BOOTSTRAP)["converged", "10 %", ""]
    row = one.row(dataset="chexpert")
    values = one.auroc[..., 0]
    assert row["value"] == pytest.approx(values.mean())
    assert row["sd"] == pytest.approx(np.std(values.ravel(), ddof=1))
    assert (row["n_seeds"], row["n_cases"]) == (2, 6)
    np.testing.assert_allclose(one.per_seed().per_seed, values.mean(axis=1))


def test_a_resample_that_lacks_a_finding_is_judged_by_the_others():
    values = np.array([[[0.5, np.nan, np.nan], [0.7, 0.9, np.nan]]])
    np.testing.assert_allclose(mean_over_classes(values), [[0.6, 0.9, np.nan]])


def test_a_set_of_which_nothing_can_be_judged_gives_no_number(tmp_path):
    folder = tmp_path / "s0"
    folder.mkdir()
    pd.DataFrame({"case_id": ["a"], "patient_id": ["p"]}).to_parquet(folder / "rsna.parquet")
    assert measure_probe([folder], "rsna", PROBE, BOOTSTRAP) == {}
    assert judged_classes(pd.read_parquet(folder / "rsna.parquet")) == []
