"""Splits that depend on each identifier alone, so that adding patients moves none."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import numpy as np

from egma_lib.errors import DataError


def split_by_hash(ids: Iterable[str], shares: Mapping[str, float], salt: str) -> np.ndarray:
    """Assign every id to a part by its SHA-256, so that the same id always falls into the same part.

    Parameters
    ----------
    ids
        n identifiers; equal ones get equal parts.
    shares
        Part name -> expected share, in order; must add up to 1.
    salt
        Name of the split; another salt gives an independent split.

    Returns
    -------
    np.ndarray
        Shape (n,), part names.

    Raises
    ------
    DataError
        The shares do not add up to 1.
    """
    bounds = np.cumsum(list(shares.values()))
    if abs(bounds[-1] - 1) > 1e-9 or min(shares.values()) < 0:
        raise DataError(f"split {salt!r}: shares {dict(shares)} must not be negative and must add up to 1")
    names = np.array(list(shares))
    position = np.array([_position(f"{salt}/{one}") for one in ids], dtype=float)
    return names[np.minimum(np.searchsorted(bounds, position, side="right"), len(names) - 1)]


def split_by_patient(patient_ids: Iterable[str], validation_share: float, salt: str) -> np.ndarray:
    """Hold out about `validation_share` of the patients, each by the hash of its id.

    Parameters
    ----------
    patient_ids
        One per sample, n of them; all samples of a patient fall on the same side.
    validation_share
        Expected share of patients in 0-1; with few patients the actual share scatters around it.
    salt
        Name of the split.

    Returns
    -------
    np.ndarray
        Shape (n,), `train` or `validation`.
    """
    shares = {"validation": validation_share, "train": 1 - validation_share}
    return split_by_hash(patient_ids, shares, salt)


def rank_by_hash(ids: Iterable[str], salt: str) -> np.ndarray:
    """Return the order of ids by their SHA-256: a seeded shuffle that does not depend on their order.

    Parameters
    ----------
    ids
        n different identifiers.
    salt
        Name of the draw; another salt gives an independent order.

    Returns
    -------
    np.ndarray
        Shape (n,), indices into `ids`.
    """
    return np.argsort([_position(f"{salt}/{one}") for one in ids], kind="stable").astype(np.int64)


def _position(key: str) -> float:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / 2**64
