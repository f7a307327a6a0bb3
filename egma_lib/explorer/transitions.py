"""What a choice makes of a state: another case, sentence, patch or moment, and what that resets."""

from __future__ import annotations

from egma_lib.errors import ArtefactError
from egma_lib.explorer.session import ExplorerSession
from egma_lib.explorer.state import ViewState
from egma_lib.explorer.zoom import WHOLE

PREFERRED = "EGMA"
"""The checkpoint shown first, where it has been trained."""


def start_state(session: ExplorerSession, state: ViewState | None = None) -> ViewState:
    """Return a state whose corpus, case and checkpoint the session has; what is left open is filled in.

    Raises
    ------
    DataError, ArtefactError
        The state names what the study does not have, or nothing has been trained.
    """
    state = state or ViewState()
    labels = session.checkpoints()
    case = session.case(state.corpus, state.case_id)
    checkpoint = state.checkpoint or (PREFERRED if PREFERRED in labels else labels[0])
    for label in filter(None, (checkpoint, state.beside)):
        if label not in labels:
            raise ArtefactError(f"no trained model {label!r}; there are {', '.join(labels)}")
    return state.model_copy(update={"case_id": case.case_id, "checkpoint": checkpoint})


def sentence_of(session: ExplorerSession, state: ViewState) -> str:
    """Return the sentence that is looked at: of the report, or typed; empty where there is none."""
    if state.sentence_index is None:
        return state.typed
    case = session.case(state.corpus, state.case_id)
    table = case.sentences.set_index("sentence_index")
    return str(table.loc[state.sentence_index, "text"]) if state.sentence_index in table.index else ""


def at_case(state: ViewState, corpus: str, case_id: str) -> ViewState:
    """Return the state at another case: all of it, at its first sentence or at the typed one."""
    sentence = None if state.sentence_index is None and state.typed else 0
    return state.model_copy(
        update={
            "corpus": corpus, "case_id": case_id, "sentence_index": sentence, "patch": None, "time_s": None,
            "zoom": WHOLE,
        }
    )  # fmt: skip


def at_sentence(state: ViewState, sentence_index: int) -> ViewState:
    """Return the state at a sentence of the report, out of the replay."""
    return state.model_copy(update={"sentence_index": sentence_index, "typed": "", "time_s": None})


def at_typed(state: ViewState, text: str) -> ViewState:
    """Return the state at a sentence of the user's own; where that is empty, at the report's first."""
    typed = " ".join(text.split())
    return state.model_copy(update={"sentence_index": None if typed else 0, "typed": typed, "time_s": None})


def patch_at(point: tuple[float, float], grid: tuple[int, int]) -> tuple[int, int]:
    """Return row and column of the patch at a point (x, y in 0-1 of the padded square)."""
    (x, y), (rows, columns) = point, grid
    return min(int(y * rows), rows - 1), min(int(x * columns), columns - 1)
