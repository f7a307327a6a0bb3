"""Leakage audit: patients and films that the sets trained on share with the sets evaluated on.

Patients and identical films between training and evaluation stop a run unless allowed by name. Near copies
are reported only: the audit cannot tell a recompressed copy from two exposures of one patient minutes apart,
so a person has to look, and an audit that stops runs on false alarms would be switched off.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd

from egma_lib.datasets.perceptual_hash import Films, Fingerprints, fingerprints, near_pairs
from egma_lib.errors import DataError, LeakageError

ROLES = ("training", "validation", "evaluation")
"""Roles in the order in which sets are paired; validation may pick checkpoints, so it counts as seen."""
EXAMPLES = 3
"""Ids shown per overlap."""


@dataclass(frozen=True)
class AuditedSet:
    """One set of films as the audit sees it.

    Attributes
    ----------
    name
        Such as `base_train` or `rsna`.
    role
        One of `ROLES`.
    family
        Sets of one family (`mimic`, `chexpert`) number their patients alike; empty: compared by film only.
    patient_ids
        Text, one per case or sample.
    image_ids
        Text, shape (n,), one per film.
    images
        uint8, shape (n, size, size), the squares that models see; a memory map, or rows of one that are
        read when asked for, keep a large set out of memory.
    """

    name: str
    role: Literal["training", "validation", "evaluation"]
    family: str
    patient_ids: np.ndarray
    image_ids: np.ndarray
    images: Films

    def __post_init__(self) -> None:
        shape, dtype = self.images.shape, self.images.dtype
        if len(shape) != 3 or dtype != np.uint8 or shape[0] != len(self.image_ids):
            raise DataError(
                f"leakage audit, {self.name}: films of shape {shape}, {dtype}, for "
                f"{len(self.image_ids)} ids; expected uint8 of shape (n, size, size)"
            )


@dataclass(frozen=True)
class Overlap:
    """What two sets share.

    Attributes
    ----------
    first, second
        Names of the sets; the second is the one whose films are counted.
    n_patients
        Patients in both; None where the two sets number patients differently.
    n_exact
        Films of the second set with identical pixels in the first.
    n_near
        Further films of the second set that are near copies of one of the first, see `near_pairs`.
    patient_examples, exact_examples, near_examples
        A few ids; films as `id in first = id in second`, near copies with `~`.
    verdict
        `none`, `reported`, `allowed` or `stops`.
    """

    first: str
    second: str
    n_patients: int | None
    n_exact: int
    n_near: int
    patient_examples: tuple[str, ...]
    exact_examples: tuple[str, ...]
    near_examples: tuple[str, ...]
    verdict: Literal["none", "reported", "allowed", "stops"]

    @property
    def name(self) -> str:
        """`first/second`, as the setting evaluation.allow_overlap wants it."""
        return f"{self.first}/{self.second}"


@dataclass(frozen=True)
class LeakageAudit:
    """The overlaps of every pair of sets, and what was compared.

    Attributes
    ----------
    overlaps
        One per pair, sets in the order of their roles.
    sets
        set, role, n_patients, n_images, n_blank (films of one grey value, compared with nothing).
    """

    overlaps: tuple[Overlap, ...]
    sets: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """Return first, second, n_patients (blank: not comparable), n_exact, n_near, verdict, examples."""
        rows = [
            {
                "first": one.first,
                "second": one.second,
                "n_patients": one.n_patients,
                "n_exact": one.n_exact,
                "n_near": one.n_near,
                "verdict": one.verdict,
                "examples": "; ".join([*one.patient_examples, *one.exact_examples, *one.near_examples]),
            }
            for one in self.overlaps
        ]
        columns = ["first", "second", "n_patients", "n_exact", "n_near", "verdict", "examples"]
        return pd.DataFrame(rows, columns=columns).astype({"n_patients": "Int64"})


def audit_leakage(sets: Sequence[AuditedSet], allow_overlap: Sequence[str] = ()) -> LeakageAudit:
    """Compare every pair of sets by patients, identical films and near copies.

    Parameters
    ----------
    sets
        Sets to compare, films of one size.
    allow_overlap
        Pairs `a/b` (in either order) whose overlap is allowed by name.

    Raises
    ------
    DataError
        Two sets share a name, or their films differ in size.
    """
    _require_comparable(sets)
    ordered = sorted(sets, key=lambda one: ROLES.index(one.role))
    allowed = {frozenset(name.split("/")) for name in allow_overlap}
    marks = {one.name: fingerprints(one.images) for one in ordered}
    digests = {one.name: _digests(one, marks[one.name]) for one in ordered}
    overlaps = [
        _overlap(one, other, marks, digests, frozenset((one.name, other.name)) in allowed)
        for one, other in combinations(ordered, 2)
    ]
    summary = pd.DataFrame(
        {
            "set": [one.name for one in ordered],
            "role": [one.role for one in ordered],
            "n_patients": [len(set(one.patient_ids.tolist())) for one in ordered],
            "n_images": [len(one.images) for one in ordered],
            "n_blank": [int(marks[one.name].is_blank.sum()) for one in ordered],
        }
    )
    return LeakageAudit(tuple(overlaps), summary)


def require_no_leakage(audit: LeakageAudit) -> None:
    """Stop where a set trained on shares patients or identical films with a set evaluated on.

    Raises
    ------
    LeakageError
        Names every such pair, what it shares, and the setting that allows it.
    """
    stopping = [one for one in audit.overlaps if one.verdict == "stops"]
    if stopping:
        listed = "; ".join(
            f"{one.name} shares {one.n_patients or 0} patients and {one.n_exact} identical films (such as "
            f"{', '.join((*one.patient_examples, *one.exact_examples)[:EXAMPLES])})"
            for one in stopping
        )
        names = ", ".join(one.name for one in stopping)
        raise LeakageError(
            f"leakage between training and evaluation: {listed}. Take the shared cases out of the training "
            f"tables, or allow the overlap by name with --set 'evaluation.allow_overlap=[{names}]'"
        )


def _require_comparable(sets: Sequence[AuditedSet]) -> None:
    names = [one.name for one in sets]
    double = sorted({name for name in names if names.count(name) > 1})
    if double:
        raise DataError(f"leakage audit: two sets are called {double[0]}; give each its own name")
    sizes = {one.name: one.images.shape[1:] for one in sets}
    if len(set(sizes.values())) > 1:
        raise DataError(f"leakage audit: films differ in size ({sizes}); make them from one image cache")


def _digests(one: AuditedSet, marks: Fingerprints) -> dict[bytes, list[int]]:
    """Return SHA-256 of each film's pixels -> its rows; blank films are left out."""
    rows: dict[bytes, list[int]] = {}
    for row in np.flatnonzero(~marks.is_blank).tolist():
        digest = hashlib.sha256(np.ascontiguousarray(one.images[row]).tobytes()).digest()
        rows.setdefault(digest, []).append(row)
    return rows


