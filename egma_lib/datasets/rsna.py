"""RSNA Pneumonia Detection Challenge, stage 2: frontal films with pneumonia boxes.

Source: Shih et al. 2019; split as published with GLoRIA (Huang et al. 2021) and MGCA.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa

from egma_lib.datasets.contract import REGION_COLUMNS, CaseTable
from egma_lib.datasets.pixels import read_dicom_header
from egma_lib.datasets.tables import filled, find_path, number, one_of, read_table, require_files
from egma_lib.errors import DataError

CLASSES_RSNA = ("Normal", "Pneumonia")
BOX = ("x", "y", "width", "height")


def load_rsna(folder: Path) -> CaseTable:
    """Load the labelled films with their boxes and GLoRIA's seeded split.

    Parameters
    ----------
    folder
        The `rsna` folder of the data root, with `stage_2_train_labels.csv` and `stage_2_train_images/`.

    Returns
    -------
    CaseTable
        `rsna`, classes Normal (no box) and Pneumonia; boxes in 0-1 of the DICOM's own Rows x Columns; split
        70 % train, 15 % test, 15 % validation (18,678 / 4,003 / 4,003 of the real 26,684 films).

    Raises
    ------
    DataError
        Missing file or film, bad cell, a film both with and without box, or a box beyond its film.
    """
    path = find_path(folder, "stage_2_train_labels.csv")
    rows = read_table(path, _schema())
    _check_rows(path, rows)
    positive = rows.groupby("patientId", sort=True)["Target"].max()
    ids = positive.index.astype(str).to_list()
    images = find_path(folder, "stage_2_train_images")
    files = [str(images / f"{one}.dcm") for one in ids]
    require_files(files, path)
    headers = [read_dicom_header(file) for file in files]
    cases = pd.DataFrame(
        {
            "case_id": ids,
            "patient_id": ids,
            "image_path": files,
            "rows": [int(header.Rows) for header in headers],
            "columns": [int(header.Columns) for header in headers],
            "split": gloria_split(len(ids)),
        }
    )
    pneumonia = positive.to_numpy(dtype=float)
    labels = np.stack([1 - pneumonia, pneumonia], axis=1)
    return CaseTable("rsna", cases, CLASSES_RSNA, labels, regions=_regions(path, rows, cases))


def gloria_split(n_films: int) -> np.ndarray:
    """Return the published split of films sorted by id, shape (n_films,): train, test or validation.

    30 % are split off with scikit-learn's seed 0, then halved with seed 0; the first half is test.
    """
    from sklearn.model_selection import train_test_split

    split = np.full(n_films, "train", dtype="<U10")
    _, held_out = train_test_split(np.arange(n_films), test_size=0.3, random_state=0)
    test, validation = train_test_split(held_out, test_size=0.5, random_state=0)
    split[test], split[validation] = "test", "validation"
    return split


def _schema() -> pa.DataFrameSchema:
    at_least_0 = pa.Check.ge(0, error="must not be negative")
    positive = pa.Check.gt(0, error="must be positive")
    boxes = {name: number(at_least_0, blank=True) for name in BOX[:2]}
    boxes |= {name: number(positive, blank=True) for name in BOX[2:]}
    return pa.DataFrameSchema({"patientId": filled(), **boxes, "Target": number(one_of((0, 1)))})


def _check_rows(path: Path, rows: pd.DataFrame) -> None:
    has_box = rows[list(BOX)].notna().all(axis=1)
    wrong = (has_box != (rows["Target"] == 1)).to_numpy()
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(
            f"{path}: data row {row + 1}: Target {rows['Target'].iloc[row]:.0f} with "
            f"{rows[list(BOX)].iloc[row].notna().sum()} of 4 box numbers; 1 needs all, 0 needs none; "
            "correct the row"
        )
    targets = rows.groupby("patientId")["Target"].nunique()
    if (targets > 1).any():
        raise DataError(
            f"{path}: film {targets.index[targets > 1][0]} has rows of Target 0 and 1; keep one kind"
        )


def _regions(path: Path, rows: pd.DataFrame, cases: pd.DataFrame) -> pd.DataFrame:
    boxes = rows[rows["Target"] == 1].merge(cases, left_on="patientId", right_on="case_id")
    regions = pd.DataFrame(
        {
            "case_id": boxes["case_id"],
            "finding": "Pneumonia",
            "kind": "box",
            "x_min": boxes["x"] / boxes["columns"],
            "y_min": boxes["y"] / boxes["rows"],
            "x_max": (boxes["x"] + boxes["width"]) / boxes["columns"],
            "y_max": (boxes["y"] + boxes["height"]) / boxes["rows"],
        }
    )
    beyond = regions[(regions["x_max"] > 1) | (regions["y_max"] > 1)]
    if len(beyond):
        raise DataError(
            f"{path}: a box of film {beyond['case_id'].iloc[0]} reaches beyond its DICOM's Rows x Columns; "
            "boxes must be pixels of that frame; correct the row or fetch the film again"
        )
    return regions[list(REGION_COLUMNS)]
