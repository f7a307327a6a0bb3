"""The state of the explorer, and the parts that show it."""

from __future__ import annotations

import html
import threading
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import ipywidgets as W

from egma_lib.errors import EgmaError
from egma_lib.explorer.case import ExplorerCase
from egma_lib.explorer.session import ExplorerSession
from egma_lib.explorer.state import ViewState


class Viewing:
    """What is being looked at: the one place where the state changes.

    Parameters
    ----------
    session
        Gives cases, attention and numbers.
    state
        Where to begin; corpus, case and checkpoint are known to the session.
    """

    def __init__(self, session: ExplorerSession, state: ViewState) -> None:
        self.session = session
        self.state = state
        # JupyterLab may have messages of widgets answered in several threads: one choice after the other, or
        # one made while panels are still being drawn would pass for their echo and be lost.
        self.one_at_a_time = threading.RLock()
        self._panels: dict[Panel, Hashable] = {}
        self._refreshing = False

    @property
    def case(self) -> ExplorerCase:
        """The case of the state."""
        return self.session.case(self.state.corpus, self.state.case_id)

    def add(self, panel: Panel) -> Panel:
        """Have a panel show every state from the next on."""
        self._panels[panel] = None
        return panel

    def change(self, **fields: Any) -> None:
        """Set fields of the state, checked, and show it."""
        self.go(ViewState.model_validate({**dict(self.state), **fields}))

    def go(self, state: ViewState) -> None:
        """Show another state.

        Calls while panels are being brought up to a state are echoes of that state and do nothing.
        """
        if not self._refreshing and state != self.state:
            self.show(state)

    def show(self, state: ViewState) -> None:
        """Show a state: every panel that depends on what has changed is drawn again."""
        self.state = state
        with self.quiet():
            for panel in self._panels:
                panel.guarded(partial(self._bring_up, panel, state))

    def _bring_up(self, panel: Panel, state: ViewState) -> None:
        """Draw a panel unless it shows the state already; one that fails is drawn again at the next state."""
        shown, self._panels[panel] = self._panels[panel], None
        wanted = panel.depends_on(state)
        if wanted != shown:
            panel.notice.value = ""
            panel.show(state)
        self._panels[panel] = wanted

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Have widgets that are set inside change nothing of the state."""
        before, self._refreshing = self._refreshing, True
        try:
            yield
        finally:
            self._refreshing = before


class Panel(ABC):
    """A part of the explorer: shows the state, and says in words what went wrong.

    Parameters
    ----------
    viewing
        What is being looked at.
    """

    name: str
    """Class of the panel's box, `egma-<name>`, and its name in messages."""

    def __init__(self, viewing: Viewing) -> None:
        self.viewing = viewing
        self.notice = W.HTML()
        self.notice.add_class("egma-notice")
        self.box = W.VBox()
        self.box.add_class(f"egma-{self.name}")

    def place(self, *children: W.Widget) -> None:
        """Put the panel's parts in their order; the line for what went wrong comes last."""
        self.box.children = (*children, self.notice)

    @abstractmethod
    def depends_on(self, state: ViewState) -> Hashable:
        """Return what of a state the panel shows; it is drawn again when that changes."""

    @abstractmethod
    def show(self, state: ViewState) -> None:
        """Draw a state."""

    def guarded(self, act: Callable[[], object]) -> None:
        """Do something for the user, and put into words what stops it.

        A kernel's page drops what a callback raises: the user would see a button that does nothing. So every
        error is shown here, one of the suite with its advice, any other with its kind and place.
        """
        try:
            act()
        except EgmaError as error:
            self.fail(str(error))
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            self.fail(
                f"{type(error).__name__}: {error} (in {place.name}, line {place.lineno}; please report it)"
            )

    def attempt(self, act: Callable[[], object]) -> None:
        """Do something that the user asked this panel for; what went wrong before is no longer said."""
        with self.viewing.one_at_a_time:
            self.notice.value = ""
            self.guarded(act)

    def fail(self, text: str) -> None:
        """Say what went wrong; a panel with a picture draws it there as well."""
        self.notice.value = f'<span class="egma-error" role="alert">{html.escape(text)}</span>'

    def act(self, change: Callable[[], object]) -> Callable[[object], None]:
        """Return a callback for a button that does something."""
        return lambda _: self.attempt(change)

    def follow(self, widget: W.Widget, field: str) -> None:
        """Set a field of the state whenever a widget's value changes."""
        widget.observe(
            lambda event: self.attempt(lambda: self.viewing.change(**{field: event["new"]})), names="value"
        )


def button(text: str, tooltip: str, width: str = "auto") -> W.Button:
    """Return a button of text alone: icon fonts come from the network."""
    layout = W.Layout(width=width, min_width="32px", flex="0 0 auto")
    return W.Button(description=text, tooltip=tooltip, layout=layout)


def heading(text: str) -> W.HTML:
    """Return a panel's heading."""
    return W.HTML(f'<span class="egma-heading">{html.escape(text)}</span>')
