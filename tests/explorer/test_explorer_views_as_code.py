"""The text of "copy as code" draws the view it was copied from."""

from __future__ import annotations

import ast

import numpy as np
import pytest
from view_cases import bare_state

from egma_lib.explorer.session import ExplorerSession
from egma_lib.explorer.state import Layer, ViewState
from egma_lib.explorer.views import pixels, view_as_code

STATES = [
    pytest.param({"sentence_index": 1, "patch": (0, 1)}, id="a sentence of the report"),
    pytest.param({"sentence_index": None, "typed": 'the "heart"'}, id="a typed sentence with quotes"),
    pytest.param({"sentence_index": None}, id="no sentence"),
    pytest.param({"beside": "CLIP", "difference": True}, id="two checkpoints and their difference"),
    pytest.param({"time_s": 2.5}, id="a moment of the reading"),
    pytest.param({"window_centre": 0.4, "zoom": (0.1, 0.2, 0.6, 0.7), "style": "grid"}, id="window and zoom"),
]


@pytest.fixture(scope="module")
def session(trained_study):
    return ExplorerSession(trained_study.study, trained_study.settings)


@pytest.fixture
def run_code(trained_study, monkeypatch):
    """Execute a text with the settings of the tiny study; return the names it leaves."""
    asked = []

    def tiny_settings(profile, overrides=()):
        asked.append((profile, overrides))
        return trained_study.settings

    monkeypatch.setattr("egma_lib.settings.load_settings", tiny_settings)

    def run(text) -> dict:
        names: dict = {}
        exec(compile(text, "<copied>", "exec"), names)
        return {**names, "asked": asked}

    return run


@pytest.mark.parametrize("fields", STATES)
def test_the_copied_text_draws_the_picture_of_the_page(session, trained_study, run_code, fields):
    from egma_lib.explorer.picture import draw_view

    labels = session.checkpoints()
    names = {"beside": labels[0]} if "beside" in fields else {}
    case_id = session.case("gaze", "").case_id
    state = ViewState(**{"case_id": case_id, "checkpoint": labels[-1], **fields, **names})
    study = trained_study.study
    left = run_code(view_as_code(state, study.data_root, study.results, "smoke"))
    assert left["state"] == state
    assert left["asked"] == [("smoke", ())]
    np.testing.assert_array_equal(pixels(left["figure"]), pixels(draw_view(session, state)))


@pytest.mark.parametrize("overrides", [["training.seed=3"], {"data.image_size": 32}])
def test_settings_that_were_changed_are_in_the_text(overrides):
    text = view_as_code(bare_state(), "", "", "paper", overrides)
    assert f"load_settings('paper', {overrides!r})" in text


@pytest.mark.parametrize("fields", STATES)
def test_the_text_only_imports_what_it_uses(fields):
    tree = ast.parse(view_as_code(ViewState(**fields), "", "", "smoke"))
    imported = {name.name for node in tree.body if isinstance(node, ast.ImportFrom) for name in node.names}
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert imported <= used


def test_a_state_as_by_default_is_written_short():
    text = view_as_code(ViewState(attention=Layer(opacity=0.25)), "", "", "smoke")
    assert "state = ViewState(attention={'opacity': 0.25})" in text
