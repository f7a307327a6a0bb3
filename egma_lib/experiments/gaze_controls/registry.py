"""The controls by name, and the training data of each."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from egma_lib.errors import DataError, SettingsError
from egma_lib.experiments.gaze_controls.fixed_maps import (
    average_map,
    centre_map,
    same_map_everywhere,
    uniform_map,
)
from egma_lib.experiments.gaze_controls.oracle import has_truth, oracle_gaze
from egma_lib.experiments.gaze_controls.permuted import shuffled_gaze
from egma_lib.experiments.gaze_controls.raw_samples import raw_sample_gaze
from egma_lib.experiments.gaze_controls.variant import with_gaze
from egma_lib.experiments.gaze_controls.windows import whole_report_gaze, window_gaze
from egma_lib.gaze.artefact import GazeArtefact
from egma_lib.gaze.gaussians import Grid
from egma_lib.gaze.heatmaps import gaze_similarity
from egma_lib.gaze.study_readings import build_study_gaze
from egma_lib.settings import GazeSettings, Settings
from egma_lib.study import Study
from egma_lib.training.data import TrainingData

MEASURED = "measured"
"""Name of the gaze as measured, which is no control."""
SHIFT_PREFIX = "shift_"
EARLY_LEAD_S = 3.0
"""Lead of the window before and during a sentence (seconds); the measured gaze takes `gaze.lead_s`."""
SHUFFLE_SEED = 2024
"""Seed of the exchange of heatmaps: the data are the same for every training seed."""

Similarity = list[np.ndarray | None]


@dataclass(frozen=True)
class ControlInputs:
    """What a control can be made from.

    Attributes
    ----------
    data
        The gaze corpus with measured gaze.
    gaze
        The artefact that it was made from.
    settings, study
        Of the run.
    progress
        Whether to show a bar where recordings are read again.
    """

    data: TrainingData
    gaze: GazeArtefact
    settings: Settings
    study: Study
    progress: bool

    @property
    def grid(self) -> Grid:
        """(rows, columns) of the patch grid."""
        return self.settings.model.patch_grid, self.settings.model.patch_grid

    @property
    def floor(self) -> float:
        """`gaze_floor`."""
        return self.settings.gaze.gaze_floor


@dataclass(frozen=True)
class Control:
    """One control.

    Attributes
    ----------
    label
        Name in tables and figures.
    make
        Gives the gaze similarity of every sample.
    """

    label: str
    make: Callable[[ControlInputs], Similarity]


def _shuffled(inputs: ControlInputs) -> Similarity:
    return shuffled_gaze(inputs.data, np.random.default_rng(SHUFFLE_SEED))


def _uniform(inputs: ControlInputs) -> Similarity:
    return same_map_everywhere(inputs.data, uniform_map(inputs.grid))


def _centre(inputs: ControlInputs) -> Similarity:
    return same_map_everywhere(inputs.data, centre_map(inputs.grid, inputs.floor))


def _average(inputs: ControlInputs) -> Similarity:
    return same_map_everywhere(inputs.data, average_map(inputs.data, inputs.floor))


def _shifted(inputs: ControlInputs, shift_s: float) -> Similarity:
    ids = inputs.data.sample_ids
    return [*window_gaze(inputs.gaze, ids, inputs.grid, inputs.settings.gaze, shift_s)]


def _before_and_during(inputs: ControlInputs) -> Similarity:
    early = inputs.settings.gaze.model_copy(update={"lead_s": EARLY_LEAD_S})
    return [*window_gaze(inputs.gaze, inputs.data.sample_ids, inputs.grid, early)]


def _whole_report(inputs: ControlInputs) -> Similarity:
    return whole_report_gaze(inputs.data, inputs.gaze, inputs.grid, inputs.floor)


def _raw_samples(inputs: ControlInputs) -> Similarity:
    settings = inputs.settings
    found = raw_sample_gaze(
        inputs.study,
        inputs.gaze,
        inputs.data.sample_ids,
        inputs.grid,
        settings.gaze,
        jobs=settings.experiments.n_workers,
        progress=inputs.progress,
    )
    return [*found]


def other_detector_settings(settings: GazeSettings) -> GazeSettings:
    """Return the settings with the other of adaptive and I-VT for recordings of 250 Hz and more.

    Recordings below 250 Hz keep their detector: only I-VT is allowed there.
    """
    other = "ivt" if settings.method_high_rate != "ivt" else "adaptive"
    return settings.model_copy(update={"method_high_rate": other})


def _other_detector(inputs: ControlInputs) -> Similarity:
    other = other_detector_settings(inputs.settings.gaze)
    settings = inputs.settings.model_copy(update={"gaze": other})
    jobs = settings.experiments.n_workers
    gaze = build_study_gaze(inputs.study, settings, jobs=jobs, progress=inputs.progress)
    ids = inputs.data.sample_ids
    return [*gaze_similarity(gaze, ids, inputs.grid, gaze.frames_of(ids), other)]


def _oracle(inputs: ControlInputs) -> Similarity:
    data, root = inputs.data, inputs.study.data_root
    found = oracle_gaze(root, inputs.gaze, data.sample_ids, data.sentences, inputs.grid, inputs.floor)
    return [*found]


CONTROLS: Mapping[str, Control] = {
    "shuffled": Control("shuffled gaze", _shuffled),
    "uniform": Control("uniform gaze", _uniform),
    "centre": Control("centre", _centre),
    "average": Control("average gaze", _average),
    "before_and_during": Control(f"gaze from {EARLY_LEAD_S:g} s before the sentence", _before_and_during),
    "whole_report": Control("whole-report gaze", _whole_report),
    "raw_samples": Control("raw samples", _raw_samples),
    "other_detector": Control("other event detector", _other_detector),
    "oracle": Control("oracle regions", _oracle),
}
"""Every control but the shifts, which are named `shift_<seconds>` (`shift_-3`, `shift_+0.5`)."""


def control_named(name: str) -> Control:
    """Return a control by its name.

    Raises
    ------
    SettingsError
        There is no control of this name; says which there are.
    """
    if name in CONTROLS:
        return CONTROLS[name]
    if name.startswith(SHIFT_PREFIX):
        shift_s = _seconds(name)
        return Control(f"gaze shifted by {shift_s:+g} s", lambda inputs: _shifted(inputs, shift_s))
    raise SettingsError(
        f"gaze control {name!r} is unknown; known: {', '.join(CONTROLS)} and {SHIFT_PREFIX}<seconds>"
    )


def _seconds(name: str) -> float:
    text = name.removeprefix(SHIFT_PREFIX)
    try:
        shift_s = float(text)
    except ValueError:
        shift_s = math.nan
    if not math.isfinite(shift_s):
        raise SettingsError(
            f"gaze control {name!r}: {text!r} is no number of seconds; write e.g. {SHIFT_PREFIX}-3"
        )
    return shift_s


def unavailable_reason(name: str, study: Study) -> str:
    """Return why a study cannot have a control, in words for a table's cell; empty where it can.

    Raises
    ------
    SettingsError
        There is no control of this name.
    """
    control_named(name)
    if name == "oracle" and not has_truth(study.data_root):
        return "not available: the data root states no true regions"
    return ""


def make_control(
    name: str,
    data: TrainingData,
    gaze: GazeArtefact,
    settings: Settings,
    study: Study,
    *,
    progress: bool = False,
) -> TrainingData:
    """Return the gaze corpus with the gaze of a control.

    Samples, images, order and splits stay. The fixed maps, `shuffled` and `whole_report` change what stands
    on the patches and leave which sentences have gaze; the other controls decide both.

    Parameters
    ----------
    name
        Key of `CONTROLS`, or `shift_<seconds>`: the windows of all sentences are moved, negative is earlier.
    data
        The gaze corpus with measured gaze.
    gaze
        The artefact that it was made from.
    settings
        Patch grid, windows, floor and workers.
    study
        Where recordings, truth and results are.
    progress
        Whether to show a bar where recordings are read again.

    Raises
    ------
    SettingsError
        There is no control of this name.
    DataError
        The study cannot have it (ask `unavailable_reason` first), or what it is made from is not in order.
    GazeError
        The artefact does not hold the readings of the data.
    """
    reason = unavailable_reason(name, study)
    if reason:
        raise DataError(f"gaze control {name!r} is {reason}; leave it out")
    inputs = ControlInputs(data, gaze, settings, study, progress)
    return with_gaze(data, control_named(name).make(inputs))
