"""Simulated radiologists of different accuracy, pace and speech."""

from __future__ import annotations

import numpy as np

from egma_lib.phantom.case import ReaderProfile

REFERENCE_ACCURACY = 0.85
"""Study-wide gaze accuracy at which a reader's own accuracy holds as it stands."""


def draw_reader(name: str, rng: np.random.Generator) -> ReaderProfile:
    """Draw a reader: on average `REFERENCE_ACCURACY` accurate, speaking two to three words a second.

    Parameters
    ----------
    name
        Name the recordings carry.
    rng
        Source of the reader's traits; the same state gives the same reader.
    """
    return ReaderProfile(
        name=name,
        accuracy=float(rng.uniform(REFERENCE_ACCURACY - 0.12, REFERENCE_ACCURACY + 0.12)),
        eye_voice_lead_s=float(rng.uniform(0.5, 1.2)),
        fixation_median_s=float(rng.uniform(0.25, 0.35)),
        words_per_s=float(rng.uniform(2.1, 3.0)),
        silent_search_s=float(rng.uniform(3.0, 8.0)),
    )


def on_target_probability(reader: ReaderProfile, accuracy: float) -> float:
    """Return the chance that a fixation lands on what is spoken of, for a study-wide gaze accuracy in 0-1."""
    return float(np.clip(reader.accuracy * accuracy / REFERENCE_ACCURACY, 0.0, 1.0))
