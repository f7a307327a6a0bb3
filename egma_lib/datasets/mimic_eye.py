"""MIMIC-EYE films joined with the gaze artefact: the corpus of pretraining with gaze.

Source: Hsieh et al. 2023 (MIMIC-EYE), with REFLACX (Bigolin Lanfredi et al. 2022) and EYE GAZE (Karargyris et
al. 2021).
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pandera.pandas as pa

from egma_lib.datasets.contract import REGION_COLUMNS, CaseTable, ReportCorpus
from egma_lib.datasets.pixels import film_shape
from egma_lib.datasets.reflacx_labels import read_ellipses
from egma_lib.datasets.splits import split_by_patient
from egma_lib.datasets.tables import (
    filled,
    find_path,
    number,
    one_of,
    read_table,
    require_files,
    require_unique,
)
from egma_lib.errors import DataError

if TYPE_CHECKING:
    from egma_lib.gaze.artefact import GazeArtefact

CLASSES_CHEXPERT_14 = (
    "No Finding", "Enlarged Cardiomediastinum", "Cardiomegaly", "Lung Opacity", "Lung Lesion", "Edema",
    "Consolidation", "Pneumonia", "Atelectasis", "Pneumothorax", "Pleural Effusion", "Pleural Other",
    "Fracture", "Support Devices",
)  # fmt: skip
SHAPE_TOLERANCE = 0.03
"""Log ratio of the sides that rounding the size of a smaller copy explains."""
LOG = logging.getLogger(__name__)


def load_gaze_corpus(folder: Path, gaze: GazeArtefact, validation_share: float) -> ReportCorpus:
    """Load one sample per usable reading: film, dictated sentences and the reader's ellipses.

    Parameters
    ----------
    folder
        The `mimic-eye` folder of the data root.
    gaze
        Artefact of the gaze stage; readings whose `reason` is not empty were excluded there.
    validation_share
        Share of patients held out (0-1), each by the hash of its id.

    Returns
    -------
    ReportCorpus
        `mimic_eye`; `sample_id` is the reading id, sentence i of a sample has `sentence_index` i in the
        artefact, `rows` and `columns` are those of `cxr_meta.csv`, extra column `study_id`. Regions are
        REFLACX ellipses of certainty 3 and more (the boxes of EYE GAZE are anatomy, not findings). Readings
        without a sentence are left out, and their number logged.

    Raises
    ------
    DataError
        Missing table or film, a reading whose image `cxr_meta.csv` lacks, or broken sentence indices.
    """
    readings, spoken = spoken_readings(gaze)
    if readings.empty:
        raise DataError(f"{folder}: no usable reading with a sentence; see the gaze stage's excluded.csv")
    samples = _samples(folder, readings)
    samples["split"] = split_by_patient(samples["patient_id"], validation_share, "mimic_eye")
    sentences = tuple(spoken[reading] for reading in samples["sample_id"])
    return ReportCorpus("mimic_eye", samples, sentences, regions=_ellipses(folder, samples))


def load_gaze_labels(folder: Path, corpus: ReportCorpus) -> CaseTable:
    """Load the 14 CheXpert labels of every sample of the gaze corpus, by study.

    Parameters
    ----------
    folder
        The `mimic-eye` folder, with `spreadsheets/CXR-JPG/cxr_chexpert.csv`.
    corpus
        From `load_gaze_corpus`.

    Returns
    -------
    CaseTable
        `mimic_eye_labels`, case_id = sample_id, in the order of the corpus; classes in CheXpert's own order.
        Blank is 0; uncertain (-1), and every label of a study the table lacks, is NaN.

    Raises
    ------
    DataError
        Missing table or column, bad cell, or a study with two rows.
    """
    known = read_study_labels(_spreadsheets(folder) / "CXR-JPG" / "cxr_chexpert.csv")
    return label_table("mimic_eye_labels", corpus, known)


def read_study_labels(path: Path) -> pd.DataFrame:
    """Read a table of CheXpert labels, of MIMIC-EYE or of MIMIC-CXR-JPG.

    Returns
    -------
    pandas.DataFrame
        Indexed by study_id, a column per class of `CLASSES_CHEXPERT_14`: 1, 0 (also for blank), NaN for
        uncertain (-1).

    Raises
    ------
    DataError
        Missing table or column, bad cell, or a study with two rows that differ.
    """
    columns = {name: number(one_of((1, 0, -1)), blank=True) for name in CLASSES_CHEXPERT_14}
    table = read_table(path, pa.DataFrameSchema({"study_id": filled(), **columns}))
    table["study_id"] = table["study_id"].map(_whole)
    table = table.drop_duplicates(subset=["study_id", *CLASSES_CHEXPERT_14])
    if table["study_id"].duplicated().any():
        double = table.loc[table["study_id"].duplicated(), "study_id"].iloc[0]
        raise DataError(f"{path}: study {double} has two rows with different labels; keep one")
    return table.set_index("study_id")[list(CLASSES_CHEXPERT_14)].fillna(0.0).replace(-1.0, np.nan)


def label_table(name: str, corpus: ReportCorpus, known: pd.DataFrame) -> CaseTable:
    """Return the labels of a corpus's samples by study; NaN for a study that `known` lacks."""
    labels = known.reindex(corpus.samples["study_id"]).to_numpy(dtype=float)
    cases = corpus.samples.rename(columns={"sample_id": "case_id"})
    return CaseTable(name, cases, CLASSES_CHEXPERT_14, labels, regions=corpus.regions)


