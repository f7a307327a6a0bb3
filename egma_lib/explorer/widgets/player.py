"""The reading over time: play, stop, and go to any moment."""

from __future__ import annotations

from collections.abc import Hashable

import ipywidgets as W

from egma_lib.explorer.state import ViewState
from egma_lib.explorer.views import draw_timeline, png_bytes
from egma_lib.explorer.widgets.viewing import Panel, Viewing, button, heading

FRAME_MS = 80
"""Time from frame to frame: with what a browser's timer adds, still more than ten a second."""

FRAME_S = FRAME_MS / 1000
SPEEDS = {"real time": 1, "3 times": 3, "10 times": 10}


class PlayerPanel(Panel):
    """Replays how the film was read; a case without a recording says so."""

    name = "player"

    def __init__(self, viewing: Viewing) -> None:
        super().__init__(viewing)
        self.play = W.Play(interval=FRAME_MS, show_repeat=False)
        self.play.add_class("egma-play")
        self.moment = W.IntSlider(readout=False, tooltip="time in the reading", layout=_stretch("1 1 120px"))
        self.moment.add_class("egma-moment")
        self._drawn: Hashable = None
        self.speed = W.Dropdown(options=SPEEDS, tooltip="speed", layout=_stretch("0 0 100px"))
        self.speed.observe(lambda event: self._set_speed(event["new"]), names="value")
        self.leave = button("Whole sentence", "leave the replay")
        self.leave.on_click(self.act(self._leave))
        self.clock = W.HTML()
        self.timeline = W.Image(format="png")
        self.timeline.add_class("egma-timeline")
        self.clock.add_class("egma-clock")
        self.controls = W.HBox(
            [self.play, self.moment, self.clock, self.speed, self.leave],
            layout=W.Layout(align_items="center"),
        )
        self.moment.observe(lambda event: self.attempt(lambda: self._go_to(event["new"])), names="value")
        self.play.observe(lambda event: self.attempt(lambda: self._tick(event["new"])), names="value")
        self.place(heading("The reading over time"), self.controls, self.timeline)

    def depends_on(self, state: ViewState) -> Hashable:
        """Return case and time."""
        return state.corpus, state.case_id, state.time_s

    def show(self, state: ViewState) -> None:
        """Set slider and clock; draw the timeline where the sentence being dictated has changed.

        Playback stops where another choice has left the replay; its next frame would undo that choice.
        """
        if state.time_s is None:
            self.play.playing = False
        case = self.viewing.case
        frames = int(case.duration_s / FRAME_S)
        self.controls.layout.display = "" if frames else "none"
        self.moment.max = self.play.max = frames
        frame = 0 if state.time_s is None else round(state.time_s / FRAME_S)
        self.moment.value = self.play.value = frame
        self.clock.value = f"{frame * FRAME_S:.1f} / {case.duration_s:.1f} s"
        spoken = None if state.time_s is None else self.viewing.session.spoken_at(case, state.time_s)
        drawn = state.corpus, state.case_id, state.time_s is None, spoken
        if drawn != self._drawn:
            self._drawn = drawn
            self.timeline.value = png_bytes(draw_timeline(case, state.time_s), dpi=80)

    def _tick(self, frame: int) -> None:
        """Show a frame of the playback; one that was on its way when playback stopped is dropped.

        The page may send it any time later. Only the stop button goes to frame 0.
        """
        if self.play.playing or frame == 0:
            self._go_to(frame)
        else:
            with self.viewing.quiet():
                self.play.value = self.moment.value

    def _go_to(self, frame: int) -> None:
        self.viewing.change(time_s=min(frame * FRAME_MS / 1000, self.viewing.case.duration_s))

    def _leave(self) -> None:
        self.viewing.change(time_s=None)

    def _set_speed(self, speed: int) -> None:
        self.play.step = speed


def _stretch(flex: str) -> W.Layout:
    return W.Layout(width="auto", flex=flex)
