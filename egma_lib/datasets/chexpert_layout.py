"""What all CheXpert tables share: `Path`, labels, local folder, case and patient ids.

Source: Irvin et al. 2019.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa

from egma_lib.datasets.pixels import film_shape
from egma_lib.datasets.tables import find_path, number, one_of, require_unique, text

BATCH_1 = "CheXpert-v1.0 batch 1 (validate & csv)"
ROOTS = ("CheXpert-v1.0-small", "CheXpert-v1.0", BATCH_1)
TRAIN_BATCHES = (
    (21513, "CheXpert-v1.0 batch 2 (train 1)"),
    (43017, "CheXpert-v1.0 batch 3 (train 2)"),
)
"""Last patient number and folder of the batches of training films; the others are in `LAST_BATCH`."""
LAST_BATCH = "CheXpert-v1.0 batch 4 (train 3)"


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
    """Return the folder that holds `train.csv` and `valid.csv`, and from which `film_file` starts.

    Of several packagings side by side the small one is taken, then the full one, then the batches.
    """
    return find_path(folder, *ROOTS)


def film_file(root: Path, path: str) -> Path:
    """Return the file of a film.

    Parameters
    ----------
    root
        From `image_root`.
    path
        Its `Path`, whose first part, the archive's name, gives way to the local folder. In the batch
        packaging the training films are in three other folders beside it, by patient number and without
        `train/`.
    """
    local = path.partition("/")[2]
    part, _, film = local.partition("/")
    if root.name != BATCH_1 or part != "train":
        return root / local
    patient = int(patient_id_of(path).removeprefix("patient"))
    batch = next((name for last, name in TRAIN_BATCHES if patient <= last), LAST_BATCH)
    return root.parent / batch / film


def case_rows(root: Path, paths: pd.Series, split: str, table: Path) -> pd.DataFrame:
    """Return the case table of films given by their `Path` in `table`.

    Raises
    ------
    DataError
        A film is listed twice, missing or damaged: names the first one.
    """
    require_unique(paths, table)
    files = [str(film_file(root, one)) for one in paths]
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
