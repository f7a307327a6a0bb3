"""REFLACX ellipses as regions named by the CheXpert findings that the suite evaluates."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa

from egma_lib.datasets.contract import REGION_COLUMNS
from egma_lib.datasets.tables import number, read_table
from egma_lib.errors import DataError

LABEL_TO_FINDING = {
    "Atelectasis": "Atelectasis",
    "Consolidation": "Consolidation",
    "Enlarged cardiac silhouette": "Cardiomegaly",
    "Pulmonary edema": "Edema",
    "Pleural effusion": "Pleural Effusion",
    # Phases 2 and 3 merge effusion, mostly, with thickening into one label.
    "Pleural abnormality": "Pleural Effusion",
    "Pleural thickening": "Pleural Other",
    "Pneumothorax": "Pneumothorax",
    "Fracture": "Fracture",
    "Acute fracture": "Fracture",
    "Groundglass opacity": "Lung Opacity",
    "Mass": "Lung Lesion",
    "Nodule": "Lung Lesion",
    "Lung nodule or mass": "Lung Lesion",
    "Wide mediastinum": "Enlarged Cardiomediastinum",
    "Abnormal mediastinal contour": "Enlarged Cardiomediastinum",
    "Support devices": "Support Devices",
}
"""REFLACX label (any phase) -> CheXpert class; labels without a counterpart are left out."""

TRUE = ("True", "true", "TRUE", "1", "1.0")
FALSE = ("False", "false", "FALSE", "0", "0.0")
MINIMUM_CERTAINTY = 3
"""The data authors count a label as present from "possible" (about 50 %) on."""

SCHEMA = pa.DataFrameSchema(
    {
        **{name: number() for name in ("xmin", "ymin", "xmax", "ymax")},
        "certainty": number(pa.Check.in_range(0, 5, error="must be within 0 to 5")),
    }
)


def read_ellipses(path: Path, reading_id: str, rows: int, columns: int) -> pd.DataFrame:
    """Read one reading's `anomaly_location_ellipses.csv`.

    Parameters
    ----------
    path
        The file; it may hold no rows.
    reading_id
        Becomes `case_id`.
    rows, columns
        Full-size frame of the image (pixels), which the ellipses refer to.

    Returns
    -------
    pd.DataFrame
        `REGION_COLUMNS`, kind `ellipse`: the ends of the axis-aligned axes in 0-1 of the image, which may
        pass its border. An ellipse that carries several labels gives one row for each.

    Raises
    ------
    DataError
        Missing file or column, or bad cell.
    """
    table = read_table(path, SCHEMA, may_be_empty=True)
    labels = [label for label in LABEL_TO_FINDING if label in table.columns]
    _check_ellipses(path, table, labels)
    table = table[table["certainty"] >= MINIMUM_CERTAINTY]
    ellipse, label = np.nonzero(table[labels].isin(TRUE).to_numpy(dtype=bool))
    ends_px = table[["xmin", "ymin", "xmax", "ymax"]].to_numpy(dtype=float)[ellipse]
    regions = pd.DataFrame(ends_px / [columns, rows, columns, rows], columns=list(REGION_COLUMNS[3:]))
    findings = [LABEL_TO_FINDING[labels[number]] for number in label]
    return regions.assign(case_id=reading_id, finding=findings, kind="ellipse")[list(REGION_COLUMNS)]


def _check_ellipses(path: Path, table: pd.DataFrame, labels: list[str]) -> None:
    if not labels:
        raise DataError(f"{path}: none of its columns is a label of REFLACX; copy the file again")
    unclear = ~table[labels].isin(TRUE + FALSE)
    for row, column in np.argwhere(unclear.to_numpy(dtype=bool)).tolist():
        raise DataError(
            f"{path}: data row {row + 1}, column {labels[column]!r}: got "
            f"{table[labels].iloc[row, column]!r}, must be True or False; copy the file again"
        )
    flat = ((table["xmax"] <= table["xmin"]) | (table["ymax"] <= table["ymin"])).to_numpy()
    if flat.any():
        raise DataError(
            f"{path}: data row {int(flat.argmax()) + 1}: xmax, ymax must be greater than xmin, ymin; copy "
            "the file again"
        )
