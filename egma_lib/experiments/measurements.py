"""From stored per-case scores to the long rows that every table is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from egma_lib.errors import ArtefactError
from egma_lib.evaluation.evaluation_sets import CLASS_ORDERS
from egma_lib.evaluation.metrics import bootstrap_weights, classification_metrics, percentile_interval
from egma_lib.evaluation.predictions import has_predictions, read_predictions, scores_of
from egma_lib.evaluation.trivial import majority_metrics, random_metrics
from egma_lib.experiments.seed_statistics import seed_spread
from egma_lib.experiments.two_way_effects import paired_effect
from egma_lib.settings import EvaluationSettings

COLUMNS = (
    "study", "dataset", "method", "setting", "metric", "value", "ci_low", "ci_high", "sd", "n_cases",
    "n_seeds", "kind", "source", "comparison", "smallest_effect",
)  # fmt: skip
"""Columns of every long table: the contract's, then what a paired comparison adds."""

CLASSIFICATION_SETS = ("chexpert_5x200", "rsna", "siim")


@dataclass(frozen=True)
class Measured:
    """A metric of one method on one set: one value per seed, and per seed its bootstrap resamples.

    Attributes
    ----------
    per_seed
        Shape (n_seeds,), percent.
    resampled
        Shape (n_seeds, n_resamples), percent; resample b draws the same patients for every seed and method.
    n_cases
        Cases behind each value.
    """

    per_seed: np.ndarray
    resampled: np.ndarray
    n_cases: int

    def row(self, **names: Any) -> dict[str, Any]:
        """Return a long row: mean over seeds, 95 % interval over patients, spread over seeds."""
        interval = percentile_interval(float(self.per_seed.mean()), self.resampled.mean(axis=0))
        return {
            "value": interval.value,
            "ci_low": interval.low,
            "ci_high": interval.high,
            "sd": seed_spread(self.per_seed),
            "n_cases": self.n_cases,
            "n_seeds": len(self.per_seed),
            "kind": "measured",
            "source": "this run",
            "comparison": "",
            "smallest_effect": np.nan,
            **names,
        }

    def difference_row(self, reference: Measured, reference_label: str, **names: Any) -> dict[str, Any]:
        """Return a long row of the paired difference to a reference method, interval over seeds and patients.

        Where one has more seeds than the other, its first ones are paired. Beside `COLUMNS` the row has
        `standard_error` and the two-sided `p_value`; see `two_way_effects`.

        Raises
        ------
        ArtefactError
            The two were resampled differently.
        """
        paired = paired_effect(self, reference)
        return {
            "value": paired.value,
            "ci_low": paired.low,
            "ci_high": paired.high,
            "sd": paired.sd,
            "n_cases": paired.n_cases,
            "n_seeds": paired.n_seeds,
            "kind": "measured",
            "source": "this run",
            "comparison": f"minus {reference_label}",
            "smallest_effect": paired.smallest_effect,
            "standard_error": paired.standard_error,
            "p_value": paired.p_value,
            **names,
        }


def measured_sets(folders: Sequence[Path]) -> tuple[str, ...]:
    """Return those of `CLASSIFICATION_SETS` that every prediction folder holds; a study may lack others."""
    return tuple(name for name in CLASSIFICATION_SETS if has_predictions(folders, name))


def weights_for(predictions: pd.DataFrame, settings: EvaluationSettings) -> np.ndarray:
    """Return case weights: row 0 counts every case once, the others are patient resamples.

    The array is shared by all tables of the same patients, and read-only.
    """
    patients = tuple(map(str, predictions["patient_id"]))
    return _drawn_weights(patients, settings.bootstrap, settings.seed)


@lru_cache(maxsize=8)
def _drawn_weights(patients: tuple[str, ...], n_resamples: int, seed: int) -> np.ndarray:
    # Eight: the tables of one run, which the next run asks for again.
    drawn = bootstrap_weights(np.array(patients), n_resamples, np.random.default_rng(seed))
    weights = np.concatenate([np.ones((1, len(patients)), np.float32), drawn])
    weights.setflags(write=False)
    return weights


def measure(
    folders: Sequence[Path],
    name: str,
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
    settings
        Bootstrap size and seed.
    metrics
        Gives each metric for every row of weights, shape (1 + n_resamples,), in 0-1.

    Raises
    ------
    ArtefactError
        A table is missing, or the seeds were not evaluated on the same cases.
    """
    tables = [read_predictions(folder, name) for folder in folders]
    for folder, table in zip(folders, tables, strict=True):
        if not table["case_id"].equals(tables[0]["case_id"]):
            raise ArtefactError(
                f"{folder}: {name} holds other cases than {folders[0]}; evaluate both on the same test sets"
            )
    per_seed = [metrics(table, weights_for(table, settings)) for table in tables]
    return {
        metric: Measured(
            100 * np.array([values[metric][0] for values in per_seed]),
            100 * np.stack([values[metric][1:] for values in per_seed]),
            len(tables[0]),
        )
        for metric in per_seed[0]
    }


def measure_classification(
    folders: Sequence[Path], name: str, score: str, settings: EvaluationSettings
) -> dict[str, Measured]:
    """Accuracy, macro F1, balanced accuracy and AUROC of one score on one labelled set."""
    classes = CLASS_ORDERS[name]

    def metrics(table: pd.DataFrame, weights: np.ndarray) -> dict[str, np.ndarray]:
        return classification_metrics(table["label"].to_numpy(), scores_of(table, score, classes), weights)

    return measure(folders, name, settings, metrics)


def measure_pointing(folders: Sequence[Path], name: str, settings: EvaluationSettings) -> dict[str, Measured]:
    """Pointing hit on side-free prompts and its chance level, per region of the set."""

    def metrics(table: pd.DataFrame, weights: np.ndarray) -> dict[str, np.ndarray]:
        total = weights.sum(axis=1)
        return {
            column: weights @ table[column].to_numpy(dtype=np.float32) / total for column in ("hit", "chance")
        }

    return measure(folders, f"{name}_pointing", settings, metrics)


def measure_shortcut_gap(folders: Sequence[Path], score: str, settings: EvaluationSettings) -> Measured:
    """Accuracy on the marked copies of 5x200 cases minus accuracy on the mark-free originals."""
    classes = CLASS_ORDERS["chexpert_5x200"]
    per_seed, resampled, n_cases = [], [], 0
    for folder in folders:
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
        values = weights @ gain / weights.sum(axis=1)
        per_seed.append(values[0])
        resampled.append(values[1:])
        n_cases = len(marked)
    return Measured(100 * np.array(per_seed), 100 * np.stack(resampled), n_cases)


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


def long_table(rows: Sequence[dict[str, Any]], study: str) -> pd.DataFrame:
    """Return rows as a table with `COLUMNS`, each carrying the study's name."""
    table = pd.DataFrame(list(rows))
    table["study"] = study
    return table[list(COLUMNS)]
