"""All panels on one page."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

import ipywidgets as W

from egma_lib.errors import EgmaError
from egma_lib.explorer.session import ExplorerSession
from egma_lib.explorer.state import ViewState
from egma_lib.explorer.transitions import start_state
from egma_lib.explorer.views import draw_message, png_bytes
from egma_lib.explorer.widgets.browser import BrowserPanel, FactsPanel
from egma_lib.explorer.widgets.image import ImagePanel
from egma_lib.explorer.widgets.layers import LayersPanel
from egma_lib.explorer.widgets.look import style
from egma_lib.explorer.widgets.measures import NumbersPanel
from egma_lib.explorer.widgets.patch import PatchPanel
from egma_lib.explorer.widgets.player import PlayerPanel
from egma_lib.explorer.widgets.report import ClassesPanel, ReportPanel
from egma_lib.explorer.widgets.save import SavePanel
from egma_lib.explorer.widgets.viewing import Panel, Viewing

INTRODUCTION = (
    "Choose a case on the left and click a sentence on the right: the film shows where a model looks for it, "
    "and where the reader looked while saying it. Everything can be reached with Tab and the arrow keys. "
    "For research only; not for diagnosis."
)


class Explorer(W.VBox):
    """The attention explorer.

    Parameters
    ----------
    session
        The study that is looked at.
    state
        Where to begin, as `start_state` returns it.
    overrides
        Settings that the session changed from its profile.

    Attributes
    ----------
    viewing
        What is being looked at; `viewing.state` is the state.
    panels
        Name to panel.
    """

    def __init__(self, session: ExplorerSession, state: ViewState, overrides: Mapping[str, Any]) -> None:
        self.viewing = Viewing(session, state)
        made: tuple[Panel, ...] = (
            BrowserPanel(self.viewing),
            ImagePanel(self.viewing),
            LayersPanel(self.viewing),
            FactsPanel(self.viewing),
            ReportPanel(self.viewing),
            PlayerPanel(self.viewing),
            PatchPanel(self.viewing),
            ClassesPanel(self.viewing),
            NumbersPanel(self.viewing),
            SavePanel(self.viewing, overrides),
        )
        self.panels = {panel.name: panel for panel in made}
        for panel in made:
            self.viewing.add(panel)
        note = session.study.title_note
        intro = W.HTML(f"<p>{html.escape(INTRODUCTION)}{' ' + html.escape(note) if note else ''}</p>")
        super().__init__([style(), intro, self._columns()])
        self.add_class("egma-explorer")
        self.viewing.show(state)

    def _columns(self) -> W.Box:
        columns = (
            ("browser", "layers", "facts"),
            ("image", "player", "save"),
            ("report", "numbers", "classes", "patch"),
        )
        box = W.Box([W.VBox([self.panels[name].box for name in names]) for names in columns])
        box.add_class("egma-columns")
        return box


def build_explorer(
    session: ExplorerSession, state: ViewState | None = None, overrides: Mapping[str, Any] | None = None
) -> W.Widget:
    """Return the explorer as a widget; where there is nothing to explore, a picture and words that say why.

    Parameters
    ----------
    session
        The study to look at.
    state
        Where to begin; None is the first case and sentence.
    overrides
        Settings that the session changed from its profile, for "copy as code".
    """
    try:
        return Explorer(session, start_state(session, state), overrides or {})
    except EgmaError as error:
        return _message(str(error))
    except Exception as error:  # a page would show nothing of it
        return _message(f"{type(error).__name__}: {error} (please report it)")


def _message(text: str) -> W.Widget:
    picture = W.Image(value=png_bytes(draw_message(text)), format="png")
    picture.add_class("egma-picture")
    words = W.HTML(f'<span class="egma-error" role="alert">{html.escape(text)}</span>')
    box = W.VBox([style(), words, picture])
    box.add_class("egma-explorer")
    return box
