"""What a reader says and where the eyes rest meanwhile; both gaze layouts are written from this."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from real_tree_common import PLACES

SPOKEN = {
    "Pleural Effusion": "there is a small left pleural effusion",
    "Cardiomegaly": "the heart is large, cardiomegaly",
    "Edema": "mild pulmonary edema in both lungs",
    "Atelectasis": "linear atelectasis at the right base",
    "Consolidation": "dense consolidation on the left",
    "Pneumothorax": "thin right apical pneumothorax",
}
NORMAL = ("the lungs are clear", "the heart size is normal", "none of the ribs is broken")
LEAD_S, WORD_S, PAUSE_S, SACCADE_S = 2.0, 0.3, 0.9, 0.04


@dataclass(frozen=True)
class Reading:
    """Words as (word, start, end) with '.' and ',' in rows of their own; fixations as (onset, offset, x, y),
    positions in 0-1 of the image."""

    finding: str
    words: tuple[tuple[str, float, float], ...]
    fixations: tuple[tuple[float, float, float, float], ...]

    @property
    def end_s(self) -> float:
        return self.fixations[-1][1]

    @property
    def text(self) -> str:
        """Dictated text with the punctuation stuck to the words."""
        return " ".join(word for word, _, _ in self.words).replace(" .", ".").replace(" ,", ",")


def make_reading(finding: str, seed: int, n_sentences: int = 2) -> Reading:
    """The finding's sentence (normal ones for No Finding), then a normal one, each with three fixations."""
    rng = np.random.default_rng(seed)
    said = NORMAL if finding == "No Finding" else (SPOKEN[finding], *NORMAL)
    places = [PLACES[finding], *((x, y) for x, y in rng.uniform(0.2, 0.8, (len(said), 2)))]
    words: list[tuple[str, float, float]] = []
    stops: list[tuple[float, float, float, float]] = []
    now = LEAD_S
    for sentence, place in zip(said[:n_sentences], places, strict=False):
        began = now
        for token in f"{sentence} .".replace(",", " ,").split():
            words.append((token, round(now, 2), round(now + WORD_S, 2)))
            now += WORD_S
        stops += _look_at(place, (stops[-1][1] + SACCADE_S if stops else 0.5 * began), now, rng)
        now += PAUSE_S
    first = _look_at((0.5, 0.4), 0.03, stops[0][0], rng)
    return Reading(finding, tuple(words), (*first, *stops))


def _look_at(
    place: tuple[float, float], begin: float, end: float, rng: np.random.Generator
) -> list[tuple[float, float, float, float]]:
    bounds = np.linspace(begin, end, 4)
    corners = [(-0.05, -0.04), (0.05, -0.02), (0.0, 0.05)]
    return [
        (
            round(float(bounds[k]), 3),
            round(float(bounds[k + 1]) - SACCADE_S, 3),
            place[0] + dx + rng.uniform(-0.01, 0.01),
            place[1] + dy + rng.uniform(-0.01, 0.01),
        )
        for k, (dx, dy) in enumerate(corners)
    ]


def samples(reading: Reading, hz: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times (s) and positions in 0-1 of the image, from 0; between fixations the eye moves on a cosine."""
    time = np.arange(0, reading.end_s, 1 / hz)
    knots = np.array([(t, x, y) for on, off, x, y in reading.fixations for t in (on, off)]).reshape(-1, 3)
    phase = np.interp(time, knots[:, 0], np.arange(len(knots)))
    eased = np.floor(phase) + (1 - np.cos(np.pi * (phase % 1))) / 2
    steps = np.arange(len(knots))
    return time, np.interp(eased, steps, knots[:, 1]), np.interp(eased, steps, knots[:, 2])
