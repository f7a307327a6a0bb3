"""Metrics kept beside the scores are those computed, and computed anew where what they rest on changed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from egma_lib.errors import ArtefactError
from egma_lib.experiments import stored_metrics as module
from egma_lib.experiments.stored_metrics import stored_metrics
from egma_lib.settings import EvaluationSettings

SETTINGS = EvaluationSettings(bootstrap=50)


class Counted:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> dict[str, np.ndarray]:
        self.calls += 1
        return {"accuracy": np.array([0.1, np.nan, 1 / 3]), "a, b": np.full((2, 4), self.calls / 7)}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "rsna.parquet"
    path.write_bytes(b"scores")
    return path


def test_the_second_call_reads_the_same_bits(table: Path) -> None:
    compute = Counted()
    first = stored_metrics("rsna-global", table.parent, ["rsna"], SETTINGS, compute)
    second = stored_metrics("rsna-global", table.parent, ["rsna"], SETTINGS, compute)
    assert compute.calls == 1
    assert list(second) == list(first) == ["accuracy", "a, b"]
    for name in first:
        np.testing.assert_array_equal(first[name], second[name])
        assert first[name].dtype == second[name].dtype


def test_each_name_has_a_file_of_its_own(table: Path) -> None:
    compute = Counted()
    for name in ("rsna-global", "rsna-fine_grained", "rsna-global"):
        stored_metrics(name, table.parent, ["rsna"], SETTINGS, compute)
    assert compute.calls == 2
    assert sorted(path.name for path in (table.parent / "metrics").iterdir()) == [
        "rsna-fine_grained.npz",
        "rsna-global.npz",
    ]


@pytest.mark.parametrize("change", ["scores", "second table", "bootstrap", "seed", "code"])
def test_a_change_of_what_they_rest_on_computes_anew(
    table: Path, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, compute, settings = table.with_name("other.parquet"), Counted(), SETTINGS
    other.write_bytes(b"others")
    stored_metrics("gap", table.parent, ["rsna", "other"], settings, compute)
    if change == "scores":
        table.write_bytes(b"scores!")
    elif change == "second table":
        other.write_bytes(b"others!")
    elif change == "bootstrap":
        settings = EvaluationSettings(bootstrap=51)
    elif change == "seed":
        settings = EvaluationSettings(bootstrap=50, seed=settings.seed + 1)
    else:
        monkeypatch.setattr(module, "_code_of_metrics", lambda: "other code")
    found = stored_metrics("gap", table.parent, ["rsna", "other"], settings, compute)
    assert compute.calls == 2
    assert found["a, b"][0, 0] == 2 / 7
    assert stored_metrics("gap", table.parent, ["rsna", "other"], settings, compute)["a, b"][0, 0] == 2 / 7
    assert compute.calls == 2


def test_a_damaged_file_is_named(table: Path) -> None:
    stored_metrics("rsna-global", table.parent, ["rsna"], SETTINGS, Counted())
    kept = table.parent / "metrics" / "rsna-global.npz"
    kept.write_bytes(kept.read_bytes()[:100])
    with pytest.raises(ArtefactError, match=r"rsna-global\.npz.*delete it"):
        stored_metrics("rsna-global", table.parent, ["rsna"], SETTINGS, Counted())


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match=r"siim\.parquet: no predictions; run notebook 02"):
        stored_metrics("siim-global", tmp_path, ["siim"], SETTINGS, Counted())


def test_the_code_of_the_metrics_counts() -> None:
    code = module.code_behind(module._CODE, ["egma_lib.experiments", "egma_lib.evaluation"])
    assert {"egma_lib.evaluation.metrics", "egma_lib.experiments.score_measurements"} <= set(code)
