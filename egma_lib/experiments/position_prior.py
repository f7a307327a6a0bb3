"""Pointing without looking: where readers looked, on average, while they named a finding in training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from egma_lib.evaluation.evaluation_sets import EvaluationSet, load_evaluation_set
from egma_lib.evaluation.pointing import pointing_hits
from egma_lib.experiments.corpora import Corpora
from egma_lib.experiments.measurements import Measured, weights_for
from egma_lib.experiments.naming import affirms
from egma_lib.settings import EvaluationSettings
from egma_lib.training.data import TrainingData


def position_prior(data: TrainingData, finding: str) -> np.ndarray | None:
    """Return the mean gaze similarity of the training sentences that affirm a finding.

    Parameters
    ----------
    data
        The gaze corpus; held-out samples are left out.
    finding
        Name of the finding, as `affirms` takes it.

    Returns
    -------
    numpy.ndarray or None
        Mean gaze similarity (GS >= 0) of the n patches of the padded square, row by row, shape (n,); None
        where no training sentence with gaze affirms the finding.
    """
    found = []
    for index in np.flatnonzero(~np.asarray(data.is_validation)):
        gaze = data.gaze_similarity[index]
        if gaze is None:
            continue
        affirmed = affirms(pd.Series(data.sentences[index]), finding)
        found.append(gaze[affirmed & data.has_gaze[index]])
    stacked = np.concatenate(found) if found else np.zeros((0, 0))
    return stacked.mean(axis=0) if len(stacked) else None


def prior_pointing(
    data: TrainingData, evaluation_set: EvaluationSet, settings: EvaluationSettings
) -> Measured | None:
    """Measure pointing at the best patch of the prior, the same patch for every film.

    Parameters
    ----------
    data
        The gaze corpus that the prior is made from.
    evaluation_set
        Set with regions; those whose finding has no prior are left out.
    settings
        Bootstrap size and seed.

    Returns
    -------
    Measured or None
        Percent of regions hit, as of one seed; None where the set has no region whose finding has a prior.
    """
    hits, patients = [], []
    for index in np.unique(evaluation_set.region_class):
        prior = position_prior(data, evaluation_set.class_names[index])
        if prior is None:
            continue
        of_class = evaluation_set.region_class == index
        grid = round(len(prior) ** 0.5)
        maps = np.broadcast_to(prior.reshape(grid, grid), (int(of_class.sum()), grid, grid))
        hits.append(pointing_hits(maps, evaluation_set.regions[of_class]).hits)
        patients.append(evaluation_set.patient_ids[evaluation_set.region_case[of_class]])
    if not hits:
        return None
    hit = np.concatenate(hits).astype(np.float32)
    weights = weights_for(pd.DataFrame({"patient_id": np.concatenate(patients)}), settings)
    share = weights @ hit / weights.sum(axis=1)
    return Measured(100 * share[:1], 100 * share[None, 1:], len(hit))


def prior_rows(corpora: Corpora, names: Sequence[str], settings: EvaluationSettings) -> list[dict[str, Any]]:
    """Return the long rows of the position prior on the sets that have regions.

    Parameters
    ----------
    corpora
        Where the gaze corpus and the evaluation sets are.
    names
        Evaluation sets; those that the study lacks are left out.
    settings
        Bootstrap size and seed.
    """
    data = TrainingData.load(corpora.gaze)
    rows = []
    for name in (one for one in names if (corpora.evaluation / one).is_dir()):
        measured = prior_pointing(data, load_evaluation_set(corpora.evaluation / name), settings)
        if measured is not None:
            row = measured.row(
                dataset=name, method="training positions", setting="similarity", metric="pointing_hit"
            )
            rows.append(row | {"kind": "trivial", "n_seeds": 0})
    return rows
