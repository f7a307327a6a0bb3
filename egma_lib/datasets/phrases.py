"""The table that readers for phrase grounding give: one sentence on one image, and where it is seen."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from egma_lib.datasets.contract import REGION_COLUMNS
from egma_lib.errors import DataError

PHRASE_COLUMNS = (
    "case_id", "dicom_id", "patient_id", "image_path", "rows", "columns", "phrase", "class_name",
)  # fmt: skip


@dataclass(frozen=True)
class PhraseTable:
    """Image-sentence pairs of one data set with the regions that each sentence speaks of.

    A `CaseTable` has one row per image and a label matrix; here an image may have several sentences, each of
    one finding and with regions of its own.

    Attributes
    ----------
    name
        Data set name, such as `ms_cxr`.
    phrases
        One row per pair with `PHRASE_COLUMNS`: case_id names the pair, `rows` and `columns` are the frame
        that its boxes were drawn in (pixels), `phrase` the sentence as published, `class_name` its finding.
    regions
        `REGION_COLUMNS` in 0-1 of the image, one row per box; every pair has at least one.
    """

    name: str
    phrases: pd.DataFrame
    regions: pd.DataFrame

    def __post_init__(self) -> None:
        for table, columns in ((self.phrases, PHRASE_COLUMNS), (self.regions, REGION_COLUMNS)):
            missing = [column for column in columns if column not in table.columns]
            if missing:
                raise DataError(f"{self.name}: phrase table lacks the columns {missing}")
        ids = self.phrases["case_id"]
        if ids.duplicated().any():
            raise DataError(f"{self.name}: case id {ids[ids.duplicated()].iloc[0]} occurs twice")
        without = ids[~ids.isin(self.regions["case_id"])]
        if len(without):
            raise DataError(f"{self.name}: sentence {without.iloc[0]} has no region")
        strange = self.regions.loc[~self.regions["case_id"].isin(ids), "case_id"]
        if len(strange):
            raise DataError(f"{self.name}: a region belongs to {strange.iloc[0]}, which is no sentence")

    def __len__(self) -> int:
        return len(self.phrases)

    def __repr__(self) -> str:
        counts = ", ".join(
            f"{name} {n}" for name, n in self.phrases["class_name"].value_counts().sort_index().items()
        )
        return (
            f"PhraseTable({self.name}: {len(self)} sentences on {self.phrases['dicom_id'].nunique()} images, "
            f"{len(self.regions)} regions; {counts})"
        )

    def select(self, keep: np.ndarray) -> PhraseTable:
        """Return the sentences where the boolean array `keep`, shape (n_phrases,), is True."""
        phrases = self.phrases[keep].reset_index(drop=True)
        regions = self.regions[self.regions["case_id"].isin(set(phrases["case_id"]))]
        return replace(self, phrases=phrases, regions=regions.reset_index(drop=True))
