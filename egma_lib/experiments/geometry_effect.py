"""What the assumed viewing geometry of EYE GAZE changes in the patch labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from egma_lib.gaze.artefact import GazeArtefact
from egma_lib.gaze.heatmaps import sentence_heatmaps
from egma_lib.gaze.preprocess import preprocess_recording
from egma_lib.gaze.recording import ReadingReference
from egma_lib.gaze.recordings import read_recording
from egma_lib.gaze.study_readings import find_study_readings
from egma_lib.settings import GazeSettings, Settings
from egma_lib.study import Study

COLUMNS = ["factor", "n_readings", "fixations_per_reading", "positive_share", "labels_changed"]


def geometry_effect(
    study: Study,
    gaze: GazeArtefact,
    settings: Settings,
    factors: Sequence[float] = (0.7, 1.0, 1.3),
    max_readings: int = 40,
) -> pd.DataFrame:
    """Preprocess EYE GAZE readings again with other viewing distances and compare the patch labels.

    Parameters
    ----------
    study
        Where the recordings are.
    gaze
        Artefact; its first used EYE GAZE readings by id are taken.
    settings
        Gaze settings and patch grid.
    factors
        Factors on the assumed viewing distance; 1 is the reference.
    max_readings
        Readings compared.

    Returns
    -------
    pandas.DataFrame
        A row per factor with `COLUMNS`: factor, n_readings, fixations_per_reading (mean), positive_share (of
        the patch labels GS > 0 of all sentences), and labels_changed (share of the patch labels that differ
        from factor 1); no row where no EYE GAZE reading is used.
    """
    used = gaze.readings[(gaze.readings["source"] == "eye_gaze") & (gaze.readings["reason"] == "")]
    chosen = set(sorted(used["reading_id"])[:max_readings])
    found = find_study_readings(study) if chosen else []
    references = [item for item in found if item.reading_id in chosen and not item.problem]
    if not references:
        return pd.DataFrame(columns=COLUMNS)
    _, reference_labels = _labels_at(1.0, references, settings)
    rows = []
    for factor in factors:
        n_fixations, labels = _labels_at(factor, references, settings)
        rows.append(
            (
                factor,
                len(references),
                n_fixations / len(references),
                float(labels.mean()),
                float((labels != reference_labels).mean()),
            )
        )
    return pd.DataFrame(rows, columns=COLUMNS)


def _labels_at(
    factor: float, references: Sequence[ReadingReference], settings: Settings
) -> tuple[int, np.ndarray]:
    """Return the number of fixations and the labels of all readings' patches, flat, at a factor."""
    distance_cm = settings.gaze.egd_viewing_distance_cm * factor
    changed = settings.gaze.model_copy(update={"egd_viewing_distance_cm": distance_cm})
    grid = (settings.model.patch_grid, settings.model.patch_grid)
    counts, labels = zip(*(_patch_labels(item, changed, grid) for item in references), strict=True)
    return sum(counts), np.concatenate(labels)


def _patch_labels(
    reference: ReadingReference, settings: GazeSettings, grid: tuple[int, int]
) -> tuple[int, np.ndarray]:
    """Return the number of fixations and the labels of all sentences' patches, flat."""
    recording = read_recording(reference, settings)
    processed = preprocess_recording(recording, settings)
    maps = sentence_heatmaps(
        processed.fixations[processed.fixations["on_image"]],
        len(processed.sentences),
        grid,
        recording.frame,
        settings.gaze_floor,
    )
    return len(processed.fixations.drop_duplicates("order")), (maps > 0).ravel()
