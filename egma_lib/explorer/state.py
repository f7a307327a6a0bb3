"""Everything that decides what the explorer shows, as one value that a file can hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from egma_lib.artefacts import write_text
from egma_lib.errors import ArtefactError

Share = Annotated[float, Field(ge=0, le=1)]


class Layer(BaseModel):
    """Whether a layer is drawn, and how opaque."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shown: bool = True
    opacity: Share = 0.6


class ViewState(BaseModel):
    """The explorer's settings.

    Attributes
    ----------
    corpus, case_id
        Which case; an empty id is the first.
    sentence_index
        Sentence of the report that is looked at; None where `typed` counts.
    typed
        A sentence of the user's own.
    checkpoint, beside
        Labels of one or two models.
    difference
        Show `checkpoint` minus `beside` as a third picture.
    attention, gaze, fixations, regions
        The layers.
    style
        Attention on the raw patch grid, or interpolated.
    window_centre, window_width
        Grey values shown, in 0-1 of the stored film.
    zoom
        Left, top, right, bottom in 0-1 of the padded square.
    patch
        Row and column of a clicked patch, or None.
    time_s
        Time of the replay (seconds), or None for the whole sentence.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    corpus: str = "gaze"
    case_id: str = ""
    sentence_index: int | None = 0
    typed: str = ""
    checkpoint: str = ""
    beside: str | None = None
    difference: bool = False
    attention: Layer = Layer()
    gaze: Layer = Layer(opacity=0.5)
    fixations: Layer = Layer(opacity=0.9)
    regions: Layer = Layer(shown=False, opacity=0.9)
    style: Literal["interpolated", "grid"] = "interpolated"
    window_centre: Share = 0.5
    window_width: Annotated[float, Field(gt=0, le=1)] = 1.0
    zoom: tuple[Share, Share, Share, Share] = (0.0, 0.0, 1.0, 1.0)
    patch: tuple[int, int] | None = None
    time_s: Annotated[float, Field(ge=0)] | None = None


def save_state(state: ViewState, path: Path) -> Path:
    """Write a state as JSON and return `path`."""
    return write_text(path, state.model_dump_json(indent=2) + "\n")


def load_state(path: Path) -> ViewState:
    """Read what `save_state` wrote.

    Raises
    ------
    ArtefactError
        The file is missing or no state of the explorer: says which field is wrong.
    """
    if not path.is_file():
        raise ArtefactError(f"{path}: no such file; save a view of the explorer first")
    try:
        return ViewState.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (ValidationError, ValueError) as error:
        raise ArtefactError(f"{path}: not a saved view of the explorer ({error})") from error
