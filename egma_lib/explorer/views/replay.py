"""One moment of a reading: where the eyes are, where they have been, and what is being said."""

from __future__ import annotations

import textwrap
from io import BytesIO

import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from PIL import Image

from egma_lib.errors import DataError
from egma_lib.explorer.case import ExplorerCase
from egma_lib.explorer.state import ViewState
from egma_lib.explorer.views.colours import FIXATION_COLOUR, GAZE_MAP
from egma_lib.explorer.views.layers import add_film, add_map, checked_map, drawn
from egma_lib.explorer.views.regions import add_regions
from egma_lib.figures.style import bare, new_figure

_SIDE_IN = 6.0
_CAPTION_IN = 0.5
_TRAIL = 12
"""Fixations of the trail; older ones live on in the heat."""
_JPEG_QUALITY = 85


class _Moment:
    """A figure whose parts are moved from one moment to the next."""

    def __init__(self, case: ExplorerCase, state: ViewState) -> None:
        self.case = case
        height = _SIDE_IN + _CAPTION_IN
        self.figure = new_figure(_SIDE_IN, height)
        self.figure.set_layout_engine("none")
        ax = self.figure.add_axes((0, _CAPTION_IN / height, 1, _SIDE_IN / height))
        bare(ax)
        add_film(ax, case, state)
        if drawn(state.regions):
            add_regions(ax, case.regions, state.regions.opacity)
        grid = case.heatmaps.shape[1:]
        add_map(ax, np.zeros(grid), GAZE_MAP, limits=(0, 1), opacity=state.gaze.opacity, gid="gaze")
        self.heat = ax.images[-1]
        self.heat.set(visible=drawn(state.gaze), zorder=4)
        opacity = state.fixations.opacity
        self.trail = ax.plot([], [], "-o", ms=2, lw=1, color="white", alpha=opacity, gid="trail")[0]
        self.trail.set_path_effects([withStroke(linewidth=2.6, foreground=FIXATION_COLOUR, alpha=opacity)])
        self.eye = ax.plot([], [], "o", ms=16, mfc="none", mec=FIXATION_COLOUR, mew=3, gid="eye")[0]
        self.eye.set_path_effects([withStroke(linewidth=5, foreground="white")])
        for artist in (self.trail, self.eye):
            artist.set(visible=drawn(state.fixations), zorder=5)
        self.caption = self.figure.text(
            0.5, _CAPTION_IN / height / 2, "", ha="center", va="center", fontsize=10, gid="caption"
        )

    def move(self, heat: np.ndarray, fixations_so_far: pd.DataFrame, spoken_index: int | None) -> None:
        """Show another moment."""
        self.heat.set_data(checked_map(heat, "heat"))
        recent = fixations_so_far.tail(_TRAIL)
        self.trail.set_data(recent["x"], recent["y"])
        self.eye.set_data(recent["x"].tail(1), recent["y"].tail(1))
        self.caption.set_text(self._spoken(spoken_index))

    def _spoken(self, index: int | None) -> str:
        if index is None:
            return ""
        text = self.case.sentences.loc[self.case.sentences["sentence_index"] == index, "text"]
        if text.empty:
            raise DataError(f"spoken_index={index}: case {self.case.case_id} has no such sentence")
        return "\n".join(textwrap.wrap(f"“{text.iloc[0]}”", 78, max_lines=2, placeholder=" …"))


def draw_replay_frame(
    case: ExplorerCase,
    state: ViewState,
    heat: np.ndarray,
    fixations_so_far: pd.DataFrame,
    spoken_index: int | None,
) -> Figure:
    """Draw one moment of a reading.

    Parameters
    ----------
    case, state
        What, and how: window, zoom, regions, and the opacities of gaze and fixations.
    heat
        Gaze so far on the patch grid, shape (rows, columns), 0-1.
    fixations_so_far
        Rows of `case.fixations` that have begun, in their order; the last is where the eyes are.
    spoken_index
        Sentence being dictated, None in a pause.

    Raises
    ------
    DataError
        `heat` is no finite (rows, columns) array, or there is no such sentence.
    """
    moment = _Moment(case, state)
    moment.move(heat, fixations_so_far, spoken_index)
    return moment.figure


class ReplayCanvas:
    """Draws the moments of one reading fast: the film is drawn once, and only what moves is drawn again.

    Parameters
    ----------
    case, state
        As for `draw_replay_frame`; a change of either asks for a new canvas.
    side_px
        Width of the pictures (pixels).
    """

    def __init__(self, case: ExplorerCase, state: ViewState, side_px: int = 600) -> None:
        self._moment = _Moment(case, state)
        figure = self._moment.figure
        figure.set_dpi(side_px / _SIDE_IN)
        self._canvas = FigureCanvasAgg(figure)
        self._moving = (self._moment.heat, self._moment.trail, self._moment.eye, self._moment.caption)
        for artist in self._moving:
            artist.set_animated(True)
        self._canvas.draw()
        self._still = self._canvas.copy_from_bbox(figure.bbox)

    def pixels(
        self, heat: np.ndarray, fixations_so_far: pd.DataFrame, spoken_index: int | None
    ) -> np.ndarray:
        """Return a moment as uint8, shape (height, width, 3)."""
        self._moment.move(heat, fixations_so_far, spoken_index)
        self._canvas.restore_region(self._still)
        renderer = self._canvas.get_renderer()
        for artist in self._moving:
            artist.draw(renderer)
        return np.asarray(self._canvas.buffer_rgba())[..., :3]

    def frame(self, heat: np.ndarray, fixations_so_far: pd.DataFrame, spoken_index: int | None) -> bytes:
        """Return a moment as JPEG; the parameters are those of `draw_replay_frame`."""
        buffer = BytesIO()
        picture = Image.fromarray(self.pixels(heat, fixations_so_far, spoken_index))
        picture.save(buffer, format="JPEG", quality=_JPEG_QUALITY)
        return buffer.getvalue()
