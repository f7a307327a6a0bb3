"""Reading-room screens: where the film is shown, zoomed and panned, and how many pixels a degree has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

Tracker = Literal["eyelink", "gazepoint"]

RECTANGLE_COLUMNS = (
    "x_min_px",
    "y_min_px",
    "x_max_px",
    "y_max_px",
    "screen_x_min",
    "screen_y_min",
    "screen_x_max",
    "screen_y_max",
)
"""A view: the part of the frame that is shown (frame pixels) and its place on the screen (screen pixels)."""

REFLACX_SCREEN_PX = (3840, 2160)
REFLACX_STRIP_PX = 660
"""REFLACX: width of the control strip on either side of the screen (screen pixels)."""
REFLACX_PX_PER_DEG = 77.7
"""REFLACX: screen pixels per degree; 110 frame pixels for a 3056-row film at full view, as in its tables."""

GAZEPOINT_SCREEN_PX = (1920, 1080)
GAZEPOINT_CANVAS_PX = (1920, 1024)
GAZEPOINT_SCREEN_WIDTH_CM = 52.7
GAZEPOINT_DISTANCE_CM = 65.0


@dataclass(frozen=True)
class Views:
    """What the screen shows over time.

    Attributes
    ----------
    onset_s
        Shape (n_views,): when each view appears; the first is `-inf`.
    rectangles
        Shape (n_views, 8) in the order of `RECTANGLE_COLUMNS`.
    px_per_deg
        Screen pixels per degree of visual angle.
    """

    onset_s: np.ndarray
    rectangles: np.ndarray
    px_per_deg: float

    def index_at(self, time_s: np.ndarray) -> np.ndarray:
        """Return the index of the view shown at each time, same shape as `time_s`."""
        return np.searchsorted(self.onset_s, time_s, side="right") - 1

    def frame_px_per_screen_px(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the frame pixels that one screen pixel covers along x and y, each of shape (n_views,)."""
        r = self.rectangles
        return (r[:, 2] - r[:, 0]) / (r[:, 6] - r[:, 4]), (r[:, 3] - r[:, 1]) / (r[:, 7] - r[:, 5])

    def to_degrees(
        self, view: np.ndarray, x_px: np.ndarray, y_px: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Frame pixels under the views of index `view` -> degrees on the screen from its top left corner."""
        scale_x, scale_y = self.frame_px_per_screen_px()
        r = self.rectangles[view]
        screen_x = r[:, 4] + (x_px - r[:, 0]) / scale_x[view]
        screen_y = r[:, 5] + (y_px - r[:, 1]) / scale_y[view]
        return screen_x / self.px_per_deg, screen_y / self.px_per_deg

    def to_frame(
        self, view: np.ndarray, x_deg: np.ndarray, y_deg: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Degrees on the screen -> frame pixels under the views of index `view`; undoes `to_degrees`."""
        scale_x, scale_y = self.frame_px_per_screen_px()
        r = self.rectangles[view]
        return (
            r[:, 0] + (x_deg * self.px_per_deg - r[:, 4]) * scale_x[view],
            r[:, 1] + (y_deg * self.px_per_deg - r[:, 5]) * scale_y[view],
        )

    def frame_px_per_deg(self) -> np.ndarray:
        """Return frame pixels per degree of every view (geometric mean of both axes), shape (n_views,)."""
        scale_x, scale_y = self.frame_px_per_screen_px()
        return self.px_per_deg * np.sqrt(scale_x * scale_y)


def screen_px_per_deg(tracker: Tracker, rng: np.random.Generator) -> float:
    """Return the screen's pixels per degree; EyeLink rooms vary with the reader's distance."""
    if tracker == "eyelink":
        return float(REFLACX_PX_PER_DEG * np.clip(rng.normal(1.0, 0.025), 0.93, 1.07))
    centimetres_per_deg = GAZEPOINT_DISTANCE_CM * np.tan(np.deg2rad(1.0))
    return float(centimetres_per_deg * GAZEPOINT_SCREEN_PX[0] / GAZEPOINT_SCREEN_WIDTH_CM)


def full_view(tracker: Tracker, rows: int, columns: int) -> np.ndarray:
    """Return the view of the whole film, shape (8,).

    EyeLink (REFLACX): fitted and centred between the control strips. Gazepoint (EYE GAZE): longer side 1024,
    centred on a 1920 x 1024 canvas whose picture is stretched to the 1080 lines of the screen, as the data
    set's own mapping has it.
    """
    if tracker == "eyelink":
        width, height = REFLACX_SCREEN_PX[0] - 2 * REFLACX_STRIP_PX, REFLACX_SCREEN_PX[1]
        scale = min(width / columns, height / rows)
        left, top = (REFLACX_SCREEN_PX[0] - columns * scale) / 2, (height - rows * scale) / 2
        return np.array([0, 0, columns, rows, left, top, left + columns * scale, top + rows * scale])
    shrink = 1024 / max(rows, columns)
    left = (GAZEPOINT_CANVAS_PX[0] - int(columns * shrink)) // 2
    top = (GAZEPOINT_CANVAS_PX[1] - int(rows * shrink)) // 2
    right, bottom = GAZEPOINT_SCREEN_PX[0] - left, GAZEPOINT_SCREEN_PX[1] - top
    return np.array([0, 0, columns, rows, left, top, right, bottom], dtype=float)


def zoomed_view(full: np.ndarray, zoom: float, x_px: float, y_px: float) -> np.ndarray:
    """Return a REFLACX view magnified `zoom` times about a frame position, shape (8,), within the film."""
    columns, rows = full[2], full[3]
    scale = (full[6] - full[4]) / columns * zoom
    width = min(columns, (REFLACX_SCREEN_PX[0] - 2 * REFLACX_STRIP_PX) / scale)
    height = min(rows, REFLACX_SCREEN_PX[1] / scale)
    left = np.clip(x_px - width / 2, 0, columns - width)
    top = np.clip(y_px - height / 2, 0, rows - height)
    screen_left = (REFLACX_SCREEN_PX[0] - width * scale) / 2
    screen_top = (REFLACX_SCREEN_PX[1] - height * scale) / 2
    return np.array([
        left, top, left + width, top + height,
        screen_left, screen_top, screen_left + width * scale, screen_top + height * scale,
    ])  # fmt: skip
