"""The dictated sentences of the gaze corpus as phrases put to their films."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from egma_lib.datasets.contract import ReportCorpus
from egma_lib.errors import DataError
from egma_lib.experiments.phrase_pairs import PhrasePairs, findings_named, one_name, place_group, sides_named
from egma_lib.training.data import TrainingData


def sentence_pairs(data: TrainingData, corpus: ReportCorpus) -> PhrasePairs:
    """Return every sentence of a film that was held out, or that several readers read.

    What training saw tells nothing about a model, but a reader can be compared with another reader on any
    film; `held_out` says which are which.

    Parameters
    ----------
    data
        The gaze corpus as training data.
    corpus
        The same readings, with their films and readers.

    Returns
    -------
    PhrasePairs
        `readings`; the group is `no_finding` where a sentence names no finding that is present, and the
        finding then empty.

    Raises
    ------
    DataError
        Training data and corpus hold other readings.
    """
    samples = corpus.samples
    if list(data.sample_ids) != samples["sample_id"].astype(str).tolist():
        raise DataError("gaze corpus and its training data hold other readings; run notebook 02 again")
    n_readers = samples.groupby("dicom_id")["reader"].transform("nunique").to_numpy()
    chosen = np.flatnonzero(np.asarray(data.is_validation) | (n_readers > 1)).tolist()
    rows = [row for sample in chosen for row in _rows(data, samples.iloc[sample], sample)]
    if not rows:
        raise DataError("the gaze corpus holds no patient out; raise data.validation_share")
    table = pd.DataFrame(rows)
    phrases = table.pop("text")
    named = findings_named(phrases)
    table = table.assign(
        finding=[one_name(names) if names else "" for names in named],
        group=[_group(text, names) for text, names in zip(phrases, named, strict=True)],
        named=pd.Series(named, dtype=object),
    )
    return PhrasePairs("readings", data.images, table, tuple((text,) for text in phrases))


def _group(text: str, named: tuple[str, ...]) -> str:
    return place_group(text) if named else "no_finding"


def _rows(data: TrainingData, reading: pd.Series, sample: int) -> list[dict[str, Any]]:
    """Return a row per sentence of one reading, with its text."""
    return [
        {
            "case_id": f"{reading['sample_id']}/{sentence}", "patient_id": str(reading["patient_id"]),
            "dicom_id": str(reading["dicom_id"]), "reader": str(reading["reader"]), "text": text,
            "image_index": int(data.image_index[sample]), "sides": " ".join(sorted(sides_named(text))),
            "held_out": bool(data.is_validation[sample]), "sample": sample, "sentence": sentence,
        }
        for sentence, text in enumerate(data.sentences[sample])
    ]  # fmt: skip
