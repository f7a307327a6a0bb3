"""What lies over the film, and how: layers, style, grey values, models."""

from __future__ import annotations

from collections.abc import Hashable

import ipywidgets as W

from egma_lib.explorer.state import Layer, ViewState
from egma_lib.explorer.widgets.viewing import Panel, Viewing, heading

LAYERS = ("attention", "gaze", "fixations", "regions")
NONE = "none"


def _wide() -> W.Layout:
    return W.Layout(width="auto")


class LayersPanel(Panel):
    """Switches and sliders of the picture."""

    name = "layers"

    def __init__(self, viewing: Viewing) -> None:
        super().__init__(viewing)
        labels = viewing.session.checkpoints()
        self.checkpoint = W.Dropdown(options=labels, description="Model", layout=_wide())
        self.beside = W.Dropdown(options=[NONE, *labels], description="Beside", layout=_wide())
        self.difference = W.Checkbox(description="and the difference of both", indent=False)
        self.layers = {name: _layer_controls(name) for name in LAYERS}
        self.style = W.ToggleButtons(
            options=["interpolated", "grid"], tooltips=["between patch centres", "patch by patch"],
            style={"button_width": "auto"},
        )  # fmt: skip
        self.style.add_class("egma-style")
        self.window_centre = _slider("grey level", "Level")
        self.window_width = _slider("grey range", "Window", least=0.05)
        self._observe()
        self.place(
            heading("Models"), self.checkpoint, self.beside, self.difference,
            heading("Layers"), *(W.HBox(pair) for pair in self.layers.values()), self.style,
            heading("Grey values"), self.window_centre, self.window_width,
        )  # fmt: skip

    def _observe(self) -> None:
        for name in ("checkpoint", "difference", "style", "window_centre", "window_width"):
            self.follow(getattr(self, name), name)
        self.beside.observe(
            lambda event: self.attempt(
                lambda: self.viewing.change(beside=None if event["new"] == NONE else event["new"])
            ),
            names="value",
        )
        for name, (shown, opacity) in self.layers.items():
            for widget in (shown, opacity):
                widget.observe(
                    lambda _, name=name: self.attempt(lambda: self._set_layer(name)), names="value"
                )

    def _set_layer(self, name: str) -> None:
        shown, opacity = self.layers[name]
        self.viewing.change(**{name: Layer(shown=shown.value, opacity=opacity.value)})

    def depends_on(self, state: ViewState) -> Hashable:
        """Return everything that a switch or slider here stands for."""
        return tuple(
            getattr(state, name)
            for name in (
                *LAYERS,
                "checkpoint",
                "beside",
                "difference",
                "style",
                "window_centre",
                "window_width",
            )
        )

    def show(self, state: ViewState) -> None:
        """Set every switch and slider."""
        for name in ("checkpoint", "difference", "style", "window_centre", "window_width"):
            getattr(self, name).value = getattr(state, name)
        self.beside.value = state.beside or NONE
        self.difference.disabled = state.beside is None
        for name, (shown, opacity) in self.layers.items():
            shown.value, opacity.value = getattr(state, name).shown, getattr(state, name).opacity


def _slider(tooltip: str, description: str = "", least: float = 0.0) -> W.FloatSlider:
    return W.FloatSlider(
        min=least,
        max=1.0,
        step=0.05,
        description=description,
        tooltip=tooltip,
        readout_format=".2f",
        layout=_wide(),
    )


def _layer_controls(name: str) -> tuple[W.Checkbox, W.FloatSlider]:
    shown = W.Checkbox(description=name, indent=False, layout=W.Layout(width="105px", flex="0 0 auto"))
    opacity = _slider(f"opacity of {name}")
    opacity.layout = W.Layout(width="auto", flex="1 1 60px")
    for widget in (shown, opacity):
        widget.add_class(f"egma-layer-{name}")
    return shown, opacity
