"""The effect of gaze at more than one strength of the confounder, and whether the strength changes it.

At each strength every share of gaze is compared with no gaze, seed by seed. The interaction is the difference
between two strengths of the effect of all gaze.

The strengths are no independent samples. The built-in studies differ by `phantom.confounder_strength`
alone, and every case is drawn from seed, corpus and index (`plan_case`): reports, gaze and test films are
the same, and some training films carry another mark or none. At every strength seed s begins with the same
random weights and draws the same batches and the same subset of the readings. The interaction is therefore
paired as the effects are: effect minus effect, seed by seed, with patients resampled alike. Adding up the
squared standard errors of the two effects (Welch) would take the strengths for independent and leave out
their covariance, so that the interval would be too wide where it is positive and too narrow where it is
negative. Pairing is right even where seeds have nothing in common but their number; it then only costs
degrees of freedom.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from egma_lib.errors import ArtefactError
from egma_lib.evaluation.predictions import has_predictions, read_predictions
from egma_lib.experiments.arm_measurements import POINTING_SETS, ArmFolders, Measurements, measure_arms
from egma_lib.experiments.arms import REFERENCE_ARM, Arm
from egma_lib.experiments.measurements import CLASSIFICATION_SETS, Measured
from egma_lib.experiments.verdicts import (
    OUTCOMES,
    Outcome,
    compared_outcomes,
    comparison_row,
    comparison_rows,
    short_verdict,
    verdict,
    with_adjusted_p,
)
from egma_lib.settings import EvaluationSettings

ALL_GAZE = "egma"
"""The arm whose effect is compared between the strengths."""
BY_STRENGTH = "effect of gaze by confounder"
BETWEEN = "effect of gaze between confounders"

Crossed = Mapping[float, ArmFolders]
"""Strength of the confounder to its arms; the same arms and seeds at each."""
MeasuredArms = Mapping[str, Measurements]
"""Arm name to what was measured."""

_PHRASES = {outcome.key: outcome.phrase for outcome in OUTCOMES}
_STORED = (*CLASSIFICATION_SETS, "chexpert_5x200_marked", *(f"{name}_pointing" for name in POINTING_SETS))


def strength_label(strength: float) -> str:
    """Return how rows name a strength."""
    return f"confounder {strength:g}"


def measure_crossing(crossed: Crossed, settings: EvaluationSettings) -> dict[float, dict[str, Measurements]]:
    """Measure every arm at every strength.

    Parameters
    ----------
    crossed
        Prediction folders.
    settings
        Bootstrap size and seed.

    Returns
    -------
    dict
        Strength to arm name to `measure_arm`.

    Raises
    ------
    ArtefactError
        The strengths were not evaluated on the same cases.
    """
    _require_same_cases([arms[0][1][0] for arms in crossed.values()])
    return {strength: measure_arms(arms, settings) for strength, arms in crossed.items()}


def _require_same_cases(folders: Sequence[Path]) -> None:
    for name in _STORED:
        holding = [folder for folder in folders if has_predictions([folder], name)]
        cases = [read_predictions(folder, name)["case_id"] for folder in holding]
        for folder, found in zip(holding, cases, strict=True):
            if not found.equals(cases[0]):
                raise ArtefactError(
                    f"{folder}: {name} holds other cases than {holding[0]}; strengths of the confounder are "
                    "compared on the same test sets"
                )


def value_rows(arms: Sequence[Arm], measured: Mapping[float, MeasuredArms]) -> list[dict[str, Any]]:
    """Return the long rows of what verdicts are given on, of every arm; `setting` names the strength."""
    judged = {(outcome.dataset, outcome.score, outcome.metric) for outcome in OUTCOMES}
    return [
        found.row(dataset=key[0], method=arm.label, setting=strength_label(strength), metric=key[2])
        for strength, by_arm in measured.items()
        for arm in arms
        for key, found in by_arm[arm.name].items()
        if key in judged
    ]


def effect_rows(arms: Sequence[Arm], measured: Mapping[float, MeasuredArms]) -> pd.DataFrame:
    """Compare every share of gaze with no gaze, at every strength.

    Parameters
    ----------
    arms
        The reference arm and those with gaze.
    measured
        Of every strength, by arm name.

    Returns
    -------
    pandas.DataFrame
        Comparison rows with `p_adjusted` and `verdict`; `setting` names the strength. A family of Holm's
        correction holds all shares, strengths and sets of a group of outcomes.
    """
    labels = {arm.name: arm.label for arm in arms}
    rows = [
        row | {"setting": strength_label(strength)}
        for strength, by_arm in measured.items()
        for name, label in labels.items()
        if name != REFERENCE_ARM
        for row in comparison_rows(
            by_arm[name], by_arm[REFERENCE_ARM], label, labels[REFERENCE_ARM], BY_STRENGTH
        )
    ]
    judged = with_adjusted_p(pd.DataFrame(rows))
    said = [f"{row['setting']}: {verdict(row)}" for _, row in judged.iterrows()]
    return judged.assign(verdict=said)


def interaction_rows(arms: Sequence[Arm], measured: Mapping[float, MeasuredArms]) -> pd.DataFrame:
    """Compare the effect of all gaze at the first strength with its effect at each other one.

    Parameters
    ----------
    arms, measured
        As for `effect_rows`, at least two strengths.

    Returns
    -------
    pandas.DataFrame
        Rows as of `effect_rows`; `setting` names the first strength and `comparison` the other. A family
        holds the sets of a group of outcomes.
    """
    label = next(arm.label for arm in arms if arm.name == ALL_GAZE)
    (first, at_first), *others = measured.items()
    effects = _effects(at_first)
    rows = [
        comparison_row(
            outcome,
            effects[outcome],
            effect,
            f"effect of {label}",
            f"that at {strength_label(strength)}",
            BETWEEN,
        )
        | {"setting": strength_label(first)}
        for strength, by_arm in others
        for outcome, effect in _effects(by_arm).items()
        if outcome in effects
    ]
    judged = with_adjusted_p(pd.DataFrame(rows))
    return judged.assign(verdict=[_interaction_verdict(row) for _, row in judged.iterrows()])


def _effects(by_arm: MeasuredArms) -> dict[Outcome, Measured]:
    """Return the effect of all gaze on each outcome, by seed and by resample of patients."""
    effects = {}
    for outcome, ours, reference in compared_outcomes(by_arm[ALL_GAZE], by_arm[REFERENCE_ARM]):
        n_seeds = min(len(ours.per_seed), len(reference.per_seed))
        effects[outcome] = replace(
            ours,
            per_seed=ours.per_seed[:n_seeds] - reference.per_seed[:n_seeds],
            resampled=ours.resampled[:n_seeds] - reference.resampled[:n_seeds],
        )
    return effects


def _interaction_verdict(row: pd.Series) -> str:
    what = f"{row['method']} on {_PHRASES[row['dataset'], row['metric']]}"
    here, there = row["setting"], row["comparison"].removeprefix("minus that at ")
    short = short_verdict(row)
    if not short.startswith(("better", "worse")):
        return f"{what} at {here} against {there}: {short}"
    word, size = short.split(" by ", 1)
    return f"{what} is {word} at {here} than at {there} by {size}"
