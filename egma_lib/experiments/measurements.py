"""What was measured of a method, over seeds and patients, and the long rows that every table is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from egma_lib.evaluation.metrics import bootstrap_weights, percentile_interval
from egma_lib.evaluation.predictions import has_predictions
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


def long_table(rows: Sequence[dict[str, Any]], study: str) -> pd.DataFrame:
    """Return rows as a table with `COLUMNS`, each carrying the study's name."""
    table = pd.DataFrame(list(rows))
    table["study"] = study
    return table[list(COLUMNS)]
