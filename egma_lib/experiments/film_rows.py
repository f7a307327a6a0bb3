"""Chosen films of a memory map, read where they are asked for."""

from __future__ import annotations

from typing import Any

import numpy as np


class FilmRows:
    """Rows of a stack of films that answers like the array `films[rows]`, without a copy of it.

    MIMIC-CXR at 224 pixels is 19 GB: the leakage audit goes through it in blocks, so only a block is read.

    Parameters
    ----------
    films
        Shape (n_films, size, size); may be a memory map.
    rows
        Indices into `films`, shape (n,), in any order.
    """

    def __init__(self, films: np.ndarray, rows: np.ndarray) -> None:
        self._films, self._rows = films, rows

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the films."""
        return self._films.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, size, size)."""
        return (len(self._rows), *self._films.shape[1:])

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, key: int | slice, /) -> np.ndarray:
        """Return the films at a position or slice of `rows`, as a copy."""
        return np.asarray(self._films[self._rows[key]])
