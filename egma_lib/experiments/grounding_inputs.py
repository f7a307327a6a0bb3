"""Everything that grounding of a study is measured on: the sets with regions, and sentences with gaze."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from egma_lib.artefacts import content_hash
from egma_lib.code_behind import code_behind
from egma_lib.datasets.contract import ReportCorpus
from egma_lib.datasets.gaze_corpus import load_study_gaze_corpus
from egma_lib.errors import DataError
from egma_lib.evaluation.evaluation_sets import load_evaluation_set
from egma_lib.evaluation.pointing import REGION_RASTER
from egma_lib.experiments.corpora import Corpora
from egma_lib.experiments.gaze_controls.variant import sentences_with_gaze
from egma_lib.experiments.grounding_ms_cxr import ms_cxr_set
from egma_lib.experiments.grounding_sets import (
    GroundingSet,
    eye_gaze_set,
    prompt_set,
    reflacx_set,
    truth_set,
)
from egma_lib.experiments.phrase_pairs import GROUPS, PhrasePairs
from egma_lib.experiments.reading_sentences import sentence_pairs
from egma_lib.gaze.artefact import GazeArtefact
from egma_lib.gaze.frames import ImageFrame
from egma_lib.gaze.heatmaps import sentence_heatmaps
from egma_lib.settings import Settings
from egma_lib.study import Study
from egma_lib.training.data import TrainingData

PROMPT_SETS = ("rsna", "siim")
_CODE = (
    "egma_lib.experiments.grounding",
    "egma_lib.experiments.grounding_inputs",
    "egma_lib.experiments.grounding_ms_cxr",
    "egma_lib.experiments.grounding_references",
    "egma_lib.experiments.grounding_sets",
    "egma_lib.experiments.naming",
    "egma_lib.experiments.phrase_pairs",
    "egma_lib.experiments.reading_sentences",
    "egma_lib.gaze.frames",
    "egma_lib.gaze.heatmaps",
)
"""Modules that make scores; those of `egma_lib.evaluation` that they import count too."""


@dataclass(frozen=True)
class GazeSet:
    """Sentences with the gaze of their reader.

    Attributes
    ----------
    pairs
        Sentences with at least one fixation on the film.
    heatmaps
        float32, shape (n_pairs, REGION_RASTER, REGION_RASTER), maximum 1, without floor.
    fixated
        Per pair the cells of its fixations, row by row on the same raster.
    """

    pairs: PhrasePairs
    heatmaps: np.ndarray
    fixated: tuple[np.ndarray, ...]

    def elsewhere(self) -> list[np.ndarray]:
        """Return per pair the cells of all fixations on other films."""
        films = self.pairs.table["dicom_id"].to_numpy()
        owner = np.repeat(films, [len(cells) for cells in self.fixated])
        every = np.concatenate(self.fixated)
        of_film = {film: every[owner != film] for film in dict.fromkeys(films)}
        return [of_film[film] for film in films]

    def select(self, keep: np.ndarray) -> GazeSet:
        """Return the pairs where the boolean array `keep`, shape (n_pairs,), is True."""
        fixated = tuple(self.fixated[index] for index in np.flatnonzero(keep))
        return GazeSet(self.pairs.select(keep), self.heatmaps[keep], fixated)


@dataclass(frozen=True)
class GroundingInputs:
    """What every predictor is scored on.

    Attributes
    ----------
    sets
        Sets with regions; those without a pair are left out.
    gaze
        Sentences with gaze.
    data
        The gaze corpus: its training part gives the references, its readings the other readers.
    average
        Mean gaze similarity of the training sentences with gaze, shape (grid, grid).
    films
        dicom_id of every sample of `data`, shape (N,).
    readers
        Reader of every sample, shape (N,).
    key
        Short hash of what all of this was made from.
    """

    sets: tuple[GroundingSet, ...]
    gaze: GazeSet
    data: TrainingData
    average: np.ndarray
    films: np.ndarray
    readers: np.ndarray
    key: str

    def counts(self) -> pd.DataFrame:
        """Return the number of held-out phrases per group (rows) and source (columns)."""
        tables = {one.name: one.pairs.table for one in self.sets} | {"gaze": self.gaze.pairs.table}
        counted = {
            name: table.loc[table["held_out"], "group"].value_counts() for name, table in tables.items()
        }
        return pd.DataFrame(counted).reindex(list(GROUPS)).fillna(0).astype(int)


def load_grounding_inputs(
    study: Study, settings: Settings, corpora: Corpora, gaze: GazeArtefact, *, progress: bool = True
) -> GroundingInputs:
    """Gather the phrase-region pairs and the sentences with gaze of a study.

    Parameters
    ----------
    study, settings, corpora, gaze
        As stages 01 and 02 made them.
    progress
        Show a progress bar where films of MS-CXR have to be decoded.

    Raises
    ------
    DataError
        A source is there in part only, or no sentence of a held-out film has gaze.
    """
    data = TrainingData.load(corpora.gaze)
    corpus = load_study_gaze_corpus(study, gaze, settings.data.validation_share)
    pairs = sentence_pairs(data, corpus)
    found = [
        truth_set(pairs, corpus, study, gaze),
        reflacx_set(pairs, corpus),
        eye_gaze_set(pairs, corpus, study),
        *_prompt_sets(corpora.evaluation),
        ms_cxr_set(study, settings, corpora, progress),
    ]
    return GroundingInputs(
        sets=tuple(one for one in found if one is not None and one.pairs.table["held_out"].any()),
        gaze=gaze_set(pairs, corpus, gaze),
        data=data,
        average=average_gaze(data),
        films=corpus.samples["dicom_id"].to_numpy(dtype=str),
        readers=corpus.samples["reader"].to_numpy(dtype=str),
        key=content_hash(corpora.evaluation.name, data.data_hash, gaze.folder.name, code_of_scores()),
    )


def _prompt_sets(evaluation: Path) -> list[GroundingSet]:
    """Return the labelled test sets with regions that the study holds."""
    test_sets = {
        name: load_evaluation_set(evaluation / name)
        for name in (*PROMPT_SETS, "chexpert_8x200")
        if (evaluation / name).is_dir()
    }
    queries = test_sets.pop("chexpert_8x200", None)
    return [prompt_set(one, queries) for one in test_sets.values() if len(one.regions)]


def average_gaze(data: TrainingData) -> np.ndarray:
    """Return the mean gaze similarity of the training sentences with gaze, shape (grid, grid).

    Raises
    ------
    DataError
        There is none.
    """
    training = np.flatnonzero(~np.asarray(data.is_validation)).tolist()
    _, rows = sentences_with_gaze(data, training)
    if not len(rows):
        raise DataError("no training sentence has gaze; check the gaze stage (notebook 01)")
    grid = round(rows.shape[1] ** 0.5)
    return rows.mean(axis=0, dtype=np.float64).reshape(grid, grid)


def code_of_scores() -> dict[str, str]:
    """Return module name to code of all behind stored scores of grounding, that of the metrics included."""
    return code_behind(_CODE, ["egma_lib.evaluation"])


def gaze_set(pairs: PhrasePairs, corpus: ReportCorpus, gaze: GazeArtefact) -> GazeSet:
    """Return the sentences that have a fixation on the film, with their heatmaps.

    Raises
    ------
    DataError
        No sentence of a held-out film has one.
    """
    keep = np.zeros(len(pairs), dtype=bool)
    heatmaps, fixated = [], []
    for index, (sample, sentence) in enumerate(
        pairs.table[["sample", "sentence"]].itertuples(index=False, name=None)
    ):
        row = corpus.samples.iloc[sample]
        frame = ImageFrame(int(row["rows"]), int(row["columns"]))
        fixations = gaze.fixations_of(str(row["sample_id"]))
        mine = fixations[(fixations["sentence_index"] == sentence).fillna(False).to_numpy(dtype=bool)]
        cells = _cells(mine, frame)
        if len(cells):
            keep[index] = True
            fixated.append(cells)
            grid = (REGION_RASTER, REGION_RASTER)
            heatmaps.append(sentence_heatmaps(mine.assign(sentence_index=0), 1, grid, frame)[0])
    chosen = pairs.select(keep)
    if not chosen.table["held_out"].any():
        raise DataError("no sentence of a held-out film has gaze; raise data.validation_share")
    return GazeSet(chosen, np.stack(heatmaps), tuple(fixated))


def _cells(fixations: pd.DataFrame, frame: ImageFrame) -> np.ndarray:
    """Return the cell of each fixation on the film, int64."""
    once = fixations[fixations["on_image"].to_numpy(dtype=bool)].drop_duplicates("order")
    x, y = frame.to_padded(once["x"].to_numpy(dtype=float), once["y"].to_numpy(dtype=float))
    column = np.clip(np.floor(x * REGION_RASTER), 0, REGION_RASTER - 1).astype(np.int64)
    row = np.clip(np.floor(y * REGION_RASTER), 0, REGION_RASTER - 1).astype(np.int64)
    return row * REGION_RASTER + column
