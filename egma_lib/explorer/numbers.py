"""How well a shown map points at its sentence's region and follows its gaze, beside what that compares to."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from egma_lib.datasets.contract import ReportCorpus
from egma_lib.errors import DataError
from egma_lib.evaluation.gaze_agreement import linear_correlation, normalised_scanpath_saliency
from egma_lib.evaluation.grounding_metrics import enlarge_bilinear
from egma_lib.evaluation.pointing import REGION_RASTER
from egma_lib.experiments.grounding import region_scores
from egma_lib.experiments.grounding_inputs import GazeSet, GroundingInputs, average_gaze, gaze_set
from egma_lib.experiments.grounding_references import other_readers
from egma_lib.experiments.grounding_sets import GroundingSet, eye_gaze_set, reflacx_set, truth_set
from egma_lib.experiments.naming import affirms
from egma_lib.experiments.phrase_pairs import PhrasePairs, findings_named, one_name, place_group, sides_named
from egma_lib.explorer.bounded_cache import BoundedCache
from egma_lib.explorer.case import ExplorerCase, Region
from egma_lib.explorer.sources import GAZE_CORPUS, StudySources

METRICS = ("pointing_hit", "cnr", "cc", "nss")
TARGETS_KEPT = 256
NO_REGION = "no region: the sentence names nothing that is marked on this film"
NO_RECORDING = "a film of a test set has no recording of a reader"
NO_GAZE_OF_TYPED = "a sentence of your own has no gaze; choose one of the report"
NO_FIXATION = "no fixation on the film fell into this sentence"
NO_OTHER_READER = "no other reader of this film named the same findings"
CONSTANT = "the map is the same everywhere"


class Number(NamedTuple):
    """A metric of what is shown.

    Attributes
    ----------
    value
        Of the shown map: `pointing_hit` 0 or 1, `cnr` (contrast-to-noise ratio with its sign), `cc`
        (correlation, -1 to 1), `nss` (standard deviations); NaN where it is not defined.
    average
        The same of the average gaze of the training sentences, which looks at no film.
    human
        The same of other readers of the film who named the same findings; NaN where there is none.
    reason
        Why `value` is NaN, in words; empty where it is not.
    human_reason
        Why `human` is NaN, in words; empty where it is not.
    """

    value: float
    average: float
    human: float
    reason: str
    human_reason: str


class Target(NamedTuple):
    """What a map for one sentence is measured on; what is missing is None, with the reason in words."""

    region: GroundingSet | None
    no_region: str
    gaze: GazeSet | None
    no_gaze: str
    human: np.ndarray | None
    no_human: str


class Ruler:
    """Measures maps on the padded square against the regions and the gaze of a study.

    Parameters
    ----------
    sources
        The study.
    """

    def __init__(self, sources: StudySources) -> None:
        self._sources = sources
        self._targets: BoundedCache[Target] = BoundedCache(TARGETS_KEPT)

    @cached_property
    def average(self) -> np.ndarray:
        """Mean gaze of the training sentences with gaze, shape (grid, grid)."""
        return average_gaze(self._sources.data)

    def numbers(
        self, case: ExplorerCase, sentence_index: int | None, attention: np.ndarray, typed: str
    ) -> dict[str, Number]:
        """Return the `METRICS` of a map, shape (grid, grid); see `ExplorerSession.numbers`."""
        key = (case.corpus, case.case_id, sentence_index, typed if sentence_index is None else "")
        target = self._targets.get(key, lambda: self._target(case, sentence_index, typed))
        columns = [_scores(target, one) for one in (attention, self.average, target.human)]
        return {
            metric: _number(target, metric, *(column[metric] for column in columns)) for metric in METRICS
        }

    def _target(self, case: ExplorerCase, sentence_index: int | None, typed: str) -> Target:
        if sentence_index is not None and not 0 <= sentence_index < len(case.sentences):
            raise DataError(
                f"{case.corpus} {case.case_id}: no sentence {sentence_index}; it has {len(case.sentences)}"
            )
        if case.corpus != GAZE_CORPUS:
            region = self._film_region(case, sentence_index, typed)
            return Target(region, "" if region else NO_REGION, None, NO_RECORDING, None, NO_RECORDING)
        corpus = self._sources.reading_corpus(case.case_id)
        text = typed if sentence_index is None else str(case.sentences["text"].iloc[sentence_index])
        pairs = _one_pair(corpus.samples.iloc[0], case, text, sentence_index)
        region = self._reading_region(case, pairs, corpus)
        human = other_readers(pairs, self._inputs(pairs), self._sources.grid[0])[0]
        gaze, no_gaze = self._gaze(pairs, corpus)
        no_region = "" if region else NO_REGION
        if np.isfinite(human).all():
            return Target(region, no_region, gaze, no_gaze, human, "")
        return Target(region, no_region, gaze, no_gaze, None, NO_OTHER_READER)

    def _reading_region(
        self, case: ExplorerCase, pairs: PhrasePairs, corpus: ReportCorpus
    ) -> GroundingSet | None:
        """Return the region of a sentence: the truth where the root states it, else what was marked."""
        sources = self._sources
        if pairs.table["sentence"].iloc[0] >= 0:
            found = [truth_set(pairs, corpus, sources.study, sources.gaze)]
        else:
            # The truth says what each dictated sentence speaks of; a typed one goes by the names of findings.
            found = [_union(pairs, _named(case, "truth", pairs.phrases[0][0]))]
        found.append(reflacx_set(pairs, corpus))
        if corpus.samples["dicom_id"].isin(sources.structure_boxes["case_id"]).any():
            found.append(eye_gaze_set(pairs, corpus, sources.study))
        return next((one for one in found if one is not None and len(one.pairs)), None)

    def _film_region(self, case: ExplorerCase, sentence_index: int | None, typed: str) -> GroundingSet | None:
        if sentence_index is None:
            mine = _named(case, "data set", typed)
        else:
            name = self._sources.evaluation_set(case.corpus).class_names[sentence_index]
            mine = [one for one in case.regions if one.finding == name]
        film = pd.Series({"dicom_id": case.case_id, "patient_id": case.facts["Patient"], "reader": ""})
        text = typed if sentence_index is None else str(case.sentences["text"].iloc[sentence_index])
        return _union(_one_pair(film, case, text, sentence_index), mine)

    def _gaze(self, pairs: PhrasePairs, corpus: ReportCorpus) -> tuple[GazeSet | None, str]:
        sentence = int(pairs.table["sentence"].iloc[0])
        if sentence < 0:
            return None, NO_GAZE_OF_TYPED
        fixations = self._sources.gaze.fixations_of(str(corpus.samples["sample_id"].iloc[0]))
        here = (fixations["sentence_index"] == sentence).fillna(False).to_numpy(dtype=bool)
        if not (here & fixations["on_image"].to_numpy(dtype=bool)).any():
            return None, NO_FIXATION
        return gaze_set(pairs, corpus, self._sources.gaze), ""

    def _inputs(self, pairs: PhrasePairs) -> GroundingInputs:
        """Return what the references are made from; regions and gaze of the study are not needed for them."""
        readings = self._sources.readings
        return GroundingInputs(
            sets=(),
            gaze=GazeSet(pairs, np.zeros((0, REGION_RASTER, REGION_RASTER)), ()),
            data=self._sources.data,
            average=self.average,
            films=readings["dicom_id"].to_numpy(dtype=str),
            readers=readings["reader"].to_numpy(dtype=str),
            key="",
        )


def _one_pair(reading: pd.Series, case: ExplorerCase, text: str, sentence_index: int | None) -> PhrasePairs:
    """Return a sentence and its film as one pair; the reading is row 0 of its corpus."""
    named = findings_named(pd.Series([text]))[0]
    table = pd.DataFrame(
        {
            "case_id": [case.case_id], "patient_id": [str(reading["patient_id"])], "image_index": [0],
            "dicom_id": [str(reading["dicom_id"])], "reader": [str(reading["reader"])], "named": [named],
            "finding": [one_name(named) if named else ""], "group": [place_group(text)], "sample": [0],
            "sides": [" ".join(sorted(sides_named(text)))], "held_out": [True],
            "sentence": [-1 if sentence_index is None else sentence_index],
        }
    )  # fmt: skip
    return PhrasePairs("explorer", case.model_input[None], table, ((text,),))


def _named(case: ExplorerCase, source: str, text: str) -> list[Region]:
    """Return the regions of a source whose finding a text names as present."""
    return [
        one for one in case.regions if one.source == source and affirms(pd.Series([text]), one.finding)[0]
    ]


def _union(pairs: PhrasePairs, regions: list[Region]) -> GroundingSet | None:
    """Return a pair with the cells of any of the regions; None where that is no cell or every one."""
    if not regions:
        return None
    mask = np.logical_or.reduce([one.mask for one in regions])
    return GroundingSet(pairs, mask[None]) if mask.any() and not mask.all() else None


def _scores(target: Target, shown: np.ndarray | None) -> dict[str, float]:
    """Return the metrics of one map; NaN where there is no map or nothing to measure it on."""
    found = dict.fromkeys(METRICS, float("nan"))
    if shown is None:
        return found
    if target.region is not None:
        row = region_scores(target.region, shown[None]).iloc[0]
        found |= {"pointing_hit": float(row["pointing_hit"]), "cnr": float(row["cnr_signed"])}
    if target.gaze is not None:
        large = enlarge_bilinear(shown[None], REGION_RASTER)
        found["cc"] = float(linear_correlation(large, target.gaze.heatmaps)[0])
        found["nss"] = normalised_scanpath_saliency(large.ravel(), target.gaze.fixated[0])
    return found


def _number(target: Target, metric: str, value: float, average: float, human: float) -> Number:
    missing = target.no_region if metric in ("pointing_hit", "cnr") else target.no_gaze
    reason = missing or (CONSTANT if np.isnan(value) else "")
    human_reason = missing or target.no_human or (CONSTANT if np.isnan(human) else "")
    return Number(value, average, human, reason, human_reason)
