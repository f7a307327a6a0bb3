"""A view as the library calls that draw it again."""

from __future__ import annotations

from pathlib import Path

from egma_lib.explorer.state import ViewState


def view_as_code(
    state: ViewState, data_root: Path | str | None, results_dir: Path | str, profile: str
) -> str:
    """Return Python text that draws the view of a state as `figure`.

    Parameters
    ----------
    state
        What is shown.
    data_root
        Folder of the data, None for the built-in phantom.
    results_dir
        Folder with the results of the stages before.
    profile
        Name of the profile.
    """
    names = "case, state, " + (
        "attention, beside, (state.checkpoint, state.beside)" if state.beside else "attention"
    )
    lines = [
        "from egma_lib.explorer.session import ExplorerSession",
        "from egma_lib.explorer.state import ViewState",
        f"from egma_lib.explorer.views import {_function(state)}",
        "from egma_lib.settings import load_settings",
        "from egma_lib.study import open_study",
        "",
        f"settings = load_settings({profile!r})",
        f"study = open_study(settings, {str(data_root or '')!r}, {str(results_dir)!r})",
        "session = ExplorerSession(study, settings)",
        f"state = ViewState(**{state.model_dump(exclude_defaults=True)!r})",
        "case = session.case(state.corpus, state.case_id)",
        f"sentence = {_sentence(state)}",
        "attention = session.attention(case, state.checkpoint, sentence)",
    ]
    if state.beside:
        lines.append("beside = session.attention(case, state.beside, sentence)")
    return "\n".join([*lines, f"figure = {_function(state)}({names}, title=sentence)", ""])


def _function(state: ViewState) -> str:
    return "draw_side_by_side" if state.beside else "draw_film"


def _sentence(state: ViewState) -> str:
    return (
        "state.typed" if state.sentence_index is None else 'case.sentences["text"].iloc[state.sentence_index]'
    )
