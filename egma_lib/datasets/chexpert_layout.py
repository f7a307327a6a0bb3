"""What all CheXpert tables share: `Path`, labels, local folder, case and patient ids.

Source: Irvin et al. 2019.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa

from egma_lib.datasets.pixels import film_shape
from egma_lib.datasets.tables import find_path, number, one_of, text

ROOTS = ("CheXpert-v1.0-small", "CheXpert-v1.0")


def label_schema(classes: tuple[str, ...], frontal: bool = False) -> pa.DataFrameSchema:
    """Return the columns that a CheXpert table needs: `Path`, these labels and, on demand, the view."""
    columns = {
        "Path": text(
            pa.Check.str_matches(r"^[^/]+/(.*/)?patient\d+/", error="must hold a folder patient<number>")
        )
    }
    if frontal:
        columns["Frontal/Lateral"] = text(one_of(("Frontal", "Lateral")))
    return pa.DataFrameSchema(columns | {name: number(one_of((1, 0, -1)), blank=True) for name in classes})


def frontal_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of frontal views."""
    return table[table["Frontal/Lateral"] == "Frontal"].reset_index(drop=True)


def image_root(folder: Path) -> Path:
    """Return the folder that takes the place of the first part of `Path`."""
    return find_path(folder, *ROOTS)


def case_rows(root: Path, paths: pd.Series, split: str) -> pd.DataFrame:
    """Return the case table of films given by their `Path`; DataError names the first missing film."""
    files = [str(root / one.partition("/")[2]) for one in paths]
    shapes = np.array([film_shape(file) for file in files], dtype=int).reshape(-1, 2)
    return pd.DataFrame(
        {
            "case_id": [case_id_of(one) for one in paths],
            "patient_id": [patient_id_of(one) for one in paths],
            "image_path": files,
            "rows": shapes[:, 0],
            "columns": shapes[:, 1],
            "split": split,
        }
    )


def case_id_of(path: str) -> str:
    """`CheXpert-v1.0/train/patient1/study1/view1_frontal.jpg` -> `train/patient1/study1/view1_frontal`."""
    return path.partition("/")[2].rpartition(".")[0]


def patient_id_of(path: str) -> str:
    """`CheXpert-v1.0/train/patient1/study1/view1_frontal.jpg` -> `patient1`."""
    return next(part for part in path.split("/") if part.startswith("patient"))
