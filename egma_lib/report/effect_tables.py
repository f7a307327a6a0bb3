"""Tables of arms compared in pairs: other backbones (Table 7), and the switches of the released code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from egma_lib.experiments.arms import REFERENCE_ARM
from egma_lib.experiments.measurements import COLUMNS, long_table
from egma_lib.report.blocks import Block, pivot
from egma_lib.report.comparison_blocks import (
    PAIRED,
    PAIRED_NOTE,
    absent_sets,
    beside_block,
    counts_note,
    main_block,
)
from egma_lib.report.table_files import REPORTED_COLUMNS, Table
from egma_lib.settings import EvaluationSettings

PAPER_ARM = "egma"
"""What every switch is compared with: the paper's form."""

_FINE = ["fine_grained", "similarity"]


def table_7(
    arms: ArmFolders,
    measured: Mapping[str, Measurements],
    settings: EvaluationSettings,
    study: str,
    reported: pd.DataFrame,
    unavailable: Mapping[str, str],
) -> Table:
    """Compare other backbones with and without gaze, fine-grained score.

    Parameters
    ----------
    arms
        Per backbone its start, continued training without gaze, and EGMA (`backbone_arms`), with folders.
    measured
        What was measured of each, by arm name.
    settings
        Bootstrap size and seed.
    study
        Study name.
    reported
        The paper's rows of Table 7.
    unavailable
        Label of an arm that the study cannot have, to the reason.
    """
    if not arms:
        return _nothing("table_7_backbones", _TITLE_7, reported, unavailable)
    by_name = {arm.name: arm for arm, _ in arms}
    pairs = [
        (name, name.replace(PAPER_ARM, REFERENCE_ARM, 1)) for name in by_name if name.startswith(PAPER_ARM)
    ]
    heading = "Each backbone from a base run of its own, fine-grained score"
    return _paired_table(
        "table_7_backbones", _TITLE_7, heading, arms, measured, pairs, settings, study, reported, unavailable
    )


def table_deviations(
    arms: ArmFolders, measured: Mapping[str, Measurements], settings: EvaluationSettings, study: str
) -> Table:
    """Compare EGMA as the paper has it with each difference of the released code alone.

    Parameters are those of `table_7`; the arms hold EGMA beside the switches.

    Raises
    ------
    SettingsError
        The arms lack EGMA.
    """
    names = [arm.name for arm, _ in arms]
    if PAPER_ARM not in names:
        raise SettingsError(f"the table of switches needs the arm {PAPER_ARM!r}; add it to experiments.arms")
    pairs = [(name, PAPER_ARM) for name in names if name != PAPER_ARM]
    heading = "The paper's form, and each difference of the released code alone, fine-grained score"
    return _paired_table(
        "deviations_effect",
        "Effect of each difference between paper and released code",
        heading,
        arms,
        measured,
        pairs,
        settings,
        study,
        _no_rows(),
        {},
    )


def _paired_table(
    name: str,
    title: str,
    heading: str,
    arms: ArmFolders,
    measured: Mapping[str, Measurements],
    pairs: Sequence[tuple[str, str]],
    settings: EvaluationSettings,
    study: str,
    reported: pd.DataFrame,
    unavailable: Mapping[str, str],
) -> Table:
    labels = {arm.name: arm.label for arm, _ in arms}
    first = arms[0][1][0]
    rows = [row for arm, _ in arms for row in rows_of_arm(arm.label, measured[arm.name])]
    differences: list[dict[str, Any]] = []
    for ours, other in pairs:
        differences += difference_rows(labels[ours], measured[ours], measured[other], labels[other])
    long = long_table([*rows, *differences, *arm_trivial_rows(first, settings)], study)
    trivial = long[long["kind"] == "trivial"]
    decisive = long[(long["comparison"] == "") & (long["kind"] == "measured") & long["setting"].isin(_FINE)]
    main = pd.concat([decisive, trivial[trivial["metric"] != "pointing_hit"]])
    paired = long[(long["comparison"] != "") & long["setting"].isin(_FINE)]
    note = counts_note(arms, settings) + _reasons(unavailable)
    blocks = (
        main_block(heading, main, note),
        beside_block(decisive, trivial),
        Block(
            "Paired differences",
            pivot(
                paired.assign(method=paired["method"] + ", " + paired["comparison"]),
                PAIRED,
                absent=absent_sets(main),
            ),
            PAIRED_NOTE,
        ),
    )
    return Table(name, title, long, blocks, reported)


def _nothing(name: str, title: str, reported: pd.DataFrame, unavailable: Mapping[str, str]) -> Table:
    """Return a table that says why it has no rows."""
    said = pd.DataFrame(
        {"": list(unavailable.values()) or ["not available: experiments.backbones names none"]},
        index=pd.Index(list(unavailable) or ["-"], name="method"),
    )
    return Table(name, title, pd.DataFrame(columns=list(COLUMNS)), (Block("Not available", said),), reported)


def _reasons(unavailable: Mapping[str, str]) -> str:
    return "".join(f" {label}: {reason}." for label, reason in unavailable.items())


def _no_rows() -> pd.DataFrame:
    return pd.DataFrame(columns=list(REPORTED_COLUMNS))


_TITLE_7 = "Table 7: other backbones"
