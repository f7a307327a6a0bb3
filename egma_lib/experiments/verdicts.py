"""Verdicts in words: paired by seed and patient, corrected over families, one-sided on the null study."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from egma_lib.experiments.measurements import Measured
from egma_lib.experiments.paired_tests import holm, one_sided_bound, one_sided_p
from egma_lib.experiments.two_way_effects import missing_spread

ALPHA = 0.05
GAP_SIZE = "shortcut_gap_size"
"""Distance of the shortcut gap from 0, which is best: a gap of either sign is a shortcut."""
NO_DIFFERENCE = "no difference seen"
NO_BENEFIT = "no benefit seen"
NO_STATEMENT = "no statement"
"""Ends the verdict on an effect without spread over seeds; what is missing stands before it."""
NO_POWER = "One seed, or no spread over seeds: no statement about differences can be made."

Measurements = Mapping[tuple[str, str, str], Measured]
"""(dataset, score, metric) to what was measured."""


@dataclass(frozen=True)
class Outcome:
    """One thing that verdicts are given on.

    Attributes
    ----------
    group
        Verdicts are given, and corrected, apart for each group.
    dataset, score, metric
        Key of what is measured.
    phrase
        Where it is, in words.
    smaller_is_better
        True for the shortcut gap.
    """

    group: str
    dataset: str
    score: str
    metric: str
    phrase: str
    smaller_is_better: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """Data set and metric of its comparison rows."""
        return self.dataset, GAP_SIZE if self.smaller_is_better else self.metric


_SETS = (("chexpert_5x200", "the mark-free test"), ("rsna", "RSNA"), ("siim", "SIIM"))
OUTCOMES = (
    *(Outcome("accuracy", name, "fine_grained", "accuracy", f"{where} (accuracy)") for name, where in _SETS),
    *(Outcome("AUROC", name, "fine_grained", "auroc", f"{where} (AUROC)") for name, where in _SETS),
    *(
        Outcome("localisation", name, "similarity", "pointing_hit", f"{where} (pointing)")
        for name, where in _SETS[1:]
    ),
    Outcome("shortcut gap", "chexpert_5x200", "fine_grained", "shortcut_gap", "the shortcut gap", True),
)
_OUTCOME_OF = {outcome.key: outcome for outcome in OUTCOMES}


def comparison_rows(
    ours: Measurements, reference: Measurements, label: str, reference_label: str, question: str
) -> list[dict[str, Any]]:
    """Compare two arms on every outcome that both were measured on, paired by seeds and patients.

    Parameters
    ----------
    ours, reference
        What was measured of the same cases, seeds in the same order. Where one arm has more seeds, the first
        ones are paired.
    label, reference_label
        Names of the arms.
    question
        What the comparison belongs to; with the outcome's group it names the family of the correction.

    Returns
    -------
    list of dict
        Long rows with `comparison`, `family`, `standard_error` over seeds and patients, and the two-sided
        `p_value` (NaN where there is no spread over seeds, as with one seed); the shortcut gap is compared by
        its distance from 0.
    """
    return [
        comparison_row(outcome, a, b, label, reference_label, question)
        for outcome, a, b in compared_outcomes(ours, reference)
    ]


def compared_outcomes(
    ours: Measurements, reference: Measurements
) -> Iterator[tuple[Outcome, Measured, Measured]]:
    """Yield every outcome that both arms were measured on, and what is compared of each arm.

    A shortcut gap is turned into its distance from 0.
    """
    for outcome in OUTCOMES:
        key = (outcome.dataset, outcome.score, outcome.metric)
        if key in ours and key in reference:
            yield outcome, _compared(ours[key], outcome), _compared(reference[key], outcome)


def comparison_row(
    outcome: Outcome, ours: Measured, reference: Measured, label: str, reference_label: str, question: str
) -> dict[str, Any]:
    """Return the row of `comparison_rows` of one outcome, from what is compared of each arm."""
    dataset, metric = outcome.key
    row = ours.difference_row(
        reference, reference_label, dataset=dataset, method=label, setting=outcome.score, metric=metric
    )
    return row | {"family": f"{question}: {outcome.group}"}


def _compared(measured: Measured, outcome: Outcome) -> Measured:
    if not outcome.smaller_is_better:
        return measured
    return replace(measured, per_seed=np.abs(measured.per_seed), resampled=np.abs(measured.resampled))


def with_verdicts(rows: pd.DataFrame) -> pd.DataFrame:
    """Add `p_adjusted` (Holm, within each `family`) and a two-sided `verdict` to comparison rows."""
    judged = with_adjusted_p(rows)
    return judged.assign(verdict=[verdict(row) for _, row in judged.iterrows()])


def with_adjusted_p(rows: pd.DataFrame) -> pd.DataFrame:
    """Add `p_adjusted` (Holm, within each `family`) to comparison rows."""
    return rows.assign(p_adjusted=_holm_by_family(rows["family"], rows["p_value"]))


def _holm_by_family(family: pd.Series, p_values: pd.Series) -> np.ndarray:
    adjusted = np.full(len(p_values), np.nan)
    for rows in family.groupby(family.to_numpy()).indices.values():
        adjusted[rows] = holm(p_values.to_numpy(dtype=float)[rows])
    return adjusted


def verdict(row: pd.Series) -> str:
    """Say in words what a comparison row shows, two-sided.

    Parameters
    ----------
    row
        Comparison row with `p_adjusted`.
    """
    outcome, ours = _OUTCOME_OF[row["dataset"], row["metric"]], row["method"]
    reference = row["comparison"].removeprefix("minus ")
    short = short_verdict(row)
    if short.startswith(NO_DIFFERENCE) or short.endswith(NO_STATEMENT):
        return f"{ours} against {reference} on {outcome.phrase}: {short}"
    size = short.split(" by ", 1)[1]
    if short.startswith("better"):
        return f"{ours} beats {reference} on {outcome.phrase} by {size}"
    return f"{ours} is worse than {reference} on {outcome.phrase} by {size}"


def short_verdict(row: pd.Series) -> str:
    """Return `better by x [low, high]`, `worse by x [low, high]` or `no difference seen, x [low, high]`.

    The size is a gain: for the shortcut gap, how much smaller it is. The interval is the 95 % one without
    correction. Without spread over seeds it is `no spread over seeds, no statement`.
    """
    if not np.isfinite(row["p_adjusted"]):
        return _no_statement(row)
    gain, low, high = _gain(row)
    if row["p_adjusted"] >= ALPHA:
        return f"{NO_DIFFERENCE}, {gain:+.1f} [{low:.1f}, {high:.1f}]"
    if gain > 0:
        return f"better by {gain:.1f} [{low:.1f}, {high:.1f}]"
    return f"worse by {-gain:.1f} [{-high:.1f}, {-low:.1f}]"


def _no_statement(row: pd.Series) -> str:
    return f"{missing_spread(row['n_seeds'], row['sd'])}, {NO_STATEMENT}"


def _gain(row: pd.Series) -> tuple[float, float, float]:
    if _OUTCOME_OF[row["dataset"], row["metric"]].smaller_is_better:
        return -row["value"], -row["ci_high"], -row["ci_low"]
    return row["value"], row["ci_low"], row["ci_high"]


def with_one_sided_verdicts(rows: pd.DataFrame) -> pd.DataFrame:
    """Judge comparison rows by the alternative "helps" alone.

    For a study in which gaze tells nothing: wrong gaze may harm, it must not be said to help.

    Parameters
    ----------
    rows
        Comparison rows with `family`, of OUTCOMES.

    Returns
    -------
    pandas.DataFrame
        The rows with `gain` (positive is better), `gain_low` (one-sided 95 % bound), `p_one_sided`,
        `p_adjusted` (Holm within each family) and `verdict`.
    """
    gains = np.array([_gain(row)[0] for _, row in rows.iterrows()], dtype=float)
    errors, n_seeds = rows["standard_error"].to_numpy(dtype=float), rows["n_seeds"].to_numpy(dtype=int)
    measured = list(zip(gains.tolist(), errors.tolist(), n_seeds.tolist(), strict=True))
    p_values = pd.Series([one_sided_p(*one) for one in measured], index=rows.index, dtype=float)
    judged = rows.assign(
        gain=gains,
        gain_low=[one_sided_bound(*one, level=1 - ALPHA) for one in measured],
        p_one_sided=p_values,
        p_adjusted=_holm_by_family(rows["family"], p_values),
    )
    return judged.assign(verdict=[_one_sided(row) for _, row in judged.iterrows()])


def _one_sided(row: pd.Series) -> str:
    if not np.isfinite(row["p_adjusted"]):
        return _no_statement(row)
    if row["p_adjusted"] >= ALPHA:
        return f"{NO_BENEFIT}, {row['gain']:+.1f}"
    return f"helps by {row['gain']:.1f}, at least {row['gain_low']:.1f}"


def power_statement(rows: pd.DataFrame) -> str:
    """Say what effects comparison rows can show: the smallest one seen with 80 % power each.

    Parameters
    ----------
    rows
        Comparison rows of one pair of arms.
    """
    known = rows[np.isfinite(rows["smallest_effect"].astype(float))]
    if known.empty:
        return NO_POWER
    parts = [
        f"{_OUTCOME_OF[dataset, metric].phrase} {effect:.1f}"
        for dataset, metric, effect in zip(
            known["dataset"], known["metric"], known["smallest_effect"], strict=True
        )
    ]
    first = known.iloc[0]
    return (
        f"{first['method']} {first['comparison']}: with {int(first['n_seeds'])} seeds, and the spread over "
        "seeds and patients, a paired t test at 5 % (before correction) finds, with 80 % power, true "
        f"differences of (points): {', '.join(parts)}."
    )