def spoken_readings(gaze: GazeArtefact) -> tuple[pd.DataFrame, dict[str, tuple[str, ...]]]:
    """Return the usable readings in which something was said, and the sentences of each by reading id.

    Raises
    ------
    DataError
        The sentence indices of a reading do not count from 0.
    """
    readings = gaze.readings[gaze.readings["reason"].fillna("").astype(str).str.strip() == ""]
    spoken = _sentences(gaze.sentences)
    silent = ~readings["reading_id"].isin(spoken.keys())
    if silent.any():
        LOG.warning("mimic_eye: %d readings left out, nothing was said", int(silent.sum()))
    return readings[~silent].reset_index(drop=True), spoken


def _sentences(table: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Sentences per reading by index; heatmaps are matched by that index, so it must count from 0."""
    ordered = table.sort_values(["reading_id", "sentence_index"])
    position = ordered.groupby("reading_id").cumcount()
    wrong = (ordered["sentence_index"] != position).to_numpy()
    if wrong.any():
        reading = ordered["reading_id"].iloc[int(wrong.argmax())]
        raise DataError(
            f"gaze artefact: sentence_index of reading {reading} does not count 0, 1, 2, ...; run the gaze "
            "stage again"
        )
    return {str(one): tuple(texts) for one, texts in ordered.groupby("reading_id")["text"]}


def _samples(folder: Path, readings: pd.DataFrame) -> pd.DataFrame:
    path = _spreadsheets(folder) / "cxr_meta.csv"
    positive = pa.Check.gt(0, error="must be positive")
    columns = {"dicom_id": filled(), "subject_id": filled(), "study_id": filled()}
    schema = pa.DataFrameSchema({**columns, "Rows": number(positive), "Columns": number(positive)})
    meta = read_table(path, schema).drop_duplicates(subset=list(schema.columns))
    require_unique(meta["dicom_id"], path)
    meta = meta.set_index("dicom_id")
    unknown = readings.loc[~readings["dicom_id"].isin(meta.index), ["reading_id", "dicom_id"]]
    if len(unknown):
        reading, image = unknown.iloc[0]
        raise DataError(
            f"{path}: no row for image {image} of reading {reading} ({len(unknown)} readings in all); "
            "complete the table"
        )
    meta = meta.loc[readings["dicom_id"]]
    patients, studies = meta["subject_id"].map(_whole), meta["study_id"].map(_whole)
    root = path.parents[1]
    files = [
        str(root / f"patient_{patient}" / "CXR-JPG" / f"s{study}" / f"{dicom}.jpg")
        for patient, study, dicom in zip(patients, studies, readings["dicom_id"], strict=True)
    ]
    require_files(files, path)
    for file, rows, columns in zip(files, meta["Rows"], meta["Columns"], strict=True):
        require_shape(file, rows, columns, path.name)
    return pd.DataFrame(
        {
            "sample_id": readings["reading_id"].astype(str).to_numpy(),
            "dicom_id": readings["dicom_id"].to_numpy(),
            "patient_id": patients.to_numpy(),
            "study_id": studies.to_numpy(),
            "image_path": files,
            "rows": meta["Rows"].to_numpy(dtype=int),
            "columns": meta["Columns"].to_numpy(dtype=int),
            "source": readings["source"].to_numpy(),
            "reader": readings["reader"].to_numpy(),
        }
    )


def require_shape(file: str, rows: float, columns: float, table: str) -> None:
    """Refuse a film that was cropped, squeezed or exchanged: gaze would be drawn at the wrong place.

    A film of the same shape in fewer pixels is accepted, since positions are used in 0-1 of the image.
    """
    stored_rows, stored_columns = film_shape(file)
    if abs(np.log(stored_rows * columns / (stored_columns * rows))) > SHAPE_TOLERANCE:
        raise DataError(
            f"{file}: {stored_rows} x {stored_columns} pixels, but {table} says {rows:.0f} x "
            f"{columns:.0f}; gaze would not fit a film of another shape, fetch it again"
        )


def _ellipses(folder: Path, samples: pd.DataFrame) -> pd.DataFrame:
    root = _spreadsheets(folder).parent
    marked = samples[samples["source"] == "reflacx"]
    parts = []
    for reading, patient, rows, columns in zip(
        marked["sample_id"], marked["patient_id"], marked["rows"], marked["columns"], strict=True
    ):
        file = (
            root / f"patient_{patient}" / "REFLACX" / "main_data" / reading / "anomaly_location_ellipses.csv"
        )
        parts.append(read_ellipses(file, reading, rows, columns))
    parts = [part for part in parts if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(REGION_COLUMNS))


def _spreadsheets(folder: Path) -> Path:
    """Find the spreadsheets under a version folder, or one more level down, in `<version>/mimic-eye`."""
    return find_path(folder, "spreadsheets", "mimic-eye/spreadsheets")


def _whole(identifier: str) -> str:
    """`50000001.0`, as pandas writes whole numbers beside blanks, means `50000001`."""
    return identifier.removesuffix(".0")
