"""Table `crossing`: gaze quantity crossed with the strength of the confounder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from egma_lib.experiments.arm_measurements import arm_trivial_rows
from egma_lib.experiments.arms import REFERENCE_ARM, module_arm
from egma_lib.experiments.crossing import (
    Crossed,
    effect_rows,
    interaction_rows,
    measure_crossing,
    value_rows,
)
from egma_lib.experiments.measurements import CLASSIFICATION_SETS, long_table
from egma_lib.experiments.verdicts import OUTCOMES, power_statement
from egma_lib.report.blocks import Block, pivot
from egma_lib.report.comparison_blocks import beside_counts, counts_note
from egma_lib.report.controls_table import CONTROL_COLUMNS
from egma_lib.report.table_files import REPORTED_COLUMNS, Table
from egma_lib.report.verdict_cells import verdict_cells
from egma_lib.settings import EvaluationSettings

TITLE = "Gaze quantity and strength of the confounder"
_SHOWN = tuple((outcome.dataset, outcome.metric) for outcome in OUTCOMES)


def table_crossing(crossed: Crossed, settings: EvaluationSettings, study: str) -> Table:
    """Compare shares of gaze with no gaze at each strength of the confounder, and the strengths.

    Parameters
    ----------
    crossed
        Strength to its arms (no gaze, a share of it, all), with folders of the same seeds; the study's own
        strength first. Empty where there is no other strength: the table says so.
    settings
        Bootstrap size and seed.
    study
        Study name.

    Raises
    ------
    ArtefactError
        The strengths were not evaluated on the same cases.
    """
    if not crossed:
        return _table(pd.DataFrame(columns=list(CONTROL_COLUMNS)), (Block(TITLE, _NOT_RUN),))
    first = next(iter(crossed.values()))
    arms = [arm for arm, _ in first]
    measured = measure_crossing(crossed, settings)
    plain = [*value_rows(arms, measured), *arm_trivial_rows(first[0][1][0], settings)]
    effects, interactions = effect_rows(arms, measured), interaction_rows(arms, measured)
    blocks = (
        _values_block(plain, study, counts_note(first, settings)),
        _effects_block(effects),
        _interactions_block(interactions),
    )
    judged = [rows.assign(study=study) for rows in (effects, interactions)]
    long = pd.concat([long_table(plain, study), *judged], ignore_index=True)
    return _table(long.reindex(columns=list(CONTROL_COLUMNS)), blocks)


def _table(rows: pd.DataFrame, blocks: tuple[Block, ...]) -> Table:
    said = rows.assign(**{name: rows[name].fillna("") for name in ("verdict", "family")})
    return Table("crossing", TITLE, said, blocks, pd.DataFrame(columns=list(REPORTED_COLUMNS)))


def _values_block(plain: Sequence[dict[str, Any]], study: str, note: str) -> Block:
    rows = long_table(plain, study)
    cells = pivot(_named(rows), _SHOWN, index="arm", absent=set(CLASSIFICATION_SETS) - set(rows["dataset"]))
    counts = beside_counts(rows[rows["kind"] == "measured"])
    return Block(
        f"{TITLE}, fine-grained score", cells, f"{note} {counts} Tested on the same films at each strength."
    )


def _named(rows: pd.DataFrame) -> pd.DataFrame:
    """Add `arm`: the method, and the strength where there is one."""
    setting = rows["setting"].map(lambda strength: f", {strength}" if strength else "")
    return rows.assign(arm=rows["method"] + setting)


def _effects_block(effects: pd.DataFrame) -> Block:
    cells = verdict_cells(_named(effects), "arm")
    return Block(f"Each share of gaze against {module_arm(REFERENCE_ARM).label}", cells, _EFFECTS_NOTE)


def _interactions_block(interactions: pd.DataFrame) -> Block:
    named = interactions.assign(
        effect=_named(interactions)["arm"] + interactions["comparison"].str.replace("minus", ", minus", n=1)
    )
    cells = verdict_cells(named, "effect").T
    cells.index.name = "outcome"
    return Block(
        "Does the strength of the confounder change the effect of gaze?",
        cells,
        f"{_INTERACTIONS_NOTE} Power: {power_statement(interactions)}",
    )


_NOT_RUN = pd.DataFrame(
    {"": ["not run: no arms at another strength of the confounder"]}, index=pd.Index(["-"], name="")
)
_EFFECTS_NOTE = (
    "Gain in points over the same seeds [95 % interval over seeds and patients, not corrected], p after "
    "Holm's correction; better and worse as in the table of controls, which has more seeds at the study's "
    "own strength. A family holds all shares, strengths and sets, for accuracy, AUROC, localisation and "
    "shortcut gap apart. The shortcut gap is compared by its distance from 0."
)
_INTERACTIONS_NOTE = (
    "Effect of all gaze at the first strength minus its effect at the other, in points [95 % interval "
    "over seeds and patients, not corrected], p after Holm's correction over the sets, for accuracy, "
    "AUROC, localisation and shortcut gap apart; better: gaze gains more at the first strength. Paired by "
    "seeds and patients: the strengths share all cases but for the marks of training films, and seed s "
    "has the same random weights, batches and readings with gaze at both."
)
