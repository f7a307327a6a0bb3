"""What a study holds for the explorer, read when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
import pandas as pd

from egma_lib.datasets.chexpert import (
    load_chexpert_5x200,
    load_chexpert_5x200_marked,
    load_chexpert_8x200,
)
from egma_lib.datasets.contract import CaseTable, ReportCorpus
from egma_lib.datasets.eye_gaze_boxes import load_structure_boxes
from egma_lib.datasets.gaze_corpus import load_study_gaze_corpus
from egma_lib.datasets.rsna import load_rsna
from egma_lib.datasets.siim import load_siim
from egma_lib.errors import ArtefactError, DataError
from egma_lib.evaluation.evaluation_sets import CLASS_ORDERS, EvaluationSet, load_evaluation_set
from egma_lib.experiments.corpora import Corpora, corpora_location, find_gaze
from egma_lib.explorer.bounded_cache import BoundedCache
from egma_lib.gaze.artefact import GazeArtefact
from egma_lib.gaze.frames import ImageFrame
from egma_lib.settings import Settings
from egma_lib.study import Study
from egma_lib.training.data import TrainingData

GAZE_CORPUS = "gaze"
"""Name of the corpus of readings; all other corpora are evaluation sets."""


SAME_STUDY = "with the same --data-root, --results and --set"
"""What a command needs, beside the profile, to make what this study lacks."""


class StudySources:
    """The artefacts of stages 01 and 02 and the films behind them.

    Parameters
    ----------
    study, settings
        Which study, and the settings that its artefacts were made with.
    """

    def __init__(self, study: Study, settings: Settings) -> None:
        self.study = study
        self.settings = settings
        self._sets: BoundedCache[EvaluationSet] = BoundedCache(len(CLASS_ORDERS))
        self._films: BoundedCache[pd.DataFrame] = BoundedCache(len(CLASS_ORDERS))

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of the patch grid."""
        return (self.settings.model.patch_grid, self.settings.model.patch_grid)

    @cached_property
    def gaze(self) -> GazeArtefact:
        """The gaze artefact; ArtefactError where stage 01 has not been run."""
        return find_gaze(self.study, self.settings)

    @cached_property
    def corpora(self) -> Corpora:
        """The corpora; ArtefactError where stage 02 has not been run."""
        corpora = corpora_location(self.study, self.settings, self.gaze.folder)
        if not corpora.complete:
            raise ArtefactError(
                f"{corpora.base.parent}: no corpora of these settings; run "
                f"`./run_all.sh --profile {self.settings.profile} --only 01,02` {SAME_STUDY}"
            )
        return corpora

    @cached_property
    def data(self) -> TrainingData:
        """The gaze corpus as training data: films at the model's size, sentences, labels."""
        return TrainingData.load(self.corpora.gaze)

    @cached_property
    def sample_of(self) -> dict[str, int]:
        """Reading id to its row of `data`."""
        return {sample: row for row, sample in enumerate(self.data.sample_ids)}

    @cached_property
    def readings(self) -> pd.DataFrame:
        """Rows of the gaze artefact's readings in the order of `data`, index reading_id."""
        return self.gaze.readings.set_index("reading_id").loc[list(self.data.sample_ids)]

    @cached_property
    def corpus(self) -> ReportCorpus:
        """The gaze corpus with the paths of its films and the marked regions."""
        corpus = load_study_gaze_corpus(self.study, self.gaze, self.settings.data.validation_share)
        if corpus.samples["sample_id"].astype(str).tolist() != list(self.data.sample_ids):
            raise DataError(
                f"{self.corpora.gaze}: other readings than the data sets hold; run "
                f"`./run_all.sh --profile {self.settings.profile} --only 02` again, {SAME_STUDY}"
            )
        return corpus

    def reading_corpus(self, reading_id: str) -> ReportCorpus:
        """Return the corpus of one reading alone."""
        keep = np.zeros(len(self.data.sample_ids), dtype=bool)
        keep[self.sample_of[reading_id]] = True
        return self.corpus.select(keep)

    def frame_of(self, reading_id: str) -> ImageFrame:
        """Return the frame of a reading's film."""
        return self.gaze.frames_of([reading_id])[0]

    @cached_property
    def structure_boxes(self) -> pd.DataFrame:
        """Boxes of anatomical structures (case_id = dicom_id), no row where the study has none."""
        sizes = self.readings[["dicom_id", "rows", "columns"]].itertuples(index=False, name=None)
        frames = {str(film): ImageFrame(int(rows), int(columns)) for film, rows, columns in sizes}
        boxes = load_structure_boxes(self.study, frames)
        return pd.DataFrame({"case_id": []}) if boxes is None else boxes

    @property
    def evaluation_names(self) -> tuple[str, ...]:
        """Evaluation sets at hand, in the order of the design."""
        return tuple(name for name in CLASS_ORDERS if (self.corpora.evaluation / name).is_dir())

    def evaluation_set(self, name: str) -> EvaluationSet:
        """Return an evaluation set.

        Raises
        ------
        ArtefactError
            The study does not have it: lists what there is.
        """
        if name not in self.evaluation_names:
            known = ", ".join((GAZE_CORPUS, *self.evaluation_names))
            raise ArtefactError(f"corpus {name!r} is not in this study; there are {known}")
        return self._sets.get(name, lambda: load_evaluation_set(self.corpora.evaluation / name))

    def film_path(self, name: str, case_id: str) -> str:
        """Return the file of a film of an evaluation set.

        The data set's own table is read for it once, that of this set alone: of the DICOM sets, that means
        the header of every film.

        Raises
        ------
        DataError
            The data set no longer lists the case.
        """
        cases = self._films.get(name, lambda: self._case_table(name).cases)
        found = cases.loc[cases["case_id"] == case_id, "image_path"]
        if found.empty:
            raise DataError(
                f"{self.study.data_root}: {name} no longer lists case {case_id}; run "
                f"`./run_all.sh --profile {self.settings.profile} --only 02` again, {SAME_STUDY}"
            )
        return str(found.iloc[0])

    def _case_table(self, name: str) -> CaseTable:
        chexpert = self.study.dataset("chexpert")
        readers: dict[str, Callable[[], CaseTable | None]] = {
            "chexpert_5x200": lambda: load_chexpert_5x200(chexpert),
            "chexpert_5x200_marked": lambda: load_chexpert_5x200_marked(chexpert),
            "chexpert_8x200": lambda: load_chexpert_8x200(chexpert)[0],
            "rsna": lambda: load_rsna(self.study.dataset("rsna")),
            "siim": lambda: load_siim(self.study.dataset("siim")),
        }
        table = readers[name]()
        if table is None:
            raise DataError(f"{chexpert}: the films of {name} are gone; complete the data set")
        return table
