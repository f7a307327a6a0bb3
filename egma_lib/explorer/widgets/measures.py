"""Numbers of what is shown, beside what they are to be compared with."""

from __future__ import annotations

import html
import math
from collections.abc import Hashable

import ipywidgets as W

from egma_lib.explorer.state import ViewState
from egma_lib.explorer.transitions import sentence_of
from egma_lib.explorer.widgets.viewing import Panel, Viewing, heading

NAMES = {
    "pointing_hit": ("Pointing hit", "1: the highest patch lies in the region"),
    "cnr": ("CNR", "contrast of region and rest, in standard deviations"),
    "cc": ("CC", "correlation with the gaze heatmap"),
    "nss": ("NSS", "attention at the fixations, in standard deviations"),
}


class NumbersPanel(Panel):
    """Pointing hit, CNR, CC and NSS, with the average map's and other readers' value."""

    name = "numbers"

    def __init__(self, viewing: Viewing) -> None:
        super().__init__(viewing)
        self.table = W.HTML()
        self.place(heading("Numbers of this view"), self.table)

    def depends_on(self, state: ViewState) -> Hashable:
        """Return case, sentence and models."""
        return state.corpus, state.case_id, state.sentence_index, state.typed, state.checkpoint, state.beside

    def show(self, state: ViewState) -> None:
        """Write the table, a reason where a number is not defined."""
        sentence = sentence_of(self.viewing.session, state)
        if not sentence:
            self.table.value = "Choose or type a sentence: numbers belong to the attention for it."
            return
        case, session = self.viewing.case, self.viewing.session
        labels = [label for label in (state.checkpoint, state.beside) if label]
        numbers = [
            session.numbers(case, state.sentence_index, session.attention(case, sentence, label), state.typed)
            for label in labels
        ]
        rows = []
        for metric, (name, meaning) in NAMES.items():
            of_models = [one[metric] for one in numbers]
            first = of_models[0]
            cells = [_cell(one.value, one.reason) for one in of_models]
            cells += [_cell(first.average, first.reason), _cell(first.human, first.human_reason)]
            if all(
                math.isnan(one) for one in (*(one.value for one in of_models), first.average, first.human)
            ):
                cells = [_cell(math.nan, first.reason, span=len(cells))]
            rows.append(f'<tr><th title="{html.escape(meaning)}">{name}</th>{"".join(cells)}</tr>')
        columns = "".join(
            f"<th>{html.escape(one)}</th>" for one in ("", *labels, "average gaze", "other readers")
        )
        self.table.value = f'<table class="egma-measures"><tr>{columns}</tr>{"".join(rows)}</table>'


def _cell(value: float, reason: str, span: int = 1) -> str:
    if math.isnan(value):
        return f'<td class="egma-undefined" colspan="{span}">{html.escape(reason) or "not defined"}</td>'
    return f"<td>{value:.2f}</td>"
