"""The 14 CheXpert labels of the gaze corpus of a study, whichever collections its readings come from."""

from __future__ import annotations

import numpy as np

from egma_lib.datasets.contract import CaseTable, ReportCorpus
from egma_lib.datasets.mimic_eye import label_table, load_gaze_labels, read_study_labels
from egma_lib.datasets.tables import find_path
from egma_lib.study import Study

LABEL_TABLES = ("mimic-cxr-2.0.0-chexpert.csv.gz", "mimic-cxr-2.0.0-chexpert.csv")
"""Label table of MIMIC-CXR-JPG, packed or not."""


def load_study_gaze_labels(study: Study, corpus: ReportCorpus) -> CaseTable:
    """Load the 14 CheXpert labels of every sample of the gaze corpus.

    Parameters
    ----------
    study
        Samples whose film lies in its `mimic-eye` folder take the labels of MIMIC-EYE, all others those of
        MIMIC-CXR-JPG (`mimic-cxr-2.0.0-chexpert.csv`), by study.
    corpus
        From `load_study_gaze_corpus`.

    Returns
    -------
    CaseTable
        `gaze_labels` as from `load_gaze_labels`, whose result it is where MIMIC-EYE has every film.

    Raises
    ------
    DataError
        Missing table or column, bad cell, or a study with two rows.
    """
    eye_folder = str(study.dataset("mimic-eye"))
    within = np.array([path.startswith(eye_folder) for path in corpus.samples["image_path"]], dtype=bool)
    if within.all():
        return load_gaze_labels(study.dataset("mimic-eye"), corpus)
    known = read_study_labels(find_path(study.dataset("mimic-cxr-jpg"), *LABEL_TABLES))
    labels = label_table("gaze_labels", corpus, known)
    if not within.any():
        return labels
    first = load_gaze_labels(study.dataset("mimic-eye"), corpus)
    values = np.where(within[:, None], first.labels, labels.labels)
    return CaseTable("gaze_labels", labels.cases, labels.class_names, values, regions=corpus.regions)
