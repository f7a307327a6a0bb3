"""Where a reader looks and when: silent search, then what is being said, seen before it is spoken."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from egma_lib.phantom.case import ReaderProfile, SpokenWord
from egma_lib.phantom.reading.areas import SEARCH_ORDER, Areas

OFF_TARGET = "off target"
OFF_IMAGE_SHARE = 0.01
"""Share of fixations on the margin or the controls beside the film."""
ATTRACTION = 0.35
"""Chance that a fixation of the silent search is drawn to an abnormality."""
STAY = 0.4
"""Chance that the search stays in a region for another fixation."""
FIXATION_LOG_SD = 0.40
FIXATION_BOUNDS_S = (0.09, 1.4)
TRANSIT_S = 0.075
"""Mean time a saccade and its settling take out of the interval between two saccades (seconds)."""
LINGER_S = 0.3
"""Gaze stays this long with a sentence after its last word (seconds, less the eye-voice lead)."""


@dataclass(frozen=True)
class Scanpath:
    """Planned fixations, one per entry.

    Attributes
    ----------
    departure_s
        Onset of the saccade that leads to each fixation (seconds); it ends with the next one's.
    position
        Shape (n, 2), 0-1 of the image.
    target
        Name of the area aimed at, or `OFF_TARGET`.
    sentence
        Index of the sentence that the fixation belongs to, -1 in silence and between sentences.
    """

    departure_s: np.ndarray
    position: np.ndarray
    target: np.ndarray
    sentence: np.ndarray


def plan_scanpath(
    areas: Areas,
    spoken_areas: list[list[int]],
    words: tuple[SpokenWord, ...],
    reader: ReaderProfile,
    rng: np.random.Generator,
    *,
    duration_s: float,
    on_target: float,
    attracted: bool,
) -> Scanpath:
    """Plan the fixations of one reading.

    Parameters
    ----------
    areas
        What can be aimed at.
    spoken_areas
        Per sentence, indices of the areas it speaks of, in the order they are said.
    words
        Dictated words with times (seconds).
    reader
        Pace and eye-voice lead.
    rng
        Source of every choice.
    duration_s
        Length of the recording (seconds).
    on_target
        Probability that a fixation lands on what is spoken of.
    attracted
        Whether abnormalities (the areas that are masks) draw the silent search.
    """
    departure_s = _departures(reader, duration_s, rng)
    sentence, progress = _spoken_at(departure_s + TRANSIT_S + reader.eye_voice_lead_s, words, reader)
    area = _search(areas, len(departure_s), attracted, rng)
    said = _area_said(spoken_areas, sentence, progress, rng)
    pointed = said >= 0
    hit = rng.random(len(area)) < on_target
    area = np.where(pointed & hit, said, area)
    target = np.array(areas.names, dtype=object)[area]
    target[pointed & ~hit] = OFF_TARGET
    position = areas.draw_positions(area, rng)
    stray = pointed & ~hit & (rng.random(len(area)) < 0.5)
    position[stray] = rng.uniform(0.06, 0.94, (int(stray.sum()), 2))
    _look_beside(position, target, rng)
    # Readers wait for the film with their eyes near the middle of the screen.
    position[0], target[0] = rng.normal(0.5, 0.04, 2), OFF_TARGET
    return Scanpath(departure_s, position, target, sentence)


def _departures(reader: ReaderProfile, duration_s: float, rng: np.random.Generator) -> np.ndarray:
    count = int(duration_s / reader.fixation_median_s) + 20
    fixation_s = reader.fixation_median_s * rng.lognormal(0.0, FIXATION_LOG_SD, count)
    interval_s = np.clip(fixation_s, *FIXATION_BOUNDS_S) + TRANSIT_S
    departure_s = np.cumsum(interval_s) - interval_s[0] * rng.uniform(0.2, 1.0)
    # The first fixation is under way when the recording starts.
    return np.concatenate(([-1.0], departure_s[departure_s < duration_s]))


def _spoken_at(
    voice_s: np.ndarray, words: tuple[SpokenWord, ...], reader: ReaderProfile
) -> tuple[np.ndarray, np.ndarray]:
    """Return the sentence spoken at each time (-1 if none) and how far it is through (0 to 1)."""
    index = np.array([word.sentence_index for word in words])
    first = np.flatnonzero(np.diff(index, prepend=-1))
    last = np.append(first[1:], len(words)) - 1
    start_s = np.array([words[i].start_s for i in first])
    end_s = np.array([words[i].end_s for i in last])
    sentence = np.searchsorted(start_s, voice_s, side="right") - 1
    known = np.maximum(sentence, 0)
    over = voice_s > end_s[known] + max(LINGER_S, reader.eye_voice_lead_s - LINGER_S)
    progress = np.clip((voice_s - start_s[known]) / np.maximum(end_s - start_s, 0.1)[known], 0, 0.999)
    return np.where((sentence < 0) | over, -1, sentence), progress


def _area_said(
    spoken_areas: list[list[int]], sentence: np.ndarray, progress: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return the area spoken of by each fixation's sentence, -1 where nothing can be pointed at."""
    widest = max(1, *(len(choices) for choices in spoken_areas))
    table = np.full((len(spoken_areas) + 1, widest), -1)  # the last row answers sentence -1
    for row, choices in enumerate(spoken_areas):
        table[row, : len(choices)] = choices
    count = np.maximum((table >= 0).sum(axis=1), 1)[sentence]
    # Looks back and ahead blur the order in which the parts of a sentence are seen.
    place = np.floor((progress + rng.normal(0, 0.15, len(sentence))) * count).astype(int)
    return table[sentence, np.clip(place, 0, count - 1)]


def _search(areas: Areas, count: int, attracted: bool, rng: np.random.Generator) -> np.ndarray:
    """Return the area each fixation would search: rounds over the film, drawn to abnormalities at times."""
    order = np.array(areas.indices(SEARCH_ORDER))
    if rng.random() < 0.3:
        order = order[::-1]
    step = (rng.random(count) > STAY).cumsum() + int(rng.integers(len(order))) * (rng.random() < 0.5)
    area = order[step % len(order)]
    astray = rng.random(count) < 0.15
    area[astray] = rng.choice(order, int(astray.sum()))
    if attracted and areas.masks:
        drawn = rng.random(count) < ATTRACTION
        area[drawn] = areas.n_regions + rng.integers(len(areas.masks), size=int(drawn.sum()))
    return area


def _look_beside(position: np.ndarray, target: np.ndarray, rng: np.random.Generator) -> None:
    """Move a few fixations beside the film, in place."""
    beside = rng.random(len(position)) < OFF_IMAGE_SHARE
    count = int(beside.sum())
    distance = rng.uniform(0.03, 0.2, count)
    position[beside, 0] = np.where(rng.random(count) < 0.5, -distance, 1 + distance)
    target[beside] = OFF_TARGET
