"""Everything measured of the arms of a comparison, and the long rows made of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from egma_lib.evaluation.available_scores import available_scores
from egma_lib.evaluation.predictions import has_predictions
from egma_lib.experiments.arms import Arm
from egma_lib.experiments.measurements import Measured, measured_sets
from egma_lib.experiments.score_measurements import (
    measure_classification,
    measure_pointing,
    measure_shortcut_gap,
    pointing_chance_row,
    trivial_rows,
)
from egma_lib.settings import EvaluationSettings

ArmFolders = Sequence[tuple[Arm, Sequence[Path]]]
"""Each arm with its prediction folders, one per seed."""

POINTING_SETS = ("rsna", "siim")

Key = tuple[str, str, str]
Measurements = dict[Key, Measured]


def measure_arm(folders: Sequence[Path], settings: EvaluationSettings) -> Measurements:
    """Measure one arm: scores of every set at hand, pointing hits and the shortcut gap if any.

    Returns
    -------
    dict
        (dataset, score, metric) to `Measured`, percent; pointing has the score `similarity`.
    """
    found: Measurements = {}
    for name in measured_sets(folders):
        for score in available_scores(folders[0], name):
            for metric, measured in measure_classification(folders, name, score, settings).items():
                found[name, score, metric] = measured
    for name in POINTING_SETS:
        if has_predictions(folders, f"{name}_pointing"):
            found[name, "similarity", "pointing_hit"] = measure_pointing(folders, name, settings)["hit"]
    if has_predictions(folders, "chexpert_5x200_marked"):
        for score in available_scores(folders[0], "chexpert_5x200_marked"):
            found["chexpert_5x200", score, "shortcut_gap"] = measure_shortcut_gap(folders, score, settings)
    return found


def measure_arms(arms: ArmFolders, settings: EvaluationSettings) -> dict[str, Measurements]:
    """Measure every arm; arm name to `measure_arm`."""
    return {arm.name: measure_arm(folders, settings) for arm, folders in arms}


def rows_of_arm(label: str, measurements: Measurements) -> list[dict[str, Any]]:
    """Return the long rows of one arm."""
    return [
        measured.row(dataset=name, method=label, setting=score, metric=metric)
        for (name, score, metric), measured in measurements.items()
    ]


def difference_rows(
    label: str, ours: Measurements, reference: Measurements, reference_label: str
) -> list[Any]:
    """Return the long rows of one arm's paired differences to the reference arm, for the scores of both."""
    return [
        measured.difference_row(
            reference[key], reference_label, dataset=key[0], method=label, setting=key[1], metric=key[2]
        )
        for key, measured in ours.items()
        if key in reference
    ]


def arm_trivial_rows(folder: Path, settings: EvaluationSettings) -> list[dict[str, Any]]:
    """Return the rows of predictors that know nothing, on every set."""
    rows = [row for name in measured_sets([folder]) for row in trivial_rows(folder, name, settings)]
    pointing = [name for name in POINTING_SETS if has_predictions([folder], f"{name}_pointing")]
    return rows + [pointing_chance_row(folder, name, settings) for name in pointing]
