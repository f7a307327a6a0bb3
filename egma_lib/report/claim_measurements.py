"""What a claim is judged by: measurements of arms, from whatever per-case scores the study has stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from egma_lib.evaluation.predictions import has_predictions, stored_scores
from egma_lib.experiments.arm_measurements import measure_arm
from egma_lib.experiments.arms import REFERENCE_ARM, Arm, chosen_arms
from egma_lib.experiments.claims import Claim
from egma_lib.experiments.comparison_arms import backbone_arms, control_arm, method_arms
from egma_lib.experiments.corpora import Corpora
from egma_lib.experiments.evaluate_run import is_evaluated
from egma_lib.experiments.gaze_variants import available_arms, gaze_data_folder
from egma_lib.experiments.grounding import GAZE_TABLE, REGION_TABLE
from egma_lib.experiments.grounding_measurements import measure_grounding
from egma_lib.experiments.measurements import Measured, measured_sets
from egma_lib.experiments.pretraining import arm_job
from egma_lib.experiments.probe_measurements import measure_probe
from egma_lib.experiments.probe_runs import probe_jobs
from egma_lib.experiments.score_measurements import measure_classification, measure_pointing
from egma_lib.experiments.verdicts import comparison_rows, power_statement
from egma_lib.report.retrieval_table import measure_retrieval
from egma_lib.settings import EvaluationSettings, Settings
from egma_lib.study import Study

MAIN_ARM = "egma"
"""Ours in the main pair; the reference is `REFERENCE_ARM`."""
DECISIVE_HEAD = "converged"
"""Head of the linear probe that decides."""

Cell = tuple[str, str, str]
"""(dataset, setting, metric) of a claim."""


@dataclass(frozen=True)
class StoredArm:
    """An arm with what is stored of it.

    Attributes
    ----------
    arm
        The arm.
    folders
        Prediction folders of the seeds at hand, in the order of `experiments.pair_seeds`.
    probes
        Folders of linear-probe scores, one per seed of `experiments.seeds`; empty where it was not probed.
    """

    arm: Arm
    folders: tuple[Path, ...]
    probes: tuple[Path, ...] = ()


def known_arms(settings: Settings) -> dict[str, Arm]:
    """Return every arm that the settings name, by name."""
    experiments = settings.experiments
    controls = (control_arm(name) for name in experiments.controls)
    arms = (*chosen_arms(experiments), *method_arms(experiments), *controls, *backbone_arms(experiments))
    return {arm.name: arm for arm in arms}


def pairs_of(claim: Claim, settings: Settings) -> list[tuple[str, str]]:
    """Return the (ours, reference) arm names of a claim; a trend pairs none."""
    if claim.backbones:
        labels = settings.experiments.backbones
        return [(f"{MAIN_ARM}_{label}", f"start_{label}") for label in labels]
    return [(ours, reference) for ours in claim.ours for reference in claim.references]


def stored_arms(study: Study, settings: Settings, corpora: Corpora) -> dict[str, StoredArm]:
    """Return the arms of which the study has predictions, by name, with the folders of their seeds."""
    arms, _ = available_arms(known_arms(settings).values(), study, corpora)
    found = {}
    for arm in arms:
        if not gaze_data_folder(corpora, arm).is_dir():
            continue
        folders: list[Path] = []
        for seed in settings.experiments.pair_seeds:
            folder = study.folder("predictions") / arm_job(study, settings, corpora, arm, seed).run_id
            if not is_evaluated(folder, corpora.evaluation):
                break
            folders.append(folder)
        if folders:
            probes = _probes(study, settings, corpora, arm) if _is_probed(arm, folders, settings) else ()
            found[arm.name] = StoredArm(arm, tuple(folders), probes)
    return found


def _is_probed(arm: Arm, folders: list[Path], settings: Settings) -> bool:
    return arm.name in ("start", MAIN_ARM, REFERENCE_ARM) and len(folders) >= len(settings.experiments.seeds)


def _probes(study: Study, settings: Settings, corpora: Corpora, arm: Arm) -> tuple[Path, ...]:
    scores = tuple(job.scores for job in probe_jobs(study, settings, corpora, [arm])[arm.label])
    return scores if all(folder.is_dir() for folder in scores) else ()


def power_of_main_pair(arms: Mapping[str, StoredArm], evaluation: EvaluationSettings) -> str:
    """Say which effects the seeds of EGMA against continued training without gaze can show.

    Parameters
    ----------
    arms
        From `stored_arms`; the pair has the seeds of `experiments.pair_seeds` that were trained.
    evaluation
        Bootstrap size and seed.
    """
    if not {MAIN_ARM, REFERENCE_ARM} <= arms.keys():
        return "The main pair has not been trained: no statement about power."
    ours, reference = (measure_arm(arms[name].folders, evaluation) for name in (MAIN_ARM, REFERENCE_ARM))
    label, reference_label = (arms[name].arm.label for name in (MAIN_ARM, REFERENCE_ARM))
    rows = comparison_rows(ours, reference, label, reference_label, "main pair")
    return power_statement(pd.DataFrame(rows))


class ClaimMeasurements:
    """Measures arms when a claim asks, each once."""

    def __init__(self, arms: Mapping[str, StoredArm], settings: Settings) -> None:
        self._arms = arms
        self._settings = settings
        self._known: dict[tuple[str, str, str], dict[Cell, Measured]] = {}
        self._measure: Mapping[str, Callable[[StoredArm, str], dict[Cell, Measured]]] = {
            "zero_shot": self._zero_shot,
            "ablation": self._ablation,
            "retrieval": self._retrieval,
            "linear_probe": self._linear_probe,
            "grounding": self._grounding,
        }

    def label(self, name: str) -> str:
        """Return the label of an arm, or its name where nothing is stored of it."""
        return self._arms[name].arm.label if name in self._arms else name

    def find(self, measured: str, name: str, cell: Cell) -> Measured | None:
        """Return what was measured of an arm, None where nothing is stored of it there.

        Parameters
        ----------
        measured
            Kind of measurement, as `Claim.measured`.
        name
            Arm.
        cell
            (dataset, setting, metric) of the claim.
        """
        if name not in self._arms:
            return None
        key = (measured, name, cell[0])
        if key not in self._known:
            self._known[key] = self._measure[measured](self._arms[name], cell[0])
        return self._known[key].get(cell)

    def _zero_shot(self, stored: StoredArm, dataset: str) -> dict[Cell, Measured]:
        return self._scored(stored, dataset, stored.arm.trained_score)

    def _ablation(self, stored: StoredArm, dataset: str) -> dict[Cell, Measured]:
        return self._scored(stored, dataset, "fine_grained")

    def _scored(self, stored: StoredArm, dataset: str, score: str) -> dict[Cell, Measured]:
        evaluation, found = self._settings.evaluation, {}
        if dataset in measured_sets(stored.folders) and score in stored_scores(stored.folders[0], dataset):
            values = measure_classification(stored.folders, dataset, score, evaluation)
            found = {(dataset, "", metric): one for metric, one in values.items()}
        if has_predictions(stored.folders, f"{dataset}_pointing"):
            hits = measure_pointing(stored.folders, dataset, evaluation)
            found[dataset, "", "pointing_hit"] = hits["hit"]
        return found

    def _retrieval(self, stored: StoredArm, dataset: str) -> dict[Cell, Measured]:
        if not has_predictions(stored.folders, dataset):
            return {}
        values = measure_retrieval(stored.folders, stored.arm.trained_score, self._settings.evaluation)
        return {(dataset, direction, metric): one for (direction, metric), one in values.items()}

    def _linear_probe(self, stored: StoredArm, dataset: str) -> dict[Cell, Measured]:
        if not stored.probes or not has_predictions(stored.probes, dataset):
            return {}
        values = measure_probe(stored.probes, dataset, self._settings.probe, self._settings.evaluation)
        return {
            (dataset, share, "auroc"): one.per_seed()
            for (head, share, class_name), one in values.items()
            if head == DECISIVE_HEAD and class_name == ""
        }

    def _grounding(self, stored: StoredArm, dataset: str) -> dict[Cell, Measured]:
        scored = [
            folder
            for folder in stored.folders
            if all(has_predictions([folder], name) for name in (REGION_TABLE, GAZE_TABLE))
        ]
        if not scored:
            return {}
        return dict(measure_grounding(scored, self._settings.evaluation))
