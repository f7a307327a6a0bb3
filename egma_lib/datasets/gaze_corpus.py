"""The gaze corpus of a study, whichever of MIMIC-EYE, REFLACX and EGD-CXR it holds.

Films of readings outside MIMIC-EYE come from MIMIC-CXR-JPG by their dicom_id.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pandera.pandas as pa

from egma_lib.datasets.contract import REGION_COLUMNS, ReportCorpus
from egma_lib.datasets.mimic_eye import load_gaze_corpus, require_shape, spoken_readings
from egma_lib.datasets.reflacx_labels import read_ellipses
from egma_lib.datasets.splits import split_by_patient
from egma_lib.datasets.tables import filled, find_path, number, read_table, require_files
from egma_lib.errors import DataError
from egma_lib.gaze.study_readings import reflacx_root
from egma_lib.study import Study

if TYPE_CHECKING:
    from egma_lib.gaze.artefact import GazeArtefact

_METADATA = ("mimic-cxr-2.0.0-metadata.csv.gz", "mimic-cxr-2.0.0-metadata.csv")
_CXR_META = ("spreadsheets/cxr_meta.csv", "mimic-eye/spreadsheets/cxr_meta.csv")


def load_study_gaze_corpus(study: Study, gaze: GazeArtefact, validation_share: float) -> ReportCorpus:
    """Load one sample per usable reading of the artefact, from MIMIC-EYE as far as it has the film.

    Parameters
    ----------
    study
        Its `mimic-eye` folder is used where there is one, and `mimic-cxr-jpg` (films) and `reflacx`
        (ellipses) for readings whose film is not listed there.
    gaze
        Artefact of the gaze stage, from `build_study_gaze`.
    validation_share
        Share of patients held out (0-1), each by the hash of its id, so that a patient of two collections is
        on one side.

    Returns
    -------
    ReportCorpus
        As from `load_gaze_corpus`, whose result it is where MIMIC-EYE has every film; otherwise named `gaze`,
        samples of MIMIC-EYE first.

    Raises
    ------
    DataError
        Missing table or film, a film of another size than its reading says, or no usable reading.
    """
    within = _listed_in_mimic_eye(study, gaze)
    if within.all():
        return load_gaze_corpus(study.dataset("mimic-eye"), gaze, validation_share)
    alone = _load_alone(study, replace(gaze, readings=gaze.readings[~within]), validation_share)
    if not within.any():
        return alone
    inside = replace(gaze, readings=gaze.readings[within])
    first = load_gaze_corpus(study.dataset("mimic-eye"), inside, validation_share)
    regions = [table for table in (first.regions, alone.regions) if table is not None and len(table)]
    return ReportCorpus(
        "gaze",
        pd.concat([first.samples, alone.samples], ignore_index=True),
        first.sentences + alone.sentences,
        regions=pd.concat(regions, ignore_index=True) if regions else first.regions,
    )


def _listed_in_mimic_eye(study: Study, gaze: GazeArtefact) -> np.ndarray:
    """Whether MIMIC-EYE lists the film of each reading, shape (n_readings,)."""
    if not study.has("mimic-eye"):
        return np.zeros(len(gaze.readings), dtype=bool)
    path = find_path(study.dataset("mimic-eye"), *_CXR_META)
    listed = read_table(path, pa.DataFrameSchema({"dicom_id": filled()}))["dicom_id"]
    return gaze.readings["dicom_id"].isin(listed).to_numpy()


def _load_alone(study: Study, gaze: GazeArtefact, validation_share: float) -> ReportCorpus:
    readings, spoken = spoken_readings(gaze)
    if readings.empty:
        raise DataError(
            f"{study.data_root}: no usable reading with a sentence; see the gaze stage's excluded.csv"
        )
    samples = _samples(study.dataset("mimic-cxr-jpg"), readings)
    # The name of MIMIC-EYE's split: a patient is on the same side with MIMIC-EYE and without it.
    samples["split"] = split_by_patient(samples["patient_id"], validation_share, "mimic_eye")
    sentences = tuple(spoken[reading] for reading in samples["sample_id"])
    return ReportCorpus("gaze", samples, sentences, regions=_ellipses(study, samples))


def _samples(jpg_folder: Path, readings: pd.DataFrame) -> pd.DataFrame:
    path = find_path(jpg_folder, *_METADATA)
    positive = pa.Check.gt(0, error="must be positive")
    columns = {"dicom_id": filled(), "subject_id": filled(), "study_id": filled()}
    schema = pa.DataFrameSchema({**columns, "Rows": number(positive), "Columns": number(positive)})
    films = read_table(path, schema).drop_duplicates("dicom_id").set_index("dicom_id")
    unknown = readings.loc[~readings["dicom_id"].isin(films.index), ["reading_id", "dicom_id"]]
    if len(unknown):
        reading, image = unknown.iloc[0]
        raise DataError(
            f"{path}: no row for image {image} of reading {reading} ({len(unknown)} readings in all); "
            "download the table of the whole release"
        )
    films = films.loc[readings["dicom_id"]]
    sizes = readings[["rows", "columns"]].to_numpy(dtype=float)
    other = (films[["Rows", "Columns"]].to_numpy(dtype=float) != sizes).any(axis=1)
    if other.any():
        row = int(other.argmax())
        raise DataError(
            f"{path}: image {films.index[row]} has {films['Rows'].iloc[row]:.0f} rows and "
            f"{films['Columns'].iloc[row]:.0f} columns, its reading {readings['reading_id'].iloc[row]} says "
            f"{sizes[row, 0]:.0f} and {sizes[row, 1]:.0f}; one of the tables is not of this film"
        )
    return _with_files(path, find_path(jpg_folder, "files"), readings, films)


def _with_files(table: Path, files: Path, readings: pd.DataFrame, films: pd.DataFrame) -> pd.DataFrame:
    paths = [
        str(files / f"p{patient[:2]}" / f"p{patient}" / f"s{study}" / f"{dicom}.jpg")
        for patient, study, dicom in zip(films["subject_id"], films["study_id"], films.index, strict=True)
    ]
    require_files(dict.fromkeys(paths), table)
    for path, (rows, columns) in dict(zip(paths, films[["Rows", "Columns"]].to_numpy(), strict=True)).items():
        require_shape(path, rows, columns, table.name)
    return pd.DataFrame(
        {
            "sample_id": readings["reading_id"].astype(str).to_numpy(),
            "dicom_id": readings["dicom_id"].to_numpy(),
            "patient_id": films["subject_id"].to_numpy(),
            "study_id": films["study_id"].to_numpy(),
            "image_path": paths,
            "rows": films["Rows"].to_numpy(dtype=int),
            "columns": films["Columns"].to_numpy(dtype=int),
            "source": readings["source"].to_numpy(),
            "reader": readings["reader"].to_numpy(),
        }
    )


def _ellipses(study: Study, samples: pd.DataFrame) -> pd.DataFrame:
    marked = samples[samples["source"] == "reflacx"]
    empty = pd.DataFrame(columns=list(REGION_COLUMNS))
    if marked.empty:
        return empty
    main = reflacx_root(study.dataset("reflacx")) / "main_data"
    parts = [
        read_ellipses(main / reading / "anomaly_location_ellipses.csv", reading, rows, columns)
        for reading, rows, columns in zip(marked["sample_id"], marked["rows"], marked["columns"], strict=True)
    ]
    parts = [part for part in parts if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else empty
