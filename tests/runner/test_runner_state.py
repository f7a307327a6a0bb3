"""Which stage owns which file, and when it is out of date."""

from __future__ import annotations

import pytest

from egma_lib.errors import StageError
from egma_lib.runner import state as state_module
from egma_lib.runner.stages import discover
from egma_lib.runner.state import Record, State, snapshot


@pytest.fixture
def results(tmp_path):
    folder = tmp_path / "results"
    folder.mkdir()
    return folder


def finish(state: State, name: str, **files: str) -> None:
    """Begin a stage, let it write `files`, and end it."""
    state.begin(name)
    before = snapshot(state.results)
    for stem, content in files.items():
        (state.results / f"{stem}.csv").write_text(content)
    state.finish(name, Record("done", 1.0, "same"), before)


def test_a_file_that_two_stages_write_belongs_to_the_last_and_makes_neither_run_again(tmp_path, results):
    state = State(tmp_path / "state", results)
    finish(state, "first", runs="1", a="1")
    outputs_hash = state.records["first"].outputs_hash
    finish(state, "second", runs="1 2")
    stored = State(tmp_path / "state", results)
    assert set(stored.records["first"].outputs) == {"a.csv"}
    assert set(stored.records["second"].outputs) == {"runs.csv"}
    assert stored.records["first"].outputs_hash == outputs_hash
    assert stored.reason_to_run("first", "same") == stored.reason_to_run("second", "same") == ""


def test_an_output_that_a_later_run_reuses_still_counts(tmp_path, results):
    state = State(tmp_path / "state", results)
    finish(state, "first", weights="1", table="1")
    finish(state, "first", table="2")
    assert set(state.records["first"].outputs) == {"weights.csv", "table.csv"}
    (results / "weights.csv").unlink()
    assert state.reason_to_run("first", "same") == "weights.csv is missing"


def test_a_large_file_is_compared_by_size_and_time(tmp_path, results, monkeypatch):
    monkeypatch.setattr(state_module, "HASHED_BELOW_BYTES", 3)
    state = State(tmp_path / "state", results)
    finish(state, "first", large="12345", small="1")
    assert state.records["first"].outputs["large.csv"].sha256 == ""
    assert state.records["first"].outputs["small.csv"].sha256 != ""
    (results / "large.csv").write_text("54321")
    assert state.reason_to_run("first", "same") == "large.csv was changed"


def test_a_begun_stage_was_interrupted(tmp_path, results):
    state = State(tmp_path / "state", results)
    finish(state, "first", a="1")
    state.begin("first")
    assert State(tmp_path / "state", results).reason_to_run("first", "same") == "was interrupted"


def test_states_of_two_results_folders_are_apart(tmp_path, results):
    finish(State(tmp_path / "state", results), "first", a="1")
    assert State(tmp_path / "state", tmp_path / "other").records == {}


def test_two_notebooks_of_one_number_are_refused(suite):
    suite.notebook("01_first")
    suite.notebook("01_other")
    with pytest.raises(StageError, match="share the number 01"):
        discover(suite.notebooks)


def test_a_folder_without_notebooks_is_refused(tmp_path):
    with pytest.raises(StageError, match="holds no notebook"):
        discover(tmp_path)
