"""Coordinate frames: screen, image, padded square. One place for every conversion between them."""

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
