"""Table 3: image-text retrieval on the 8x200 set, in both directions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from egma_lib.evaluation.available_scores import available_scores
from egma_lib.evaluation.predictions import has_predictions, read_predictions, read_prompt_scores
from egma_lib.evaluation.retrieval import CUTOFFS, chance_and_ceiling, precision_at
from egma_lib.experiments.arms import Arm
from egma_lib.experiments.measurements import COLUMNS, Measured, long_table, weights_for
from egma_lib.report.blocks import NOT_AVAILABLE, Block, pivot
from egma_lib.report.case_counts import case_counts
from egma_lib.report.comparison_blocks import seeds_in_words, with_own_scores
from egma_lib.report.table_files import Table, read_reported
from egma_lib.settings import EvaluationSettings

NAME = "chexpert_8x200"
DIRECTIONS = ("image to text", "text to image")
TITLE = "Table 3: image-text retrieval"
_METRICS = tuple(f"precision_at_{k}" for k in CUTOFFS)
_COLUMNS = tuple((direction, metric) for direction in DIRECTIONS for metric in _METRICS)


def measure_retrieval(
    folders: Sequence[Path], score: str, settings: EvaluationSettings
) -> dict[tuple[str, str], Measured]:
    """Precision at k of one method; intervals resample patients, or queries where texts are the queries.

    Returns
    -------
    dict
        (direction, metric) to `Measured`.
    """
    values: dict[tuple[str, str], list[tuple[float, np.ndarray]]] = {}
    counts = dict.fromkeys(DIRECTIONS, 0)
    for folder in folders:
        cases = read_predictions(folder, NAME)
        by_score, prompt_class = read_prompt_scores(folder, NAME)
        scores, image_class = by_score[score], cases["label"].to_numpy()
        text_ids = np.array([f"{index:04d}" for index in range(len(prompt_class))])
        queries = pd.DataFrame({"patient_id": text_ids})
        found = {
            "image to text": (precision_at(scores, image_class, prompt_class, text_ids), cases),
            "text to image": (
                precision_at(scores.T, prompt_class, image_class, cases["case_id"].to_numpy()),
                queries,
            ),
        }
        for direction, (precision, units) in found.items():
            weights = weights_for(units, settings)
            resampled = weights @ precision / weights.sum(axis=1, keepdims=True)
            counts[direction] = len(units)
            for index, metric in enumerate(_METRICS):
                values.setdefault((direction, metric), []).append((resampled[0, index], resampled[1:, index]))
    return {
        key: Measured(
            100 * np.array([value for value, _ in pairs]),
            100 * np.stack([drawn for _, drawn in pairs]),
            counts[key[0]],
        )
        for key, pairs in values.items()
    }


def reference_rows(folder: Path) -> list[dict[str, Any]]:
    """Return the rows of a random ranking and of the best possible one."""
    image_class = read_predictions(folder, NAME)["label"].to_numpy()
    _, prompt_class = read_prompt_scores(folder, NAME)
    pairs = {"image to text": (image_class, prompt_class), "text to image": (prompt_class, image_class)}
    rows = []
    for direction, (query, candidate) in pairs.items():
        for label, values in zip(("chance", "ceiling"), chance_and_ceiling(query, candidate), strict=True):
            rows += [
                {
                    "dataset": NAME, "method": label, "setting": direction, "metric": metric,
                    "value": 100 * value, "ci_low": np.nan, "ci_high": np.nan, "sd": np.nan,
                    "n_cases": len(query), "n_seeds": 0, "kind": "trivial", "source": "exact",
                    "comparison": "", "smallest_effect": np.nan,
                }
                for metric, value in zip(_METRICS, values, strict=True)
            ]  # fmt: skip
    return rows


def table_3(
    arms: Sequence[tuple[Arm, Sequence[Path]]], settings: EvaluationSettings, study: str, reported: Path
) -> Table:
    """Compare the methods in retrieval, each under the score that it trains; every other score beside.

    In a study without the 8x200 set no row is measured and all cells say so.

    Parameters
    ----------
    arms
        Each method with its prediction folders, one per seed.
    settings
        Bootstrap size and seed.
    study
        Study name.
    reported
        File of reported numbers.
    """
    first = arms[0][1][0]
    if not has_predictions([first], NAME):
        return _unavailable([arm.label for arm, _ in arms], reported)
    n_texts = len(read_prompt_scores(first, NAME)[1])
    rows = [
        measured.row(dataset=NAME, method=arm.label, setting=f"{direction}, {score}", metric=metric)
        for arm, folders in arms
        for score in available_scores(folders[0], NAME)
        for (direction, metric), measured in measure_retrieval(folders, score, settings).items()
    ]
    long = long_table(rows + reference_rows(first), study)
    trained = {arm.label: arm.trained_score for arm, _ in arms}
    split = long["setting"].str.split(", ", n=1, expand=True).reindex(columns=[0, 1])
    named = long.assign(direction=split[0], score=split[1])
    decisive = named[(named["score"] == named["method"].map(trained)) | (named["kind"] == "trivial")]
    beside = named[(named["kind"] == "measured") & (named["metric"] == "precision_at_5")]
    scores = with_own_scores(beside["score"])
    score_columns = [
        (f"{direction}, {score}", "precision_at_5") for direction in DIRECTIONS for score in scores
    ]
    note = (
        f"Percent; mean over {seeds_in_words(arms)} ± standard deviation over seeds [95 % interval over "
        "patients for image to text, over queries for text to image]. "
        + ", ".join(f"{label}: {score}" for label, score in trained.items())
        + ". Rows chance and ceiling, both exact: 8x200 ranked at random, and ranked as well as possible. "
        f"Images of {case_counts(first, [NAME])} {n_texts} text queries."
    )
    blocks = (
        Block(
            "Retrieval, each method under the score it trains",
            pivot(decisive, _COLUMNS, by="direction"),
            note,
        ),
        Block("P@5 under every score", pivot(beside, score_columns, by="setting")),
    )
    paper = read_reported(reported, 3)
    return Table("table_3_retrieval", TITLE, long, blocks, paper)


def _unavailable(labels: Sequence[str], reported: Path) -> Table:
    """Return the table of a study without the 8x200 set."""
    header = pivot(pd.DataFrame({"method": []}), _COLUMNS)
    cells = pd.DataFrame(NOT_AVAILABLE, pd.Index(labels, name="method"), header.columns)
    block = Block("Retrieval", cells, f"CheXpert 8x200: {NOT_AVAILABLE} in this study.")
    rows = pd.DataFrame(columns=list(COLUMNS))
    return Table("table_3_retrieval", TITLE, rows, (block,), read_reported(reported, 3))
