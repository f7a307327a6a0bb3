"""Metrics of runs from their stored per-case scores, for every seed and every resample of patients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from egma_lib.artefacts import content_hash
from egma_lib.errors import ArtefactError
from egma_lib.evaluation.evaluation_sets import CLASS_ORDERS
from egma_lib.evaluation.metrics import classification_metrics
from egma_lib.evaluation.predictions import read_predictions, scores_of
from egma_lib.evaluation.trivial import majority_metrics, random_metrics
from egma_lib.experiments.measurements import Measured, weights_for
from egma_lib.experiments.stored_metrics import stored_metrics
from egma_lib.settings import EvaluationSettings

_CASES, _N_CASES = "hash of the cases", "n_cases"


def measure(
    folders: Sequence[Path],
    name: str,
    what: str,
    settings: EvaluationSettings,
    metrics: Callable[[pd.DataFrame, np.ndarray], dict[str, np.ndarray]],
) -> dict[str, Measured]:
    """Apply `metrics(predictions, weights)` to the stored table `name` of every seed.

    Parameters
    ----------
    folders
        Prediction folders, one per seed.
    name
        Stored table, such as `rsna` or `rsna_pointing`.
    what
        What `metrics` computes, such as the score; names what is kept of it beside the table.
    settings
        Bootstrap size and seed.
    metrics
        Gives each metric for every row of weights, shape (1 + n_resamples,), in 0-1.

    Raises
    ------
    ArtefactError
        A table is missing, or the seeds were not evaluated on the same cases.
    """
    per_seed = [_metrics_of(folder, name, what, settings, metrics) for folder in folders]
    for folder, values in zip(folders, per_seed, strict=True):
        if values[_CASES] != per_seed[0][_CASES]:
            raise ArtefactError(
                f"{folder}: {name} holds other cases than {folders[0]}; evaluate both on the same test sets"
            )
    n_cases = int(per_seed[0][_N_CASES])
    return {
        metric: Measured(
            100 * np.array([values[metric][0] for values in per_seed]),
            100 * np.stack([values[metric][1:] for values in per_seed]),
            n_cases,
        )
        for metric in per_seed[0]
        if metric not in (_CASES, _N_CASES)
    }


def _metrics_of(
    folder: Path,
    name: str,
    what: str,
    settings: EvaluationSettings,
    metrics: Callable[[pd.DataFrame, np.ndarray], dict[str, np.ndarray]],
) -> dict[str, np.ndarray]:
    """Return the metrics of one run, and which cases they are of."""

    def compute() -> dict[str, np.ndarray]:
        table = read_predictions(folder, name)
        cases = {_CASES: np.array(content_hash(list(table["case_id"]))), _N_CASES: np.array(len(table))}
        return cases | metrics(table, weights_for(table, settings))

    return stored_metrics(f"{name}-{what}", folder, [name], settings, compute)


def measure_classification(
    folders: Sequence[Path], name: str, score: str, settings: EvaluationSettings
) -> dict[str, Measured]:
    """Accuracy, macro F1, balanced accuracy and AUROC of one score on one labelled set."""
    classes = CLASS_ORDERS[name]

    def metrics(table: pd.DataFrame, weights: np.ndarray) -> dict[str, np.ndarray]:
        return classification_metrics(table["label"].to_numpy(), scores_of(table, score, classes), weights)

    return measure(folders, name, score, settings, metrics)


def measure_pointing(folders: Sequence[Path], name: str, settings: EvaluationSettings) -> dict[str, Measured]:
    """Pointing hit on side-free prompts and its chance level, per region of the set."""

    def metrics(table: pd.DataFrame, weights: np.ndarray) -> dict[str, np.ndarray]:
        total = weights.sum(axis=1)
        return {
            column: weights @ table[column].to_numpy(dtype=np.float32) / total for column in ("hit", "chance")
        }

    return measure(folders, f"{name}_pointing", "hits", settings, metrics)


def measure_shortcut_gap(folders: Sequence[Path], score: str, settings: EvaluationSettings) -> Measured:
    """Accuracy on the marked copies of 5x200 cases minus accuracy on the mark-free originals."""
    per_seed = [_gap_of(folder, score, settings) for folder in folders]
    return Measured(
        100 * np.array([values["gap"][0] for values in per_seed]),
        100 * np.stack([values["gap"][1:] for values in per_seed]),
        int(per_seed[-1][_N_CASES]),
    )


def _gap_of(folder: Path, score: str, settings: EvaluationSettings) -> dict[str, np.ndarray]:
    classes = CLASS_ORDERS["chexpert_5x200"]

    def compute() -> dict[str, np.ndarray]:
        marked = read_predictions(folder, "chexpert_5x200_marked")
        plain = read_predictions(folder, "chexpert_5x200").set_index("case_id")
        unknown = sorted(set(marked["paired_case_id"]) - set(plain.index))
        if unknown:
            raise ArtefactError(
                f"{folder}: marked copies of {unknown[:3]}, which 5x200 does not hold; correct "
                "chexpert_5x200_marked.csv"
            )
        plain = plain.loc[marked["paired_case_id"]]
        gain = _correct(marked, score, classes) - _correct(plain, score, classes)
        weights = weights_for(marked, settings)
        return {"gap": weights @ gain / weights.sum(axis=1), _N_CASES: np.array(len(marked))}

    tables = ["chexpert_5x200_marked", "chexpert_5x200"]
    return stored_metrics(f"shortcut_gap-{score}", folder, tables, settings, compute)


def _correct(table: pd.DataFrame, score: str, classes: tuple[str, ...]) -> np.ndarray:
    called = scores_of(table, score, classes).argmax(axis=1)
    return (called == table["label"].to_numpy()).astype(np.float64)


def trivial_rows(folder: Path, name: str, settings: EvaluationSettings) -> list[dict[str, Any]]:
    """Return the rows of the majority-class and the random predictor on one labelled set.

    The random predictor is the mean over draws; its interval uses the first 200 resamples.
    """
    table = read_predictions(folder, name)
    labels, n_classes = table["label"].to_numpy(), len(CLASS_ORDERS[name])
    weights = weights_for(table, settings)
    rng = np.random.default_rng(settings.seed)
    predictors = {
        "majority class": majority_metrics(labels, n_classes, weights),
        "random": random_metrics(labels, n_classes, weights[: min(len(weights), 201)], rng),
    }
    rows = []
    for label, values in predictors.items():
        for metric, value in values.items():
            measured = Measured(100 * value[:1], 100 * value[None, 1:], len(table))
            rows.append(
                measured.row(dataset=name, method=label, setting="", metric=metric)
                | {"kind": "trivial", "n_seeds": 0}
            )
    return rows


def pointing_chance_row(folder: Path, name: str, settings: EvaluationSettings) -> dict[str, Any]:
    """Return the row of pointing at a random patch of every region of one set."""
    chance = measure_pointing([folder], name, settings)["chance"]
    return chance.row(dataset=name, method="random", setting="similarity", metric="pointing_hit") | {
        "kind": "trivial",
        "n_seeds": 0,
    }
