"""Coordinate frames: screen, shown part, image, padded square, patch grid.

One place for every conversion between them; `docs/coordinates.md` draws them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from egma_lib.errors import GazeError


@dataclass(frozen=True)
class ImageFrame:
    """The full-size pixel frame that gaze, boxes and ellipses of an image refer to.

    Attributes
    ----------
    rows, columns
        Size in pixels of the original image (from the tables, never from a resized copy).
    """

    rows: int
    columns: int

    def __post_init__(self) -> None:
        if self.rows <= 0 or self.columns <= 0:
            raise GazeError(f"image frame of {self.rows} x {self.columns} pixels; both must be positive")

    @property
    def side(self) -> int:
        """Side of the padded square (pixels): the longer of rows and columns."""
        return max(self.rows, self.columns)

    def to_fraction(self, x_px: np.ndarray, y_px: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pixels of the image -> 0-1 of the image (values outside 0-1 are off the image)."""
        return np.asarray(x_px) / self.columns, np.asarray(y_px) / self.rows

    def to_pixels(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """0-1 of the image -> pixels of the image; the inverse of `to_fraction`."""
        return np.asarray(x) * self.columns, np.asarray(y) * self.rows

    def to_padded(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """0-1 of the image -> 0-1 of the square that the image is centred in by padding its shorter side."""
        left, top = (self.side - self.columns) / 2, (self.side - self.rows) / 2
        return (
            (np.asarray(x) * self.columns + left) / self.side,
            (np.asarray(y) * self.rows + top) / self.side,
        )

    def from_padded(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """0-1 of the padded square -> 0-1 of the image; the inverse of `to_padded`."""
        left, top = (self.side - self.columns) / 2, (self.side - self.rows) / 2
        return (
            (np.asarray(x) * self.side - left) / self.columns,
            (np.asarray(y) * self.side - top) / self.rows,
        )

    def sigma_to_padded(self, sigma_x: np.ndarray, sigma_y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Lengths in 0-1 of the image -> lengths in 0-1 of the padded square."""
        return (
            np.asarray(sigma_x) * self.columns / self.side,
            np.asarray(sigma_y) * self.rows / self.side,
        )


def screen_px_per_image_px(shown_px: np.ndarray, screen_px: np.ndarray) -> np.ndarray:
    """Return the zoom of each sample: screen pixels per image pixel across and down, shape (..., 2).

    Parameters
    ----------
    shown_px
        Shape (..., 4): x_min, y_min, x_max, y_max of the part of the image on display (image pixels).
    screen_px
        Shape (..., 4): where that part stands on the screen (screen pixels).
    """
    return (screen_px[..., 2:] - screen_px[..., :2]) / (shown_px[..., 2:] - shown_px[..., :2])


def image_to_screen(
    x_px: np.ndarray, y_px: np.ndarray, shown_px: np.ndarray, screen_px: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Image pixels -> screen pixels, through the part shown; positions beside that part are carried on.

    Parameters
    ----------
    x_px, y_px
        Shape (n,), image pixels.
    shown_px, screen_px
        Shape (4,) or (n, 4), as for `screen_px_per_image_px`.
    """
    scale = screen_px_per_image_px(shown_px, screen_px)
    return (
        screen_px[..., 0] + (x_px - shown_px[..., 0]) * scale[..., 0],
        screen_px[..., 1] + (y_px - shown_px[..., 1]) * scale[..., 1],
    )


def screen_to_image(
    x_screen_px: np.ndarray, y_screen_px: np.ndarray, shown_px: np.ndarray, screen_px: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Screen pixels -> image pixels, through the part shown; the inverse of `image_to_screen`."""
    shown, screen = shown_px[..., 2:] - shown_px[..., :2], screen_px[..., 2:] - screen_px[..., :2]
    return (
        shown_px[..., 0] + (x_screen_px - screen_px[..., 0]) * shown[..., 0] / screen[..., 0],
        shown_px[..., 1] + (y_screen_px - screen_px[..., 1]) * shown[..., 1] / screen[..., 1],
    )


def patch_of(x: np.ndarray, y: np.ndarray, grid: tuple[int, int]) -> np.ndarray:
    """0-1 of the padded square -> index of the patch, counted row by row from the top left.

    A border belongs to the patch right of it and below it; the square's own right and bottom border belong
    to the last patch.

    Parameters
    ----------
    x, y
        Shape (n,), 0-1 of the padded square.
    grid
        (rows, columns) of the patch grid.

    Returns
    -------
    numpy.ndarray
        int64, shape (n,), 0 to rows * columns - 1; -1 for a position outside the square or missing (NaN).

    Raises
    ------
    GazeError
        A side of the grid is not positive.
    """
    rows, columns = _checked(grid)
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    inside = (x >= 0) & (x <= 1) & (y >= 0) & (y <= 1)
    column = np.minimum(np.where(inside, x, 0.0) * columns, columns - 1).astype(np.int64)
    row = np.minimum(np.where(inside, y, 0.0) * rows, rows - 1).astype(np.int64)
    return np.where(inside, row * columns + column, -1)


def patch_centre(index: np.ndarray, grid: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Index of a patch -> its centre in 0-1 of the padded square, x and y of the shape of `index`.

    Raises
    ------
    GazeError
        An index is no patch of the grid, or a side of the grid is not positive.
    """
    rows, columns = _checked(grid)
    index = np.asarray(index)
    outside = (index < 0) | (index >= rows * columns)
    if outside.any():
        raise GazeError(f"patch {int(index[outside].flat[0])} on a grid of {rows} x {columns} patches")
    return (index % columns + 0.5) / columns, (index // columns + 0.5) / rows


def _checked(grid: tuple[int, int]) -> tuple[int, int]:
    if min(grid) <= 0:
        raise GazeError(f"patch grid of {grid[0]} x {grid[1]}; both must be positive")
    return grid
