"""Heat from raw gaze samples instead of fixations: what event detection adds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from egma_lib.errors import GazeError
from egma_lib.gaze.artefact import GazeArtefact
from egma_lib.gaze.assignment import assign_fixations
from egma_lib.gaze.fixations import vendor_fixations
from egma_lib.gaze.gaussians import Grid
from egma_lib.gaze.heatmaps import sentence_heatmaps
from egma_lib.gaze.recording import ReadingReference, Recording
from egma_lib.gaze.recordings import read_recording
from egma_lib.gaze.study_readings import find_study_readings
from egma_lib.settings import GazeSettings
from egma_lib.study import Study

_READINGS_PER_TASK = 8


def samples_as_fixations(recording: Recording, settings: GazeSettings) -> pd.DataFrame:
    """Return every valid sample as a fixation that lasts one sampling interval.

    Parameters
    ----------
    recording
        The recording; blinks and lost samples are left out, saccades are not.
    settings
        Its `sigma_deg` counts.

    Returns
    -------
    pandas.DataFrame
        As `vendor_fixations`, one row per valid sample.
    """
    valid = recording.valid
    samples = pd.DataFrame(
        {
            "onset_s": recording.time_s[valid],
            "duration_s": 1.0 / recording.sampling_hz,
            "x_px": recording.x_px[valid],
            "y_px": recording.y_px[valid],
        }
    )
    any_duration = settings.model_copy(update={"minimum_fixation_s": 0.0})
    return vendor_fixations(replace(recording, vendor_fixations=samples), any_duration)


def raw_sample_heatmaps(
    recording: Recording, sentences: pd.DataFrame, grid: Grid, settings: GazeSettings
) -> np.ndarray:
    """Return the sentence heatmaps of a recording's raw samples.

    Parameters
    ----------
    recording
        Raw recording of one reading.
    sentences
        Its sentences (sentence_index, start_s, end_s), m rows.
    grid
        (rows, columns) of the patch grid.
    settings
        Windows, sigma and floor.

    Returns
    -------
    numpy.ndarray
        float32, shape (m, n), maximum 1 per sentence or all zero.
    """
    assigned = assign_fixations(samples_as_fixations(recording, settings), sentences, settings)
    maps = sentence_heatmaps(assigned, len(sentences), grid, recording.frame, settings.gaze_floor)
    return maps.reshape(len(maps), -1)


def raw_sample_gaze(
    study: Study,
    gaze: GazeArtefact,
    reading_ids: Sequence[str],
    grid: Grid,
    settings: GazeSettings,
    *,
    jobs: int,
    progress: bool,
) -> list[np.ndarray]:
    """Read the recordings of readings again and return the heatmaps of their raw samples.

    Parameters
    ----------
    study
        Its gaze collections hold the recordings.
    gaze
        Artefact that says which sentences the readings have.
    reading_ids
        Readings wanted.
    grid
        (rows, columns) of the patch grid.
    settings
        Windows, sigma and floor; `whole_report_fallback` has no part in this control.
    jobs
        Processes; changes no bit of the result.
    progress
        Whether to show a bar.

    Returns
    -------
    list of numpy.ndarray
        float32, shape (sentences, n) per reading.

    Raises
    ------
    GazeError
        A reading is no longer among the study's recordings.
    """
    from joblib import Parallel, delayed
    from tqdm import tqdm

    # A reading id alone can be in two sources: the dicom_id names EYE GAZE readings.
    source = gaze.readings[gaze.readings["reason"] == ""].set_index("reading_id")["source"]
    known = {(one.source, one.reading_id): one for one in find_study_readings(study)}
    lacking = [name for name in reading_ids if (source.get(name), name) not in known]
    if lacking:
        raise GazeError(f"{study.data_root}: no recording of reading {lacking[0]}; run stage 01 again")
    work = [(known[source[name], name], gaze.sentences_of(name)) for name in reading_ids]
    tasks = [work[first : first + _READINGS_PER_TASK] for first in range(0, len(work), _READINGS_PER_TASK)]
    found: Iterable[list[np.ndarray]] = Parallel(n_jobs=min(jobs, max(len(tasks), 1)), return_as="generator")(
        delayed(_heatmaps)(task, grid, settings) for task in tasks
    )
    result: list[np.ndarray] = []
    with tqdm(total=len(work), desc="raw samples", unit="reading", disable=not progress) as bar:
        for maps in found:
            result += maps
            bar.update(len(maps))
    return result


def _heatmaps(
    task: list[tuple[ReadingReference, pd.DataFrame]], grid: Grid, settings: GazeSettings
) -> list[np.ndarray]:
    return [
        raw_sample_heatmaps(read_recording(reference, settings), sentences, grid, settings)
        for reference, sentences in task
    ]
