"""Phrases put to films: what each names, and whether its words give the place away."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from egma_lib.datasets.mimic_eye import CLASSES_CHEXPERT_14
from egma_lib.datasets.prompts import PLACE
from egma_lib.errors import DataError
from egma_lib.experiments.naming import affirms

GROUPS = ("side_free", "sided", "no_finding")
"""Names neither side nor zone, names one, names no finding that is present."""
SEVERAL = "several"
"""Finding of a phrase that names more than one."""
FINDINGS = tuple(
    name for name in CLASSES_CHEXPERT_14 if name not in ("No Finding", "Pleural Other", "Support Devices")
)
"""Findings that a phrase can be searched for by a word of their name."""
PAIR_COLUMNS = (
    "case_id", "patient_id", "dicom_id", "reader", "image_index", "finding", "named", "group", "sides",
    "held_out", "sample", "sentence",
)  # fmt: skip
_SIDE = re.compile(r"\b(left|right|bi\w*lateral|bibasilar|both)\b", re.IGNORECASE)


@dataclass(frozen=True)
class PhrasePairs:
    """Phrases and the films they are put to.

    Attributes
    ----------
    name
        Where the ground truth comes from, such as `reflacx`.
    images
        uint8, shape (k, S, S); may be a memory map with films that no phrase is put to.
    table
        One row per pair with `PAIR_COLUMNS`: `image_index` is a row of `images`; `group` one of `GROUPS`;
        `named` the findings of the phrase, a tuple; `sides` the sides named, such as `left` or `left right`;
        `held_out` whether no training saw the patient; `sample` and `sentence` the row and sentence of the
        gaze corpus, -1 where there is none.
    phrases
        Per pair the texts whose similarities are averaged; one text except for class prompts.
    """

    name: str
    images: np.ndarray
    table: pd.DataFrame
    phrases: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        missing = [column for column in PAIR_COLUMNS if column not in self.table.columns]
        if missing:
            raise DataError(f"{self.name}: table of phrases lacks the columns {missing}")
        if len(self.table) != len(self.phrases):
            raise DataError(f"{self.name}: {len(self.phrases)} phrases for {len(self.table)} rows")
        if not all(self.phrases):
            raise DataError(f"{self.name}: a pair without a phrase")

    def __len__(self) -> int:
        return len(self.table)

    def select(self, keep: np.ndarray) -> PhrasePairs:
        """Return the pairs where the boolean array `keep`, shape (n_pairs,), is True."""
        kept = tuple(self.phrases[index] for index in np.flatnonzero(keep))
        return replace(self, table=self.table[keep].reset_index(drop=True), phrases=kept)


def sides_named(text: str) -> frozenset[str]:
    """Return which of `left` and `right` a phrase names; "bilateral" and "both" name both."""
    found = {word.lower() for word in _SIDE.findall(text)}
    return frozenset(found) if found <= {"left", "right"} else frozenset({"left", "right"})


def place_group(text: str) -> str:
    """Return `sided` where a phrase names a side or a zone, otherwise `side_free`."""
    return "sided" if PLACE.search(text) else "side_free"


def findings_named(texts: pd.Series) -> list[tuple[str, ...]]:
    """Return for each sentence the findings of `FINDINGS` that it names as present."""
    named = np.stack([affirms(texts, finding) for finding in FINDINGS], axis=1)
    return [tuple(np.array(FINDINGS)[row]) for row in named]


def one_name(names: tuple[str, ...]) -> str:
    """Return the only name, or `several`."""
    return names[0] if len(names) == 1 else SEVERAL
