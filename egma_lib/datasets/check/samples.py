"""A few cases of a data set, as its reader gives them, to look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from egma_lib.datasets.chexpert import (
    load_chexpert_5x200,
    load_chexpert_5x200_marked,
    load_chexpert_8x200,
    load_chexpert_train,
    load_chexpert_valid,
)
from egma_lib.datasets.contract import CaseTable
from egma_lib.datasets.mimic_cxr import load_report_corpus
from egma_lib.datasets.rsna import load_rsna
from egma_lib.datasets.siim import load_siim
from egma_lib.errors import DataError
from egma_lib.gaze.recordings import find_readings, read_recording
from egma_lib.gaze.sentences import split_sentences
from egma_lib.settings import Settings
from egma_lib.study import Study


@dataclass(frozen=True)
class SampleCase:
    """One case of a data set.

    Attributes
    ----------
    case_id, patient_id
        As in the case table; the reading id for MIMIC-EYE.
    image_path
        Absolute path as text.
    rows, columns
        Size of the frame that regions and gaze refer to (pixels).
    split
        Part of the data set; empty where readers give none yet.
    labels
        Class name and value: 1 present, 0 absent, NaN unknown.
    sentences
        Sentences of the report, or those dictated.
    """

    case_id: str
    patient_id: str
    image_path: str
    rows: int
    columns: int
    split: str
    labels: tuple[tuple[str, float], ...] = ()
    sentences: tuple[str, ...] = ()


def _marked(study: Study) -> CaseTable:
    table = load_chexpert_5x200_marked(study.dataset("chexpert"))
    if table is None:
        raise DataError(
            f"{study.dataset('chexpert')}: no chexpert_5x200_marked.csv; only the phantom has one"
        )
    return table


_TABLES: dict[str, Callable[[Study, Settings], CaseTable]] = {
    "chexpert_5x200": lambda study, _: load_chexpert_5x200(study.dataset("chexpert")),
    "chexpert_5x200_marked": lambda study, _: _marked(study),
    "chexpert_8x200": lambda study, _: load_chexpert_8x200(study.dataset("chexpert"))[0],
    "chexpert_train": lambda study, settings: load_chexpert_train(study.dataset("chexpert"), settings.data),
    "chexpert_valid": lambda study, _: load_chexpert_valid(study.dataset("chexpert")),
    "rsna": lambda study, _: load_rsna(study.dataset("rsna")),
    "siim": lambda study, _: load_siim(study.dataset("siim")),
}
SAMPLED_SETS = ("mimic-eye", "mimic-cxr", *_TABLES)
"""Names that `sample_cases` knows."""


def sample_cases(name: str, study: Study, settings: Settings, n: int) -> list[SampleCase]:
    """Return `n` cases evenly spread over a data set, read by the reader that the notebooks use.

    Parameters
    ----------
    name
        One of `SAMPLED_SETS`.
    study
        Where the data are.
    settings
        Label policy, splits and viewing geometry.
    n
        Number of cases; all where there are fewer.

    Raises
    ------
    DataError
        Unknown name, `n` below 1, or what the reader finds wrong.
    """
    if name not in SAMPLED_SETS:
        raise DataError(f"data set {name!r} is unknown; use one of {', '.join(SAMPLED_SETS)}")
    if n < 1:
        raise DataError(f"{n} cases asked for; ask for at least 1")
    if name == "mimic-eye":
        return _readings(study, settings, n)
    if name == "mimic-cxr":
        return _reports(study, settings, n)
    table = _TABLES[name](study, settings)
    rows = _spread(len(table), n)
    labels = [tuple(zip(table.class_names, table.labels[row].tolist(), strict=True)) for row in rows]
    return [
        replace(case, labels=values)
        for case, values in zip(_cases(table.cases, rows, "case_id"), labels, strict=True)
    ]


def _spread(size: int, n: int) -> list[int]:
    """Return up to `n` row numbers from the first row on, evenly spread over `size` rows."""
    return np.unique(np.linspace(0, size, min(n, size), endpoint=False).astype(int)).tolist()


def _cases(table: pd.DataFrame, rows: list[int], id_column: str) -> list[SampleCase]:
    return [
        SampleCase(
            case_id=str(row[id_column]),
            patient_id=str(row["patient_id"]),
            image_path=str(row["image_path"]),
            rows=int(row["rows"]),
            columns=int(row["columns"]),
            split=str(row["split"]),
        )
        for _, row in table.iloc[rows].iterrows()
    ]


def _reports(study: Study, settings: Settings, n: int) -> list[SampleCase]:
    corpus = load_report_corpus(
        study.dataset("mimic-cxr-jpg"), study.dataset("mimic-cxr"), settings.data.validation_share
    )
    rows = _spread(len(corpus), n)
    cases = _cases(corpus.samples, rows, "sample_id")
    return [replace(case, sentences=corpus.sentences[row]) for case, row in zip(cases, rows, strict=True)]


def _readings(study: Study, settings: Settings, n: int) -> list[SampleCase]:
    """Read recordings themselves: the corpus needs the gaze artefact, which is made later."""
    usable = [reading for reading in find_readings(study.dataset("mimic-eye")) if not reading.problem]
    cases = []
    for index in _spread(len(usable), n):
        recording = read_recording(usable[index], settings.gaze)
        films = sorted(usable[index].folder.glob(f"CXR-JPG/s*/{recording.dicom_id}.jpg"))
        if not films:
            raise DataError(
                f"{usable[index].folder}: no film CXR-JPG/s<study_id>/{recording.dicom_id}.jpg of reading "
                f"{recording.reading_id}; complete the download"
            )
        cases.append(
            SampleCase(
                recording.reading_id,
                recording.subject_id,
                str(films[0]),
                recording.frame.rows,
                recording.frame.columns,
                "",
                sentences=tuple(split_sentences(recording.words)[1]["text"]),
            )
        )
    return cases
