"""Checks of the labelled test sets: CheXpert with 5x200 and 8x200, RSNA and SIIM."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from egma_lib.datasets.check.listing import Findings
from egma_lib.datasets.check.presence import CANDIDATES, QUERIES
from egma_lib.datasets.check.results import Inventory
from egma_lib.datasets.chexpert import CLASSES_5X200, CLASSES_8X200
from egma_lib.datasets.chexpert_layout import film_file, image_root
from egma_lib.datasets.tables import find_path, has_path
from egma_lib.errors import DataError


def check_chexpert(folder: Path) -> Inventory:
    """Check train and valid, the 5x200 list, the 8x200 lists and the films that each names.

    Returns
    -------
    Inventory
        Provides `chexpert_probe` (train and valid), `chexpert_5x200`, `chexpert_8x200` and `text_queries`
        (the sentences that are also the prompts of RSNA and SIIM), each as far as it is complete.
    """
    found = Findings(folder)
    try:
        root: Path | None = image_root(folder)
    except DataError as error:
        root = None
        found.faults.append(str(error))
    if root is not None:
        probe = [_check_part(found, root, part) for part in ("train", "valid")]
        if all(probe):
            found.provides.add("chexpert_probe")
    _check_list(found, root, ("chexpert_5x200.csv",), CLASSES_5X200, "chexpert_5x200", "5x200 cases")
    _check_list(found, root, CANDIDATES, CLASSES_8X200, "chexpert_8x200", "8x200 candidates")
    queries = found.table((QUERIES,), ("Variable", "Text"))
    if queries is None:
        found.provides.discard("chexpert_8x200")
    else:
        found.counts["8x200 text queries"] = len(queries[1])
        found.provides.add("text_queries")
    if "chexpert_5x200.csv" in found.missing:
        found.notes.append(
            "chexpert_5x200.csv is no part of the release: copy your own list, or run `egma data build "
            "chexpert_5x200`"
        )
    if not has_path(folder, "chexpert_8x200"):
        found.notes.append(
            "chexpert_8x200/ is ConVIRT's (github.com/yuhaozhang/convirt), or run `egma data build "
            "chexpert_8x200` (numbers not comparable); its text queries are also the prompts of RSNA and SIIM"
        )
    return found.inventory()


def _check_part(found: Findings, root: Path, part: str) -> bool:
    name = f"{part}.csv"
    loaded = found.table((f"{root.name}/{name}", name), ("Path", "Frontal/Lateral", *CLASSES_5X200))
    if loaded is None:
        return False
    table = loaded[1]
    frontal = table[table["Frontal/Lateral"] == "Frontal"]
    found.counts[f"{name} rows"] = len(table)
    found.counts[f"{name} frontal"] = len(frontal)
    if part == "train":
        found.counts["train.csv patients"] = (
            table["Path"].str.extract(r"(patient\d+)", expand=False).nunique()
        )
    return found.require(_films(root, frontal["Path"]))


def _check_list(
    found: Findings, root: Path | None, names: tuple[str, ...], classes: tuple[str, ...], key: str, what: str
) -> None:
    loaded = found.table(names, ("Path", *classes))
    if loaded is None:
        return
    found.counts[what] = len(loaded[1])
    if root is not None and found.require(_films(root, loaded[1]["Path"])):
        found.provides.add(key)


def _films(root: Path, paths: pd.Series) -> list[Path]:
    return [film_file(root, one) for one in paths]


def check_rsna(folder: Path) -> Inventory:
    """Check labels and films of RSNA stage 2; provides `rsna` where every labelled film is there."""
    found = Findings(folder)
    loaded = found.table(("stage_2_train_labels.csv",), ("patientId", "x", "y", "width", "height", "Target"))
    films = found.require_below("stage_2_train_images")
    if loaded is None:
        return found.inventory()
    table = loaded[1]
    ids = table["patientId"].unique()
    positive = table.loc[table["Target"].str.fullmatch(r"1(\.0)?"), "patientId"]
    found.counts |= {
        "images": len(ids), "positive images": positive.nunique(), "label rows": len(table),
    }  # fmt: skip
    if films:
        images = find_path(folder, "stage_2_train_images")
        if found.require(images / f"{one}.dcm" for one in ids):
            found.provides.add("rsna")
    return found.inventory()


def check_siim(folder: Path) -> Inventory:
    """Check run lengths and films of SIIM; provides `siim` where every labelled film is there."""
    found = Findings(folder)
    loaded = found.table(("train-rle.csv",), ("ImageId", "EncodedPixels"))
    films = found.require_below("dicom-images-train")
    if loaded is None:
        return found.inventory()
    table = loaded[1]
    ids = table["ImageId"].unique()
    found.counts |= {
        "images": len(ids),
        "positive images": table.loc[table["EncodedPixels"] != "-1", "ImageId"].nunique(),
        "label rows": len(table),
    }
    if films:
        root = find_path(folder, "dicom-images-train")
        by_stem = {path.stem: path for path in root.rglob("*.dcm")}
        # Where it would lie is not known from the table: study and series have numbers of their own.
        if found.require(by_stem.get(one, root / "*" / "*" / f"{one}.dcm") for one in ids):
            found.provides.add("siim")
    return found.inventory()
