"""Zoom and pan episodes: readers of REFLACX magnify what they speak of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from egma_lib.phantom.reading.areas import Areas
from egma_lib.phantom.reading.scanpath import Scanpath
from egma_lib.phantom.reading.screen import Views, zoomed_view

ZOOM_SHARE = 0.5
"""Share of readings with zooming."""
ZOOM_RANGE = (1.3, 2.4)
FEWEST_FIXATIONS = 4
"""Shorter episodes are not worth a reader's hand on the wheel."""


def with_zoom(
    path: Scanpath,
    areas: Areas,
    spoken_areas: list[list[int]],
    full: np.ndarray,
    px_per_deg: float,
    rng: np.random.Generator,
) -> tuple[Scanpath, Views]:
    """Zoom in on what one or two sentences speak of, and pan once within each episode.

    Views change when a saccade starts, so that the eye moves to where the film then shows the target; gaze
    stays within the part that is shown.

    Parameters
    ----------
    path
        The planned fixations.
    areas, spoken_areas
        What can be aimed at, and what each sentence speaks of.
    full
        View of the whole film, shape (8,).
    px_per_deg
        Screen pixels per degree.
    rng
        Source of every choice.

    Returns
    -------
    Scanpath, Views
        Fixations kept inside their view, and the views over time.
    """
    onsets, rectangles = [-np.inf], [full]
    position = path.position.copy()
    candidates = [k for k, said in enumerate(spoken_areas) if said]
    if candidates and rng.random() < ZOOM_SHARE:
        chosen = rng.choice(candidates, min(len(candidates), int(rng.integers(1, 3))), replace=False)
        for sentence in np.sort(chosen):
            fixations = np.flatnonzero(path.sentence == sentence)
            if len(fixations) < FEWEST_FIXATIONS or fixations[-1] + 1 == len(position):
                continue
            view = _close_up(areas.boxes[spoken_areas[sentence]], full, rng)
            if view is None:
                continue
            middle = fixations[len(fixations) // 2]
            panned = _panned(view, full, rng)
            _keep_inside(position, fixations[fixations < middle], view, full)
            _keep_inside(position, fixations[fixations >= middle], panned, full)
            onsets += [path.departure_s[fixations[0]], path.departure_s[middle]]
            onsets.append(path.departure_s[fixations[-1] + 1])
            rectangles += [view, panned, full]
    views = Views(np.array(onsets), np.array(rectangles), px_per_deg)
    return replace(path, position=position), views


def _close_up(boxes: np.ndarray, full: np.ndarray, rng: np.random.Generator) -> np.ndarray | None:
    """Return a magnified view that holds all of `boxes` (shape (n, 4), 0-1 of the image), or None."""
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    zoom = min(rng.uniform(*ZOOM_RANGE), 0.9 / float((high - low).max()))
    if zoom < ZOOM_RANGE[0]:
        return None
    x, y = (low + high) / 2
    return zoomed_view(full, zoom, x * full[2], y * full[3])


def _panned(view: np.ndarray, full: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    size = view[2:4] - view[:2]
    shift = np.clip(view[:2] + rng.uniform(-0.12, 0.12, 2) * size, 0, full[2:4] - size) - view[:2]
    return np.concatenate([view[:2] + shift, view[2:4] + shift, view[4:]])


def _keep_inside(position: np.ndarray, fixations: np.ndarray, view: np.ndarray, full: np.ndarray) -> None:
    size = full[2:4]
    margin = 0.02 * (view[2:4] - view[:2])
    position[fixations] = np.clip(
        position[fixations], (view[:2] + margin) / size, (view[2:4] - margin) / size
    )
