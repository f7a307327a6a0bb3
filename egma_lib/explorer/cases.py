"""Browsing: the cases of a corpus as a table, what they can be chosen by, and which fit a choice."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from egma_lib.datasets.mimic_eye import CLASSES_CHEXPERT_14
from egma_lib.errors import DataError
from egma_lib.experiments.phrase_pairs import findings_named
from egma_lib.explorer.sources import GAZE_CORPUS, StudySources

CASE_COLUMNS = ("case_id", "patient_id", "split", "reader", "findings", "n_sentences", "has_gaze")
CHOICES = ("split", "finding", "reader")
_SEPARATOR = ", "


def case_table(sources: StudySources, corpus: str) -> pd.DataFrame:
    """Return every case of a corpus, readings that no training saw first.

    Parameters
    ----------
    sources
        The study.
    corpus
        `gaze` or the name of an evaluation set.

    Returns
    -------
    pandas.DataFrame
        `CASE_COLUMNS` and `searched`, the lower-case text that words are looked up in: the report of a
        reading, the findings of a test film, which has no report. `findings` is a text, names separated by
        commas; `reader` is empty where there is none.
    """
    return _readings(sources) if corpus == GAZE_CORPUS else _test_films(sources, corpus)


def _readings(sources: StudySources) -> pd.DataFrame:
    data, readings = sources.data, sources.readings
    table = pd.DataFrame(
        {
            "case_id": list(data.sample_ids),
            "patient_id": list(data.patient_ids),
            "split": np.where(data.is_validation, "validation", "train"),
            "reader": readings["reader"].astype(str).to_numpy(),
            "findings": reading_findings(sources),
            "n_sentences": [len(report) for report in data.sentences],
            "has_gaze": [bool(np.any(one)) for one in data.has_gaze],
            "searched": [" ".join(report).lower() for report in data.sentences],
        }
    )
    order = table.sort_values(["split", "case_id"], ascending=[False, True], kind="stable")
    return order.reset_index(drop=True)


def reading_findings(sources: StudySources) -> list[str]:
    """Return the findings of each reading: its CheXpert labels, or where there are none what it names."""
    data = sources.data
    if data.labels is not None:
        return [
            _SEPARATOR.join(name for name, label in zip(CLASSES_CHEXPERT_14, row, strict=True) if label == 1)
            for row in data.labels
        ]
    owner = np.repeat(np.arange(len(data.sentences)), [len(report) for report in data.sentences])
    named = findings_named(pd.Series([text for report in data.sentences for text in report]))
    found: list[dict[str, None]] = [{} for _ in data.sentences]
    for sample, names in zip(owner.tolist(), named, strict=True):
        found[sample] |= dict.fromkeys(names)
    return [_SEPARATOR.join(names) for names in found]


def _test_films(sources: StudySources, corpus: str) -> pd.DataFrame:
    test_set = sources.evaluation_set(corpus)
    findings = [test_set.class_names[label] for label in test_set.labels]
    return pd.DataFrame(
        {
            "case_id": test_set.case_ids,
            "patient_id": test_set.patient_ids,
            "split": "test",
            "reader": "",
            "findings": findings,
            "n_sentences": 0,
            "has_gaze": False,
            "searched": [finding.lower() for finding in findings],
        }
    )


def select_cases(
    table: pd.DataFrame, *, split: str = "", finding: str = "", reader: str = "", words: str = ""
) -> pd.DataFrame:
    """Return the cases that fit every choice; an empty choice fits all.

    Parameters
    ----------
    table
        From `case_table`.
    split, reader
        Exact values.
    finding
        One of the case's findings.
    words
        Beginnings of words, separated by spaces, that the searched text must all hold; case does not count.

    Returns
    -------
    pandas.DataFrame
        `CASE_COLUMNS` of the cases left, index 0 to n - 1; no row where nothing fits.
    """
    keep = np.ones(len(table), dtype=bool)
    for column, wanted in (("split", split), ("reader", reader)):
        if wanted:
            keep &= (table[column] == wanted).to_numpy()
    if finding:
        keep &= np.array([finding in names.split(_SEPARATOR) for names in table["findings"]], dtype=bool)
    for word in words.lower().split():
        # Words that begin with a sign, such as "(", have no word boundary before them.
        pattern = (r"\b" if word[0].isalnum() else "") + re.escape(word)
        keep &= table["searched"].str.contains(pattern, regex=True).to_numpy(dtype=bool)
    return table.loc[keep, list(CASE_COLUMNS)].reset_index(drop=True)


def choices_of(table: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Return the sorted values that `split`, `finding` and `reader` take in a case table."""
    findings = {name for names in table["findings"] for name in names.split(_SEPARATOR)}
    values = {"split": set(table["split"]), "finding": findings, "reader": set(table["reader"])}
    return {name: tuple(sorted(values[name] - {""})) for name in CHOICES}


def require_case(table: pd.DataFrame, corpus: str, case_id: str) -> None:
    """Refuse a case that a corpus does not hold.

    Raises
    ------
    DataError
        There is no such case: names the first that there is.
    """
    if case_id not in set(table["case_id"]):
        raise DataError(
            f"{corpus}: no case {case_id!r} among its {len(table)} cases, the first of which is "
            f"{table['case_id'].iloc[0]!r}"
        )
