"""The other way round: what a patch of the film is most similar to."""

from __future__ import annotations

from collections.abc import Hashable

import ipywidgets as W

from egma_lib.explorer.state import ViewState
from egma_lib.explorer.views import draw_sentence_ranking, png_bytes
from egma_lib.explorer.widgets.viewing import Panel, Viewing, button, heading

REPORT, CORPUS = "this report", "all reports"


def _narrow() -> W.Layout:
    return W.Layout(width="130px")


class PatchPanel(Panel):
    """Sentences by their similarity to the clicked patch."""

    name = "patch"

    def __init__(self, viewing: Viewing) -> None:
        super().__init__(viewing)
        self.row = W.BoundedIntText(description="Row", min=0, layout=_narrow())
        self.column = W.BoundedIntText(description="Column", min=0, layout=_narrow())
        self.ask = button("Ask", "rank the sentences for this row and column, without a pointer")
        self.clear = button("Clear", "no patch")
        self.among = W.ToggleButtons(options=[REPORT, CORPUS], style={"button_width": "auto"})
        self.picture = W.Image(format="png", layout=W.Layout(width="100%"))
        self.picture.add_class("egma-ranking")
        self.empty = W.HTML(
            "Click a patch of the film, or give its row and column: its sentences are ranked here."
        )
        self.ask.on_click(self.act(lambda: viewing.change(patch=(self.row.value, self.column.value))))
        self.clear.on_click(self.act(lambda: viewing.change(patch=None)))
        self.among.observe(lambda _: self.attempt(lambda: self.show(viewing.state)), names="value")
        self.place(
            heading("What a patch resembles"), W.HBox([self.row, self.column, self.ask, self.clear]),
            self.among, self.empty, self.picture,
        )  # fmt: skip

    def depends_on(self, state: ViewState) -> Hashable:
        """Return case, patch and model."""
        return state.corpus, state.case_id, state.patch, state.checkpoint

    def show(self, state: ViewState) -> None:
        """Rank the sentences, or say how to choose a patch."""
        rows, columns = self.viewing.case.heatmaps.shape[1:]
        self.row.max, self.column.max = rows - 1, columns - 1
        self.picture.layout.display = "none" if state.patch is None else ""
        self.empty.layout.display = "" if state.patch is None else "none"
        if state.patch is None:
            return
        self.row.value, self.column.value = state.patch
        session, case = self.viewing.session, self.viewing.case
        rank = session.ranked_sentences if self.among.value == REPORT else session.ranked_corpus_sentences
        title = f"Most similar to patch {state.patch[0]}, {state.patch[1]}: {state.checkpoint}"
        self.picture.value = png_bytes(
            draw_sentence_ranking(rank(case, state.patch, state.checkpoint), title)
        )
