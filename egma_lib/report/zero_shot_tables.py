"""Tables 2 and 4: zero-shot classification of methods, and the ablation of modules and gaze quantity."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from egma_lib.errors import SettingsError
from egma_lib.experiments.arm_measurements import (
    ArmFolders,
    Measurements,
    arm_trivial_rows,
    difference_rows,
    rows_of_arm,
)
from egma_lib.experiments.arms import REFERENCE_ARM, Arm
from egma_lib.experiments.measurements import long_table
from egma_lib.report.blocks import Block, pivot
from egma_lib.report.comparison_blocks import (
    PAIRED,
    PAIRED_NOTE,
    absent_sets,
    beside_block,
    counts_note,
    main_block,
    score_block,
    smallest_effects,
)
from egma_lib.report.table_files import Table, read_reported
from egma_lib.settings import EvaluationSettings


def _decisive(rows: pd.DataFrame, arm: Arm, score: str) -> pd.DataFrame:
    mine = rows[rows["method"] == arm.label]
    return mine[mine["setting"].isin([score, "similarity"])]


def table_2(
    arms: ArmFolders,
    measured: dict[str, Measurements],
    settings: EvaluationSettings,
    study: str,
    reported: Path,
    prior: Sequence[dict[str, Any]] = (),
) -> Table:
    """Zero-shot classification: each method under the score that it trains.

    Parameters
    ----------
    arms
        The methods compared.
    measured
        `measure_arm` of each, by arm name.
    settings
        Bootstrap size and seed.
    study
        Study name.
    reported
        File of reported numbers.
    prior
        Long rows of the position prior, where pointing has one.
    """
    first = arms[0][1][0]
    rows = [row for arm, _ in arms for row in rows_of_arm(arm.label, measured[arm.name])]
    long = long_table([*rows, *arm_trivial_rows(first, settings), *prior], study)
    trivial = long[long["kind"] == "trivial"]
    decisive = pd.concat([_decisive(long, arm, arm.trained_score) for arm, _ in arms])
    main = pd.concat([decisive, trivial[trivial["metric"] != "pointing_hit"]])
    note = counts_note(arms, settings)
    trained = ", ".join(f"{arm.label}: {arm.trained_score}" for arm, _ in arms)
    blocks = (
        main_block("Zero-shot classification, each method under the score it trains", main, note),
        beside_block(decisive, trivial, f" Score: {trained}."),
        score_block(long),
    )
    return Table(
        "table_2_zero_shot", "Table 2: zero-shot classification", long, blocks, read_reported(reported, 2)
    )


def table_4(
    arms: ArmFolders,
    measured: dict[str, Measurements],
    settings: EvaluationSettings,
    study: str,
    reported: Path,
    prior: Sequence[dict[str, Any]] = (),
) -> Table:
    """Compare modules and gaze quantities under the fine-grained score, with paired differences to no gaze.

    Parameters are those of `table_2`.

    Raises
    ------
    SettingsError
        The arms lack the one that all are compared with.
    """
    reference = next((arm for arm, _ in arms if arm.name == REFERENCE_ARM), None)
    if reference is None:
        raise SettingsError(f"Table 4 needs the arm {REFERENCE_ARM!r}; add it to experiments.arms")
    first = arms[0][1][0]
    rows, differences = [], []
    for arm, _ in arms:
        rows += rows_of_arm(arm.label, measured[arm.name])
        if arm.name != REFERENCE_ARM:
            differences += difference_rows(
                arm.label, measured[arm.name], measured[reference.name], reference.label
            )
    long = long_table([*rows, *differences, *arm_trivial_rows(first, settings), *prior], study)
    trivial = long[long["kind"] == "trivial"]
    plain = long[(long["comparison"] == "") & (long["kind"] == "measured")]
    decisive = plain[plain["setting"].isin(["fine_grained", "similarity"])]
    paired = long[(long["comparison"] != "") & long["setting"].isin(["fine_grained", "similarity"])]
    note = counts_note(arms, settings)
    main = pd.concat([decisive, trivial[trivial["metric"] != "pointing_hit"]])
    blocks = (
        main_block("Modules and gaze quantity, fine-grained score", main, note),
        beside_block(decisive, trivial),
        Block(
            f"Paired difference to {reference.label}",
            pivot(paired, PAIRED, absent=absent_sets(main)),
            f"{PAIRED_NOTE} {smallest_effects(paired)}",
        ),
        score_block(plain),
    )
    return Table(
        "table_4_ablation", "Table 4: modules and gaze quantity", long, blocks, read_reported(reported, 4)
    )
