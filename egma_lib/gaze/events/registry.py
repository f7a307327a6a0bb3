"""Event detectors by name, and the one function that runs them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from egma_lib.errors import GazeError
from egma_lib.gaze.events.samples import GazeSamples, read_samples
from egma_lib.gaze.events.table import NONE, events_from_codes, mark_blinks

DetectorFunction = Callable[[GazeSamples], np.ndarray]
"""Recording of n samples -> event code of each (the codes of `table`), shape (n,)."""


@dataclass(frozen=True)
class Detector:
    """A method to find events.

    Attributes
    ----------
    name
        Name in settings and tables.
    minimum_hz
        Lowest sampling rate at which its result means something (Hz).
    function
        Labels the samples of a recording.
    """

    name: str
    minimum_hz: float
    function: DetectorFunction


_DETECTORS: dict[str, Detector] = {}


def register_detector(name: str, *, minimum_hz: float) -> Callable[[DetectorFunction], DetectorFunction]:
    """Return a decorator that enters a detector under `name`.

    Parameters
    ----------
    name
        Name in settings and tables.
    minimum_hz
        Recordings below this sampling rate are refused (Hz).
    """

    def enter(function: DetectorFunction) -> DetectorFunction:
        _DETECTORS[name] = Detector(name, minimum_hz, function)
        return function

    return enter


def detector_names() -> tuple[str, ...]:
    """Return the names of the registered detectors."""
    return tuple(_DETECTORS)


def get_detector(name: str) -> Detector:
    """Return a detector by name.

    Raises
    ------
    GazeError
        There is none of that name; lists those there are.
    """
    if name not in _DETECTORS:
        raise GazeError(f"event detector {name!r} is unknown; known: {', '.join(_DETECTORS)}")
    return _DETECTORS[name]


def detect_events(time_s: ArrayLike, x_deg: ArrayLike, y_deg: ArrayLike, method: str) -> pd.DataFrame:
    """Find fixations, saccades, post-saccadic oscillations and blinks in a recording.

    Parameters
    ----------
    time_s
        Shape (n,): sample times (seconds), strictly increasing; unequal intervals and holes are allowed.
    x_deg, y_deg
        Shape (n,): gaze (degrees of visual angle); NaN = missing sample.
    method
        Name of a detector, see `detector_names`.

    Returns
    -------
    pandas.DataFrame
        One row per event in order of time, without overlap: event (fixation, saccade, pso or blink), onset_s,
        offset_s, x_deg, y_deg, amplitude_deg, peak_velocity_deg_s; see `table.events_from_codes`. Empty where
        nothing can be told: no samples, a single one, or none with a position.

    Raises
    ------
    GazeError
        The method is unknown or does not allow the sampling rate, or a sample is not valid (names it).
    """
    detector = get_detector(method)
    samples = read_samples(time_s, x_deg, y_deg)
    codes = np.full(len(samples.time_s), NONE)
    if len(codes) < 2:
        return events_from_codes(codes, samples)
    if not samples.reaches(detector.minimum_hz):
        allowed = [d.name for d in _DETECTORS.values() if samples.reaches(d.minimum_hz)]
        remedy = f"use {' or '.join(allowed)}" if allowed else "check that times are in seconds"
        raise GazeError(
            f"method {method!r} needs {detector.minimum_hz:g} Hz or more, but this recording has "
            f"{samples.rate_hz:.4g} Hz; {remedy}"
        )
    if samples.segments:
        codes = detector.function(samples)
        mark_blinks(codes, samples)
    return events_from_codes(codes, samples)
