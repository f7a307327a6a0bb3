"""The drawing surface: coordinate fields, curves looked up per pixel, soft edges, texture and fine lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np
from PIL import Image, ImageDraw

CURVE_STEPS = 1024
CURVE_START, CURVE_STOP = -0.2, 1.2
SUPERSAMPLING = 2
"""Fine lines are drawn at this multiple of the film's resolution and averaged down, to be smooth."""

Coordinate = TypeVar("Coordinate", float, np.ndarray)
Points = Sequence[tuple[float, float]]


@lru_cache(maxsize=1)
def curve_axis() -> np.ndarray:
    """Return the positions at which curves are tabulated, shape (CURVE_STEPS,); read-only."""
    axis = np.linspace(CURVE_START, CURVE_STOP, CURVE_STEPS, dtype=np.float32)
    axis.flags.writeable = False
    return axis


def curve_index(values: np.ndarray) -> np.ndarray:
    """Return for every value the nearest entry of `curve_axis`, values outside going to its ends."""
    scale = (CURVE_STEPS - 1) / (CURVE_STOP - CURVE_START)
    index = ((values - np.float32(CURVE_START)) * np.float32(scale) + np.float32(0.5)).astype(np.intp)
    return np.clip(index, 0, CURVE_STEPS - 1, out=index)


def soft_step(distance: np.ndarray, width: float) -> np.ndarray:
    """Return 0 below -width/2, 1 above +width/2 and a smooth rise (3t^2 - 2t^3) between."""
    t = distance * np.float32(1 / width)
    t += np.float32(0.5)
    np.clip(t, 0, 1, out=t)
    rise = np.float32(-2) * t
    rise += np.float32(3)
    rise *= t
    rise *= t
    return rise


def gaussian_bump(values: np.ndarray, centre: float, sigma: float) -> np.ndarray:
    """Return exp(-((values - centre) / sigma)^2 / 2)."""
    return np.exp(-0.5 * ((values - np.float32(centre)) * np.float32(1 / sigma)) ** 2)


@dataclass(frozen=True)
class Canvas:
    """Coordinate fields of one film.

    Anatomy is described in 0-1 of the image before the patient is tilted; `x` and `y` hold each pixel's
    anatomical position, so curves need not know of the tilt.

    Attributes
    ----------
    rows, columns
        Size of the film (pixels).
    tilt
        Tangent of the patient's tilt in the image plane.
    x, y
        float32, shape (rows, columns): anatomical coordinates of the pixel centres.
    y_index
        Integers, shape (rows, columns): entry of `curve_axis` nearest to `y`.
    """

    rows: int
    columns: int
    tilt: float
    x: np.ndarray
    y: np.ndarray
    y_index: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.rows, self.columns

    def along_y(self, curve: np.ndarray) -> np.ndarray:
        """Return a curve tabulated over y, shape (CURVE_STEPS,), at every pixel."""
        return curve.take(self.y_index, mode="clip")

    def to_image(self, x: Coordinate, y: Coordinate) -> tuple[Coordinate, Coordinate]:
        """Anatomical coordinates -> 0-1 of the image (the inverse of the tilt)."""
        norm = 1 + self.tilt**2
        dx, dy = x - 0.5, y - 0.5
        return 0.5 + (dx - self.tilt * dy) / norm, 0.5 + (dy + self.tilt * dx) / norm

    def box_around(self, x: np.ndarray, y: np.ndarray) -> tuple[float, float, float, float]:
        """Return the box around anatomical points, shapes (n,), in 0-1 of the image and clipped to it."""
        image_x, image_y = (np.clip(values, 0, 1) for values in self.to_image(x, y))
        return float(image_x.min()), float(image_y.min()), float(image_x.max()), float(image_y.max())


