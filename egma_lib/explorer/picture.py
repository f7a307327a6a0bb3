"""The picture of a state, and the one sentence that says what is seen: the same in the page and in a file."""

from __future__ import annotations

from matplotlib.figure import Figure

from egma_lib.explorer.session import ExplorerSession
from egma_lib.explorer.state import ViewState
from egma_lib.explorer.transitions import sentence_of
from egma_lib.explorer.views import FilmLayout, draw_film, draw_replay_frame, draw_side_by_side, film_layout


def draw_view(session: ExplorerSession, state: ViewState) -> Figure:
    """Draw what a state shows: a moment of the reading, one film, or two checkpoints and their difference.

    Without a sentence there is no attention: the film is drawn with the gaze of the whole reading.

    Raises
    ------
    ArtefactError, DataError
        What the state names is not there.
    """
    case, sentence = session.case(state.corpus, state.case_id), sentence_of(session, state)
    if state.time_s is not None:
        heat, fixations = session.gaze_until(case, state.time_s), session.fixations_until(case, state.time_s)
        return draw_replay_frame(case, state, heat, fixations, session.spoken_at(case, state.time_s))
    if not sentence:
        return draw_film(case, state, None)
    attention = session.attention(case, sentence, state.checkpoint)
    if state.beside is None:
        return draw_film(case, state, attention, title=sentence)
    beside = session.attention(case, sentence, state.beside)
    labels = (state.checkpoint, state.beside)
    return draw_side_by_side(case, state, attention, beside, labels, title=sentence)


def view_layout(session: ExplorerSession, state: ViewState) -> FilmLayout:
    """Return where the films stand in the picture of a state."""
    if state.beside is None or not sentence_of(session, state):
        return film_layout(1)
    return film_layout(3 if state.difference else 2)


def describe_view(session: ExplorerSession, state: ViewState) -> str:
    """Return one sentence on what is seen."""
    case, sentence = session.case(state.corpus, state.case_id), sentence_of(session, state)
    if state.time_s is not None:
        return (
            f"The reading at {state.time_s:.1f} of {case.duration_s:.1f} s: the ring is where the eyes are, "
            "the line where they have just been, the colour where they have been so far."
        )
    if not sentence:
        return "No sentence is chosen: click one of the report, or type one, to see what a model looks at."
    parts = []
    if state.attention.shown:
        whose = f"{state.checkpoint} and {state.beside} find" if state.beside else f"{state.checkpoint} finds"
        parts.append(f"orange is where {whose} the film most similar to the sentence")
        if state.beside and state.difference:
            parts.append("the third film shows the difference of both")
    gazed = case.sentences.set_index("sentence_index")["has_gaze"]
    if state.gaze.shown or state.fixations.shown:
        if state.sentence_index is not None and bool(gazed.get(state.sentence_index, False)):
            parts.append("blue is where the reader looked while dictating it")
        else:
            parts.append("no gaze belongs to this sentence")
    if state.regions.shown:
        parts.append("outlines are what was marked" if case.regions else "no region is marked on this film")
    return f"“{sentence}”: {'; '.join(parts) or 'every layer is off'}."
