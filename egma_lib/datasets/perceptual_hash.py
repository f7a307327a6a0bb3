"""Near copies of films: a 64-bit perceptual hash finds candidates, the films' detail confirms them.

Chest films share one layout, so that hashes of different films are often alike: of the 17,296,021 pairs of
the phantom study's 5,882 films, 55,402 differ in four bits or fewer. The hash therefore only chooses whom to
compare; a pair counts where its finer DCT coefficients correlate too, which leaves 494 pairs: 491 of the 500
marked copies with their originals, and 3 others. Crops, rotations and shifts are not found.

Source of the sign-of-DCT hash: Zauner 2010, chapter 3.2.1, with signs instead of the median.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

import numpy as np

MAXIMUM_DISTANCE = 4
"""Hamming distance (bits) up to which two hashes are candidates."""
MINIMUM_CORRELATION = 0.995
"""Correlation of the detail from which a candidate counts; see the figures above."""

_FREQUENCIES = 24
_HASH_FREQUENCIES = slice(1, 9)
_DETAIL_FROM = 4
_BLOCK = 1024
_CANDIDATES = 1 << 20


@dataclass(frozen=True)
class Fingerprints:
    """What n films are compared by.

    Attributes
    ----------
    hashes
        uint64, shape (n,): signs of the 8 x 8 DCT coefficients of frequencies 1 to 8, rows by columns.
    detail
        float16, shape (n, d): coefficients up to frequency 23 without the lowest 4 x 4, unit length.
    is_blank
        bool, shape (n,): all pixels alike; such a film is a copy of every other blank one and of none.
    """

    hashes: np.ndarray
    detail: np.ndarray
    is_blank: np.ndarray

    def __len__(self) -> int:
        return len(self.hashes)


class Films(Protocol):
    """Films of one size that are read block by block: an array, or what answers like one."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the pixels."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, size, size)."""

    def __len__(self) -> int: ...

    def __getitem__(self, key: int | slice, /) -> np.ndarray: ...


def fingerprints(images: Films) -> Fingerprints:
    """Return the fingerprints of films.

    Parameters
    ----------
    images
        uint8, shape (n, size, size), size of 24 pixels at least; may be a memory map.
    """
    basis, kept = _basis(images.shape[1]), _detail_mask()
    hashes = np.zeros(len(images), dtype=np.uint64)
    detail = np.zeros((len(images), int(kept.sum())), dtype=np.float16)
    is_blank = np.zeros(len(images), dtype=bool)
    for start in range(0, len(images), _BLOCK):
        block = slice(start, start + _BLOCK)
        films = np.asarray(images[block])
        is_blank[block] = films.max(axis=(1, 2)) == films.min(axis=(1, 2))
        coefficients = basis @ films.astype(np.float32) @ basis.T
        low = coefficients[:, _HASH_FREQUENCIES, _HASH_FREQUENCIES].reshape(len(films), 64)
        hashes[block] = np.packbits(low > 0, axis=1, bitorder="little").view("<u8")[:, 0]
        fine = coefficients[:, kept]
        length = np.linalg.norm(fine, axis=1, keepdims=True)
        detail[block] = np.divide(fine, length, out=np.zeros_like(fine), where=length > 0)
    return Fingerprints(hashes, detail, is_blank)


def near_pairs(first: Fingerprints, second: Fingerprints) -> np.ndarray:
    """Return the pairs of near copies between two sets of films, mirrored and negative copies included.

    No pair is compared that does not share one of five bands of the hash: hashes that differ in at most four
    bits agree in at least one of five bands (pigeonhole). Blank films take no part.

    Returns
    -------
    np.ndarray
        int64, shape (k, 2): rows of `first` and of `second`, ascending, each pair once.
    """
    rows_of = [np.flatnonzero(~one.is_blank) for one in (first, second)]
    found = [np.zeros((0, 2), dtype=np.int64)]
    for mirrored in (False, True):
        for negative in (False, True):
            changed = _changed(first.hashes[rows_of[0]], mirrored, negative)
            signs = _changed_signs(mirrored, negative)
            for a, b in _candidates(changed, second.hashes[rows_of[1]]):
                pairs = np.stack([rows_of[0][a], rows_of[1][b]], axis=1)
                alike = _correlations(first.detail, second.detail, pairs, signs) >= MINIMUM_CORRELATION
                found.append(pairs[alike])
    return np.unique(np.concatenate(found), axis=0)


def _basis(size: int) -> np.ndarray:
    """Return the first DCT-II vectors, shape (24, size), orthonormal but for the first."""
    angle = np.pi * np.outer(np.arange(_FREQUENCIES), 2 * np.arange(size) + 1) / (2 * size)
    return (np.cos(angle) * np.sqrt(2 / size)).astype(np.float32)


def _detail_mask() -> np.ndarray:
    kept = np.ones((_FREQUENCIES, _FREQUENCIES), dtype=bool)
    kept[:_DETAIL_FROM, :_DETAIL_FROM] = False
    return kept


def _changed(hashes: np.ndarray, mirrored: bool, negative: bool) -> np.ndarray:
    """Return the hashes of the mirrored or negative films: signs of odd columns, or of all, turn."""
    turned = np.zeros((8, 8), dtype=bool)
    if mirrored:
        # Column c holds frequency c + 1; odd frequencies are odd functions of the left-right position.
        turned[:, 0::2] = True
    if negative:
        turned = ~turned
    return hashes ^ np.packbits(turned.ravel(), bitorder="little").view("<u8")[0]


def _changed_signs(mirrored: bool, negative: bool) -> np.ndarray:
    """Return the sign that each detail coefficient takes in the mirrored or negative film, shape (d,)."""
    odd = np.broadcast_to(np.arange(_FREQUENCIES) % 2 == 1, (_FREQUENCIES, _FREQUENCIES))
    signs = np.where(odd & mirrored, -1, 1)[_detail_mask()]
    return (-signs if negative else signs).astype(np.float32)


def _bands() -> list[tuple[int, int]]:
    """Return (shift, width) of bands that cover the 64 bits, one more than the greatest distance."""
    edges = np.linspace(0, 64, MAXIMUM_DISTANCE + 2).round().astype(int).tolist()
    return [(low, high - low) for low, high in pairwise(edges)]


def _candidates(first: np.ndarray, second: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield row pairs of hashes within the greatest distance, each pair once, in bounded pieces."""
    masks = [np.uint64(((1 << width) - 1) << shift) for shift, width in _bands()]
    for number, mask in enumerate(masks):
        order = np.argsort(second & mask, kind="stable")
        keys = (second & mask)[order]
        left = np.searchsorted(keys, first & mask, side="left")
        counts = np.searchsorted(keys, first & mask, side="right") - left
        for block in _pieces(counts):
            repeats = counts[block]
            rows = np.repeat(np.arange(block.start, block.stop), repeats)
            within = np.arange(len(rows)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
            columns = order[left[rows] + within]
            differing = first[rows] ^ second[columns]
            close = np.bitwise_count(differing) <= MAXIMUM_DISTANCE
            for earlier in masks[:number]:
                close &= (differing & earlier) != 0
            yield rows[close], columns[close]


def _pieces(counts: np.ndarray) -> Iterator[slice]:
    """Cut rows into slices whose counts add up to about `_CANDIDATES`, one row at least."""
    ends = np.cumsum(counts)
    start = 0
    while start < len(counts):
        done = ends[start - 1] if start else 0
        stop = max(int(np.searchsorted(ends, done + _CANDIDATES, side="right")), start + 1)
        yield slice(start, stop)
        start = stop


def _correlations(first: np.ndarray, second: np.ndarray, pairs: np.ndarray, signs: np.ndarray) -> np.ndarray:
    result = np.zeros(len(pairs), dtype=np.float32)
    for start in range(0, len(pairs), 1 << 14):
        piece = pairs[start : start + (1 << 14)]
        a, b = first[piece[:, 0]].astype(np.float32), second[piece[:, 1]].astype(np.float32)
        result[start : start + len(piece)] = np.einsum("pd,pd,d->p", a, b, signs)
    return result
