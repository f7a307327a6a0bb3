"""MIMIC-CXR-JPG films with MIMIC-CXR reports: the corpus of base pretraining without gaze.

Source: Johnson et al. 2019.
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa

from egma_lib.datasets.contract import ReportCorpus
from egma_lib.datasets.reports import report_sentences
from egma_lib.datasets.splits import split_by_patient
from egma_lib.datasets.tables import (
    filled,
    find_path,
    has_path,
    number,
    one_of,
    read_table,
    require_files,
    require_unique,
    text,
)
from egma_lib.errors import DataError

FRONTAL = ("AP", "PA")
PARTS = {"train": "train", "validate": "validation", "test": "test"}
LOG = logging.getLogger(__name__)


def load_report_corpus(jpg_folder: Path, report_folder: Path, validation_share: float) -> ReportCorpus:
    """Load frontal films with the sentences of their report's findings and impression.

    Parameters
    ----------
    jpg_folder
        The `mimic-cxr-jpg` folder: `mimic-cxr-2.0.0-{metadata,split}.csv[.gz]` and `files/`.
    report_folder
        The `mimic-cxr` folder: `files/p1x/p<subject>/s<study>.txt`.
    validation_share
        Share of patients held out where the data set has no split table (0-1).

    Returns
    -------
    ReportCorpus
        `mimic_cxr`; one sample per frontal film, `sample_id` its dicom_id, extra column `study_id`. The
        official split's train and validate become train and validation; its test films are left out. A film
        whose report has no usable sentence is left out too, and their number logged.

    Raises
    ------
    DataError
        Missing table, film or report, bad cell, a film without split, or no film left.
    """
    films = _frontal_films(jpg_folder)
    films["split"] = _splits(jpg_folder, films, validation_share)
    films = films[films["split"] != "test"].reset_index(drop=True)
    by_study = _sentences_by_study(report_folder, films)
    usable = np.array([bool(by_study[study]) for study in films["study_id"]], dtype=bool)
    if not usable.all():
        LOG.warning("mimic_cxr: %d films left out, no sentence in their report", int((~usable).sum()))
    films = films[usable].reset_index(drop=True)
    if films.empty:
        raise DataError(f"{jpg_folder}: no frontal film with a report; expected ViewPosition AP or PA")
    samples = films.assign(sample_id=films["dicom_id"], source="mimic_cxr", reader="")
    return ReportCorpus("mimic_cxr", samples, tuple(by_study[study] for study in films["study_id"]))


def _frontal_films(folder: Path) -> pd.DataFrame:
    path = _table(folder, "metadata")
    positive = pa.Check.gt(0, error="must be positive")
    schema = pa.DataFrameSchema(
        {
            "dicom_id": filled(), "subject_id": filled(), "study_id": filled(), "ViewPosition": text(),
            "Rows": number(positive), "Columns": number(positive),
        }
    )  # fmt: skip
    table = read_table(path, schema)
    require_unique(table["dicom_id"], path)
    table = table[table["ViewPosition"].str.upper().isin(FRONTAL)].reset_index(drop=True)
    files = find_path(folder, "files")
    films = pd.DataFrame(
        {
            "dicom_id": table["dicom_id"],
            "patient_id": table["subject_id"],
            "study_id": table["study_id"],
            "image_path": [
                str(files / f"p{subject[:2]}" / f"p{subject}" / f"s{study}" / f"{dicom}.jpg")
                for subject, study, dicom in zip(
                    table["subject_id"], table["study_id"], table["dicom_id"], strict=True
                )
            ],
            "rows": table["Rows"].astype(int),
            "columns": table["Columns"].astype(int),
        }
    )
    require_files(films["image_path"], path)
    return films


def _splits(folder: Path, films: pd.DataFrame, validation_share: float) -> np.ndarray:
    if not any(has_path(folder, name) for name in _names("split")):
        return split_by_patient(films["patient_id"], validation_share, "mimic_cxr")
    path = _table(folder, "split")
    schema = pa.DataFrameSchema({"dicom_id": filled(), "split": text(one_of(tuple(PARTS)))})
    parts = read_table(path, schema)
    require_unique(parts["dicom_id"], path)
    part_of = parts.set_index("dicom_id")["split"].map(PARTS)
    splits = films["dicom_id"].map(part_of)
    if splits.isna().any():
        raise DataError(
            f"{path}: no row for film {films['dicom_id'][splits.isna()].iloc[0]} of the metadata table "
            f"({int(splits.isna().sum())} in all); download both tables of one version"
        )
    return splits.to_numpy(dtype=str)


def _sentences_by_study(folder: Path, films: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    files = find_path(folder, "files")
    sentences: dict[str, tuple[str, ...]] = {}
    for patient, study in films[["patient_id", "study_id"]].drop_duplicates().itertuples(index=False):
        path = files / f"p{patient[:2]}" / f"p{patient}" / f"s{study}.txt"
        if not path.is_file():
            raise DataError(
                f"{path}: report not found; reports are not part of MIMIC-CXR-JPG: unpack "
                f"mimic-cxr-reports.zip into {folder}"
            )
        try:
            sentences[study] = report_sentences(path.read_text(encoding="utf-8"))
        except UnicodeDecodeError as error:
            raise DataError(f"{path}: report is not UTF-8 text ({error}); unpack it again") from error
    return sentences


def _names(table: str) -> tuple[str, str]:
    return (f"mimic-cxr-2.0.0-{table}.csv.gz", f"mimic-cxr-2.0.0-{table}.csv")


def _table(folder: Path, table: str) -> Path:
    return find_path(folder, *_names(table))
