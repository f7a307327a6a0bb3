"""Train the arms of a comparison, and bring together what the table of controls shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from egma_lib.experiments.arm_measurements import ArmFolders, Measurements, measure_arms
from egma_lib.experiments.arms import REFERENCE_ARM, Arm, gaze_quantity_arm, module_arm
from egma_lib.experiments.comparison_arms import control_arm
from egma_lib.experiments.corpora import Corpora, build_corpora
from egma_lib.experiments.gaze_controls.likeness import likeness_rows
from egma_lib.experiments.gaze_variants import available_arms, gaze_data_folder, make_gaze_variants
from egma_lib.experiments.pretraining import arm_predictions, train_arms
from egma_lib.gaze.artefact import GazeArtefact
from egma_lib.gaze.study_readings import build_study_gaze
from egma_lib.settings import EvaluationSettings, ExperimentSettings, Settings
from egma_lib.side_studies import SideStudy, open_side_study
from egma_lib.study import Study
from egma_lib.training.data import TrainingData

CROSSED_SHARE = 0.1
"""Share of gaze between none and all at which the confounder's strength is changed."""


@dataclass(frozen=True)
class TrainedArms:
    """Arms with their prediction folders, one per seed, and why others are not among them.

    Attributes
    ----------
    arms
        Each arm with its folders.
    unavailable
        Label of an arm that the study cannot have, to the reason.
    """

    arms: list[tuple[Arm, tuple[Path, ...]]]
    unavailable: Mapping[str, str] = field(default_factory=dict)

    def measured(self, settings: EvaluationSettings) -> dict[str, Measurements]:
        """Measure every arm; arm name to what was measured."""
        return measure_arms(self.arms, settings)


def train_comparison(
    study: Study,
    settings: Settings,
    corpora: Corpora,
    gaze: GazeArtefact,
    arms: Sequence[Arm],
    seeds: Sequence[int] | None = None,
    *,
    progress: bool = True,
) -> TrainedArms:
    """Train and evaluate the arms that a study can have; what is there is reused.

    Parameters
    ----------
    study, settings, corpora, gaze
        The study.
    arms
        Arms wanted.
    seeds
        Seeds; None is `experiments.seeds`.
    progress
        Show progress bars.
    """
    chosen, reasons = available_arms(arms, study, corpora)
    if not chosen:
        return TrainedArms([], reasons)
    make_gaze_variants(chosen, study, settings, corpora, gaze, progress=progress)
    train_arms(study, settings, corpora, chosen, seeds, progress=progress)
    return TrainedArms(arm_predictions(study, settings, corpora, chosen, seeds), reasons)


def pair_arms() -> tuple[Arm, Arm]:
    """Return the main pair: continued training without gaze, and EGMA."""
    return module_arm(REFERENCE_ARM), module_arm("egma")


def control_arms(settings: ExperimentSettings) -> tuple[Arm, ...]:
    """Return the controls of the settings, in order."""
    return tuple(control_arm(name) for name in settings.controls)


def train_controls(
    study: Study, settings: Settings, corpora: Corpora, gaze: GazeArtefact, *, progress: bool = True
) -> TrainedArms:
    """Train the main pair with all of its seeds, and every control with the seeds of the study."""
    experiments = settings.experiments
    pair = train_comparison(
        study, settings, corpora, gaze, pair_arms(), experiments.pair_seeds, progress=progress
    )
    controls = train_comparison(study, settings, corpora, gaze, control_arms(experiments), progress=progress)
    return TrainedArms([*pair.arms, *controls.arms], controls.unavailable)


def train_side_study(
    side: SideStudy, main: Study, arms: Sequence[Arm], *, progress: bool = True
) -> TrainedArms:
    """Preprocess, train and evaluate a side study with its seeds; what is there is reused.

    Parameters
    ----------
    side
        The study.
    main
        Whose results folder holds it.
    arms
        Arms wanted.
    progress
        Show progress bars.
    """
    study, settings = open_side_study(side, main), side.settings
    gaze = build_study_gaze(study, settings, jobs=settings.experiments.n_workers, progress=progress)
    corpora = build_corpora(study, settings, gaze, progress=progress)
    return train_comparison(study, settings, corpora, gaze, arms, side.seeds, progress=progress)


def train_null_study(side: SideStudy, main: Study, *, progress: bool = True) -> TrainedArms:
    """Train the main pair and the controls of the null study with the seeds of the study."""
    arms = (*pair_arms(), *control_arms(side.settings.experiments))
    return train_side_study(side, main, arms, progress=progress)


def crossed_arms() -> tuple[Arm, ...]:
    """Return EGMA with no gaze, a share of it, and all: what is crossed with the confounder's strength."""
    reference, egma = pair_arms()
    return reference, gaze_quantity_arm(CROSSED_SHARE), egma


def control_likeness(corpora: Corpora, arms: ArmFolders) -> list[dict[str, Any]]:
    """Return the long rows of how like the measured heatmaps those of each control are."""
    folders = {arm.label: gaze_data_folder(corpora, arm) for arm, _ in arms}
    controls = {
        label: TrainingData.load(folder) for label, folder in folders.items() if folder != corpora.gaze
    }
    return likeness_rows(controls, TrainingData.load(corpora.gaze))
