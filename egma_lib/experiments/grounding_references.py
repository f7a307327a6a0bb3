"""Maps that look at no film, and the map of another reader: what a model's map is held against."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

import numpy as np
import pandas as pd

from egma_lib.experiments.grounding_inputs import GroundingInputs
from egma_lib.experiments.naming import affirms
from egma_lib.experiments.phrase_pairs import FINDINGS, PhrasePairs, findings_named, sides_named
from egma_lib.training.data import TrainingData

ANOTHER_READER = "another reader"
REFERENCES = ("uniform", "average gaze", "training positions", ANOTHER_READER)
"""Names of the reference rows."""

ReferenceMaps = Callable[[PhrasePairs], np.ndarray]
"""Gives the maps of n pairs on the patch grid, shape (n, grid, grid); all NaN where there is none."""


def reference_maps(inputs: GroundingInputs) -> Mapping[str, ReferenceMaps]:
    """Return the four references by name.

    - `uniform`: the same everywhere.
    - `average gaze`: mean heatmap of all training sentences with gaze.
    - `training positions`: mean heatmap of the training sentences that name the same findings and, of these,
      the same sides; for a phrase that names no finding, of the training sentences with the same text, else
      of those that name none. Where no training sentence qualifies, as `average gaze`.
    - `another reader`: mean heatmap of the sentences in which other readers of the same film name the same
      findings; NaN where no other reader did. The human ceiling.
    """
    spoken = training_sentences(inputs.data, ~np.asarray(inputs.data.is_validation))
    average, grid = inputs.average, len(inputs.average)
    return {
        "uniform": lambda pairs: np.ones((len(pairs), grid, grid)),
        "average gaze": lambda pairs: np.broadcast_to(average, (len(pairs), grid, grid)),
        "training positions": lambda pairs: positions_of(pairs, spoken, average),
        ANOTHER_READER: lambda pairs: other_readers(pairs, inputs, grid),
    }


def training_sentences(data: TrainingData, samples: np.ndarray) -> pd.DataFrame:
    """Return the sentences with gaze of the samples where the boolean array `samples` is True.

    Returns
    -------
    pandas.DataFrame
        sample, text, named (findings), sides, heatmap (shape (n,)).
    """
    rows = []
    for sample in np.flatnonzero(samples).tolist():
        gaze = data.gaze_similarity[sample]
        if gaze is None:
            continue
        for sentence in np.flatnonzero(data.has_gaze[sample]).tolist():
            text = data.sentences[sample][sentence]
            rows.append((sample, text, " ".join(sorted(sides_named(text))), np.asarray(gaze[sentence])))
    table = pd.DataFrame(rows, columns=["sample", "text", "sides", "heatmap"])
    named = findings_named(table["text"]) if len(table) else []
    return table.assign(named=pd.Series(named, dtype=object))


def positions_of(pairs: PhrasePairs, spoken: pd.DataFrame, average: np.ndarray) -> np.ndarray:
    """Return the mean training heatmap of what each phrase names, shape (n, grid, grid).

    Parameters
    ----------
    pairs
        The phrases.
    spoken
        From `training_sentences`.
    average
        Taken where no training sentence qualifies, shape (grid, grid).
    """
    texts, sides = spoken["text"].to_numpy(), spoken["sides"].to_numpy()
    heatmaps = np.stack(spoken["heatmap"].tolist())
    unnamed = np.array([not named for named in spoken["named"]], dtype=bool)

    @cache
    def naming(finding: str) -> np.ndarray:
        if finding in FINDINGS:
            return np.array([finding in named for named in spoken["named"]], dtype=bool)
        return affirms(spoken["text"], finding)

    @cache
    def position(named: tuple[str, ...], place: str, text: str) -> np.ndarray:
        choices = [texts == text, unnamed]
        if named:
            of_finding = np.logical_or.reduce([naming(finding) for finding in named])
            choices = [of_finding & (sides == place), of_finding]
        chosen = next((one for one in choices if one.any()), None)
        return average if chosen is None else heatmaps[chosen].mean(axis=0).reshape(average.shape)

    return np.stack(
        [
            position(named, place, "" if named else phrases[0])
            for named, place, phrases in zip(
                pairs.table["named"], pairs.table["sides"], pairs.phrases, strict=True
            )
        ]
    )


def other_readers(pairs: PhrasePairs, inputs: GroundingInputs, grid: int) -> np.ndarray:
    """Return the mean heatmap of other readers' sentences on the same film that name the same findings.

    Parameters
    ----------
    pairs
        The phrases.
    inputs
        Readings, their films and readers.
    grid
        Patches per side.

    Returns
    -------
    numpy.ndarray
        Shape (n, grid, grid), NaN where there is none.
    """
    maps = np.full((len(pairs), grid, grid), np.nan)
    films = pairs.table["dicom_id"].to_numpy()
    spoken = training_sentences(inputs.data, np.isin(inputs.films, films))
    if spoken.empty:
        return maps
    said_by = inputs.readers[spoken["sample"]]
    of_film = dict(iter(spoken.assign(reader=said_by).groupby(inputs.films[spoken["sample"]])))
    for index, (film, reader, named) in enumerate(
        pairs.table[["dicom_id", "reader", "named"]].itertuples(index=False, name=None)
    ):
        said = of_film.get(film)
        if said is None:
            continue
        same = [bool(set(named) & set(other)) or (not named and not other) for other in said["named"]]
        theirs = said[np.array(same, dtype=bool) & (said["reader"] != reader).to_numpy()]
        if len(theirs):
            maps[index] = np.stack(theirs["heatmap"].tolist()).mean(axis=0).reshape(grid, grid)
    return maps
