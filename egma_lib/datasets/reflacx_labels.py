"""REFLACX ellipses as regions named by the CheXpert findings that the suite evaluates."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from egma_lib.datasets.contract import REGION_COLUMNS
from egma_lib.datasets.tables import number, read_table

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

MINIMUM_CERTAINTY = 3
"""The data authors count a label as present from "possible" (about 50 %) on."""


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
    ends = {name: number() for name in ("xmin", "ymin", "xmax", "ymax")}
    certainty = number(pa.Check.in_range(0, 5, error="must be within 0 to 5"))
    table = read_table(path, pa.DataFrameSchema({**ends, "certainty": certainty}))
    table = table[table["certainty"] >= MINIMUM_CERTAINTY]
    parts = [
        _regions(
            table[table[label].str.lower().isin(("true", "1", "1.0"))], finding, reading_id, rows, columns
        )
        for label, finding in LABEL_TO_FINDING.items()
        if label in table.columns
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(REGION_COLUMNS))


def _regions(table: pd.DataFrame, finding: str, reading_id: str, rows: int, columns: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "case_id": reading_id,
            "finding": finding,
            "kind": "ellipse",
            "x_min": table["xmin"] / columns,
            "y_min": table["ymin"] / rows,
            "x_max": table["xmax"] / columns,
            "y_max": table["ymax"] / rows,
        },
        columns=list(REGION_COLUMNS),
    )
