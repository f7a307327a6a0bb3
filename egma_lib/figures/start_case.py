"""Which reading and sentence notebook 00 follows from raw gaze to patch labels, chosen by a stated rule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from egma_lib.datasets.pixels import film_to_uint8_square
from egma_lib.datasets.reading_films import film_of_reading
from egma_lib.errors import DataError
from egma_lib.figures.gaze_examples import FILM_SIZE
from egma_lib.figures.sentence_heatmaps import DISPLAY_GRID
from egma_lib.gaze.heatmaps import sentence_heatmaps
from egma_lib.gaze.preprocess import ProcessedReading, preprocess_recording
from egma_lib.gaze.recording import Recording
from egma_lib.gaze.recordings import read_recording
from egma_lib.gaze.study_readings import find_study_readings
from egma_lib.gaze.tables import RecordingError
from egma_lib.settings import Settings
from egma_lib.study import Study

MINIMUM_FIXATIONS = 3
"""A sentence with fewer fixations shows little of a way of looking."""


@dataclass(frozen=True)
class StartCase:
    """One sentence of one reading, from samples to patch labels.

    Attributes
    ----------
    reading_id, sampling_hz, method
        Reading, its measured rate, and the event detector used.
    sentence
        Text.
    start_s, end_s
        First word's start and last word's end (seconds).
    words
        word, start_s, end_s of the sentence.
    time_s, x_deg, y_deg
        All samples of the reading, shape (t,) each; NaN = missing.
    x, y
        The same samples in 0-1 of the padded square, shape (t,) each.
    fixations
        All fixations of the reading: onset_s, duration_s, x and y in 0-1 of the padded square, and `chosen`:
        whether it belongs to the sentence.
    film
        Padded square, uint8, shape (FILM_SIZE, FILM_SIZE).
    heatmap
        Of the sentence, shape `DISPLAY_GRID`, maximum 1.
    gaze_similarity
        GS of the sentence on the model's patch grid, shape (rows, columns), maximum 1.
    """

    reading_id: str
    sampling_hz: float
    method: str
    sentence: str
    start_s: float
    end_s: float
    words: pd.DataFrame
    time_s: np.ndarray
    x_deg: np.ndarray
    y_deg: np.ndarray
    x: np.ndarray
    y: np.ndarray
    fixations: pd.DataFrame
    film: np.ndarray
    heatmap: np.ndarray
    gaze_similarity: np.ndarray

    @property
    def gaze_labels(self) -> np.ndarray:
        """GL = 1[GS > 0] (Eq. 3), int, shape (rows, columns)."""
        return (self.gaze_similarity > 0).astype(int)


def start_case(study: Study, settings: Settings) -> StartCase:
    """Return the first usable reading with its most focused sentence, of REFLACX as far as there is one.

    Readings are taken in the order of `find_study_readings`, those of REFLACX before those of EYE GAZE; one
    without a sentence of at least `MINIMUM_FIXATIONS` fixations is passed over. Of the sentences with so
    many, the one with gaze on the fewest patches is shown (the first of equals).

    Parameters
    ----------
    study
        Holds MIMIC-EYE, or REFLACX or EGD-CXR and their films in MIMIC-CXR-JPG.
    settings
        Gaze settings and patch grid.

    Raises
    ------
    DataError
        There is no gaze, the film is missing, or no reading qualifies: says how many were tried.
    """
    references = [item for item in find_study_readings(study) if not item.problem]
    for reference in sorted(references, key=lambda item: item.source != "reflacx"):
        try:
            recording = read_recording(reference, settings.gaze)
        except RecordingError:  # notebook 01 lists unreadable recordings with their reasons
            continue
        processed = preprocess_recording(recording, settings.gaze)
        sentence = _focused_sentence(recording, processed, settings)
        if sentence is not None and not processed.reading["reason"]:
            film = film_to_uint8_square(film_of_reading(study, reference), FILM_SIZE)
            return _case(film, recording, processed, sentence, settings)
    raise DataError(
        f"{study.data_root}: none of {len(references)} readings has a sentence with {MINIMUM_FIXATIONS} "
        "fixations; run notebook 01 and see why readings are excluded"
    )


def _similarities(recording: Recording, processed: ProcessedReading, settings: Settings) -> np.ndarray:
    """Return GS of all sentences, shape (m, rows, columns)."""
    grid = (settings.model.patch_grid, settings.model.patch_grid)
    return sentence_heatmaps(
        processed.fixations, len(processed.sentences), grid, recording.frame, settings.gaze.gaze_floor
    )


def _focused_sentence(recording: Recording, processed: ProcessedReading, settings: Settings) -> int | None:
    counts = processed.fixations["sentence_index"].value_counts()
    enough = sorted(int(index) for index in counts.index[counts >= MINIMUM_FIXATIONS])
    patches = (_similarities(recording, processed, settings) > 0).sum(axis=(1, 2))
    return min((index for index in enough if patches[index]), key=lambda index: patches[index], default=None)


def _case(
    film: np.ndarray,
    recording: Recording,
    processed: ProcessedReading,
    sentence: int,
    settings: Settings,
) -> StartCase:
    frame, fixations, said = recording.frame, processed.fixations, processed.sentences.iloc[sentence]
    chosen = (fixations["sentence_index"] == sentence).fillna(value=False).to_numpy(dtype=bool)
    x, y = frame.to_padded(fixations["x"].to_numpy(), fixations["y"].to_numpy())
    raw_x, raw_y = frame.to_padded(*frame.to_fraction(recording.x_px, recording.y_px))
    x_deg, y_deg = recording.to_degrees()
    mine = processed.words["sentence_index"] == sentence
    return StartCase(
        reading_id=recording.reading_id,
        sampling_hz=recording.sampling_hz,
        method=str(processed.reading["method"]),
        sentence=str(said["text"]),
        start_s=float(said["start_s"]),
        end_s=float(said["end_s"]),
        words=processed.words.loc[mine, ["word", "start_s", "end_s"]].reset_index(drop=True),
        time_s=recording.time_s,
        x_deg=x_deg,
        y_deg=y_deg,
        x=raw_x,
        y=raw_y,
        fixations=fixations[["onset_s", "duration_s"]].assign(x=x, y=y, chosen=chosen),
        film=film,
        heatmap=sentence_heatmaps(fixations, len(processed.sentences), DISPLAY_GRID, frame)[sentence],
        gaze_similarity=_similarities(recording, processed, settings)[sentence],
    )
