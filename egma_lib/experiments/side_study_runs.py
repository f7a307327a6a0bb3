"""Training and evaluation of a side study, from its recordings to its predictions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from egma_lib.experiments.arms import Arm
from egma_lib.experiments.corpora import build_corpora
from egma_lib.experiments.gaze_variants import available_arms, make_gaze_variants
from egma_lib.experiments.pretraining import arm_predictions, train_arms
from egma_lib.gaze.study_readings import build_study_gaze
from egma_lib.side_studies import SideStudy, open_side_study
from egma_lib.study import Study


def train_side_study(
    side: SideStudy, main: Study, arms: Sequence[Arm], *, progress: bool = True
) -> list[tuple[Arm, tuple[Path, ...]]]:
    """Preprocess, train and evaluate a side study; what is there is reused.

    Parameters
    ----------
    side
        The study.
    main
        Whose results folder holds it.
    arms
        Arms to train; those that the study cannot have are left out.
    progress
        Show progress bars.

    Returns
    -------
    list of (Arm, tuple of Path)
        Each arm with its prediction folders, one per seed.
    """
    study, settings = open_side_study(side, main), side.settings
    gaze = build_study_gaze(study, settings, jobs=settings.experiments.n_workers, progress=progress)
    corpora = build_corpora(study, settings, gaze, progress=progress)
    chosen, _ = available_arms(arms, study, corpora)
    make_gaze_variants(chosen, study, settings, corpora, gaze, progress=progress)
    train_arms(study, settings, corpora, chosen, side.seeds, progress=progress)
    return arm_predictions(study, settings, corpora, chosen, side.seeds)
