"""One recording of one reading: from a reader's plan to the samples a tracker writes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from egma_lib.errors import GazeError
from egma_lib.phantom.case import (
    CasePlan,
    Film,
    PlannedSentence,
    ReaderProfile,
    SimulatedReading,
    SpokenWord,
)
from egma_lib.phantom.reading.areas import atlas_areas, film_areas, sentence_areas, unrelated_areas
from egma_lib.phantom.reading.reader import on_target_probability
from egma_lib.phantom.reading.saccades import oscillation, plan_moves, rest_and_flight
from egma_lib.phantom.reading.scanpath import Scanpath, plan_scanpath
from egma_lib.phantom.reading.screen import RECTANGLE_COLUMNS, Tracker, Views, full_view, screen_px_per_deg
from egma_lib.phantom.reading.tracker import (
    TRAITS,
    calibration_offset,
    draw_blinks,
    draw_dropouts,
    eye_drift,
    lid_swing,
    pupil_area,
    tracker_noise,
    within,
)
from egma_lib.phantom.reading.zoom import with_zoom

EVENTS = ("fixation", "saccade", "pso", "blink", "lost")
FIXATION, SACCADE, PSO, BLINK, LOST = range(5)
LOOK_ON_S = (0.8, 2.0)
"""Gaze is recorded this much longer than the last word (seconds)."""


def simulate_reading(
    plan: CasePlan,
    film: Film,
    sentences: tuple[PlannedSentence, ...],
    words: tuple[SpokenWord, ...],
    reader: ReaderProfile,
    rng: np.random.Generator,
    *,
    sampling_hz: float,
    frame_rows: int,
    frame_columns: int,
    accuracy: float,
    informative: bool,
    tracker: Tracker,
) -> SimulatedReading:
    """Simulate the eye movements of one reading and what the tracker makes of them.

    Parameters
    ----------
    plan, film, sentences, words
        The case, its film, what is said about it and when (seconds from the start of the recording).
    reader
        Who reads.
    rng
        Source of every choice.
    sampling_hz
        Sampling rate (Hz).
    frame_rows, frame_columns
        Full-size frame that positions refer to (pixels).
    accuracy
        Study-wide probability (0-1) that a fixation made while something is said falls on it; the reader's
        own accuracy raises or lowers it.
    informative
        False: nothing that the eyes do depends on the findings or on what is said, only on when it is said.
    tracker
        `eyelink` (REFLACX: large screen, zoom and pan, post-saccadic oscillations) or `gazepoint` (EYE GAZE).

    Returns
    -------
    SimulatedReading
        Samples and true events. True fixations are the runs of samples labelled so, placed where the eye
        truly looked: without calibration offset, noise and drift.

    Raises
    ------
    GazeError
        A sampling rate, frame or accuracy that makes no sense.
    DataError
        The film lacks a mask or region that is spoken of.
    """
    if sampling_hz <= 0 or min(frame_rows, frame_columns) <= 0 or not 0 <= accuracy <= 1:
        raise GazeError(
            f"cannot simulate a recording at {sampling_hz} Hz on {frame_rows} x {frame_columns} pixels with "
            f"accuracy {accuracy}; rate and frame must be positive and the accuracy within 0-1"
        )
    duration_s = min(words[-1].end_s + rng.uniform(*LOOK_ON_S), 30.0)
    areas = film_areas(plan, film) if informative else atlas_areas()
    spoken = sentence_areas(areas, sentences) if informative else unrelated_areas(areas, len(sentences), rng)
    path = plan_scanpath(
        areas, spoken, words, reader, rng,
        duration_s=duration_s,
        on_target=on_target_probability(reader, accuracy),
        attracted=informative,
    )  # fmt: skip
    full, px_per_deg = full_view(tracker, frame_rows, frame_columns), screen_px_per_deg(tracker, rng)
    if tracker == "eyelink":
        path, views = with_zoom(path, areas, spoken, full, px_per_deg, rng)
    else:
        views = Views(np.array([-np.inf]), full[None], px_per_deg)
    time_s = _clock(duration_s, sampling_hz, tracker, rng)
    samples, eye_px = _record(path, views, time_s, sampling_hz, tracker, rng)
    fixations = _true_fixations(samples, eye_px, path, sampling_hz)
    return SimulatedReading(samples, fixations, sampling_hz, reader.name, words)


def _clock(duration_s: float, sampling_hz: float, tracker: Tracker, rng: np.random.Generator) -> np.ndarray:
    """Return sample times: an even grid for EyeLink, some jitter for Gazepoint's camera (seconds)."""
    time_s = np.arange(int(duration_s * sampling_hz)) / sampling_hz
    if tracker == "gazepoint":
        time_s = time_s + np.abs(rng.normal(0, 0.0004, len(time_s)))
    return time_s


