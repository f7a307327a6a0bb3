"""`data/reference/later_work.csv`: nothing without a number, a source and how its protocol differs."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

LATER = Path(__file__).parents[2] / "data" / "reference" / "later_work.csv"


def test_every_row_is_complete_and_names_its_source():
    rows = pd.read_csv(LATER)
    assert list(rows) == ["method", "year", "dataset", "metric", "value", "protocol_difference", "source"]
    assert rows.notna().all(axis=None)
    assert rows["source"].str.startswith("https://arxiv.org/abs/").all()
    assert not rows.duplicated(["method", "dataset", "metric"]).any()
