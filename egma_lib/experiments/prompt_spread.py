"""How much a zero-shot score depends on which prompts were drawn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from egma_lib.evaluation.evaluation_sets import CLASS_ORDERS
from egma_lib.evaluation.metrics import classification_metrics
from egma_lib.evaluation.predictions import read_predictions, read_prompt_scores
from egma_lib.evaluation.scores import class_scores
from egma_lib.settings import EvaluationSettings


def draw_prompt_indices(
    prompt_class: np.ndarray, n_classes: int, per_class: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw prompts without replacement, `per_class` of every class (all where there are fewer)."""
    chosen = [
        rng.permutation(np.flatnonzero(prompt_class == index))[:per_class] for index in range(n_classes)
    ]
    return np.sort(np.concatenate(chosen))


def prompt_spread(
    folders: Sequence[Path], name: str, score: str, label: str, settings: EvaluationSettings
) -> pd.DataFrame:
    """Accuracy and AUROC of every seed under every prompt draw, and under all prompts (draw -1).

    Draw k takes the same prompts for every method and seed; their indices are stored beside the scores.

    Returns
    -------
    pandas.DataFrame
        dataset, method, score, seed_index, draw, accuracy, auroc (percent), prompt_indices.
    """
    n_classes = len(CLASS_ORDERS[name])
    rows = []
    for seed_index, folder in enumerate(folders):
        labels = read_predictions(folder, name)["label"].to_numpy()
        by_score, prompt_class = read_prompt_scores(folder, name)
        once = np.ones((1, len(labels)), dtype=np.float32)
        for draw in range(-1, settings.prompt_draws):
            chosen = np.arange(len(prompt_class))
            if draw >= 0:
                rng = np.random.default_rng([settings.seed, draw])
                chosen = draw_prompt_indices(prompt_class, n_classes, settings.prompts_per_draw, rng)
            averaged = class_scores(by_score[score][:, chosen], prompt_class[chosen], n_classes)
            metrics = classification_metrics(labels, averaged, once)
            rows.append(
                {
                    "dataset": name,
                    "method": label,
                    "score": score,
                    "seed_index": seed_index,
                    "draw": draw,
                    "accuracy": 100 * metrics["accuracy"][0],
                    "auroc": 100 * metrics["auroc"][0],
                    "prompt_indices": "" if draw < 0 else " ".join(map(str, chosen)),
                }
            )
    return pd.DataFrame(rows)


def swapped_column_warnings(rows: pd.DataFrame, limit: float = 35.0) -> list[str]:
    """Return a sentence for every measured AUROC under `limit` percent: its class columns may be swapped."""
    low = rows[(rows["metric"] == "auroc") & (rows["kind"] == "measured") & (rows["comparison"] == "")]
    return [
        f"{row.method} on {row.dataset} ({row.setting}): AUROC {row.value:.1f} is under {limit:.0f}; "
        "are the class columns swapped?"
        for row in low[low["value"] < limit].itertuples()
    ]
