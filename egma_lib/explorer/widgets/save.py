"""Keeping a view: as picture, as settings that restore it, and as code."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from typing import Any

import ipywidgets as W
from matplotlib.figure import Figure

from egma_lib.errors import ArtefactError
from egma_lib.explorer.picture import draw_view
from egma_lib.explorer.state import ViewState, load_state, save_state
from egma_lib.explorer.transitions import start_state
from egma_lib.explorer.views import save_view, view_as_code
from egma_lib.explorer.widgets.viewing import Panel, Viewing, button, heading

FOLDER = "explorer"
"""Folder of the results that views are saved to."""

_COPIED = """<button class="jupyter-button egma-copy" title="copy the code"
onclick="this.nextElementSibling.select(); document.execCommand('copy'); this.textContent = 'Copied'"
>Copy</button><textarea class="egma-code" rows="12" readonly aria-label="code of this picture"
onfocus="this.select()">{code}</textarea>"""
"""Code to copy, by the button or, all of it selected with the focus, by hand. The clipboard of `navigator` is
not there on a page that comes from another machine without TLS, as JupyterLab's often does."""

_FILE_NAME = re.compile(r"[\w][\w .-]*")


class SavePanel(Panel):
    """Save as PNG, PDF or JSON, restore, and show as code.

    Parameters
    ----------
    viewing
        What is being looked at.
    overrides
        Settings that the session changed from its profile; they are part of the code.
    """

    name = "save"

    def __init__(self, viewing: Viewing, overrides: Mapping[str, Any]) -> None:
        super().__init__(viewing)
        self._overrides = overrides
        self.file_name = W.Text(value="view", description="Name", continuous_update=False)
        self.png = self._saves("PNG", "the picture", lambda path: save_view(self._figure(), path))
        self.pdf = self._saves("PDF", "the picture for print", lambda path: save_view(self._figure(), path))
        self.json = self._saves(
            "JSON", "settings that restore the view", lambda path: save_state(viewing.state, path)
        )
        self.saved = W.Dropdown(description="Saved")
        self.restore = button("Restore", "show the saved view")
        self.restore.on_click(self.act(self._restore))
        self.as_code = button("Copy as code", "library calls that draw this picture")
        self.as_code.on_click(self.act(self._show_code))
        self.code = W.HTML()
        self.done = W.HTML()
        self.done.add_class("egma-saved")
        self.place(
            heading("Keep this view"),
            W.HBox([self.file_name, self.png, self.pdf, self.json], layout=W.Layout(flex_flow="row wrap")),
            W.HBox([self.saved, self.restore, self.as_code], layout=W.Layout(flex_flow="row wrap")),
            self.done, self.code,
        )  # fmt: skip

    def depends_on(self, state: ViewState) -> Hashable:
        """Return all of the state: code of another view is out of date."""
        return state

    def show(self, state: ViewState) -> None:
        """List the saved views; hide code and message of the view before."""
        self._list()
        self.code.value = ""
        self.done.value = ""

    def _list(self) -> None:
        found = sorted(path.stem for path in self._folder().glob("*.json"))
        if list(self.saved.options) != found:
            self.saved.options = found
            self.saved.index = 0 if found else None
        self.restore.disabled = self.saved.disabled = not found

    def _folder(self) -> Path:
        return self.viewing.session.study.results / FOLDER

    def _figure(self) -> Figure:
        return draw_view(self.viewing.session, self.viewing.state)

    def _saves(self, kind: str, what: str, write: Callable[[Path], Path]) -> W.Button:
        one = button(kind, f"save {what} as {kind}")

        def save() -> None:
            folder = self.viewing.session.study.folder(FOLDER)
            path = write(folder / f"{checked_name(self.file_name.value)}.{kind.lower()}")
            self._list()
            if path.stem in self.saved.options:
                self.saved.value = path.stem
            self.done.value = f"Saved {html.escape(str(Path(FOLDER) / path.name))} in the results folder."

        one.on_click(self.act(save))
        return one

    def _restore(self) -> None:
        path = self._folder() / f"{self.saved.value}.json"
        self.viewing.show(start_state(self.viewing.session, load_state(path)))
        self.done.value = f"Restored {html.escape(path.name)}."

    def _show_code(self) -> None:
        session = self.viewing.session
        text = view_as_code(
            self.viewing.state,
            session.study.data_root,
            session.study.results,
            session.settings.profile,
            self._overrides,
        )
        self.code.value = _COPIED.format(code=html.escape(text, quote=False))
        self.done.value = "The library calls that draw this picture:"


def checked_name(text: str) -> str:
    """Return a file name that stays in its folder.

    Raises
    ------
    ArtefactError
        It is empty or holds a sign that separates folders: says what may stand in it.
    """
    name = text.strip()
    if not _FILE_NAME.fullmatch(name):
        raise ArtefactError(
            f"name {text!r}: expected letters, digits, spaces, dots, - and _, a letter or digit first"
        )
    return name
