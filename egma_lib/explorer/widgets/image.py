"""The picture: drawn from the state, and clicked, dragged and zoomed on with the pointer."""

from __future__ import annotations

import html
from collections.abc import Callable, Hashable, Mapping
from typing import Any

import ipywidgets as W
from ipyevents import Event

from egma_lib.explorer.picture import describe_view, draw_view, view_layout
from egma_lib.explorer.state import ViewState
from egma_lib.explorer.transitions import patch_at
from egma_lib.explorer.views import ReplayCanvas, draw_message, png_bytes
from egma_lib.explorer.widgets.viewing import Panel, Viewing, button
from egma_lib.explorer.zoom import WHOLE, dragged, panned, zoomed

Point = tuple[float, float]

CLOSER = 1.25
CLICK_PX = 4
"""Pixels of the page that a pointer may move between press and release and still click."""

WHEEL_MS = 120
"""Least time between two turns of the wheel that are answered (milliseconds): about what a picture takes."""

POINTER = "wheel: zoom · drag: move · click: ask a patch"
IN_REPLAY = "replay: leave it with Whole sentence to zoom, move or ask with the pointer"

STEP = 0.2
"""Share of what is shown that one press on an arrow moves it by."""


class ImagePanel(Panel):
    """The film with its layers.

    Parameters
    ----------
    viewing
        What is being looked at.
    """

    name = "image"

    def __init__(self, viewing: Viewing) -> None:
        super().__init__(viewing)
        self.picture = W.Image(format="png")
        self.picture.add_class("egma-picture")
        self.seen, self.caption = W.HTML(), W.HTML()
        self._canvas: tuple[Hashable, ReplayCanvas] | None = None
        self._pressed: tuple[Point, Point | None] | None = None
        self.hint = W.HTML()
        self._listen()
        self.place(self.seen, self.picture, self._zoom_buttons(), self.caption)

    def _listen(self) -> None:
        """Take events of pointer and wheel.

        Keys are left alone: ipyevents takes them from the whole page while the pointer is over the picture,
        so that nothing could be typed. The buttons below the picture are for the keyboard.
        """
        listeners = (
            (self.on_pointer, {"watched_events": ["mousedown", "mouseup"], "prevent_default_action": True}),
            (
                self.on_wheel,
                {
                    "watched_events": ["wheel"],
                    "prevent_default_action": True,
                    "throttle_or_debounce": "throttle",
                    "wait": WHEEL_MS,
                },
            ),
        )
        self.events = []
        for handler, options in listeners:
            event = Event(source=self.picture, **options)
            event.on_dom_event(lambda message, handler=handler: self.attempt(lambda: handler(message)))
            self.events.append(event)

    def _zoom_buttons(self) -> W.HBox:
        actions: tuple[tuple[str, str, Callable[[], None]], ...] = (
            ("+", "zoom in (or turn the wheel on the picture)", lambda: self.zoom(CLOSER)),
            ("−", "zoom out (or turn the wheel on the picture)", lambda: self.zoom(1 / CLOSER)),
            ("◂", "show what is further left (or drag the picture)", lambda: self.pan(-STEP, 0)),
            ("▸", "show what is further right", lambda: self.pan(STEP, 0)),
            ("▴", "show what is further up", lambda: self.pan(0, -STEP)),
            ("▾", "show what is further down", lambda: self.pan(0, STEP)),
            ("Whole film", "show all of the film", lambda: self.viewing.change(zoom=WHOLE)),
        )
        buttons = []
        for text, tooltip, action in actions:
            one = button(text, tooltip)
            one.on_click(self.act(action))
            buttons.append(one)
        self.buttons = tuple(buttons)
        return W.HBox([*buttons, self.hint], layout=W.Layout(flex_flow="row wrap", align_items="center"))

    def depends_on(self, state: ViewState) -> Hashable:
        """Return all of the state."""
        return state

    def show(self, state: ViewState) -> None:
        """Draw the picture, the sentence on it, the caption, and what the pointer does."""
        self.hint.value = (
            f'<span class="egma-hint">{IN_REPLAY if state.time_s is not None else POINTER}</span>'
        )
        if state.time_s is None:
            self._set("png", png_bytes(draw_view(self.viewing.session, state)))
        else:
            self._set("jpeg", self._moment(state, state.time_s))
        self.seen.value = (
            f'<p class="egma-seen">{html.escape(describe_view(self.viewing.session, state))}</p>'
        )
        self.caption.value = f'<span class="egma-caption">{html.escape(caption(state))}</span>'

    def fail(self, text: str) -> None:
        """Draw the words in place of the picture, so that no old picture stands beside new settings."""
        self._set("png", png_bytes(draw_message(text)))
        super().fail(text)

    def _set(self, form: str, content: bytes) -> None:
        with self.picture.hold_sync():
            self.picture.format = form
            self.picture.value = content

    def _moment(self, state: ViewState, time_s: float) -> bytes:
        session, case = self.viewing.session, self.viewing.case
        key = state.model_copy(update={"time_s": 0.0, "sentence_index": 0, "typed": ""})
        if self._canvas is None or self._canvas[0] != key:
            self._canvas = key, ReplayCanvas(case, state)
        return self._canvas[1].frame(
            session.gaze_until(case, time_s),
            session.fixations_until(case, time_s),
            session.spoken_at(case, time_s),
        )

    def zoom(self, factor: float, point: tuple[float, float] | None = None) -> None:
        """Zoom in (`factor` above 1) or out, around a point of the film."""
        self.viewing.change(zoom=zoomed(self.viewing.state.zoom, factor, point))

    def pan(self, across: float, down: float) -> None:
        """Move what is shown by shares of it."""
        self.viewing.change(zoom=panned(self.viewing.state.zoom, across, down))

    def on_pointer(self, event: Mapping[str, Any]) -> None:
        """Answer a press and a release: a click asks a patch, a drag moves the film."""
        point = self._point(event)
        place = (float(event["relativeX"]), float(event["relativeY"]))
        if event["type"] == "mousedown":
            self._pressed = place, point
            return
        (pressed, start), self._pressed = self._pressed or (place, None), None
        if start is None or point is None:
            return
        if max(abs(place[0] - pressed[0]), abs(place[1] - pressed[1])) > CLICK_PX:
            self.viewing.change(zoom=dragged(self.viewing.state.zoom, start, point))
        else:
            patch = patch_at(point, self.viewing.case.heatmaps.shape[1:])
            self.viewing.change(patch=None if patch == self.viewing.state.patch else patch)

    def on_wheel(self, event: Mapping[str, Any]) -> None:
        """Zoom around the pointer."""
        point = self._point(event)
        if point is not None:
            self.zoom(CLOSER if event["deltaY"] < 0 else 1 / CLOSER, point)

    def _point(self, event: Mapping[str, Any]) -> tuple[float, float] | None:
        """Return where on the film an event happened; None beside it, and in the replay."""
        if self.viewing.state.time_s is not None:
            return None
        x = float(event["relativeX"]) / float(event["boundingRectWidth"])
        y = float(event["relativeY"]) / float(event["boundingRectHeight"])
        return view_layout(self.viewing.session, self.viewing.state).point(x, y, self.viewing.state.zoom)


def caption(state: ViewState) -> str:
    """Return the state in short: case, sentence, models, and what else differs from the start."""
    sentence = (
        f"typed “{state.typed}”" if state.sentence_index is None else f"sentence {state.sentence_index + 1}"
    )
    models = f"{state.checkpoint} beside {state.beside}" if state.beside else state.checkpoint
    parts = [state.corpus, state.case_id, sentence, models]
    for name in ("attention", "gaze", "fixations", "regions"):
        layer = getattr(state, name)
        parts.append(f"{name} {layer.opacity:.2f}" if layer.shown else f"{name} off")
    if state.patch is not None:
        parts.append(f"patch {state.patch[0]}, {state.patch[1]}")
    if state.time_s is not None:
        parts.append(f"at {state.time_s:.1f} s")
    if state.zoom != WHOLE:
        parts.append("zoomed")
    return " · ".join(parts)
