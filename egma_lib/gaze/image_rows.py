"""Rows of one image out of an EGD-CXR gaze table, which on its own holds the rows of all 1,083 images."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from egma_lib.gaze.tables import RecordingError, read_table


def rows_of_image(path: Path, numbers: tuple[str, ...], dicom_id: str) -> pd.DataFrame:
    """Return the rows of one image, in file order.

    The table is parsed once per process and not once per image: the released `eye_gaze.csv` has 1.5 million
    rows. A changed file (time or size) is parsed again.

    Parameters
    ----------
    path
        A gaze or fixation table of EGD-CXR or of a MIMIC-EYE patient.
    numbers
        Columns wanted, as float64.
    dicom_id
        The image; no row of it gives an empty table.

    Raises
    ------
    RecordingError
        As for `read_table`.
    """
    try:
        state = path.stat()
    except FileNotFoundError as error:
        raise RecordingError("not found", path) from error
    table, rows_by_image = _grouped(path, numbers, state.st_mtime_ns, state.st_size)
    return table.take(rows_by_image.get(dicom_id, np.zeros(0, dtype=np.int64)))


# Two entries: the samples and the fixations of the collection in hand.
@lru_cache(maxsize=2)
def _grouped(
    path: Path, numbers: tuple[str, ...], modified_ns: int, size: int
) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    table = read_table(path, numbers=numbers, texts=("DICOM_ID",))
    rows = {str(one): np.asarray(found) for one, found in table.groupby("DICOM_ID").indices.items()}
    return table[list(numbers)], rows
