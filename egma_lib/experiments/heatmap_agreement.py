"""How far the heatmaps of each training agree with the true region of a finding, or with measured gaze."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from egma_lib.experiments.arms import Arm
from egma_lib.experiments.corpora import Corpora
from egma_lib.experiments.gaze_controls.likeness import likeness_rows
from egma_lib.experiments.gaze_variants import gaze_data_folder
from egma_lib.training.data import TrainingData

ORACLE = "oracle"
TRUE_REGION = "true region of the finding"
MEASURED_GAZE = "measured gaze"


def heatmap_agreement(corpora: Corpora, arms: Sequence[Arm]) -> tuple[str, list[dict[str, Any]]]:
    """Return what the heatmaps of arms with gaze are compared with, and long rows of their agreement.

    Parameters
    ----------
    corpora
        Where the training data with measured gaze, and that of each control, lie.
    arms
        Arms that train with gaze; a study whose arms include the oracle knows the true regions.

    Returns
    -------
    (str, list of dict)
        `TRUE_REGION` or `MEASURED_GAZE`, and the rows of `likeness_rows`: median correlation over patches of
        the sentences that have both; heatmaps that are the same on all patches have no row.
    """
    oracle = next((arm for arm in arms if arm.gaze == ORACLE), None)
    against = corpora.gaze if oracle is None else gaze_data_folder(corpora, oracle)
    heatmaps = {arm.label: TrainingData.load(gaze_data_folder(corpora, arm)) for arm in arms}
    name = MEASURED_GAZE if oracle is None else TRUE_REGION
    return name, likeness_rows(heatmaps, TrainingData.load(against))
