"""A gaze corpus small enough to work out by hand: a square film, a 4 x 4 patch grid, narrow Gaussians."""

from pathlib import Path

import numpy as np
import pandas as pd

from egma_lib.gaze.artefact import GazeArtefact
from egma_lib.gaze.assignment import assign_fixations
from egma_lib.gaze.frames import ImageFrame
from egma_lib.gaze.heatmaps import gaze_similarity
from egma_lib.gaze.recording import Recording
from egma_lib.settings import load_settings
from egma_lib.study import Study
from egma_lib.training.data import TrainingData

GRID = (4, 4)
# lead 0, so that a window is the sentence itself and shifts are easy to follow.
SETTINGS = load_settings("smoke", {"model.patch_grid": 4, "gaze.lead_s": 0.0, "experiments.jobs": 1})
# Two sentences, 2-4 s and 6-8 s; one fixation of 1 s per place of the list, from second 0 on.
SENTENCES = ((2.0, 4.0), (6.0, 8.0))


def centre_of(patch):
    """Middle of a patch of the grid in 0-1, x and y."""
    return (patch % 4 + 0.5) / 4, (patch // 4 + 0.5) / 4


def make_gaze(readings, settings=SETTINGS.gaze, side=1000) -> GazeArtefact:
    """`readings`: reading id to the patch looked at in each second (None: off the image)."""
    rows, sentences, fixations = [], [], []
    for number, (reading_id, patches) in enumerate(readings.items()):
        rows.append(
            {
                "reading_id": reading_id, "dicom_id": f"d{number}", "subject_id": f"p{number}",
                "reader": "egd", "source": "eye_gaze", "rows": side, "columns": side, "reason": "",
            }
        )  # fmt: skip
        said = pd.DataFrame(
            {
                "sentence_index": range(len(SENTENCES)),
                "text": ["edema", "no effusion"],
                "start_s": [start for start, _ in SENTENCES],
                "end_s": [end for _, end in SENTENCES],
            }
        )
        looked = pd.DataFrame(
            {
                "order": range(len(patches)),
                "onset_s": np.arange(len(patches), dtype=float),
                "duration_s": 1.0,
                "x": [2.0 if patch is None else centre_of(patch)[0] for patch in patches],
                "y": [2.0 if patch is None else centre_of(patch)[1] for patch in patches],
                "sigma_x": 0.01,
                "sigma_y": 0.01,
                "on_image": [patch is not None for patch in patches],
            }
        )
        sentences.append(said.assign(reading_id=reading_id))
        fixations.append(assign_fixations(looked, said, settings).assign(reading_id=reading_id))
    return GazeArtefact(
        readings=pd.DataFrame(rows),
        words=pd.DataFrame(),
        sentences=pd.concat(sentences, ignore_index=True),
        fixations=pd.concat(fixations, ignore_index=True),
        excluded=pd.DataFrame(),
        folder=Path("gaze"),
    )


def make_data(gaze, held_out=0, settings=SETTINGS.gaze) -> TrainingData:
    """The training data of every reading of the artefact; the last `held_out` readings are validation."""
    ids = gaze.readings["reading_id"].tolist()
    similarity = gaze_similarity(gaze, ids, GRID, gaze.frames_of(ids), settings)
    return TrainingData(
        images=np.zeros((len(ids), 8, 8), dtype=np.uint8),
        image_index=np.arange(len(ids)),
        sentences=(("edema", "no effusion"),) * len(ids),
        gaze_similarity=list(similarity),
        has_gaze=[rows.any(axis=1) for rows in similarity],
        is_validation=np.arange(len(ids)) >= len(ids) - held_out,
        patient_ids=tuple(gaze.readings["subject_id"]),
        sample_ids=tuple(ids),
        data_hash="measured",
        strata=("eye_gaze/egd",) * len(ids),
    )


def make_study(folder) -> Study:
    return Study("tiny", "real", "", folder / "data", folder / "results", "hash", {})


def patches_of(rows) -> list[list[int]]:
    """The patches with heat of every sentence."""
    return [np.flatnonzero(row).tolist() for row in rows]


def make_recording(patches, hz=250.0) -> Recording:
    """A recording of one second on the middle of each patch; the film of 1000 pixels fills the screen."""
    n = int(hz)
    x, y = (1000 * np.repeat([centre_of(patch)[axis] for patch in patches], n) for axis in (0, 1))
    whole = np.tile([0.0, 0.0, 1000.0, 1000.0], (len(x), 1))
    nothing = pd.DataFrame({name: [] for name in ("onset_s", "duration_s", "x_px", "y_px")}, dtype=float)
    return Recording(
        reading_id="a", dicom_id="d0", subject_id="p0", reader="egd", source="eye_gaze", sampling_hz=hz,
        frame=ImageFrame(1000, 1000), time_s=np.arange(len(x)) / hz, x_px=x, y_px=y,
        px_per_deg_x=np.full(len(x), 20.0), px_per_deg_y=np.full(len(x), 20.0), shown_px=whole,
        screen_px=whole, words=pd.DataFrame(), vendor_fixations=nothing,
    )  # fmt: skip
