"""Boxes of anatomical structures that EYE GAZE (EGD-CXR) gives for its films, and the words that name them.

The boxes are anatomy, not findings: a sentence belongs to the box of a structure that it names.
Source: Karargyris et al. 2021 (`bounding_boxes.csv`, from the Chest ImaGenome pipeline).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa

from egma_lib.datasets.contract import REGION_COLUMNS
from egma_lib.datasets.tables import filled, find_path, has_path, number, read_table
from egma_lib.errors import DataError
from egma_lib.gaze.frames import ImageFrame
from egma_lib.study import Study

_SHEET = "spreadsheets/EyeGaze/bounding_boxes.csv"
BOX_FILES = {"mimic-eye": (_SHEET, f"mimic-eye/{_SHEET}"), "egd-cxr": ("bounding_boxes.csv",)}
"""Where the table lies, by data set; MIMIC-EYE first."""

_STRUCTURES = (
    ("cardiac silhouette", r"heart|cardiac|cardiomegaly"),
    ("upper mediastinum", r"mediastin\w*"),
    ("trachea", r"trachea"),
    ("{side} clavicle", r"clavicles?"),
    ("{side} costophrenic angle", r"costophrenic"),
    ("{side} hilar structures", r"hil(?:um|a|ar)"),
    ("{side} upper lung zone", r"upp+er (?:lung |)zones?|apex|apices|apical"),
    ("{side} mid lung zone", r"mid(?:dle)? (?:lung |)zones?"),
    ("{side} lower lung zone", r"lower (?:lung |)zones?|bases?|basilar|bibasilar|basal"),
    ("{side} lung", r"lungs?(?! (?:zones?|base|bases|apex|apices|volumes?))"),
)
_PATTERNS = tuple((name, re.compile(rf"\b(?:{words})\b", re.IGNORECASE)) for name, words in _STRUCTURES)


def named_structures(text: str, sides: frozenset[str]) -> tuple[str, ...]:
    """Return the structures of `bounding_boxes.csv` that a sentence names.

    Parameters
    ----------
    text
        The sentence.
    sides
        Sides that it names (`left`, `right`); a paired structure without a side means both. The whole lung
        counts only where no part of it is named.

    Returns
    -------
    tuple of str
        Values of `bbox_name`.
    """
    found: list[str] = []
    for name, pattern in _PATTERNS:
        is_whole_lung = name == "{side} lung"
        if not pattern.search(text) or (is_whole_lung and any("lung zone" in one for one in found)):
            continue
        wanted = sorted(sides or {"left", "right"}) if "{side}" in name else [""]
        found += [name.format(side=side) for side in wanted]
    return tuple(found)


def load_structure_boxes(study: Study, frames: Mapping[str, ImageFrame]) -> pd.DataFrame | None:
    """Load the boxes of the films whose frames are known.

    Parameters
    ----------
    study
        Its `mimic-eye` folder is searched first, then `egd-cxr`.
    frames
        Frames of the original images (pixels) by dicom_id, which the boxes refer to; boxes of other films
        are left out.

    Returns
    -------
    pandas.DataFrame or None
        `REGION_COLUMNS` in 0-1 of the image, case_id = dicom_id, finding = name of the structure, kind
        `box`; None where the study has no such table.

    Raises
    ------
    DataError
        Missing column, bad cell, or a box whose end is not beyond its start.
    """
    for key, names in BOX_FILES.items():
        if study.has(key) and any(has_path(study.dataset(key), name) for name in names):
            return _read_boxes(find_path(study.dataset(key), *names), frames)
    return None


def _read_boxes(path: Path, frames: Mapping[str, ImageFrame]) -> pd.DataFrame:
    columns = {"dicom_id": filled(), "bbox_name": filled()}
    table = read_table(
        path, pa.DataFrameSchema(columns | {name: number() for name in ("x1", "x2", "y1", "y2")})
    )
    flat = ((table["x2"] <= table["x1"]) | (table["y2"] <= table["y1"])).to_numpy()
    if flat.any():
        raise DataError(
            f"{path}: data row {int(flat.argmax()) + 1}: x2, y2 must be greater than x1, y1; copy the file "
            "again"
        )
    table = table[table["dicom_id"].isin(frames.keys())].drop_duplicates(ignore_index=True)
    # Arrays, since mapping a column of no rows would give no numbers.
    columns_px = np.array([frames[film].columns for film in table["dicom_id"]], dtype=float)
    rows_px = np.array([frames[film].rows for film in table["dicom_id"]], dtype=float)
    regions = pd.DataFrame(
        {
            "case_id": table["dicom_id"], "finding": table["bbox_name"], "kind": "box",
            "x_min": table["x1"] / columns_px, "y_min": table["y1"] / rows_px,
            "x_max": table["x2"] / columns_px, "y_max": table["y2"] / rows_px,
        }
    )  # fmt: skip
    return regions[list(REGION_COLUMNS)]
