"""Ground-truth masks kept as run lengths and decoded when asked for (12,000 of them decoded are 12 GB)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np

from egma_lib.errors import DataError


def decode_runs(encoded: str, rows: int, columns: int) -> np.ndarray:
    """Decode a SIIM-ACR run-length string.

    Pairs "gap length": each gap counts from the end of the run before; positions run down the columns.

    Parameters
    ----------
    encoded
        Numbers separated by spaces, or "-1" for an empty mask.
    rows, columns
        Size of the film (pixels).

    Returns
    -------
    np.ndarray
        bool, shape (rows, columns).

    Raises
    ------
    DataError
        An odd count, something other than numbers, or runs beyond the film.
    """
    flat = np.zeros(rows * columns, dtype=bool)
    if encoded.strip() == "-1":
        return flat.reshape(columns, rows).T
    try:
        pairs = np.array(encoded.split(), dtype=np.int64).reshape(-1, 2)
    except ValueError as error:
        raise DataError(f"run lengths {encoded[:40]!r} are not pairs of whole numbers") from error
    if pairs.size == 0 or (pairs < 0).any():
        raise DataError(f"run lengths {encoded[:40]!r} are not pairs of whole numbers of 0 and more")
    ends = pairs.sum(axis=1).cumsum()
    if ends[-1] > flat.size:
        raise DataError(f"run lengths reach pixel {ends[-1]} of a film of {rows} x {columns} = {flat.size}")
    for end, length in zip(ends, pairs[:, 1], strict=True):
        flat[end - length : end] = True
    return flat.reshape(columns, rows).T


class RunLengthMasks(Mapping[str, np.ndarray]):
    """Masks by case id, decoded on each access; several strings of one case are united.

    Parameters
    ----------
    encoded
        Run-length strings per case id.
    shapes
        (rows, columns) per case id (pixels).
    """

    def __init__(self, encoded: Mapping[str, Sequence[str]], shapes: Mapping[str, tuple[int, int]]) -> None:
        self._encoded = encoded
        self._shapes = shapes

    def __getitem__(self, case_id: str) -> np.ndarray:
        rows, columns = self._shapes[case_id]
        mask = np.zeros((rows, columns), dtype=bool)
        for encoded in self._encoded[case_id]:
            try:
                mask |= decode_runs(encoded, rows, columns)
            except DataError as error:
                raise DataError(
                    f"mask of case {case_id}: {error}; correct its row or download the table again"
                ) from error
        return mask

    def __iter__(self) -> Iterator[str]:
        return iter(self._encoded)

    def __len__(self) -> int:
        return len(self._encoded)


class SelectedMasks(Mapping[str, np.ndarray]):
    """The entries of `masks` whose case id is in `ids`, without decoding any."""

    def __init__(self, masks: Mapping[str, np.ndarray], ids: Collection[str]) -> None:
        self._masks = masks
        self._ids = dict.fromkeys(case_id for case_id in masks if case_id in ids)

    def __getitem__(self, case_id: str) -> np.ndarray:
        if case_id not in self._ids:
            raise KeyError(case_id)
        return self._masks[case_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)
