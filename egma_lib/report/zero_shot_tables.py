"""Tables 2 and 4: zero-shot classification of methods, and the ablation of modules and gaze quantity."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from egma_lib.errors import SettingsError
from egma_lib.evaluation.predictions import has_predictions, stored_scores
from egma_lib.evaluation.scores import SCORES
from egma_lib.experiments.arms import REFERENCE_ARM, Arm
from egma_lib.experiments.measurements import (
    CLASSIFICATION_SETS,
    Measured,
    long_table,
    measure_classification,
    measure_pointing,
    measure_shortcut_gap,
    measured_sets,
    pointing_chance_row,
    trivial_rows,
)
from egma_lib.report.blocks import Block, pivot
from egma_lib.report.case_counts import case_counts
from egma_lib.report.table_files import Table, read_reported
from egma_lib.settings import EvaluationSettings

ArmFolders = Sequence[tuple[Arm, Sequence[Path]]]
"""Each arm with its prediction folders, one per seed."""

POINTING_SETS = ("rsna", "siim")
_DECISIVE = tuple(
    (name, metric)
    for name in CLASSIFICATION_SETS
    for metric in ("accuracy", "macro_f1", "balanced_accuracy", "auroc")
)
_BESIDE = (*((name, "pointing_hit") for name in POINTING_SETS), ("chexpert_5x200", "shortcut_gap"))
_PAIRED = (*((name, metric) for name, metric in _DECISIVE if metric in ("accuracy", "auroc")), *_BESIDE)

Key = tuple[str, str, str]
Measurements = dict[Key, Measured]


def measure_arm(folders: Sequence[Path], settings: EvaluationSettings) -> Measurements:
    """Measure one arm: scores of every set at hand, pointing hits and the shortcut gap if any.

    Returns
    -------
    dict
        (dataset, score, metric) to `Measured`, percent; pointing has the score `similarity`.
    """
    found: Measurements = {}
    for name in measured_sets(folders):
        for score in stored_scores(folders[0], name):
            for metric, measured in measure_classification(folders, name, score, settings).items():
                found[name, score, metric] = measured
    for name in POINTING_SETS:
        if has_predictions(folders, f"{name}_pointing"):
            found[name, "similarity", "pointing_hit"] = measure_pointing(folders, name, settings)["hit"]
    if has_predictions(folders, "chexpert_5x200_marked"):
        for score in stored_scores(folders[0], "chexpert_5x200_marked"):
            found["chexpert_5x200", score, "shortcut_gap"] = measure_shortcut_gap(folders, score, settings)
    return found


def measure_arms(arms: ArmFolders, settings: EvaluationSettings) -> dict[str, Measurements]:
    """Measure every arm; arm name to `measure_arm`."""
    return {arm.name: measure_arm(folders, settings) for arm, folders in arms}


def rows_of_arm(label: str, measurements: Measurements) -> list[dict[str, Any]]:
    """Return the long rows of one arm."""
    return [
        measured.row(dataset=name, method=label, setting=score, metric=metric)
        for (name, score, metric), measured in measurements.items()
    ]


def difference_rows(
    label: str, ours: Measurements, reference: Measurements, reference_label: str
) -> list[Any]:
    """Return the long rows of one arm's paired differences to the reference arm, for the scores of both."""
    return [
        measured.difference_row(
            reference[key], reference_label, dataset=key[0], method=label, setting=key[1], metric=key[2]
        )
        for key, measured in ours.items()
        if key in reference
    ]


def counts_note(folder: Path, settings: EvaluationSettings, n_seeds: int) -> str:
    """Say n and class counts of every set, and what the brackets are."""
    return (
        f"Percent; mean over {n_seeds} seed(s) ± standard deviation over seeds [95 % interval, "
        f"{settings.bootstrap} resamples of patients]. " + case_counts(folder, CLASSIFICATION_SETS)
    )


def _trivial_rows(folder: Path, settings: EvaluationSettings) -> list[dict[str, Any]]:
    """Return the rows of predictors that know nothing, on every set."""
    rows = [row for name in measured_sets([folder]) for row in trivial_rows(folder, name, settings)]
    pointing = [name for name in POINTING_SETS if has_predictions([folder], f"{name}_pointing")]
    return rows + [pointing_chance_row(folder, name, settings) for name in pointing]