@lru_cache(maxsize=8)
def _pixel_centres(rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    x = (np.arange(columns, dtype=np.float32) + 0.5) / columns
    y = (np.arange(rows, dtype=np.float32) + 0.5) / rows
    return x[None, :], y[:, None]


def make_canvas(rows: int, columns: int, tilt: float) -> Canvas:
    """Return the canvas of a film of that size (pixels) for a patient tilted by atan(`tilt`)."""
    column_x, row_y = _pixel_centres(rows, columns)
    slope = np.float32(tilt)
    x = column_x + slope * (row_y - np.float32(0.5))
    y = row_y - slope * (column_x - np.float32(0.5))
    return Canvas(rows, columns, tilt, x, y, curve_index(y))


class LineLayer:
    """Lines and shapes in anatomical coordinates, smooth-edged, strength 0-1; later ones on top."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        size = (canvas.columns * SUPERSAMPLING, canvas.rows * SUPERSAMPLING)
        self._image = Image.new("L", size, 0)
        self._draw = ImageDraw.Draw(self._image)

    def _to_pixels(self, points: Points) -> list[tuple[float, float]]:
        width, height = self._image.size
        placed = (self._canvas.to_image(x, y) for x, y in points)
        return [(x * width, y * height) for x, y in placed]

    def line(self, points: Points, width: float, strength: float) -> None:
        """Draw a polyline; `width` in 0-1 of the film's columns."""
        pixels = max(1, round(width * self._image.size[0]))
        self._draw.line(self._to_pixels(points), fill=round(255 * strength), width=pixels, joint="curve")

    def lines(self, points: np.ndarray, widths: np.ndarray, strengths: np.ndarray) -> None:
        """Draw many polylines of equal length.

        Parameters
        ----------
        points
            Shape (n_lines, n_points, 2).
        widths, strengths
            Shape (n_lines,); widths in 0-1 of the film's columns.
        """
        width, height = self._image.size
        x, y = self._canvas.to_image(points[..., 0], points[..., 1])
        pixels = np.stack([x * width, y * height], axis=-1).reshape(len(points), -1).tolist()
        pens = np.maximum(1, np.rint(widths * width)).astype(int).tolist()
        fills = np.rint(255 * strengths).astype(int).tolist()
        for course, pen, fill in zip(pixels, pens, fills, strict=True):
            self._draw.line(course, fill=fill, width=pen)

    def polygon(self, points: Points, strength: float) -> None:
        """Fill a polygon."""
        self._draw.polygon(self._to_pixels(points), fill=round(255 * strength))

    def disc(self, x: float, y: float, radius: float, strength: float) -> None:
        """Fill a circle; `radius` in 0-1 of the film's columns."""
        ((px, py),) = self._to_pixels([(x, y)])
        r = radius * self._image.size[0]
        self._draw.ellipse((px - r, py - r, px + r, py + r), fill=round(255 * strength))

    def field(self) -> np.ndarray:
        """Return the layer as float32 0-1, shape (rows, columns)."""
        return np.asarray(self._image.reduce(SUPERSAMPLING), dtype=np.float32) * np.float32(1 / 255)


TEXTURE_TILES = 4


@lru_cache(maxsize=64)
def _texture_tile(side: int, exponent: float, tile: int) -> np.ndarray:
    """Return noise of unit variance whose amplitude falls as frequency^-exponent, shape (side, side)."""
    noise = np.random.default_rng([side, round(exponent * 100), tile]).standard_normal((side, side))
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None, :])
    frequency[0, 0] = np.inf
    shaped = np.fft.irfft2(np.fft.rfft2(noise) * frequency**-exponent, s=(side, side))
    result = (shaped / shaped.std()).astype(np.float32)
    result.flags.writeable = False
    return result


def texture(rng: np.random.Generator, rows: int, columns: int, exponent: float) -> np.ndarray:
    """Return a random window of a noise tile, float32, unit variance, shape (rows, columns); read-only.

    A window of a stored tile costs nothing, where noise of its own for each film would cost more than all its
    anatomy; the tiles depend on no film, so a case is the same whatever else is drawn.
    """
    side = 1 << int(1.25 * max(rows, columns)).bit_length()
    tile = _texture_tile(side, exponent, int(rng.integers(TEXTURE_TILES)))
    top, left = int(rng.integers(side - rows + 1)), int(rng.integers(side - columns + 1))
    window = tile[top : top + rows, left : left + columns]
    if rng.random() < 0.5:
        window = window[:, ::-1]
    return window
