"""Settings of a phantom that takes seconds, and of models on it that train for one step."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from egma_lib.settings import PhantomSettings, PhantomSizes, Settings, load_settings

if TYPE_CHECKING:
    import pandas as pd

    from egma_lib.datasets.contract import ReportCorpus
    from egma_lib.experiments.arms import Arm
    from egma_lib.experiments.corpora import Corpora
    from egma_lib.gaze.artefact import GazeArtefact
    from egma_lib.study import Study


ONE_STEP = {
    "data.image_size": 32,
    "model.image_channels": [8, 16],
    "model.patch_grid": 4,
    "model.embed_dim": 16,
    "model.text_width": 16,
    "model.text_heads": 2,
    "model.text_layers": 1,
    "training.base.image_passes": 4,
    "training.base.batch_size": 4,
    "training.continued.image_passes": 4,
    "training.continued.batch_size": 4,
    "experiments.jobs": 1,
    "experiments.seeds": [0],
    "experiments.arms": ["start", "no_gaze", "egma"],
    "experiments.gaze_shares": [],
    "evaluation.bootstrap": 50,
}
"""Overrides of the smoke profile: few weights, one step, one seed, one process."""


class TinyStudy(NamedTuple):
    """A phantom on disk."""

    settings: PhantomSettings
    folder: Path


class TrainedStudy(NamedTuple):
    """A phantom with everything that stages 01 and 02 make of it."""

    study: Study
    settings: Settings
    gaze: GazeArtefact
    corpus: ReportCorpus
    corpora: Corpora
    arms: tuple[Arm, ...]
    runs: pd.DataFrame


def phantom_settings(seed=5, **sizes) -> PhantomSettings:
    """Settings of a study that takes a second or so; keyword arguments change single sizes."""
    default = {
        "gaze_cases": 4, "multi_reader_cases": 0, "report_cases": 4, "chexpert_5x200_per_class": 2,
        "chexpert_marked_cases": 5, "chexpert_8x200_per_class": 2, "chexpert_train": 3, "chexpert_valid": 3,
        "rsna_cases": 5, "siim_cases": 5,
    }  # fmt: skip
    return PhantomSettings(
        seed=seed,
        sizes=PhantomSizes(**{**default, **sizes}),
        stored_rows=96,
        dicom_size=96,
        sampling_hz_reflacx=500,
    )


def one_step_settings(**overrides) -> Settings:
    """Settings of models with few weights, trained for one step with one seed in one process."""
    return load_settings("smoke", {**ONE_STEP, **overrides})
