"""The 14 CheXpert labels of radiographs to train on, whichever MIMIC table lists their study."""

from __future__ import annotations

import numpy as np
import pandas as pd

from egma_lib.datasets.gaze_labels import LABEL_TABLES
from egma_lib.datasets.mimic_eye import read_study_labels
from egma_lib.datasets.tables import find_path, has_path
from egma_lib.study import Study

_TABLES = (
    ("mimic-cxr-jpg", LABEL_TABLES),
    (
        "mimic-eye",
        ("spreadsheets/CXR-JPG/cxr_chexpert.csv", "mimic-eye/spreadsheets/CXR-JPG/cxr_chexpert.csv"),
    ),
)
"""Data set and alternative names of its label table; the first table that lists a study counts."""


def load_study_labels(study: Study, *study_ids: pd.Series) -> list[np.ndarray | None]:
    """Load the CheXpert labels of corpora by study, from MIMIC-CXR-JPG and MIMIC-EYE, each read once.

    No uncertainty policy is applied: a loss must be able to leave an uncertain label out. A blank is 0, since
    it means that the report does not mention the finding.

    Parameters
    ----------
    study
        Its `mimic-cxr-jpg` and `mimic-eye` folders are searched for the tables; either may lack.
    study_ids
        Per corpus the MIMIC study of each of its n samples, text.

    Returns
    -------
    list of (numpy.ndarray or None)
        Per corpus shape (n, 14) float32, columns in the order of `mimic_eye.CLASSES_CHEXPERT_14`: 1 present,
        0 absent or not mentioned, NaN uncertain (-1) and for a study that no table lists. None where no table
        lists any study of the corpus.

    Raises
    ------
    DataError
        A table that cannot be read, a bad cell, or a study with two rows that differ.

    Notes
    -----
    Source: Johnson et al. 2019 (MIMIC-CXR-JPG), labels by the CheXpert labeller of Irvin et al. 2019.
    """
    tables = [
        read_study_labels(find_path(study.dataset(key), *names))
        for key, names in _TABLES
        if any(has_path(study.dataset(key), name) for name in names)
    ]
    if not tables:
        return [None] * len(study_ids)
    known = pd.concat(tables)
    known = known[~known.index.duplicated()]
    return [
        known.reindex(ids).to_numpy(dtype=np.float32) if ids.isin(known.index).any() else None
        for ids in study_ids
    ]
