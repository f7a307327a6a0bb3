"""MS-CXR: sentences of MIMIC-CXR reports with the boxes that radiologists drew for them.

Versions 0.1 (1,162 pairs) and 1.1.0; the column `split` of the latter is not read, since it is not disjoint
by patient with other splits of MIMIC-CXR: whether a pair may be scored is for the leakage audit to say.

Source: Boecking et al. 2022.
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa

from egma_lib.datasets.contract import REGION_COLUMNS
from egma_lib.datasets.phrases import PHRASE_COLUMNS, PhraseTable
from egma_lib.datasets.tables import filled, find_path, number, read_table, require_files, text
from egma_lib.errors import DataError

TABLES = ("MS_CXR_Local_Alignment_v1.1.0.csv", "MS_CXR_Local_Alignment_v1.0.0.csv")
"""Newest first; the second belongs to version 0.1."""
PATH = r"^files/p\d+/p(?P<patient>\d+)/s(?P<study>\d+)/(?P<film>[0-9a-zA-Z-]+)\.(?:jpg|dcm)$"
BOX = ("x", "y", "w", "h")
LOG = logging.getLogger(__name__)


def load_ms_cxr(ms_cxr_folder: Path, jpg_folder: Path) -> PhraseTable:
    """Load the image-sentence pairs, one row per pair with its boxes grouped.

    Parameters
    ----------
    ms_cxr_folder
        The `ms-cxr` folder of the data root, with `MS_CXR_Local_Alignment_v1.{0,1}.0.csv` directly or in a
        version folder; of both versions the newer is read.
    jpg_folder
        The `mimic-cxr-jpg` folder with `files/`, which holds the images.

    Returns
    -------
    PhraseTable
        `ms_cxr`. A pair is an image, a sentence and a category; `case_id` is `<dicom_id>/<n>`, where n counts
        the pairs of an image by sentence and category from 1. Boxes are 0-1 of the image, from the pixels of
        its `image_width` x `image_height`; parts beyond the image are cut off and their number is logged.

    Raises
    ------
    DataError
        Missing file or film, bad cell, a path that does not belong to its `dicom_id`, an image with two
        sizes, or a box of which nothing lies on its image.
    """
    path = find_path(ms_cxr_folder, *TABLES)
    rows = read_table(path, _schema()).drop_duplicates(ignore_index=True)
    parts = _parts_of_path(path, rows)
    _check_sizes(path, rows)
    keys = ["dicom_id", "label_text", "category_name"]
    pairs = rows[keys].drop_duplicates().sort_values(keys, kind="stable")
    order = pairs.groupby("dicom_id").cumcount() + 1
    pairs["case_id"] = pairs["dicom_id"] + "/" + order.astype(str)
    rows["case_id"] = rows.merge(pairs, on=keys, how="left")["case_id"]
    files = find_path(jpg_folder, "files")
    rows["patient_id"] = parts["patient"]
    rows["image_path"] = [
        str(files / f"p{patient[:2]}" / f"p{patient}" / f"s{study}" / f"{film}.jpg")
        for patient, study, film in parts.itertuples(index=False)
    ]
    require_files(rows["image_path"].drop_duplicates(), path)
    return PhraseTable("ms_cxr", _phrases(rows), _regions(path, rows))


def _schema() -> pa.DataFrameSchema:
    positive = pa.Check.gt(0, error="must be positive")
    relative = pa.Check.str_matches(PATH, error="must be files/p<xx>/p<subject>/s<study>/<dicom_id>.jpg")
    columns = {
        "dicom_id": filled(), "category_name": filled(), "label_text": filled(), "path": text(relative),
        "x": number(), "y": number(), "w": number(positive), "h": number(positive),
        "image_width": number(positive), "image_height": number(positive),
    }  # fmt: skip
    return pa.DataFrameSchema(columns)


def _parts_of_path(path: Path, rows: pd.DataFrame) -> pd.DataFrame:
    """Return patient, study and film of every row's `path`."""
    parts = rows["path"].str.extract(PATH)
    wrong = (parts["film"] != rows["dicom_id"]).to_numpy()
    if wrong.any():
        row = rows.iloc[int(wrong.argmax())]
        raise DataError(
            f"{path}: path {row['path']} does not belong to dicom_id {row['dicom_id']}; download it again"
        )
    return parts


def _check_sizes(path: Path, rows: pd.DataFrame) -> None:
    sizes = rows.groupby("dicom_id")[["image_width", "image_height"]].nunique().max(axis=1)
    if (sizes > 1).any():
        raise DataError(
            f"{path}: image {sizes.index[sizes > 1][0]} has rows with different image_width or image_height; "
            "download it again"
        )


def _phrases(rows: pd.DataFrame) -> pd.DataFrame:
    first = rows.drop_duplicates("case_id").sort_values("case_id", kind="stable", ignore_index=True)
    phrases = first.rename(columns={"label_text": "phrase", "category_name": "class_name"})
    phrases["rows"] = first["image_height"].astype(int)
    phrases["columns"] = first["image_width"].astype(int)
    return phrases[list(PHRASE_COLUMNS)]


def _regions(path: Path, rows: pd.DataFrame) -> pd.DataFrame:
    x, y, width, height = rows[list(BOX)].to_numpy(dtype=float).T
    size = rows[["image_width", "image_height"] * 2].to_numpy(dtype=float)
    corners = np.stack([x, y, x + width, y + height], axis=1) / size
    cut = corners.clip(0, 1)
    outside = (cut[:, 2] <= cut[:, 0]) | (cut[:, 3] <= cut[:, 1])
    if outside.any():
        row = rows.iloc[int(outside.argmax())]
        raise DataError(
            f"{path}: box {[float(row[name]) for name in BOX]} of image {row['dicom_id']} lies beyond its "
            f"{row['image_width']:.0f} x {row['image_height']:.0f} pixels; boxes are x, y, w, h of that frame"
        )
    n_cut = int((cut != corners).any(axis=1).sum())
    if n_cut:
        LOG.warning("ms_cxr: %d boxes reach beyond their image and were cut at its border", n_cut)
    regions = pd.DataFrame(cut, columns=list(REGION_COLUMNS[3:]))
    regions = regions.assign(case_id=rows["case_id"], finding=rows["category_name"], kind="box")
    return regions.sort_values("case_id", kind="stable", ignore_index=True)[list(REGION_COLUMNS)]
