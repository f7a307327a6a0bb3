"""The corpora of a study as the leakage audit compares them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from egma_lib.datasets.leakage import AuditedSet, LeakageAudit, audit_leakage
from egma_lib.evaluation.evaluation_sets import load_evaluation_set
from egma_lib.evaluation.probe_data import PARTS, ProbeSet
from egma_lib.experiments.corpora import Corpora
from egma_lib.experiments.film_rows import FilmRows
from egma_lib.settings import EvaluationSettings
from egma_lib.training.data import TrainingData


def audit_corpora(corpora: Corpora, settings: EvaluationSettings) -> LeakageAudit:
    """Compare everything trained on with everything evaluated on, before any evaluation.

    Parameters
    ----------
    corpora
        As `build_corpora` returns them.
    settings
        `allow_overlap` names the pairs that do not stop a run.

    Returns
    -------
    LeakageAudit
        Of `base_train`, `base_validation`, `gaze_train`, `gaze_validation` and the test sets by name; parts
        without a film are left out.
    """
    folders = sorted(path.parent for path in corpora.evaluation.glob("*/about.json"))
    sets = [
        *training_sets("base", TrainingData.load(corpora.base)),
        *training_sets("gaze", TrainingData.load(corpora.gaze)),
    ]
    for test_set in map(load_evaluation_set, folders):
        sets.append(
            AuditedSet(
                name=test_set.name,
                role="evaluation",
                # RSNA and SIIM give their patients numbers of their own, which no other set uses.
                family="chexpert" if test_set.name.startswith("chexpert") else "",
                patient_ids=test_set.patient_ids,
                image_ids=test_set.case_ids,
                images=test_set.images,
            )
        )
    return audit_leakage(sets, settings.allow_overlap)


def audit_probe_sets(
    corpora: Corpora, probe_sets: Sequence[ProbeSet], settings: EvaluationSettings
) -> LeakageAudit:
    """Compare what encoders and linear heads are trained on with the films that the heads are judged by.

    An audit of its own: in zero-shot evaluation the training films of a probe may be test films, since no
    encoder is trained on them.

    Parameters
    ----------
    corpora
        As `build_corpora` returns them.
    probe_sets
        As `build_probe_sets` returns them.
    settings
        `allow_overlap` names the pairs that do not stop a run.

    Returns
    -------
    LeakageAudit
        Of the training sets of `audit_corpora` and of `probe_<set>_<part>`; patients are compared within a
        set, where all parts number them alike.
    """
    roles = dict(zip(PARTS, ("training", "validation", "evaluation"), strict=True))
    sets = [
        *training_sets("base", TrainingData.load(corpora.base)),
        *training_sets("gaze", TrainingData.load(corpora.gaze)),
    ]
    for probe_set in probe_sets:
        images = probe_set.images
        for part, role in roles.items():
            rows = probe_set.rows(part)
            sets.append(
                AuditedSet(
                    name=f"probe_{probe_set.name}_{part}",
                    role=role,  # type: ignore[arg-type]
                    family=probe_set.name,
                    patient_ids=probe_set.patient_ids[rows],
                    image_ids=probe_set.case_ids[rows],
                    # The films of a part lie one behind the other, so that this stays a view of the cache.
                    images=images[rows[0] : rows[-1] + 1],
                )
            )
    return audit_leakage(sets, settings.allow_overlap)


def training_sets(name: str, data: TrainingData) -> list[AuditedSet]:
    """Return training and validation part of a MIMIC corpus, each film once under its first sample.

    Films stay where they are and are read block by block as the audit goes through them.
    """
    parts = []
    for part, role in (("train", "training"), ("validation", "validation")):
        chosen = np.flatnonzero(data.is_validation == (part == "validation"))
        rows, first = np.unique(data.image_index[chosen], return_index=True)
        if len(chosen):
            parts.append(
                AuditedSet(
                    name=f"{name}_{part}",
                    role=role,  # type: ignore[arg-type]
                    family="mimic",
                    patient_ids=np.array(data.patient_ids)[chosen],
                    image_ids=np.array(data.sample_ids)[chosen[first]],
                    # The rows themselves would be a copy of the whole corpus.
                    images=FilmRows(data.images, rows),
                )
            )
    return parts
