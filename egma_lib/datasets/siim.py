"""SIIM-ACR Pneumothorax: frontal films with pneumothorax masks as run lengths.

Source: SIIM-ACR Pneumothorax Segmentation challenge 2019 (films of NIH ChestX-ray14).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa

from egma_lib.datasets.contract import CaseTable
from egma_lib.datasets.masks import RunLengthMasks
from egma_lib.datasets.pixels import read_dicom_header
from egma_lib.datasets.splits import split_by_hash
from egma_lib.datasets.tables import filled, find_path, read_table, text
from egma_lib.errors import DataError

CLASSES_SIIM = ("Normal", "Pneumothorax")
SHARES = {"train": 0.7, "test": 0.15, "validation": 0.15}
RUNS = r"-1|\d+ +\d+( +\d+ +\d+)*"


def load_siim(folder: Path) -> CaseTable:
    """Load the labelled films with masks that are decoded on access.

    Parameters
    ----------
    folder
        The `siim` folder of the data root, with `train-rle.csv` and `dicom-images-train/`.

    Returns
    -------
    CaseTable
        `siim`, classes Normal and Pneumothorax; masks of the positive cases, the union of a film's rows;
        split by film, 70 % train, 15 % test, 15 % validation, from the hash of the film's id (the published
        splits go by row and let one film fall into several parts).

    Raises
    ------
    DataError
        Missing file or film, bad cell, or a film both with and without mask.
    """
    path = find_path(folder, "train-rle.csv")
    # The real header is " EncodedPixels"; read_table strips it, and "-1" and " -1" alike.
    runs = pa.Check.str_matches(f"^({RUNS})$", error="must be -1 or pairs of whole numbers")
    rows = read_table(path, pa.DataFrameSchema({"ImageId": filled(), "EncodedPixels": text(runs)}))
    encoded = rows.groupby("ImageId", sort=True)["EncodedPixels"].agg(list)
    positive = {str(one): runs for one, runs in encoded.items() if runs != ["-1"] * len(runs)}
    mixed = [one for one, runs in positive.items() if "-1" in runs]
    if mixed:
        raise DataError(f"{path}: film {mixed[0]} has rows with and without a mask; keep one kind")
    ids = encoded.index.astype(str).to_list()
    cases = _cases(ids, _films(folder, ids, path))
    shapes = dict(zip(ids, zip(cases["rows"], cases["columns"], strict=True), strict=True))
    _check_runs(path, rows, shapes)
    pneumothorax = np.array([one in positive for one in ids], dtype=float)
    labels = np.stack([1 - pneumothorax, pneumothorax], axis=1)
    return CaseTable("siim", cases, CLASSES_SIIM, labels, masks=RunLengthMasks(positive, shapes))


def _check_runs(path: Path, rows: pd.DataFrame, shapes: dict[str, tuple[int, int]]) -> None:
    """Refuse runs beyond their film or without length, though no mask is decoded yet."""
    for row, (film, encoded) in enumerate(zip(rows["ImageId"], rows["EncodedPixels"], strict=True), start=1):
        if encoded == "-1":
            continue
        numbers = np.array(encoded.split(), dtype=np.int64)
        height, width = shapes[film]
        if numbers.sum() > height * width or not numbers[1::2].all():
            raise DataError(
                f"{path}: data row {row}: runs reach pixel {numbers.sum()} of a film of {height} x "
                f"{width}, or one has no length; expected pairs of gap since the last run and length, down "
                "the columns (another packaging counts every start from the beginning: use the competition's "
                "own file)"
            )


def _films(folder: Path, ids: list[str], table: Path) -> list[Path]:
    """Find every film by its file stem, the image id, at any depth of the tree."""
    root, wanted = find_path(folder, "dicom-images-train"), set(ids)
    films = sorted(root.rglob("*.dcm"))
    by_stem = {path.stem: path for path in films}
    for path in films:
        if path.stem in wanted and by_stem[path.stem] != path:
            raise DataError(
                f"{path}: a second film {path.name} lies in {by_stem[path.stem].parent}; keep one"
            )
    missing = [one for one in ids if one not in by_stem]
    if missing:
        raise DataError(
            f"{root}: no film {missing[0]}.dcm, but {table.name} lists it ({len(missing)} missing in all); "
            f"complete the download or remove its rows from {table}"
        )
    return [by_stem[one] for one in ids]


def _cases(ids: list[str], files: list[Path]) -> pd.DataFrame:
    headers = [read_dicom_header(file) for file in files]
    return pd.DataFrame(
        {
            "case_id": ids,
            "patient_id": [
                str(header.get("PatientID") or one) for one, header in zip(ids, headers, strict=True)
            ],
            "image_path": [str(file) for file in files],
            "rows": [int(header.Rows) for header in headers],
            "columns": [int(header.Columns) for header in headers],
            "split": split_by_hash(ids, SHARES, "siim"),
        }
    )