def _overlap(
    one: AuditedSet,
    other: AuditedSet,
    marks: Mapping[str, Fingerprints],
    digests: Mapping[str, dict[bytes, list[int]]],
    is_allowed: bool,
) -> Overlap:
    comparable = bool(one.family) and one.family == other.family
    patients = sorted(set(one.patient_ids.tolist()) & set(other.patient_ids.tolist())) if comparable else []
    mine, theirs = digests[one.name], digests[other.name]
    exact = {row: mine[key][0] for key, rows in theirs.items() if key in mine for row in rows}
    near: dict[int, int] = {}
    for first_row, second_row in near_pairs(marks[one.name], marks[other.name]).tolist():
        if second_row not in exact:
            near.setdefault(second_row, first_row)
    crosses = other.role == "evaluation" and one.role != "evaluation"
    if crosses and (patients or exact):
        verdict = "allowed" if is_allowed else "stops"
    else:
        verdict = "reported" if patients or exact or near else "none"
    return Overlap(
        first=one.name,
        second=other.name,
        n_patients=len(patients) if comparable else None,
        n_exact=len(exact),
        n_near=len(near),
        patient_examples=tuple(f"patient {patient}" for patient in patients[:EXAMPLES]),
        exact_examples=_examples(one, other, exact, "="),
        near_examples=_examples(one, other, near, "~"),
        verdict=verdict,  # type: ignore[arg-type]
    )


def _examples(one: AuditedSet, other: AuditedSet, rows: Mapping[int, int], sign: str) -> tuple[str, ...]:
    return tuple(
        f"{one.image_ids[rows[row]]} {sign} {other.image_ids[row]}" for row in sorted(rows)[:EXAMPLES]
    )
