"""The balanced form of a two-class test set."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from egma_lib.datasets.contract import CASE_COLUMNS, CaseTable
from egma_lib.datasets.prevalence import balanced_cases
from egma_lib.errors import DataError


def table_of(positive, classes=("Normal", "Pneumothorax"), ids=None) -> CaseTable:
    ids = ids or [f"film-{number:03d}" for number in range(len(positive))]
    cases = pd.DataFrame({name: ids if name == "case_id" else "x" for name in CASE_COLUMNS})
    labels = np.eye(len(classes))[np.asarray(positive, dtype=int)]
    masks = {one: np.ones((2, 2), bool) for one, yes in zip(ids, positive, strict=True) if yes}
    return CaseTable("siim", cases, classes, labels, masks=masks)


SPARSE = [number % 5 == 3 for number in range(100)]


def test_all_positives_stay_with_as_many_negatives_in_order():
    table = balanced_cases(table_of(SPARSE), 7)
    ids = table.cases["case_id"].tolist()
    assert len(ids) == 40
    assert ids == sorted(ids)
    assert np.bincount(table.class_index()).tolist() == [20, 20]
    assert {f"film-{number:03d}" for number in range(3, 100, 5)} <= set(ids)
    assert len(table.masks) == 20


def test_the_seed_decides_and_the_order_of_the_table_does_not():
    first = set(balanced_cases(table_of(SPARSE), 7).cases["case_id"])
    again = set(balanced_cases(table_of(SPARSE), 7).cases["case_id"])
    other = set(balanced_cases(table_of(SPARSE), 8).cases["case_id"])
    backwards = table_of(SPARSE[::-1], ids=[f"film-{number:03d}" for number in range(99, -1, -1)])
    assert first == again == set(balanced_cases(backwards, 7).cases["case_id"])
    assert first != other


def test_a_film_more_displaces_at_most_one():
    before = set(balanced_cases(table_of(SPARSE), 7).cases["case_id"])
    after = set(balanced_cases(table_of([*SPARSE, False]), 7).cases["case_id"])
    assert len(before - after) <= 1


@pytest.mark.parametrize(
    ("table", "message"),
    [
        pytest.param(table_of([1, 1, 0]), "2 positive and 1 negative cases", id="too_few_negatives"),
        pytest.param(table_of([0, 0]), "0 positive and 2 negative cases", id="no_positive"),
        pytest.param(table_of([0, 1], ("A", "B", "C")), "cannot be balanced; two", id="three_classes"),
    ],
)
def test_sets_that_cannot_be_balanced_are_refused(table, message):
    with pytest.raises(DataError, match=message):
        balanced_cases(table, 7)
