"""MS-CXR as phrase-region pairs: published sentences with their boxes, on films that no training saw."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import pandas as pd

from egma_lib.datasets.image_cache import build_image_cache
from egma_lib.datasets.ms_cxr import load_ms_cxr
from egma_lib.datasets.phrases import PhraseTable
from egma_lib.evaluation.pointing import raster_boxes
from egma_lib.experiments.corpora import Corpora
from egma_lib.experiments.grounding_sets import GroundingSet, with_regions
from egma_lib.experiments.phrase_pairs import PhrasePairs, place_group, sides_named
from egma_lib.gaze.frames import ImageFrame
from egma_lib.settings import Settings
from egma_lib.study import Study
from egma_lib.training.data import TrainingData

LOG = logging.getLogger(__name__)


def ms_cxr_set(study: Study, settings: Settings, corpora: Corpora, progress: bool) -> GroundingSet | None:
    """Return the pairs of MS-CXR whose patients no training saw; None where the study lacks it."""
    if not study.has("ms-cxr"):
        return None
    table = load_ms_cxr(study.dataset("ms-cxr"), study.dataset("mimic-cxr-jpg"))
    table = unseen_phrases(table, [TrainingData.load(corpora.base), TrainingData.load(corpora.gaze)])
    if not len(table):
        return None
    cache = build_image_cache(
        table.phrases["image_path"].tolist(),
        settings.data.image_size,
        study.folder("image_cache"),
        jobs=settings.experiments.n_workers,
        progress=progress,
    )
    return phrase_set(table, cache.images, cache.rows(table.phrases["image_path"].tolist()))


def unseen_phrases(table: PhraseTable, trained: Sequence[TrainingData]) -> PhraseTable:
    """Return the phrases on films of patients that no corpus trains on; the number left out is logged."""
    seen = {
        patient
        for data in trained
        for patient, held_out in zip(data.patient_ids, data.is_validation, strict=True)
        if not held_out
    }
    unseen = ~table.phrases["patient_id"].astype(str).isin(seen).to_numpy()
    if not unseen.all():
        LOG.warning("%s: %d of %d phrases left out, trained on", table.name, (~unseen).sum(), len(unseen))
    return table.select(unseen)


def phrase_set(table: PhraseTable, images: np.ndarray, image_index: np.ndarray) -> GroundingSet:
    """Return published image-sentence pairs; all boxes of a pair are its region.

    Parameters
    ----------
    table
        The pairs.
    images
        uint8, shape (k, S, S).
    image_index
        Row of `images` of each pair.
    """
    boxes = dict(iter(table.regions.groupby("case_id")))
    phrases = table.phrases
    rows = phrases.assign(
        reader="", image_index=image_index, finding=phrases["class_name"], held_out=True, sample=-1,
        sentence=-1, group=[place_group(text) for text in phrases["phrase"]],
        sides=[" ".join(sorted(sides_named(text))) for text in phrases["phrase"]],
        named=pd.Series([(name,) for name in phrases["class_name"]], dtype=object),
    )  # fmt: skip
    pairs = PhrasePairs(table.name, images, rows, tuple((text,) for text in phrases["phrase"]))
    drawn = [
        (name, raster_boxes(boxes[case], ImageFrame(int(height), int(width))))
        for case, name, height, width in zip(
            rows["case_id"], rows["finding"], rows["rows"], rows["columns"], strict=True
        )
    ]
    return with_regions(table.name, pairs, drawn)
