"""Table `controls`: whether it is the gaze that helps, or any heatmap would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from egma_lib.errors import SettingsError
from egma_lib.experiments.arm_measurements import (
    ArmFolders,
    Measurements,
    arm_trivial_rows,
    rows_of_arm,
)
from egma_lib.experiments.arms import REFERENCE_ARM, Arm
from egma_lib.experiments.measurements import CLASSIFICATION_SETS, COLUMNS, long_table
from egma_lib.experiments.verdicts import (
    OUTCOMES,
    comparison_rows,
    power_statement,
    with_verdicts,
)
from egma_lib.report.blocks import NOT_AVAILABLE, Block, pivot
from egma_lib.report.comparison_blocks import beside_counts, counts_note
from egma_lib.report.controls_beside import AGAINST, NOTHING, BesideControls, blocks_beside
from egma_lib.report.table_files import REPORTED_COLUMNS, Table
from egma_lib.report.verdict_cells import verdict_cells
from egma_lib.settings import EvaluationSettings

MEASURED_ARM = "egma"
"""The arm with gaze as measured, which every control is compared with."""
SHUFFLED = "shuffled"
"""The control that the verdicts in words are given against, beside no gaze."""
CONTROL_COLUMNS = (*COLUMNS, "standard_error", "family", "p_value", "p_adjusted", "verdict")
EFFECT = "effect of gaze"
OTHER_EFFECT = "effect of other heatmaps"
_SHOWN = tuple((outcome.dataset, outcome.metric) for outcome in OUTCOMES)


def table_controls(
    arms: ArmFolders,
    measured: dict[str, Measurements],
    settings: EvaluationSettings,
    study: str,
    beside: BesideControls = NOTHING,
) -> Table:
    """Compare gaze as measured with no gaze and with every control, with verdicts.

    Parameters
    ----------
    arms
        The reference arm, the arm with measured gaze, and the controls, each with a folder per seed.
    measured
        `measure_arm` of each, by arm name.
    settings
        Bootstrap size and seed.
    study
        Study name.
    beside
        What else there is.

    Raises
    ------
    SettingsError
        The arms lack the reference arm or the one with measured gaze.
    """
    by_name = _named_arms(arms)
    compared = with_verdicts(pd.DataFrame(_comparisons(by_name, measured)))
    plain = [row for arm, _ in arms for row in rows_of_arm(arm.label, measured[arm.name])]
    shown = [*plain, *arm_trivial_rows(arms[0][1][0], settings), *beside.prior]
    long = _long_rows([*shown, *beside.lag, *beside.likeness], compared, study)
    blocks = (
        _values_block(long_table(shown, study), beside.unavailable, counts_note(arms, settings)),
        _words_block(compared, by_name),
        *_verdict_blocks(compared, by_name),
        *blocks_beside(beside),
    )
    return Table("controls", "Controls of the gaze claim", long, blocks, _nothing_reported())


def _named_arms(arms: ArmFolders) -> dict[str, Arm]:
    by_name = {arm.name: arm for arm, _ in arms}
    lacking = [name for name in (REFERENCE_ARM, MEASURED_ARM) if name not in by_name]
    if lacking:
        raise SettingsError(f"the table of controls needs the arm {lacking[0]!r}; add it to experiments.arms")
    return by_name


def _long_rows(rows: Sequence[dict[str, Any]], compared: pd.DataFrame, study: str) -> pd.DataFrame:
    long = pd.concat([long_table(rows, study), compared.assign(study=study)], ignore_index=True)
    long = long.reindex(columns=list(CONTROL_COLUMNS))
    return long.assign(**{name: long[name].fillna("") for name in ("verdict", "family")})


def _comparisons(arms: Mapping[str, Arm], measured: Mapping[str, Measurements]) -> list[dict[str, Any]]:
    reference, ours = arms[REFERENCE_ARM], arms[MEASURED_ARM]
    rows: list[dict[str, Any]] = []
    for name, arm in arms.items():
        if name != REFERENCE_ARM:
            question = EFFECT if name == MEASURED_ARM else OTHER_EFFECT
            rows += comparison_rows(
                measured[name], measured[REFERENCE_ARM], arm.label, reference.label, question
            )
    for name, arm in arms.items():
        if name not in (REFERENCE_ARM, MEASURED_ARM):
            rows += comparison_rows(measured[MEASURED_ARM], measured[name], ours.label, arm.label, AGAINST)
    return rows


def _values_block(rows: pd.DataFrame, unavailable: Mapping[str, str], note: str) -> Block:
    shown = rows[(rows["kind"] == "trivial") | rows["setting"].isin(["fine_grained", "similarity"])]
    absent = set(CLASSIFICATION_SETS) - set(rows["dataset"])
    cells = pivot(shown, _SHOWN, absent=absent)
    for label in unavailable:
        cells.loc[label] = NOT_AVAILABLE
    reasons = "".join(f" {label}: {reason}." for label, reason in unavailable.items())
    counts = f" {beside_counts(shown[shown['kind'] == 'measured'])}"
    return Block("Gaze as measured and its controls, fine-grained score", cells, note + counts + reasons)


def _words_block(compared: pd.DataFrame, arms: Mapping[str, Arm]) -> Block:
    ours, reference = arms[MEASURED_ARM], arms[REFERENCE_ARM]
    against = [reference, *(arm for arm in arms.values() if arm.gaze == SHUFFLED)]
    chosen = {arm.label: _pair(compared, ours.label, arm.label) for arm in against}
    outcomes = {outcome.key: outcome.phrase for outcome in OUTCOMES}
    cells = {
        f"against {label}": {
            outcomes[row["dataset"], row["metric"]]: row["verdict"] for _, row in rows.iterrows()
        }
        for label, rows in chosen.items()
    }
    frame = pd.DataFrame(cells).fillna("-")
    frame.index.name = "outcome"
    return Block(
        "Verdicts in words",
        frame,
        power_statement(chosen[reference.label])
        + " In a synthetic study these verdicts show a mechanism; they are no evidence about radiologists.",
    )


def _pair(compared: pd.DataFrame, label: str, reference: str) -> pd.DataFrame:
    mine = compared["method"] == label
    return compared[mine & (compared["comparison"] == f"minus {reference}")]


def _verdict_blocks(compared: pd.DataFrame, arms: Mapping[str, Arm]) -> list[Block]:
    reference, ours = arms[REFERENCE_ARM].label, arms[MEASURED_ARM].label
    is_against = compared["family"].str.startswith(AGAINST)
    of_effect, against = compared[~is_against], compared[is_against]
    blocks = [
        Block(f"Each arm against {reference}", verdict_cells(of_effect, "method"), _VERDICT_NOTE),
    ]
    if len(against):
        cells = verdict_cells(
            against.assign(control=against["comparison"].str.removeprefix("minus ")), "control"
        )
        blocks.append(Block(f"{ours} against each control", cells, _VERDICT_NOTE))
    return blocks


def _nothing_reported() -> pd.DataFrame:
    return pd.DataFrame(columns=list(REPORTED_COLUMNS))


_VERDICT_NOTE = (
    "Gain in points, mean over paired seeds [95 % interval over seeds and patients, not corrected]; better "
    "or worse only where p of the paired t test over seeds and patients (shown) is below .05 after Holm's "
    "correction; no statement without spread over seeds. Families: gaze as measured against no gaze; the "
    "controls against no gaze; gaze as measured against the controls; each for accuracy (3 sets), AUROC "
    "(3), localisation (2) and shortcut gap (1) apart. The shortcut gap is compared by its distance from 0. "
    "Wrong gaze can harm: beating shuffled gaze alone does not show that gaze helps."
)
