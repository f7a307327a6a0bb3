"""CheXpert: the 5x200 and 8x200 test sets, and train and valid for the linear probe.

Labels: 1 present, 0 absent, -1 uncertain, blank not mentioned. `Path` begins with the name of the archive,
which is dropped and replaced by the local folder. Patients of the test sets never enter training.

Source: Irvin et al. 2019; 5x200 Huang et al. 2021 (GLoRIA); 8x200 Zhang et al. 2022 (ConVIRT).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa

from egma_lib.datasets.chexpert_layout import (
    case_id_of,
    case_rows,
    frontal_rows,
    image_root,
    label_schema,
    patient_id_of,
)
from egma_lib.datasets.contract import CaseTable
from egma_lib.datasets.splits import split_by_patient
from egma_lib.datasets.tables import filled, find_path, has_path, one_of, read_table, text
from egma_lib.errors import DataError
from egma_lib.settings import DataSettings

CLASSES_5X200 = ("Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Pleural Effusion")
CLASSES_8X200 = (
    "No Finding", "Cardiomegaly", "Edema", "Pneumonia", "Atelectasis", "Pneumothorax", "Pleural Effusion",
    "Fracture",
)  # fmt: skip
GLORIA_POSITIVE = ("Atelectasis", "Edema", "Pleural Effusion")
"""Competition labels whose uncertain cases GLoRIA counts as present; the other two as absent."""


def load_chexpert_5x200(folder: Path) -> CaseTable:
    """Load the 5x200 zero-shot test set, five classes with exclusive labels.

    Parameters
    ----------
    folder
        The `chexpert` folder of the data root, with `chexpert_5x200.csv`.

    Returns
    -------
    CaseTable
        `chexpert_5x200`, all cases of split `test`.

    Raises
    ------
    DataError
        Missing file or film, bad cell, or a case without exactly one label.
    """
    return _load_exclusive(folder, find_path(folder, "chexpert_5x200.csv"), CLASSES_5X200, "chexpert_5x200")


def load_chexpert_5x200_marked(folder: Path) -> CaseTable | None:
    """Load the copies of 5x200 cases that carry a confounding mark, or None where the data set has none.

    Returns
    -------
    CaseTable or None
        `chexpert_5x200_marked`; the extra column `unmarked_case_id` holds the case id of the same case in
        `load_chexpert_5x200`, taken from the file's column `unmarked_path`.

    Raises
    ------
    DataError
        As `load_chexpert_5x200`; also a copy of an unknown case or with another label than the original.
    """
    if not has_path(folder, "chexpert_5x200_marked.csv"):
        return None
    path = find_path(folder, "chexpert_5x200_marked.csv")
    marked = _load_exclusive(folder, path, CLASSES_5X200, "chexpert_5x200_marked", extra="unmarked_path")
    marked.cases["unmarked_case_id"] = [case_id_of(one) for one in marked.cases.pop("unmarked_path")]
    plain = load_chexpert_5x200(folder)
    label_of = dict(zip(plain.cases["case_id"], plain.class_index(), strict=True))
    for row, (case_id, label) in enumerate(
        zip(marked.cases["unmarked_case_id"], marked.class_index(), strict=True), start=1
    ):
        if label_of.get(case_id) != label:
            raise DataError(
                f"{path}: data row {row}: unmarked_path names {case_id}, which chexpert_5x200.csv lacks or "
                "labels differently; a marked copy must have the label of its original"
            )
    return marked


def load_chexpert_8x200(folder: Path) -> tuple[CaseTable, pd.DataFrame]:
    """Load the 8x200 retrieval set: candidate images and text queries.

    Parameters
    ----------
    folder
        The `chexpert` folder, with `chexpert_8x200/{image,text}-retrieval/`.

    Returns
    -------
    CaseTable
        `chexpert_8x200`, the candidates.
    pd.DataFrame
        Text queries: query_id, class_name, text.

    Raises
    ------
    DataError
        Missing file or film, bad cell, a case without exactly one label, or a class without queries.
    """
    base = find_path(folder, "chexpert_8x200")
    candidates = find_path(base, "text-retrieval/candidate.csv", "image-retrieval/candidate.csv")
    table = _load_exclusive(folder, candidates, CLASSES_8X200, "chexpert_8x200")
    return table, load_text_queries(folder)


def load_text_queries(folder: Path) -> pd.DataFrame:
    """Load the text queries of 8x200 alone: query_id, class_name, text (as published, typing errors kept).

    Raises
    ------
    DataError
        Missing file, an unknown class or a class without a query.
    """
    path = find_path(find_path(folder, "chexpert_8x200"), "text-retrieval/query.csv")
    schema = pa.DataFrameSchema({"Variable": text(one_of(CLASSES_8X200)), "Text": filled()})
    queries = read_table(path, schema)
    lacking = sorted(set(CLASSES_8X200) - set(queries["Variable"]))
    if lacking:
        raise DataError(
            f"{path}: no text query for {', '.join(lacking)}; each of the eight classes needs one"
        )
    return pd.DataFrame(
        {
            "query_id": [f"query_{number:03d}" for number in range(len(queries))],
            "class_name": queries["Variable"].to_numpy(),
            "text": queries["Text"].to_numpy(),
        }
    )


def load_chexpert_train(folder: Path, settings: DataSettings) -> CaseTable:
    """Load frontal films of `train.csv` for the linear probe, without the patients of 5x200 and 8x200.

    Parameters
    ----------
    folder
        The `chexpert` folder.
    settings
        `uncertain_as` decides about label -1 (`gloria`: present for Atelectasis, Edema and Pleural Effusion,
        absent for Cardiomegaly and Consolidation), `validation_share` about the patients held out.

    Returns
    -------
    CaseTable
        `chexpert_train` with the five competition labels (blank is 0) and split train or validation.

    Raises
    ------
    DataError
        Missing file or film, or bad cell.
    """
    root = image_root(folder)
    path = root / "train.csv"
    table = frontal_rows(read_table(path, label_schema(CLASSES_5X200, frontal=True)))
    held_out = _test_patients(folder)
    patients = table["Path"].map(patient_id_of)
    table = table[~patients.isin(held_out)].reset_index(drop=True)
    labels = apply_uncertainty(table[list(CLASSES_5X200)].to_numpy(dtype=float), settings.uncertain_as)
    cases = case_rows(root, table["Path"], "", path)
    cases["split"] = split_by_patient(cases["patient_id"], settings.validation_share, "chexpert_train")
    return CaseTable("chexpert_train", cases, CLASSES_5X200, labels)


def load_chexpert_valid(folder: Path) -> CaseTable:
    """Load the frontal films of `valid.csv`, the test set of the linear probe (202 of 234 in the real data).

    Returns
    -------
    CaseTable
        `chexpert_valid` with the five competition labels; blank is 0, and an uncertain label (none in the
        real file) is NaN, since a test case must not be judged by a guess.

    Raises
    ------
    DataError
        Missing file or film, or bad cell.
    """
    root = image_root(folder)
    path = root / "valid.csv"
    table = frontal_rows(read_table(path, label_schema(CLASSES_5X200, frontal=True)))
    labels = apply_uncertainty(table[list(CLASSES_5X200)].to_numpy(dtype=float), "nan")
    return CaseTable("chexpert_valid", case_rows(root, table["Path"], "test", path), CLASSES_5X200, labels)


def apply_uncertainty(labels: np.ndarray, uncertain_as: str) -> np.ndarray:
    """Return competition labels, shape (n, 5), with blank (NaN) as 0 and -1 as the policy says.

    Parameters
    ----------
    labels
        1, 0, -1 or NaN, columns in the order of `CLASSES_5X200`.
    uncertain_as
        `nan`, `positive`, `negative` or `gloria`; see `DataSettings.uncertain_as`.
    """
    gloria = [float(name in GLORIA_POSITIVE) for name in CLASSES_5X200]
    policies = {"nan": [np.nan] * 5, "positive": [1.0] * 5, "negative": [0.0] * 5, "gloria": gloria}
    replacement = np.array(policies[uncertain_as])
    return np.where(labels == -1, replacement, np.nan_to_num(labels))


def _load_exclusive(
    folder: Path, path: Path, classes: tuple[str, ...], name: str, extra: str = ""
) -> CaseTable:
    schema = label_schema(classes)
    if extra:
        schema = schema.add_columns({extra: filled()})
    table = read_table(path, schema)
    if "Frontal/Lateral" in table.columns and (table["Frontal/Lateral"] == "Lateral").any():
        row = int((table["Frontal/Lateral"] == "Lateral").to_numpy().argmax()) + 1
        raise DataError(f"{path}: data row {row} is a lateral view; the test set holds frontal views only")
    labels = (table[list(classes)].to_numpy(dtype=float) == 1).astype(float)
    wrong = labels.sum(axis=1) != 1
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(
            f"{path}: data row {row + 1} ({table['Path'].iloc[row]}) does not have exactly one label of "
            f"{', '.join(classes)}; correct it or remove the row"
        )
    cases = case_rows(image_root(folder), table["Path"], "test", path)
    if extra:
        cases[extra] = table[extra].to_numpy()
    return CaseTable(name, cases, classes, labels)


def _test_patients(folder: Path) -> set[str]:
    schema = pa.DataFrameSchema({"Path": filled()})
    patients: set[str] = set()
    for name in (
        "chexpert_5x200.csv", "chexpert_5x200_marked.csv",
        "chexpert_8x200/image-retrieval/candidate.csv", "chexpert_8x200/image-retrieval/query.csv",
        "chexpert_8x200/text-retrieval/candidate.csv",
    ):  # fmt: skip
        if has_path(folder, name):
            patients |= set(read_table(find_path(folder, name), schema)["Path"].map(patient_id_of))
    return patients
