"""A view as the library calls that draw it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from egma_lib.explorer.state import ViewState


def view_as_code(
    state: ViewState,
    data_root: Path | str,
    results_dir: Path | str,
    profile: str,
    overrides: Mapping[str, Any] | Sequence[str] = (),
) -> str:
    """Return Python text that draws the picture of a state, as `figure`.

    Parameters
    ----------
    state
        What is shown: a moment of the reading, one model, two, or the film alone where no sentence is chosen.
    data_root
        Folder of the data; empty for the built-in phantom.
    results_dir
        Folder with the results of the stages before; empty for the usual one.
    profile
        Name of the profile.
    overrides
        Settings changed from the profile, as `load_settings` takes them.
    """
    function, calls = _drawing(state)
    changed = f", {overrides!r}" if overrides else ""
    lines = [
        "from egma_lib.explorer.session import ExplorerSession",
        "from egma_lib.explorer.state import ViewState",
        f"from egma_lib.explorer.views import {function}",
        "from egma_lib.settings import load_settings",
        "from egma_lib.study import open_study",
        "",
        f"settings = load_settings({profile!r}{changed})",
        f"study = open_study(settings, {str(data_root)!r}, {str(results_dir)!r})",
        "session = ExplorerSession(study, settings)",
        f"state = {_state_call(state)}",
        "case = session.case(state.corpus, state.case_id)",
        *calls,
    ]
    return "\n".join([*lines, ""])


def _state_call(state: ViewState) -> str:
    """Return the call that makes a state again, with the fields that are not as by default."""
    fields = state.model_dump(exclude_defaults=True)
    return f"ViewState({', '.join(f'{name}={value!r}' for name, value in fields.items())})"


def _drawing(state: ViewState) -> tuple[str, list[str]]:
    """Return the function that draws a state, and the lines that call it."""
    if state.time_s is not None:
        return "draw_replay_frame", [
            "heat = session.gaze_until(case, state.time_s)",
            "fixations = session.fixations_until(case, state.time_s)",
            "spoken = session.spoken_at(case, state.time_s)",
            "figure = draw_replay_frame(case, state, heat, fixations, spoken)",
        ]
    if state.sentence_index is None and not state.typed:
        return "draw_film", ["figure = draw_film(case, state, None)"]
    typed = state.sentence_index is None
    calls = [
        "text = state.typed" if typed else 'text = case.sentences["text"].iloc[state.sentence_index]',
        "attention = session.attention(case, text, state.checkpoint)",
    ]
    if state.beside is None:
        return "draw_film", [*calls, "figure = draw_film(case, state, attention, title=text)"]
    return "draw_side_by_side", [
        *calls,
        "beside = session.attention(case, text, state.beside)",
        "labels = (state.checkpoint, state.beside)",
        "figure = draw_side_by_side(case, state, attention, beside, labels, title=text)",
    ]
