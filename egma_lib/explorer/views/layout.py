"""Where films stand in a picture, so that a click in the picture can be told from its place alone."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from egma_lib.errors import DataError
from egma_lib.explorer.zoom import Zoom
from egma_lib.figures.style import bare, new_figure

Place = tuple[float, float, float, float]
"""Left, bottom, width, height in 0-1 of the figure."""

_SIDE_IN = {1: 5.2, 2: 4.2, 3: 3.9}
_MARGIN_IN, _BAR_IN, _TITLE_IN, _LEGEND_IN = 0.1, 0.9, 0.62, 0.55
_BAR_WIDTH_IN = 0.14


@dataclass(frozen=True)
class FilmLayout:
    """Places of films and colour bars, the same whichever layers are drawn.

    Attributes
    ----------
    width, height
        Of the figure (inches).
    films, bars
        A place (left, bottom, width, height in 0-1 of the figure) per film, and one per colour bar.
    """

    width: float
    height: float
    films: tuple[Place, ...]
    bars: tuple[Place, ...]

    def figure(self) -> Figure:
        """Return an empty figure of this size, whose axes stay where they are put."""
        figure = new_figure(self.width, self.height)
        figure.set_layout_engine("none")
        return figure

    def film_axes(self, figure: Figure) -> list[Axes]:
        """Add bare axes at every film's place."""
        axes = [figure.add_axes(place) for place in self.films]
        for ax in axes:
            bare(ax)
        return axes

    def point(self, x: float, y: float, zoom: Zoom) -> tuple[float, float] | None:
        """Return what stands at a place of the picture.

        Parameters
        ----------
        x, y
            0-1 of the picture from its left top corner, as a click in a browser gives it.
        zoom
            Left, top, right, bottom of what is shown, in 0-1 of the padded square.

        Returns
        -------
        tuple of float or None
            x and y in 0-1 of the padded square; None beside the films.
        """
        left, top, right, bottom = zoom
        across, down = right - left, bottom - top
        for place in self.films:
            box = self._shown_box(place, across / down)
            column = (x - box[0]) / box[2]
            row = (1 - y - box[1]) / box[3]
            if 0 <= column <= 1 and 0 <= row <= 1:
                return left + column * across, bottom - row * down
        return None

    def _shown_box(self, place: Place, ratio: float) -> Place:
        """Return the part of a place that a zoom of this width to height fills, without distortion."""
        left, bottom, width, height = place
        used_width, used_height = width * min(1, ratio), height * min(1, 1 / ratio)
        return left + (width - used_width) / 2, bottom + (height - used_height) / 2, used_width, used_height


def film_layout(films: int) -> FilmLayout:
    """Return the layout of one film, of two with one colour bar, or of two and their difference with two.

    Raises
    ------
    DataError
        Another number of films.
    """
    if films not in _SIDE_IN:
        raise DataError(f"films={films}: one, two or three films stand in a view")
    side = _SIDE_IN[films]
    height = side + _TITLE_IN + _LEGEND_IN
    lefts = [_MARGIN_IN + index * (side + _MARGIN_IN) for index in range(films)]
    if films == 3:
        lefts[2] += _BAR_IN
    width = lefts[-1] + side + _BAR_IN
    barred = [lefts[-1]] if films < 3 else lefts[1:]
    bars = [left + side + _MARGIN_IN for left in barred]
    return FilmLayout(
        width,
        height,
        tuple((left / width, _LEGEND_IN / height, side / width, side / height) for left in lefts),
        tuple(
            (left / width, (_LEGEND_IN + side / 4) / height, _BAR_WIDTH_IN / width, side / 2 / height)
            for left in bars
        ),
    )


def check_zoom(zoom: Zoom) -> None:
    """Refuse a zoom that shows nothing."""
    left, top, right, bottom = zoom
    if not (left < right and top < bottom):
        raise DataError(f"zoom={zoom}: expected left < right and top < bottom, in 0-1 of the padded square")
