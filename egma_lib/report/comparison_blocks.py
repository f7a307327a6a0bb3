"""Blocks that several tables of compared arms share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from egma_lib.evaluation.scores import SCORES
from egma_lib.experiments.arm_measurements import POINTING_SETS, ArmFolders
from egma_lib.experiments.measurements import CLASSIFICATION_SETS
from egma_lib.experiments.verdicts import NO_POWER
from egma_lib.report.blocks import DATASET_LABELS, METRIC_LABELS, Block, pivot
from egma_lib.report.case_counts import case_counts
from egma_lib.settings import EvaluationSettings

_DECISIVE = tuple(
    (name, metric)
    for name in CLASSIFICATION_SETS
    for metric in ("accuracy", "macro_f1", "balanced_accuracy", "auroc")
)
_BESIDE = (*((name, "pointing_hit") for name in POINTING_SETS), ("chexpert_5x200", "shortcut_gap"))
PAIRED_NOTE = (
    "Mean difference over paired seeds ± its standard deviation over seeds [95 % interval over seeds and "
    "patients]; no interval where it has no spread over seeds."
)
PAIRED = (*((name, metric) for name, metric in _DECISIVE if metric in ("accuracy", "auroc")), *_BESIDE)


def counts_note(arms: ArmFolders, settings: EvaluationSettings) -> str:
    """Say n and class counts of every set, and what the brackets are."""
    return (
        f"Percent; mean over {seeds_in_words(arms)} ± standard deviation over seeds [95 % interval, "
        f"{settings.bootstrap} resamples of patients]. "
        + case_counts(arms[0][1][0], CLASSIFICATION_SETS)
        + " Chance level of each column's set: rows majority class (its most frequent class for every "
        "film) and random (any class alike)."
    )


def seeds_in_words(arms: ArmFolders) -> str:
    """Say over how many seeds the means of a table are taken.

    Returns
    -------
    str
        The number that most arms have, and in brackets the arms that have another:
        `5 seed(s) (3 for FILIP and GLoRIA)`.
    """
    counts = {arm.label: len(folders) for arm, folders in arms}
    most = Counter(counts.values()).most_common(1)[0][0]
    others: dict[int, list[str]] = {}
    for label, count in counts.items():
        if count != most:
            others.setdefault(count, []).append(label)
    listed = "; ".join(f"{count} for {_in_a_row(labels)}" for count, labels in others.items())
    return f"{most} seed(s)" + (f" ({listed})" if listed else "")


def _in_a_row(labels: Sequence[str]) -> str:
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"


def main_block(heading: str, rows: pd.DataFrame, note: str) -> Block:
    """Return accuracy, F1, balanced accuracy and AUROC of every set, from long rows of one score each."""
    return Block(heading, pivot(rows, _DECISIVE, absent=absent_sets(rows)), note)


def beside_block(decisive: pd.DataFrame, trivial: pd.DataFrame, note: str = "") -> Block:
    """Return pointing and the shortcut gap, with the rows that know nothing."""
    rows = pd.concat([decisive, trivial[trivial["metric"] == "pointing_hit"]])
    cells = pivot(rows, _BESIDE, absent=absent_sets(decisive))
    return Block("What gaze is meant to change", cells, f"{_BESIDE_NOTE} {beside_counts(decisive)}{note}")


def beside_counts(rows: pd.DataFrame) -> str:
    """Say how many cases stand behind pointing and the shortcut gap, from long rows."""
    parts = []
    for name, metric in _BESIDE:
        known = rows.loc[(rows["dataset"] == name) & (rows["metric"] == metric), "n_cases"]
        if len(known):
            parts.append(f"{DATASET_LABELS[name]} {METRIC_LABELS[metric]} n = {int(known.max())}")
    return f"{', '.join(parts)}." if parts else ""


def absent_sets(rows: pd.DataFrame) -> set[str]:
    """Return the labelled sets that a study lacks."""
    return set(CLASSIFICATION_SETS) - set(rows["dataset"])


def score_block(rows: pd.DataFrame) -> Block:
    """Return accuracy under every score, which shows where the choice of score decides.

    A score that only some methods publish for themselves has columns of its own, "-" for all others.
    """
    chosen = rows[(rows["metric"] == "accuracy") & (rows["kind"] == "measured")]
    scores = with_own_scores(chosen["setting"])
    named = chosen.assign(by=chosen["dataset"] + ", " + chosen["setting"])
    columns = [(f"{name}, {score}", "accuracy") for name in CLASSIFICATION_SETS for score in scores]
    absent = {f"{name}, {score}" for name in absent_sets(rows) for score in scores}
    return Block("Accuracy under every score", pivot(named, columns, by="by", absent=absent))


def with_own_scores(found: Iterable[str]) -> tuple[str, ...]:
    """Return `SCORES`, then what else is found, in order of first appearance."""
    return tuple(dict.fromkeys((*SCORES, *found)))


def smallest_effects(paired: pd.DataFrame) -> str:
    """Say the smallest accuracy effect that seeds and patients can show with 80 % power, per set."""
    accuracy = paired[(paired["metric"] == "accuracy") & np.isfinite(paired["smallest_effect"])]
    if accuracy.empty:
        return NO_POWER
    typical = accuracy.groupby("dataset", sort=False)["smallest_effect"].median()
    listed = ", ".join(f"{name} {value:.1f}" for name, value in typical.items())
    return (
        f"With {int(accuracy['n_seeds'].iloc[0])} seeds, and the spread over seeds and patients, a paired t "
        "test at 5 % finds, with 80 % power, accuracy differences of about (median over arms, points): "
        f"{listed}."
    )


_BESIDE_NOTE = (
    "Pointing hit: centre of the best patch within half a patch of the finding, side-free prompts; chance "
    "level of each column's set, row random: any patch alike; training positions: the patch readers looked "
    "at most while naming the finding, without "
    "looking at the film. Shortcut gap: accuracy on marked copies minus accuracy on the same cases without "
    "mark; 0 is best."
)
