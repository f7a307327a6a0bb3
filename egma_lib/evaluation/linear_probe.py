"""The linear probe on one set: every head on every share of the training labels, scores of the test films.

Paper (Table 1): 1 / 10 / 100 % of the labels, 30 epochs, learning rate 5e-7, weight decay 1e-4, 6 of warm-up.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from egma_lib.evaluation.probe_data import ProbeSet, nested_order, share_rows
from egma_lib.evaluation.probe_heads import LinearHead, converged_head, paper_head
from egma_lib.settings import ProbeSettings

HEADS = ("converged", "paper")
"""`converged` decides; `paper` is the paper's schedule, word for word."""


def share_label(share: float) -> str:
    """Return a share as the tables name it, such as `1 %`."""
    return f"{100 * share:g} %"


def score_column(head: str, share: float, draw: int, class_name: str) -> str:
    """Return the name of a column of logits."""
    return f"{head}|{share_label(share)}|{draw}|{class_name}"


def n_draws(share: float, settings: ProbeSettings) -> int:
    """Return how many draws a share has; there is only one way to take all."""
    return 1 if share == 1 else settings.draws


def probe(
    features: np.ndarray, probe_set: ProbeSet, settings: ProbeSettings, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Train every head on every share and draw, and score the test films.

    Parameters
    ----------
    features
        float32, shape (n_films, d), in the order of the set.
    probe_set
        Labels and split; classes that cannot be judged are left out, see `ProbeSet.judged_classes`.
    settings
        Shares, draws and heads. Draws depend on `settings.seed` alone: all encoders see the same ones.
    seed
        Seed of the encoder; with the draw it fixes the first weights of the paper's head.

    Returns
    -------
    scores : pandas.DataFrame
        One row per test film: case_id, patient_id, `label|<class>`, and a column of logits per head, share,
        draw and class, named by `score_column`.
    heads : pandas.DataFrame
        One row per head, share and draw: n_films, n_patients, movement, inverse_regularisation.
    """
    classes = probe_set.judged_classes()
    names = [probe_set.class_names[index] for index in classes]
    test = probe_set.rows("test")
    columns = {"case_id": probe_set.case_ids[test], "patient_id": probe_set.patient_ids[test]}
    columns |= {
        f"label|{name}": probe_set.labels[test, index] for name, index in zip(names, classes, strict=True)
    }
    described = []
    for share, draw, rows in training_shares(probe_set, settings) if names else ():
        for kind, head in _heads(features, probe_set, classes, rows, settings, 1000 * seed + draw):
            logits = head.logits(features[test]).astype(np.float32)
            for column, name in enumerate(names):
                columns[score_column(kind, share, draw, name)] = logits[:, column]
            described.append(
                {
                    "head": kind, "share": share, "draw": draw, "n_films": len(rows),
                    "n_patients": len(set(probe_set.patient_ids[rows].tolist())), "movement": head.movement,
                    "inverse_regularisation": head.inverse_regularisation,
                }
            )  # fmt: skip
    return pd.DataFrame(columns), pd.DataFrame(described)


def training_shares(probe_set: ProbeSet, settings: ProbeSettings) -> Iterator[tuple[float, int, np.ndarray]]:
    """Yield share, draw and rows of the training films; shares of one draw are nested."""
    train, classes = probe_set.rows("train"), probe_set.judged_classes()
    patients, labels = probe_set.patient_ids[train], probe_set.labels[np.ix_(train, classes)]
    orders = [
        nested_order(patients, labels, np.random.default_rng([settings.seed, draw]))
        for draw in range(settings.draws)
    ]
    for share in settings.shares:
        for draw in range(n_draws(share, settings)):
            yield share, draw, train[share_rows(patients, labels, orders[draw], share)]


def _heads(
    features: np.ndarray,
    probe_set: ProbeSet,
    classes: np.ndarray,
    rows: np.ndarray,
    settings: ProbeSettings,
    seed: int,
) -> Iterator[tuple[str, LinearHead]]:
    validation = probe_set.rows("validation")
    x, y = features[rows], probe_set.labels[np.ix_(rows, classes)]
    judged = features[validation], probe_set.labels[np.ix_(validation, classes)]
    yield "converged", converged_head(x, y, *judged, settings)
    yield "paper", paper_head(x, y, settings, seed)
