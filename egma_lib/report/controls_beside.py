"""What stands beside the controls: likeness of their heatmaps, the eye-voice lag, and the null study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from egma_lib.errors import ArtefactError
from egma_lib.experiments.comparison_arms import control_arm
from egma_lib.experiments.heatmap_agreement import ORACLE
from egma_lib.experiments.verdicts import OUTCOMES, with_one_sided_verdicts
from egma_lib.report.blocks import DATASET_LABELS, METRIC_LABELS, Block

AGAINST = "against controls"
"""Family of the comparisons of measured gaze with each control."""
_NEEDED = (
    "method",
    "dataset",
    "metric",
    "value",
    "ci_low",
    "ci_high",
    "sd",
    "standard_error",
    "n_seeds",
    "comparison",
    "family",
)


@dataclass(frozen=True, kw_only=True)
class BesideControls:
    """What the table of controls shows beside the trained arms.

    Attributes
    ----------
    lag
        Long rows of the measured eye-voice lag (`lag_rows`), if any.
    likeness
        Long rows of how like the measured heatmaps each control's are (`likeness_rows`), trained or not.
    prior
        Long rows of the position prior, where pointing has one.
    unavailable
        Label of a control that this study cannot have, to the reason.
    null_csv
        `controls.csv` of the null study; a file that does not exist is said to be absent.
    """

    lag: Sequence[dict[str, Any]] = ()
    likeness: Sequence[dict[str, Any]] = ()
    prior: Sequence[dict[str, Any]] = ()
    unavailable: Mapping[str, str] = field(default_factory=dict)
    null_csv: Path | None = None


NOTHING = BesideControls()


def blocks_beside(beside: BesideControls) -> list[Block]:
    """Return likeness, eye-voice lag and the null study; what there is not is said in words."""
    return [likeness_block(beside.likeness), lag_block(beside.lag), null_block(beside.null_csv)]


def likeness_block(rows: Sequence[dict[str, Any]]) -> Block:
    """Return how like the measured heatmaps those of each control are, from `likeness_rows`."""
    heading = "Heatmaps of the controls beside the measured ones"
    if not rows:
        return Block(heading, _said("not measured: no control was made"))
    cells = pd.DataFrame(
        {
            "median correlation": [f"{row['value']:.3f}" for row in rows],
            "sentences": [str(row["n_cases"]) for row in rows],
        },
        index=pd.Index([row["method"] for row in rows], name="control"),
    )
    note = (
        "Pearson's correlation over patches, of sentences with gaze in both. No training takes part: a "
        "control near 1 hands the training the same heatmaps, whatever its name."
    )
    return Block(heading, cells, note)


def lag_block(rows: Sequence[dict[str, Any]]) -> Block:
    """Return the measured eye-voice lag of each reader, from `lag_rows`."""
    heading = "Eye-voice lag by reader"
    if not rows:
        return Block(heading, _said("not measured: no sentence names a finding that is marked on its film"))
    cells = pd.DataFrame(
        {
            "peak (s)": [
                f"{row['value']:+.2f} [{row['ci_low']:+.2f}, {row['ci_high']:+.2f}]" for row in rows
            ],
            "sentences": [str(row["n_cases"]) for row in rows],
        },
        index=pd.Index([row["method"] for row in rows], name="reader"),
    )
    note = (
        "Shift of the sentence's window at which most of the fixation time is inside the marked region, from "
        "-5 to 5 s in steps of 0.25 s [95 % interval over patients]; negative: the eyes lead. No training "
        "takes part. Readers with fewer than five patients are in the first row alone. REFLACX publishes no "
        "reader identity: its numbers order the readings of one film."
    )
    return Block(heading, cells, note)


def null_block(csv: Path | None) -> Block:
    """Return the one-sided verdicts of the null study, from its `controls.csv`.

    Parameters
    ----------
    csv
        The file; None or absent is said in words.

    Raises
    ------
    ArtefactError
        The file is not a table of controls.
    """
    heading = "The null study: gaze tells nothing, no confounder"
    if csv is None or not csv.is_file():
        return Block(heading, _said("not run: make the null study's results first"))
    judged = with_one_sided_verdicts(_null_rows(csv))
    labels = {
        outcome.key: f"{DATASET_LABELS[outcome.dataset]} {METRIC_LABELS[outcome.metric]}"
        for outcome in OUTCOMES
    }
    judged["column"] = [labels[key] for key in zip(judged["dataset"], judged["metric"], strict=True)]
    judged["row"] = judged["method"] + " " + judged["comparison"]
    cells = judged.pivot_table("verdict", index="row", columns="column", aggfunc="first")
    measured = [label for label in labels.values() if label in cells]
    cells = cells.reindex(index=list(dict.fromkeys(judged["row"])), columns=measured)
    cells.index.name = "comparison"
    note = (
        "One-sided paired t test over seeds and patients of the alternative 'helps', 95 % lower bound in "
        "points, Holm's correction over each family; wrong gaze may harm, it must not be said to help. "
        f"{_said_to_help(judged)}"
    )
    return Block(heading, cells.fillna("-"), note)


def _said_to_help(judged: pd.DataFrame) -> str:
    """Count the verdicts 'helps', apart for what they mean; true regions may help, they are no gaze."""
    helps = judged["verdict"].str.startswith("helps")
    is_against = judged["family"].str.startswith(AGAINST)
    is_oracle = judged["method"] == control_arm(ORACLE).label
    of_gaze = helps[~is_against & ~is_oracle]
    count = f"{int(of_gaze.sum())} of {len(of_gaze)}"
    text = f"{count} verdicts on heatmaps of gaze against no gaze say that they help; right is 0."
    if is_oracle.any():
        of_oracle = helps[~is_against & is_oracle]
        count = f"{int(of_oracle.sum())} of {len(of_oracle)}"
        text += f" On the true regions, which are no gaze and may help: {count}."
    if is_against.any():
        against = helps[is_against]
        text += (
            f" Against controls: {int(against.sum())} of {len(against)}; there harm by the control reads as "
            "help by gaze."
        )
    return text


def _null_rows(csv: Path) -> pd.DataFrame:
    table = pd.read_csv(csv, keep_default_na=False, na_values=[""])
    lacking = [name for name in _NEEDED if name not in table.columns]
    if lacking:
        raise ArtefactError(
            f"{csv}: no column {lacking[0]!r}; make the table of controls of that study again"
        )
    rows = table[table["family"].notna()].reset_index(drop=True)
    if rows.empty:
        raise ArtefactError(f"{csv}: holds no comparison; make the table of controls of that study again")
    return rows


def _said(text: str) -> pd.DataFrame:
    return pd.DataFrame({"": [text]}, index=pd.Index(["-"], name=""))
