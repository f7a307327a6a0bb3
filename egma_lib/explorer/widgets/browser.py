"""Choosing a case: corpus, filters, words of the report, and the list that the arrow keys walk through."""

from __future__ import annotations

import html
from collections.abc import Hashable

import ipywidgets as W

from egma_lib.explorer.state import ViewState
from egma_lib.explorer.transitions import at_case
from egma_lib.explorer.widgets.viewing import Panel, Viewing, button, heading

ANY = "any"
LISTED = 10
SHORT = 12
"""Characters of a case's id in the list; its facts give all of it."""


def _wide() -> W.Layout:
    return W.Layout(width="auto")


class BrowserPanel(Panel):
    """The case browser."""

    name = "browser"

    def __init__(self, viewing: Viewing) -> None:
        super().__init__(viewing)
        session = viewing.session
        self.corpus = W.Dropdown(options=session.corpora(), description="Corpus", layout=_wide())
        self.filters = {
            name: W.Dropdown(options=[ANY], description=name.capitalize(), layout=_wide())
            for name in ("split", "finding", "reader")
        }
        self.words = W.Text(
            description="Words", placeholder="words of the report", continuous_update=False, layout=_wide()
        )
        self.cases = W.Select(rows=LISTED, layout=_wide())
        self.cases.add_class("egma-cases")
        self.count = W.HTML()
        self.previous = button("◂ Previous", "previous case (or the up key in the list)", "50%")
        self.next = button("Next ▸", "next case (or the down key in the list)", "50%")
        self._listed: str | None = None
        self._observe()
        self.place(
            heading("Case"), self.corpus, *self.filters.values(), self.words, self.count, self.cases,
            W.HBox([self.previous, self.next]),
        )  # fmt: skip

    def _observe(self) -> None:
        self.corpus.observe(lambda _: self.attempt(self._open_corpus), names="value")
        for widget in (*self.filters.values(), self.words):
            widget.observe(lambda _: self.attempt(self._list), names="value")
        self.cases.observe(lambda _: self.attempt(self._open), names="value")
        self.previous.on_click(self.act(lambda: self.step(-1)))
        self.next.on_click(self.act(lambda: self.step(1)))

    def depends_on(self, state: ViewState) -> Hashable:
        """Return corpus and case."""
        return state.corpus, state.case_id

    def show(self, state: ViewState) -> None:
        """Select the case, in the list of those that fit."""
        if self._listed != state.corpus:
            self.corpus.value = state.corpus
            self._offer_choices(state.corpus)
        self._fill(state)

    def step(self, by: int) -> None:
        """Go to a case further down (or up) the list; at its ends, stay."""
        if self.cases.index is not None:
            self.cases.index = min(max(self.cases.index + by, 0), len(self.cases.options) - 1)

    def _offer_choices(self, corpus: str) -> None:
        self._listed = None  # the filters below call back while they are being filled
        for name, values in self.viewing.session.choices(corpus).items():
            self.filters[name].options = [ANY, *values]
            self.filters[name].disabled = not values
        self.words.value = ""
        self._listed = corpus

    def _fill(self, state: ViewState) -> None:
        """List the cases that fit the filters; a case shown that does not is listed first."""
        chosen = {name: "" if widget.value == ANY else widget.value for name, widget in self.filters.items()}
        found = self.viewing.session.cases(state.corpus, **chosen, words=self.words.value)
        options = [
            (f"{case_id[:SHORT]} · {findings}", case_id)
            for case_id, findings in found[["case_id", "findings"]].itertuples(index=False)
        ]
        self.count.value = f"{len(options)} cases" if options else "No case fits; remove a filter or a word."
        if state.case_id not in set(found["case_id"]):
            options.insert(0, (f"{state.case_id[:SHORT]} · shown now", state.case_id))
        if list(self.cases.options) != options:
            self.cases.options = options
        self.cases.value = state.case_id

    def _list(self) -> None:
        if self._listed is not None:
            with self.viewing.quiet():
                self._fill(self.viewing.state)

    def _open_corpus(self) -> None:
        corpus = self.corpus.value
        if corpus != self.viewing.state.corpus:
            first = self.viewing.session.cases(corpus)["case_id"].iloc[0]
            self.viewing.go(at_case(self.viewing.state, corpus, first))

    def _open(self) -> None:
        if self.cases.value is not None:
            self.viewing.go(at_case(self.viewing.state, self.corpus.value, self.cases.value))


class FactsPanel(Panel):
    """What is known of the case: ids, findings, recording."""

    name = "facts"

    def __init__(self, viewing: Viewing) -> None:
        super().__init__(viewing)
        self.table = W.HTML()
        self.place(heading("About the case"), self.table)

    def depends_on(self, state: ViewState) -> Hashable:
        """Return corpus and case."""
        return state.corpus, state.case_id

    def show(self, state: ViewState) -> None:
        """Write the facts."""
        rows = (
            f"<tr><th>{html.escape(name)}</th><td>{html.escape(text)}</td></tr>"
            for name, text in self.viewing.case.facts.items()
        )
        self.table.value = f'<table class="egma-facts">{"".join(rows)}</table>'
