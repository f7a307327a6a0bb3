"""The report: a sentence to click, one of the user's own, and what classes it resembles."""

from __future__ import annotations

import html
from collections.abc import Hashable
from functools import partial

import ipywidgets as W
from matplotlib.figure import Figure

from egma_lib.explorer.state import ViewState
from egma_lib.explorer.transitions import at_sentence, at_typed, sentence_of
from egma_lib.explorer.views import draw_class_bars, draw_prompt_bars, png_bytes
from egma_lib.explorer.widgets.viewing import Panel, Viewing, button, heading

CHOSEN, SPOKEN = "egma-chosen", "egma-spoken"
CLASSES, PROMPTS = "per class", "per prompt"


def _wide() -> W.Layout:
    return W.Layout(width="auto")


class ReportPanel(Panel):
    """Sentences of the report; the one looked at is marked, the one being dictated lights up."""

    name = "report"

    def __init__(self, viewing: Viewing) -> None:
        super().__init__(viewing)
        self.sentences = W.VBox()
        self.typed = W.Text(
            placeholder="type a sentence, then Enter", continuous_update=False, layout=_wide()
        )
        self.typed.add_class("egma-typed")
        self.typed.observe(
            lambda event: self.attempt(lambda: viewing.go(at_typed(viewing.state, event["new"]))),
            names="value",
        )
        self.whole = button("No sentence", "the gaze of the whole reading, and no attention")
        self.whole.on_click(self.act(lambda: viewing.change(sentence_index=None, typed="", time_s=None)))
        self.unknown = W.HTML()
        self._case: Hashable = None
        self.place(
            heading("Report"),
            self.sentences,
            heading("Your own sentence"),
            self.typed,
            self.unknown,
            self.whole,
        )

    def depends_on(self, state: ViewState) -> Hashable:
        """Return case, sentence, model, and the sentence being dictated."""
        return (
            state.corpus, state.case_id, state.sentence_index, state.typed, state.checkpoint,
            self._spoken(state),
        )  # fmt: skip

    def _spoken(self, state: ViewState) -> int | None:
        if state.time_s is None:
            return None
        session = self.viewing.session
        return session.spoken_at(session.case(state.corpus, state.case_id), state.time_s)

    def show(self, state: ViewState) -> None:
        """List the sentences, mark one, and name words that the model does not know."""
        if self._case != (state.corpus, state.case_id):
            self._list()
            self._case = state.corpus, state.case_id
        spoken = self._spoken(state)
        for index, one in zip(
            self.viewing.case.sentences["sentence_index"], self.sentences.children, strict=False
        ):
            _mark(one, CHOSEN, int(index) == state.sentence_index)
            _mark(one, SPOKEN, int(index) == spoken)
        self.typed.value = state.typed
        self.unknown.value = self._unknown(state)

    def _list(self) -> None:
        table = self.viewing.case.sentences
        buttons = []
        for index, text, has_gaze in table[["sentence_index", "text", "has_gaze"]].itertuples(index=False):
            note = "with gaze" if has_gaze else "no gaze belongs to it"
            one = W.Button(description=str(text), tooltip=f"{text} ({note})", layout=_wide())
            one.add_class("egma-sentence")
            one.on_click(self.act(partial(self._choose, int(index))))
            buttons.append(one)
        self.sentences.children = buttons or [
            W.HTML("This case has no report. Type a sentence of your own below.")
        ]

    def _choose(self, index: int) -> None:
        self.viewing.go(at_sentence(self.viewing.state, index))

    def _unknown(self, state: ViewState) -> str:
        if not state.typed:
            return ""
        words = self.viewing.session.unknown_words(state.typed, state.checkpoint)
        if not words:
            return '<span class="egma-hint">The model knows every word.</span>'
        listed = ", ".join(html.escape(word) for word in words)
        return f'<span class="egma-unknown">Not in the model’s vocabulary: <b>{listed}</b></span>'


class ClassesPanel(Panel):
    """How similar the sentence is to the prompts of every class."""

    name = "classes"

    def __init__(self, viewing: Viewing) -> None:
        super().__init__(viewing)
        self.prompt_set = W.Dropdown(
            options=viewing.session.prompt_sets(), description="Prompts", layout=_wide()
        )
        self.bars = W.ToggleButtons(
            options=[CLASSES, PROMPTS], style={"button_width": "auto"},
            tooltips=["a bar per class: the mean over its prompts", "a bar per prompt"],
        )  # fmt: skip
        for widget in (self.prompt_set, self.bars):
            widget.observe(lambda _: self.attempt(lambda: self.show(viewing.state)), names="value")
        self.picture = W.Image(format="png", layout=_wide())
        self.picture.add_class("egma-class-bars")
        self.empty = W.HTML()
        self.place(
            heading("What the sentence resembles"), self.prompt_set, self.bars, self.picture, self.empty
        )

    def depends_on(self, state: ViewState) -> Hashable:
        """Return sentence and model."""
        return sentence_of(self.viewing.session, state), state.checkpoint

    def show(self, state: ViewState) -> None:
        """Draw a bar per class or prompt."""
        sentence, prompts = sentence_of(self.viewing.session, state), self.prompt_set.value
        self.picture.layout.display = "" if sentence and prompts else "none"
        self.empty.value = "" if prompts else "The study has no set of class prompts."
        if prompts and not sentence:
            self.empty.value = "Choose or type a sentence."
        if sentence and prompts:
            self.picture.value = png_bytes(self._figure(sentence, state.checkpoint, prompts))

    def _figure(self, sentence: str, checkpoint: str, prompts: str) -> Figure:
        session = self.viewing.session
        if self.bars.value == PROMPTS:
            table = session.prompt_similarity(sentence, checkpoint, prompts)
            return draw_prompt_bars(table, f"Similarity to prompts: {checkpoint}")
        values = session.class_similarity(sentence, checkpoint, prompts)
        return draw_class_bars(values, f"Similarity to each class: {checkpoint}")


def _mark(widget: W.Button, name: str, on: bool) -> None:
    if on:
        widget.add_class(name)
    else:
        widget.remove_class(name)
