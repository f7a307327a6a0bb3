"""What the assumed viewing geometry of EYE GAZE changes in the patch labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from egma_lib.gaze.artefact import GazeArtefact
from egma_lib.gaze.heatmaps import sentence_heatmaps
from egma_lib.gaze.preprocess import preprocess_recording
from egma_lib.gaze.recording import ReadingReference
from egma_lib.gaze.recordings import find_readings, read_recording
from egma_lib.settings import GazeSettings, Settings


def geometry_effect(
    folder: Path,
    gaze: GazeArtefact,
    settings: Settings,
    factors: Sequence[float] = (0.7, 1.0, 1.3),
    max_readings: int = 40,
) -> pd.DataFrame:
    """Preprocess EYE GAZE readings again with other viewing distances and compare the patch labels.

    Parameters
    ----------
    folder
        The `mimic-eye` folder.
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
        factor, n_readings, fixations per reading, positive share of patches, and the share of patch labels
        (GS > 0) that differ from factor 1.
    """
    used = gaze.readings[(gaze.readings["source"] == "eye_gaze") & (gaze.readings["reason"] == "")]
    chosen = set(sorted(used["reading_id"])[:max_readings])
    references = [item for item in find_readings(folder) if item.reading_id in chosen and not item.problem]
    grid = (settings.model.patch_grid, settings.model.patch_grid)
    labels: dict[float, list[np.ndarray]] = {}
    fixations: dict[float, list[int]] = {}
    for factor in sorted({1.0, *factors}):
        distance = settings.gaze.egd_viewing_distance_cm * factor
        changed = settings.gaze.model_copy(update={"egd_viewing_distance_cm": distance})
        for reference in references:
            n_fixations, positive = _patch_labels(reference, changed, grid)
            labels.setdefault(factor, []).append(positive)
            fixations.setdefault(factor, []).append(n_fixations)
    rows = []
    for factor in factors if references else ():
        ours, reference_labels = np.concatenate(labels[factor]), np.concatenate(labels[1.0])
        rows.append(
            {
                "factor": factor,
                "n_readings": len(references),
                "fixations_per_reading": float(np.mean(fixations[factor])),
                "positive_share": float(ours.mean()),
                "labels_changed": float((ours != reference_labels).mean()),
            }
        )
    columns = ["factor", "n_readings", "fixations_per_reading", "positive_share", "labels_changed"]
    return pd.DataFrame(rows, columns=columns)


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
