"""Stored films and the boxes of what is on them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

_JPEG_QUALITY = 92
_SMALLEST_SHARE = 0.1


def stored_size(rows: int, columns: int, longer_side: int) -> tuple[int, int]:
    """Return (rows, columns) of the stored copy of a film: same aspect ratio, given longer side (pixels)."""
    scale = longer_side / max(rows, columns)
    return max(1, round(rows * scale)), max(1, round(columns * scale))


def eight_bit(image: np.ndarray) -> np.ndarray:
    """Return a film in 0-1, shape (rows, columns), as unsigned bytes."""
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


def save_jpg(path: Path, image: np.ndarray) -> Path:
    """Write a film in 0-1 as a gray JPEG and return `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(eight_bit(image)).save(path, format="JPEG", quality=_JPEG_QUALITY)
    return path


def save_lateral(path: Path, frontal: np.ndarray) -> Path:
    """Write a stand-in for the lateral view of a study: the film squeezed and smoothed, not fit for reading.

    The tables name it as lateral (or do not name it at all), so a reader must never take it for the frontal.
    """
    smooth = ndimage.uniform_filter(frontal[::2, ::4], size=9)
    return save_jpg(path, smooth)


def component_boxes(mask: np.ndarray, limit: int = 4) -> list[tuple[int, int, int, int]]:
    """Return (x_min, y_min, x_max, y_max) of the parts of a mask, right and bottom exclusive, in its pixels.

    At most `limit` boxes, largest part first; parts under a tenth of the largest are specks and left out.
    """
    parts, count = ndimage.label(mask)
    if count == 0:
        return []
    areas = np.bincount(parts.ravel())[1:]
    boxes = ndimage.find_objects(parts)
    order = [i for i in np.argsort(-areas, kind="stable") if areas[i] >= _SMALLEST_SHARE * areas.max()]
    return [(boxes[i][1].start, boxes[i][0].start, boxes[i][1].stop, boxes[i][0].stop) for i in order[:limit]]


def scale_box(
    box: tuple[int, int, int, int], mask_shape: tuple[int, int], rows: int, columns: int
) -> tuple[float, float, float, float]:
    """Return a box of a mask's pixels in the pixels of a frame of `rows` x `columns`."""
    across, down = columns / mask_shape[1], rows / mask_shape[0]
    return box[0] * across, box[1] * down, box[2] * across, box[3] * down