def _record(
    path: Scanpath,
    views: Views,
    time_s: np.ndarray,
    sampling_hz: float,
    tracker: Tracker,
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the samples and the eye's true position, shape (n, 2) (frame pixels)."""
    traits, duration_s = TRAITS[tracker], float(time_s[-1])
    aim_px = path.position * views.rectangles[0, 2:4]
    aim_deg = np.stack(views.to_degrees(views.index_at(path.departure_s), *aim_px.T), axis=1)
    moves = plan_moves(path.departure_s, aim_deg, rng)
    eye_deg, move, in_flight = rest_and_flight(moves, time_s)
    event = np.full(len(time_s), FIXATION, dtype=np.int8)
    event[in_flight & moves.is_saccade[move]] = SACCADE
    measured = eye_deg + eye_drift(len(time_s), sampling_hz, rng) + calibration_offset(rng)
    if traits.oscillates:
        wobble, visible = oscillation(moves, time_s, move, in_flight, rng)
        measured += wobble
        event[visible] = PSO
    measured += tracker_noise(len(time_s), sampling_hz, traits, rng)
    blinks, dropouts = draw_blinks(duration_s, rng), draw_dropouts(duration_s, traits, rng)
    cover, swing = lid_swing(time_s, blinks, rng)
    measured += swing
    lost = within(time_s, dropouts)
    event[cover > 0] = BLINK
    event[lost] = LOST
    measured[np.isinf(cover) | lost] = np.nan
    pupil = pupil_area(len(time_s), sampling_hz, rng) * (1 - 0.7 * np.minimum(cover, 1.0))
    pupil[np.isnan(measured[:, 0])] = np.nan
    return _table(time_s, views, measured, pupil, event), np.stack(
        views.to_frame(views.index_at(time_s), *eye_deg.T), axis=1
    )


def _table(
    time_s: np.ndarray, views: Views, measured: np.ndarray, pupil: np.ndarray, event: np.ndarray
) -> pd.DataFrame:
    view = views.index_at(time_s)
    x_px, y_px = views.to_frame(view, *measured.T)
    rectangles = views.rectangles[view]
    columns = {"time_s": time_s, "x_px": x_px, "y_px": y_px, "pupil": pupil}
    columns["px_per_deg"] = views.frame_px_per_deg()[view]
    columns |= {name: rectangles[:, i] for i, name in enumerate(RECTANGLE_COLUMNS)}
    samples = pd.DataFrame(columns, copy=False)
    samples["event"] = pd.Categorical.from_codes(event, dtype=pd.CategoricalDtype(list(EVENTS)))
    return samples


def _true_fixations(
    samples: pd.DataFrame, eye_px: np.ndarray, path: Scanpath, sampling_hz: float
) -> pd.DataFrame:
    """Return the runs of samples labelled fixation with their mean true position and what was aimed at."""
    fixating = (samples["event"].cat.codes.to_numpy() == FIXATION).astype(np.int8)
    edges = np.diff(fixating, prepend=0, append=0)
    first, last = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    time_s = samples["time_s"].to_numpy()
    count = (last - first)[:, None]
    total = np.concatenate((np.zeros((1, 2)), np.cumsum(eye_px, axis=0)))
    x_px, y_px = ((total[last] - total[first]) / count).T
    middle_s = (time_s[first] + time_s[last - 1]) / 2
    planned = np.searchsorted(path.departure_s, middle_s, side="right") - 1
    return pd.DataFrame({
        "onset_s": time_s[first],
        "offset_s": time_s[last - 1] + 1 / sampling_hz,
        "x_px": x_px,
        "y_px": y_px,
        "target": path.target[planned],
    })  # fmt: skip
