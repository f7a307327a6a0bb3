"""Builders of the CheXpert 5x200 and 8x200 case lists from `train.csv`, for users without a published list.

Nothing of the raw data is copied but paths and the labels of the classes.

Source: rule of exclusive labels Huang et al. 2021 (GLoRIA); its draw with seed 0 Wang et al. 2022 (MGCA);
8x200 Zhang et al. 2022 (ConVIRT).
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import yaml

from egma_lib.artefacts import atomic_path
from egma_lib.datasets.chexpert import CLASSES_5X200, CLASSES_8X200
from egma_lib.datasets.chexpert_layout import (
    case_id_of,
    frontal_rows,
    image_root,
    label_schema,
    patient_id_of,
)
from egma_lib.datasets.prompts import PROMPT_FOLDER
from egma_lib.datasets.splits import rank_by_hash
from egma_lib.datasets.tables import read_table
from egma_lib.errors import DataError

OTHER_FINDINGS = (
    "Enlarged Cardiomediastinum", "Lung Opacity", "Lung Lesion", "Pneumonia", "Pneumothorax", "Pleural Other",
    "Fracture", "Support Devices",
)  # fmt: skip
"""Labels that may not be set in a 5x200 case either; `No Finding` alone does not count."""
CASES_PER_CLASS = 200
QUERY_FILE = PROMPT_FOLDER / "chexpert_8x200_queries.yaml"


def build_chexpert_5x200(
    folder: Path, rule: Literal["patient_disjoint", "mgca"] = "patient_disjoint", target: Path | None = None
) -> Path:
    """Write `chexpert_5x200.csv`, 200 frontal films of `train.csv` for each of five classes.

    GLoRIA's rule says which films may be drawn: exactly one of the five labels is 1, and every other label
    except `No Finding` is 0 or blank (so that an uncertain one, -1, rules the film out).

    Parameters
    ----------
    folder
        The `chexpert` folder of the data root.
    rule
        `patient_disjoint` (ours): no two films of a patient, whatever their classes; films are drawn by the
        hash of their path, so that the order of the rows does not matter. `mgca`: 200 rows per class with
        pandas' `random_state=0`, as MGCA publishes it; a patient may occur several times.
    target
        Folder to write to, made if need be; by default `folder`, where the reader looks. The folders as
        downloaded are not touched.

    Returns
    -------
    pathlib.Path
        The file: `Path` and the five class columns, 1 or 0, in class blocks.

    Raises
    ------
    DataError
        The file exists already, `train.csv` is missing or damaged, or a class has fewer than 200 films.
    """
    path = (target or folder) / "chexpert_5x200.csv"
    _refuse_to_replace(path)
    classes = CLASSES_5X200
    table = _training_films(folder, (*classes, *OTHER_FINDINGS))
    exclusive = _exclusive(table, classes) & (table[list(OTHER_FINDINGS)] == 0).all(axis=1).to_numpy()
    candidates = table[exclusive]
    drawn = _draw_mgca(candidates, classes) if rule == "mgca" else _draw_disjoint(candidates, classes)
    with atomic_path(path) as temporary:
        _list_of(drawn, classes).to_csv(temporary, index=False)
    return path


def build_chexpert_8x200(folder: Path, target: Path | None = None) -> Path:
    """Write `chexpert_8x200/text-retrieval/{candidate,query}.csv`, for users without ConVIRT's copy.

    Candidates are frontal films of `train.csv` on which exactly one of the eight labels is 1 and the other
    seven are 0 or blank, no two of a patient, drawn by the hash of their path. The queries are this project's
    own 40 sentences, five per class: retrieval with them is not comparable with published numbers.

    Parameters
    ----------
    folder
        The `chexpert` folder of the data root.
    target
        Folder to write to, made if need be; by default `folder`, where the reader looks.

    Returns
    -------
    pathlib.Path
        The folder `chexpert_8x200`.

    Raises
    ------
    DataError
        The folder exists already, `train.csv` is missing or damaged, or a class has fewer than 200 films.
    """
    path = (target or folder) / "chexpert_8x200"
    _refuse_to_replace(path)
    table = _training_films(folder, CLASSES_8X200)
    drawn = _draw_disjoint(table[_exclusive(table, CLASSES_8X200)], CLASSES_8X200)
    with atomic_path(path) as temporary:
        (temporary / "text-retrieval").mkdir(parents=True)
        candidates = _list_of(drawn, CLASSES_8X200)
        candidates.to_csv(temporary / "text-retrieval" / "candidate.csv", index=False)
        own_queries().to_csv(temporary / "text-retrieval" / "query.csv", index=False)
    return path


def own_queries() -> pd.DataFrame:
    """Return the 40 text queries that come with the suite: Variable (class) and Text, in class order.

    Raises
    ------
    DataError
        The file is missing.
    """
    try:
        queries = yaml.safe_load(QUERY_FILE.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError(
            f"{QUERY_FILE}: text queries not found; restore it with `git checkout -- data/reference`"
        ) from error
    rows = [(name, text) for name in CLASSES_8X200 for text in queries[name]]
    return pd.DataFrame(rows, columns=["Variable", "Text"])


def _refuse_to_replace(path: Path) -> None:
    if path.exists():
        raise DataError(
            f"{path}: exists already and is not replaced; move it away, or give another target folder"
        )


def _training_films(folder: Path, labels: tuple[str, ...]) -> pd.DataFrame:
    """Return Path and labels (blank as 0, -1 as it is) of the frontal films, in file order."""
    table = read_table(image_root(folder) / "train.csv", label_schema(labels, frontal=True))
    return frontal_rows(table)[["Path", *labels]].fillna(0.0)


def _exclusive(table: pd.DataFrame, classes: tuple[str, ...]) -> np.ndarray:
    """Where exactly one class is 1 and none is uncertain, shape (n_films,)."""
    values = table[list(classes)].to_numpy(dtype=float)
    return ((values == 1).sum(axis=1) == 1) & ((values == 0).sum(axis=1) == len(classes) - 1)


def _draw_mgca(candidates: pd.DataFrame, classes: tuple[str, ...]) -> dict[str, pd.DataFrame]:
    drawn = {}
    for name in classes:
        films = candidates[candidates[name] == 1]
        _require_enough(name, len(films), "films")
        drawn[name] = films.sample(n=CASES_PER_CLASS, random_state=0)
    return drawn


def _draw_disjoint(candidates: pd.DataFrame, classes: tuple[str, ...]) -> dict[str, pd.DataFrame]:
    """Draw 200 films per class, no two of a patient; the class with the fewest candidates chooses first."""
    ranked = candidates.iloc[rank_by_hash(candidates["Path"].map(case_id_of), "chexpert_lists")]
    ranked = ranked.assign(patient=ranked["Path"].map(patient_id_of))
    taken: set[str] = set()
    drawn = {}
    for name in sorted(classes, key=lambda one: ((ranked[one].to_numpy() == 1).sum(), one)):
        films = ranked[(ranked[name] == 1) & ~ranked["patient"].isin(taken)].drop_duplicates("patient")
        _require_enough(name, len(films), "patients")
        drawn[name] = films.head(CASES_PER_CLASS)
        taken |= set(drawn[name]["patient"])
    return drawn


def _require_enough(name: str, n_found: int, what: str) -> None:
    if n_found < CASES_PER_CLASS:
        raise DataError(
            f"train.csv: {n_found} {what} with {name} alone, {CASES_PER_CLASS} are needed; is the table "
            "complete (223,414 rows)?"
        )


def _list_of(drawn: dict[str, pd.DataFrame], classes: tuple[str, ...]) -> pd.DataFrame:
    films = pd.concat([drawn[name] for name in classes])
    return films[["Path", *classes]].astype(dict.fromkeys(classes, int))
