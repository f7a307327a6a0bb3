"""What a linear probe is trained and judged on: films, labels, split, and nested shares of the labels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from egma_lib.datasets.image_cache import open_image_cache
from egma_lib.errors import DataError

PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class ProbeSet:
    """Labelled films of one data set, in the order train, validation, test.

    Attributes
    ----------
    name
        `chexpert`, `rsna` or `siim`.
    class_names
        Findings that are predicted, each by a logistic unit of its own.
    case_ids, patient_ids, split
        Text, shape (n_films,); split is one of `PARTS`.
    labels
        float32, shape (n_films, n_classes): 1 present, 0 absent, NaN unknown (takes no part).
    cache
        Folder of the image cache.
    first_row
        Row of the set's first film in that cache; the others follow it.
    """

    name: str
    class_names: tuple[str, ...]
    case_ids: np.ndarray
    patient_ids: np.ndarray
    split: np.ndarray
    labels: np.ndarray
    cache: Path
    first_row: int

    def __post_init__(self) -> None:
        if self.labels.shape != (len(self.case_ids), len(self.class_names)):
            raise DataError(
                f"linear probe, {self.name}: labels of shape {self.labels.shape} for {len(self.case_ids)} "
                f"films and the classes {self.class_names}"
            )
        lacking = [part for part in PARTS if not (self.split == part).any()]
        if lacking:
            raise DataError(
                f"linear probe, {self.name}: no film in its {lacking[0]} part; the data set is too small for "
                "a probe, or data.validation_share is"
            )

    def __len__(self) -> int:
        return len(self.case_ids)

    @property
    def images(self) -> np.ndarray:
        """The films, uint8, shape (n_films, size, size); a view of the memory-mapped cache."""
        return open_image_cache(self.cache).images[self.first_row : self.first_row + len(self)]

    def rows(self, part: str) -> np.ndarray:
        """Return the rows of a part, int64."""
        return np.flatnonzero(self.split == part)

    def judged_classes(self) -> np.ndarray:
        """Return the indices of classes that are both present and absent in train and in test."""
        both = [
            (self.labels[self.rows(part)] == value).any(axis=0)
            for part in ("train", "test")
            for value in (0, 1)
        ]
        return np.flatnonzero(np.all(both, axis=0))


def nested_order(patient_ids: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Order patients so that every beginning of the order is a stratified sample of them.

    A stratum holds the patients with the same set of findings. Within a stratum of s patients the one of
    random rank r gets the position (r + u) / s with one uniform u per stratum (systematic sampling with a
    random start); patients are sorted by position. Up to any position p a stratum then has p s patients, give
    or take one, and every patient the same chance.

    Parameters
    ----------
    patient_ids
        Text, one per film, shape (n_films,).
    labels
        Shape (n_films, n_classes); NaN counts as absent here.
    rng
        Source of randomness.

    Returns
    -------
    numpy.ndarray
        Distinct patients, shape (n_patients,).
    """
    patients, index = np.unique(np.asarray(patient_ids).astype(str), return_inverse=True)
    findings = np.zeros((len(patients), labels.shape[1]), dtype=bool)
    np.logical_or.at(findings, index, labels == 1)
    _, stratum = np.unique(findings, axis=0, return_inverse=True)
    position = np.empty(len(patients))
    for one in np.unique(stratum):
        members = np.flatnonzero(stratum == one)
        position[members] = (rng.permutation(len(members)) + rng.uniform()) / len(members)
    return patients[np.argsort(position, kind="stable")]


def share_rows(patient_ids: np.ndarray, labels: np.ndarray, order: np.ndarray, share: float) -> np.ndarray:
    """Return the films of the first `share` of the patients in `order`, sorted.

    Patients follow until every class is once present and once absent, as far as the films have both: of a
    class seen only absent nothing can be learned. Shares of one order are nested, whatever their size.

    Parameters
    ----------
    patient_ids
        Text, shape (n_films,).
    labels
        Shape (n_films, n_classes).
    order
        Patients, from `nested_order`.
    share
        In 0-1.

    Returns
    -------
    numpy.ndarray
        Row indices of the films, int64.
    """
    rank_of = dict(zip(order.tolist(), range(len(order)), strict=True))
    rank = np.array([rank_of[str(one)] for one in patient_ids])
    n_patients = round(share * len(order))
    for value in (0, 1):
        for column in labels.T:
            holders = rank[column == value]
            if len(holders):
                n_patients = max(n_patients, int(holders.min()) + 1)
    return np.flatnonzero(rank < n_patients)