def _main_block(heading: str, rows: pd.DataFrame, note: str) -> Block:
    return Block(heading, pivot(rows, _DECISIVE, absent=_absent(rows)), note)


def _beside_block(decisive: pd.DataFrame, trivial: pd.DataFrame, note: str = "") -> Block:
    rows = pd.concat([decisive, trivial[trivial["metric"] == "pointing_hit"]])
    cells = pivot(rows, _BESIDE, absent=_absent(decisive))
    return Block("What gaze is meant to change", cells, _BESIDE_NOTE + note)


def _absent(rows: pd.DataFrame) -> set[str]:
    return set(CLASSIFICATION_SETS) - set(rows["dataset"])


def _score_block(rows: pd.DataFrame) -> Block:
    chosen = rows[(rows["metric"] == "accuracy") & rows["setting"].isin(SCORES)]
    named = chosen.assign(by=chosen["dataset"] + ", " + chosen["setting"])
    columns = [(f"{name}, {score}", "accuracy") for name in CLASSIFICATION_SETS for score in SCORES]
    absent = {f"{name}, {score}" for name in _absent(rows) for score in SCORES}
    return Block("Accuracy under every score", pivot(named, columns, by="by", absent=absent))


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
    long = long_table([*rows, *_trivial_rows(first, settings), *prior], study)
    trivial = long[long["kind"] == "trivial"]
    decisive = pd.concat([_decisive(long, arm, arm.trained_score) for arm, _ in arms])
    main = pd.concat([decisive, trivial[trivial["metric"] != "pointing_hit"]])
    note = counts_note(first, settings, len(arms[0][1]))
    trained = ", ".join(f"{arm.label}: {arm.trained_score}" for arm, _ in arms)
    blocks = (
        _main_block("Zero-shot classification, each method under the score it trains", main, note),
        _beside_block(decisive, trivial, f" Score: {trained}."),
        _score_block(long),
    )
    return Table(
        "table_2_zero_shot", "Table 2: zero-shot classification", long, blocks, read_reported(reported, 2)
    )


_BESIDE_NOTE = (
    "Pointing hit: centre of the best patch within half a patch of the finding, side-free prompts; random: "
    "any patch alike; training positions: the patch readers looked at most while naming the finding, without "
    "looking at the film. Shortcut gap: accuracy on marked copies minus accuracy on the same cases without "
    "mark; 0 is best."
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
    long = long_table([*rows, *differences, *_trivial_rows(first, settings), *prior], study)
    trivial = long[long["kind"] == "trivial"]
    plain = long[(long["comparison"] == "") & (long["kind"] == "measured")]
    decisive = plain[plain["setting"].isin(["fine_grained", "similarity"])]
    paired = long[(long["comparison"] != "") & long["setting"].isin(["fine_grained", "similarity"])]
    note = counts_note(first, settings, len(arms[0][1]))
    main = pd.concat([decisive, trivial[trivial["metric"] != "pointing_hit"]])
    blocks = (
        _main_block("Modules and gaze quantity, fine-grained score", main, note),
        _beside_block(decisive, trivial),
        Block(
            f"Paired difference to {reference.label}",
            pivot(paired, _PAIRED, absent=_absent(main)),
            "Mean difference over seeds ± its standard deviation [95 % t interval over seeds]. "
            + smallest_effects(paired),
        ),
        _score_block(plain),
    )
    return Table(
        "table_4_ablation", "Table 4: modules and gaze quantity", long, blocks, read_reported(reported, 4)
    )


def smallest_effects(paired: pd.DataFrame) -> str:
    """Say the smallest accuracy effect that the seeds can show with 80 % power, per set."""
    accuracy = paired[(paired["metric"] == "accuracy") & np.isfinite(paired["smallest_effect"])]
    if accuracy.empty:
        return "One seed: no statement about differences can be made."
    typical = accuracy.groupby("dataset", sort=False)["smallest_effect"].median()
    listed = ", ".join(f"{name} {value:.1f}" for name, value in typical.items())
    return (
        f"With {int(accuracy['n_seeds'].iloc[0])} seeds a paired t test at 5 % finds, with 80 % power, "
        f"accuracy differences of about (median over arms, points): {listed}."
    )
