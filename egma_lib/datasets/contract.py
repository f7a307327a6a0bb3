"""The tables that every data set reader gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from egma_lib.datasets.masks import SelectedMasks
from egma_lib.errors import DataError

CASE_COLUMNS = ("case_id", "patient_id", "image_path", "rows", "columns", "split")
REGION_COLUMNS = ("case_id", "finding", "kind", "x_min", "y_min", "x_max", "y_max")


@dataclass(frozen=True)
class CaseTable:
    """Labelled cases of one data set.

    Attributes
    ----------
    name
        Data set name, such as `chexpert_5x200`.
    cases
        One row per image with at least `CASE_COLUMNS`; `rows` and `columns` are the frame that regions refer
        to (pixels), `image_path` an absolute path as text.
    class_names
        Names of the label columns; label index = position.
    labels
        Shape (n_cases, n_classes): 1 present, 0 absent, NaN unknown.
    regions
        Ground-truth regions with `REGION_COLUMNS` in 0-1 of the image (kind: box or ellipse), or None.
    masks
        Ground-truth masks by case id, boolean, shape (rows, columns), or None; possibly decoded on access.
    """

    name: str
    cases: pd.DataFrame
    class_names: tuple[str, ...]
    labels: np.ndarray
    regions: pd.DataFrame | None = None
    masks: Mapping[str, np.ndarray] | None = None

    def __post_init__(self) -> None:
        missing = [column for column in CASE_COLUMNS if column not in self.cases.columns]
        if missing:
            raise DataError(f"{self.name}: case table lacks the columns {missing}")
        if self.labels.shape != (len(self.cases), len(self.class_names)):
            raise DataError(
                f"{self.name}: labels of shape {self.labels.shape} for {len(self.cases)} cases and classes "
                f"{self.class_names}"
            )
        if self.cases["case_id"].duplicated().any():
            double = self.cases.loc[self.cases["case_id"].duplicated(), "case_id"].iloc[0]
            raise DataError(f"{self.name}: case id {double} occurs twice")

    def __len__(self) -> int:
        return len(self.cases)

    def __repr__(self) -> str:
        counts = ", ".join(
            f"{name} {int(np.nansum(self.labels[:, i]))}" for i, name in enumerate(self.class_names)
        )
        return f"CaseTable({self.name}: {len(self)} cases; {counts})"

    def class_index(self) -> np.ndarray:
        """Return the single class of every case, shape (n_cases,), for sets with exclusive labels.

        Raises
        ------
        DataError
            A case has no positive label, several, or an unknown one.
        """
        if np.isnan(self.labels).any() or not (self.labels.sum(axis=1) == 1).all():
            bad = np.flatnonzero(
                ~(np.nan_to_num(self.labels).sum(axis=1) == 1) | np.isnan(self.labels).any(1)
            )
            raise DataError(
                f"{self.name}: case {self.cases['case_id'].iloc[bad[0]]} does not have exactly one label"
            )
        return self.labels.argmax(axis=1)

    def select(self, keep: np.ndarray) -> CaseTable:
        """Return the cases where the boolean array `keep`, shape (n_cases,), is True."""
        cases = self.cases[keep].reset_index(drop=True)
        ids = set(cases["case_id"])
        regions = None if self.regions is None else self.regions[self.regions["case_id"].isin(ids)]
        masks = None if self.masks is None else SelectedMasks(self.masks, ids)
        return replace(self, cases=cases, labels=self.labels[keep], regions=regions, masks=masks)


@dataclass(frozen=True)
class ReportCorpus:
    """Image-report pairs to train on; one row of `samples` is one training sample (one reading).

    Attributes
    ----------
    name
        Corpus name.
    samples
        sample_id (the reading id where there is gaze, else the image id), dicom_id, patient_id, image_path,
        rows, columns (frame, pixels), split (train or validation), source, reader.
    sentences
        Sentences per sample, lower case, in the order of `samples`.
    regions
        Ground-truth regions with `REGION_COLUMNS` (case_id = sample_id), or None.
    """

    name: str
    samples: pd.DataFrame
    sentences: tuple[tuple[str, ...], ...]
    regions: pd.DataFrame | None = None

    def __post_init__(self) -> None:
        if len(self.samples) != len(self.sentences):
            raise DataError(f"{self.name}: {len(self.samples)} samples but {len(self.sentences)} reports")

    def __len__(self) -> int:
        return len(self.samples)

    def select(self, keep: np.ndarray) -> ReportCorpus:
        """Return the samples where the boolean array `keep`, shape (n_samples,), is True."""
        samples = self.samples[keep].reset_index(drop=True)
        kept = tuple(self.sentences[i] for i in np.flatnonzero(keep))
        regions = self.regions
        if regions is not None:
            regions = regions[regions["case_id"].isin(set(samples["sample_id"]))]
        return replace(self, samples=samples, sentences=kept, regions=regions)


def require_same_classes(expected: Sequence[str], got: Sequence[str], what: str) -> None:
    """Refuse arrays whose class names differ or stand in another order.

    Raises
    ------
    DataError
        The names or their order differ.
    """
    if tuple(expected) != tuple(got):
        raise DataError(f"{what}: classes {tuple(got)} do not match {tuple(expected)}; order counts")
