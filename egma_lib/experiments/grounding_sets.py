"""Phrase-region pairs of a study: what each phrase speaks of, and where that is on its film.

Regions come through the readers of the data sets: REFLACX ellipses, boxes of EYE GAZE, RSNA and MS-CXR, masks
of SIIM. A data root may also hold `truth/` (an optional part of a root, see `gaze_controls/oracle.py`), masks
of what each dictated sentence speaks of: a further source, `truth`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from egma_lib.datasets.contract import ReportCorpus
from egma_lib.datasets.eye_gaze_boxes import load_structure_boxes, named_structures
from egma_lib.datasets.prompts import PLACE
from egma_lib.errors import DataError
from egma_lib.evaluation.evaluation_sets import EvaluationSet
from egma_lib.evaluation.pointing import REGION_RASTER, raster_boxes
from egma_lib.experiments.gaze_controls.oracle import has_truth, oracle_gaze
from egma_lib.experiments.phrase_pairs import PhrasePairs, one_name, place_group, sides_named
from egma_lib.gaze.artefact import GazeArtefact
from egma_lib.gaze.frames import ImageFrame
from egma_lib.study import Study

MOSTLY = 0.9
"""A region belongs to a side where at least this share of it lies on that half of the square."""


@dataclass(frozen=True)
class GroundingSet:
    """Phrases with the region that each speaks of.

    Attributes
    ----------
    pairs
        The phrases and their films.
    regions
        bool, shape (n_pairs, REGION_RASTER, REGION_RASTER), on the padded square; neither empty nor full.
    """

    pairs: PhrasePairs
    regions: np.ndarray

    def __post_init__(self) -> None:
        if len(self.pairs) != len(self.regions):
            raise DataError(f"{self.pairs.name}: {len(self.regions)} regions for {len(self.pairs)} phrases")

    @property
    def name(self) -> str:
        """Where the regions come from."""
        return self.pairs.name

    def select(self, keep: np.ndarray) -> GroundingSet:
        """Return the pairs where the boolean array `keep`, shape (n_pairs,), is True."""
        return GroundingSet(self.pairs.select(keep), self.regions[keep])


def with_regions(
    name: str, pairs: PhrasePairs, drawn: Sequence[tuple[str, np.ndarray] | None]
) -> GroundingSet:
    """Return the pairs that have a region, under the name of its source.

    Parameters
    ----------
    name
        Source of the regions.
    pairs
        All phrases.
    drawn
        Per pair what the region is of and the region, or None; empty and full regions are left out.
    """
    keep = np.array([one is not None and 0 < one[1].sum() < one[1].size for one in drawn], dtype=bool)
    kept = [one for one, wanted in zip(drawn, keep, strict=True) if wanted]
    chosen = pairs.select(keep)
    table = chosen.table.assign(
        finding=[one[0] for one in kept if one],
        # A phrase with a region names something to point at, whether or not it is a finding.
        group=[place_group(texts[0]) for texts in chosen.phrases],
    )
    regions = np.array([one[1] for one in kept if one], dtype=bool)
    regions = regions.reshape(len(kept), REGION_RASTER, REGION_RASTER)
    return GroundingSet(PhrasePairs(name, pairs.images, table, chosen.phrases), regions)


def reflacx_set(pairs: PhrasePairs, corpus: ReportCorpus) -> GroundingSet:
    """Put each sentence to the ellipses that its reader drew for the findings it names.

    A sentence that names one side takes the ellipses whose centre is on that side.
    """
    empty = pd.DataFrame(columns=["case_id", "finding", "kind", "x_min", "y_min", "x_max", "y_max"])
    ellipses = dict(iter((empty if corpus.regions is None else corpus.regions).groupby("case_id")))
    drawn: list[tuple[str, np.ndarray] | None] = []
    for row, frame in _with_frames(pairs, corpus):
        mine = ellipses.get(corpus.samples["sample_id"].iloc[row["sample"]], empty)
        mine = on_named_side(mine[mine["finding"].isin(row["named"])], str(row["sides"]))
        names = tuple(mine["finding"].drop_duplicates())
        drawn.append((one_name(names), raster_boxes(mine, frame)) if names else None)
    return with_regions("reflacx", pairs, drawn)


def eye_gaze_set(pairs: PhrasePairs, corpus: ReportCorpus, study: Study) -> GroundingSet | None:
    """Put each sentence to the boxes of the structures that it names; None without a table of boxes.

    The "finding" is the structure, such as `cardiac silhouette` or, for a paired one, `lung`.
    """
    samples = corpus.samples
    frames = {
        str(film): ImageFrame(int(rows), int(columns))
        for film, rows, columns in samples[["dicom_id", "rows", "columns"]].itertuples(index=False)
    }
    boxes = load_structure_boxes(study, frames)
    if boxes is None:
        return None
    of_film = dict(iter(boxes.groupby("case_id")))
    drawn: list[tuple[str, np.ndarray] | None] = []
    for (row, frame), texts in zip(_with_frames(pairs, corpus), pairs.phrases, strict=True):
        wanted = named_structures(texts[0], frozenset(str(row["sides"]).split()))
        film = of_film.get(row["dicom_id"])
        mine = None if film is None else film[film["finding"].isin(wanted)]
        if mine is None or mine.empty:
            drawn.append(None)
            continue
        kinds = mine["finding"].str.replace(r"^(left|right) ", "", regex=True).drop_duplicates()
        drawn.append((one_name(tuple(kinds)), raster_boxes(mine, frame)))
    return with_regions("eye_gaze", pairs, drawn)


def truth_set(
    pairs: PhrasePairs, corpus: ReportCorpus, study: Study, gaze: GazeArtefact
) -> GroundingSet | None:
    """Put each sentence to the true masks of what it speaks of; None where the root states no truth.

    A cell belongs to the region where at least half as much of it is covered as of the cell covered most.
    """
    if not has_truth(study.data_root):
        return None
    grid = (REGION_RASTER, REGION_RASTER)
    drawn: list[tuple[str, np.ndarray] | None] = [None] * len(pairs)
    for sample, rows in pairs.table.groupby("sample").indices.items():
        reading = str(corpus.samples["sample_id"].iloc[int(str(sample))])
        spoken = (corpus.sentences[int(str(sample))],)
        heat = oracle_gaze(study.data_root, gaze, [reading], spoken, grid, floor=0.0)[0]
        for row in np.asarray(rows).tolist():
            region = heat[pairs.table["sentence"].iloc[row]].reshape(grid) >= 0.5
            drawn[row] = (str(pairs.table["finding"].iloc[row]) or "unnamed", region)
    return with_regions("truth", pairs, drawn)


def prompt_set(test_set: EvaluationSet, queries: EvaluationSet | None) -> GroundingSet:
    """Put the prompts of its finding to every region of a labelled test set.

    Side-free: the pointing prompts of the set, similarities averaged. Sided: those text queries of the
    finding that name exactly the side or sides on which the region lies.

    Parameters
    ----------
    test_set
        Set with regions.
    queries
        The 8x200 set, whose prompts are the text queries; None where the study lacks it.
    """
    rows, phrases, kept = [], [], []
    for region, (case, index) in enumerate(
        zip(test_set.region_case.tolist(), test_set.region_class.tolist(), strict=True)
    ):
        finding = test_set.class_names[index]
        side = region_sides(test_set.regions[region])
        free = _texts(test_set.pointing_prompts, test_set.pointing_class == index)
        sided = () if queries is None else _sided_queries(queries, finding, side)
        for group, texts in (("side_free", free), ("sided", sided)):
            if not texts:
                continue
            phrases.append(texts)
            kept.append(region)
            rows.append(
                {
                    "case_id": f"{test_set.case_ids[case]}/{group}", "dicom_id": test_set.case_ids[case],
                    "patient_id": test_set.patient_ids[case], "reader": "", "image_index": case,
                    "finding": finding, "group": group, "held_out": True, "sample": -1, "sentence": -1,
                    "sides": "" if group == "side_free" else " ".join(sorted(side)), "named": (finding,),
                }
            )  # fmt: skip
    pairs = PhrasePairs(test_set.name, test_set.images, pd.DataFrame(rows), tuple(phrases))
    return GroundingSet(pairs, test_set.regions[kept])


def region_sides(region: np.ndarray) -> frozenset[str]:
    """Return the patient's sides on which a region lies; the patient's left is on the right of the film."""
    share = region[:, region.shape[1] // 2 :].sum() / region.sum()
    if share >= MOSTLY:
        return frozenset({"left"})
    return frozenset({"right"}) if share <= 1 - MOSTLY else frozenset({"left", "right"})


def on_named_side(regions: pd.DataFrame, sides: str) -> pd.DataFrame:
    """Return the regions (0-1 of the image) whose centre is on the one side that a phrase names, or all."""
    if sides not in ("left", "right"):
        return regions
    is_left = (regions["x_min"] + regions["x_max"]) / 2 > 0.5
    return regions[is_left if sides == "left" else ~is_left]


def _sided_queries(queries: EvaluationSet, finding: str, sides: frozenset[str]) -> tuple[str, ...]:
    if finding not in queries.class_names:
        return ()
    texts = _texts(queries.prompts, queries.prompt_class == queries.class_names.index(finding))
    return tuple(text for text in texts if PLACE.search(text) and sides_named(text) == sides)


def _texts(texts: Sequence[str], chosen: np.ndarray) -> tuple[str, ...]:
    return tuple(text for text, keep in zip(texts, chosen, strict=True) if keep)


def _with_frames(pairs: PhrasePairs, corpus: ReportCorpus) -> Iterator[tuple[pd.Series, ImageFrame]]:
    sizes = corpus.samples[["rows", "columns"]].to_numpy(dtype=int)
    for _, row in pairs.table.iterrows():
        yield row, ImageFrame(*sizes[row["sample"]].tolist())
