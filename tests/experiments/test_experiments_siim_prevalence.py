"""Which SIIM films are scored: the setting, the set it gives and the folder it goes to."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from egma_lib.datasets.contract import CaseTable
from egma_lib.errors import SettingsError
from egma_lib.experiments import evaluation_tables
from egma_lib.experiments.corpora import corpora_location
from egma_lib.settings import load_settings
from egma_lib.study import Study


@pytest.fixture
def study(tmp_path) -> Study:
    return Study("toy", "synthetic", "", tmp_path, tmp_path / "results", "0123", {})


def two_class_set(name: str, classes: tuple[str, str]) -> CaseTable:
    """Ten films, two of them positive, all of split test; and a positive one of split train."""
    ids = [f"{name}-{number}" for number in range(11)]
    cases = pd.DataFrame({"case_id": ids, "patient_id": ids, "image_path": "x", "rows": 4, "columns": 4})
    cases["split"] = ["test"] * 10 + ["train"]
    positive = np.array([number in (2, 5, 10) for number in range(11)], dtype=int)
    return CaseTable(name, cases, classes, np.eye(2)[positive])


@pytest.mark.parametrize(
    ("prevalence", "split", "siim"),
    [
        pytest.param("natural", "test", [8, 2], id="natural"),
        pytest.param("balanced", "test", [2, 2], id="balanced_within_the_split"),
        pytest.param("balanced", "all", [3, 3], id="balanced_over_all"),
    ],
)
def test_only_siim_is_balanced(study, monkeypatch, prevalence, split, siim):
    monkeypatch.setattr(evaluation_tables, "begun_test_sets", lambda *folders: {"rsna", "siim"})
    rsna = two_class_set("rsna", ("Normal", "Pneumonia"))
    monkeypatch.setattr(evaluation_tables, "load_rsna", lambda folder: rsna)
    pneumothorax = two_class_set("siim", ("Normal", "Pneumothorax"))
    monkeypatch.setattr(evaluation_tables, "load_siim", lambda folder: pneumothorax)
    names = {"evaluation.siim_prevalence": prevalence, "evaluation.zero_shot_split": split}
    tables, _ = evaluation_tables.load_evaluation_tables(study, load_settings("smoke", names))
    counts = {table.name: np.bincount(table.class_index()).tolist() for table in tables}
    assert counts == {"rsna": [8, 2] if split == "test" else [8, 3], "siim": siim}


def test_another_set_has_another_folder_and_trains_nothing_anew(study, tmp_path):
    def place(**changes):
        names = {f"evaluation.{name}": value for name, value in changes.items()}
        return corpora_location(study, load_settings("smoke", names), tmp_path / "gaze" / "abcd")

    natural, balanced = place(), place(siim_prevalence="balanced")
    assert natural.base == balanced.base
    assert natural.evaluation != balanced.evaluation
    assert place(seed=8).evaluation == natural.evaluation
    assert place(siim_prevalence="balanced", seed=8).evaluation != balanced.evaluation


def test_another_prevalence_is_refused():
    with pytest.raises(SettingsError, match=r"evaluation\.siim_prevalence"):
        load_settings("smoke", {"evaluation.siim_prevalence": "half"})
