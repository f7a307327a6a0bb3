"""Scores of a finished model on the evaluation sets, and the trained arms that can stand beside it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from egma_lib.artefacts import read_json, write_json
from egma_lib.errors import SettingsError
from egma_lib.evaluation.evaluation_sets import EvaluationSet, load_evaluation_set
from egma_lib.evaluation.external_model import ExternalModel
from egma_lib.evaluation.predictions import predict
from egma_lib.experiments.arms import Arm, main_arms
from egma_lib.experiments.corpora import (
    Corpora,
    build_corpora,
    build_evaluation_sets,
    corpora_location,
    find_gaze,
)
from egma_lib.experiments.evaluate_run import DONE_FILE, is_evaluated
from egma_lib.experiments.pretraining import arm_job, arm_predictions
from egma_lib.experiments.probe_runs import PIXELS, UNTRAINED
from egma_lib.gaze.artefact import GazeArtefact
from egma_lib.gaze.preprocess import gaze_folder
from egma_lib.gaze.study_readings import build_study_gaze
from egma_lib.settings import Settings
from egma_lib.study import Study

TRAINED_SCORES = ("global", "fine_grained")
REFERENCE_LABELS = frozenset(
    {
        "majority class", "random", "chance", "ceiling", "uniform", "average gaze", "training positions",
        "another reader", PIXELS, UNTRAINED,
    }
)  # fmt: skip
"""Names that tables give to rows of their own."""


@dataclass(frozen=True)
class External:
    """A finished model under the name that tables give it.

    Attributes
    ----------
    label
        Name in tables and figures.
    model
        The adapted model.
    model_hash
        From `fingerprint`.
    trained_score
        `global` or `fine_grained`: the score that it is compared under in Tables 2 and 3.
    """

    label: str
    model: ExternalModel
    model_hash: str
    trained_score: str = "global"

    def __post_init__(self) -> None:
        if not self.slug:
            raise SettingsError(f"--name {self.label!r} has no letter or digit; give another name")
        if self.trained_score not in TRAINED_SCORES:
            raise SettingsError(f"--score {self.trained_score!r}: expected {' or '.join(TRAINED_SCORES)}")
        if self.trained_score == "fine_grained" and not self.has_patches:
            raise SettingsError(
                f"{self.label} has no encode_patches, so it has no fine-grained score; use --score global"
            )

    @property
    def slug(self) -> str:
        """The name as a name of folders."""
        return re.sub(r"[^A-Za-z0-9.+-]+", "_", self.label).strip("._")

    @property
    def has_patches(self) -> bool:
        """Whether the model has patch features."""
        return self.model.patch_grid is not None

    @property
    def arm(self) -> Arm:
        """The model as a row of a comparison."""
        return Arm("external", self.label, None, 0.0, self.trained_score)

    def predictions(self, study: Study) -> Path:
        """Return the folder of the model's scores, `predictions/<name>-<hash>`."""
        return study.folder("predictions") / f"{self.slug}-{self.model_hash}"

    def results(self, study: Study) -> Study:
        """Return the study with a results folder of the model's own, `external/<name>`."""
        return replace(study, results=study.results / "external" / self.slug)


def require_own_label(external: External, settings: Settings) -> None:
    """Refuse a name that another row of the tables has.

    Raises
    ------
    SettingsError
        A trained arm or a reference row is called the same.
    """
    taken = REFERENCE_LABELS | {arm.label for arm in main_arms(settings.experiments)}
    if external.label in taken:
        raise SettingsError(f"--name {external.label!r} is a row of the tables already; give another name")


def prepare_evaluation(
    study: Study, settings: Settings, *, gaze: bool = False, progress: bool = True
) -> tuple[Corpora, GazeArtefact | None]:
    """Make the evaluation sets unless they are there; nothing is trained.

    Parameters
    ----------
    study, settings
        What to evaluate on.
    gaze
        Also make what grounding and Figure 3 need: gaze (as notebook 01 does) and the films and sentences of
        both corpora (as notebook 02 does before it trains).
    progress
        Show progress bars.

    Returns
    -------
    (Corpora, GazeArtefact or None)
        None where gaze or training data have not been made.
    """
    if gaze:
        artefact = build_study_gaze(study, settings, jobs=settings.experiments.n_workers, progress=progress)
        return build_corpora(study, settings, artefact, progress=progress), artefact
    corpora = corpora_location(study, settings, gaze_folder(settings, study.results, study.data_hash))
    build_evaluation_sets(study, settings, corpora, progress=progress)
    is_there = corpora.has_training_data and gaze_folder(settings, study.results, study.data_hash).is_dir()
    return corpora, find_gaze(study, settings) if is_there else None


def evaluate_external(external: External, study: Study, settings: Settings, corpora: Corpora) -> Path:
    """Score a finished model on every evaluation set, unless that has been done; return its folder.

    Raises
    ------
    DataError
        The model returns features of another shape than in its trial, or values that are not finite.
    """
    folder = external.predictions(study)
    if is_evaluated(folder, corpora.evaluation):
        return folder
    names = sorted(read_json(corpora.evaluation / "about.json")["cases"])
    for name in names:
        test_set = load_evaluation_set(corpora.evaluation / name)
        if not external.has_patches:
            test_set = _unpointed(test_set)
        predict(external.model, test_set, settings, folder)  # type: ignore[arg-type]
    write_json(folder / DONE_FILE, {"evaluation": corpora.evaluation.name, "sets": names})
    return folder


def _unpointed(test_set: EvaluationSet) -> EvaluationSet:
    """Return a test set without regions: a model without patches points nowhere."""
    return replace(
        test_set,
        region_case=np.zeros(0, int),
        region_class=np.zeros(0, int),
        regions=test_set.regions[:0],
    )


def evaluated_arms(study: Study, settings: Settings, corpora: Corpora) -> list[tuple[Arm, tuple[Path, ...]]]:
    """Return the arms of Tables 2 and 3 whose runs all have predictions on these evaluation sets."""
    if not corpora.has_training_data:
        return []
    predictions = study.folder("predictions")
    finished = [
        arm
        for arm in main_arms(settings.experiments)
        if all(
            is_evaluated(
                predictions / arm_job(study, settings, corpora, arm, seed).run_id, corpora.evaluation
            )
            for seed in settings.experiments.seeds
        )
    ]
    return arm_predictions(study, settings, corpora, finished)
