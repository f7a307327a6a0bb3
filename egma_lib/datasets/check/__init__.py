"""Check of a data root: what is there, what is missing, how to get it, and what will run."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from egma_lib.datasets.check.gaze_sets import check_egd_cxr, check_mimic_eye, check_reflacx
from egma_lib.datasets.check.labelled_sets import check_chexpert, check_rsna, check_siim
from egma_lib.datasets.check.outcomes import outcomes
from egma_lib.datasets.check.presence import begun_test_sets, holds_files
from egma_lib.datasets.check.reference import compare_counts, read_access
from egma_lib.datasets.check.report_sets import check_mimic_cxr, check_mimic_cxr_jpg, check_ms_cxr
from egma_lib.datasets.check.results import (
    Access,
    Count,
    DataCheck,
    DatasetCheck,
    Inventory,
    Outcome,
    Status,
)
from egma_lib.errors import DataError
from egma_lib.gaze.study_readings import GAZE_COLLECTIONS
from egma_lib.settings import DATASET_KEYS

__all__ = ["Access", "Count", "DataCheck", "DatasetCheck", "Inventory", "Outcome", "Status", "check_data"]


def check_data(root: Path | None, redirects: Mapping[str, Path] | None = None) -> DataCheck:
    """Look at every data set of a data root without reading a film.

    Files are compared with the tables that name them; an empty file counts as missing. What is found wrong is
    part of the result and raises nothing.

    Parameters
    ----------
    root
        The data root, or None where there is none yet.
    redirects
        Data sets that lie elsewhere, key to folder (`settings.data.paths`).

    Raises
    ------
    DataError
        The root is given and is not a folder, or the suite's own `data/reference/` is damaged.
    """
    if root is not None:
        root = root.expanduser().resolve()
        if not root.is_dir():
            raise DataError(f"data root {root} is not a folder; give --data-root DIR")
    moved = {key: Path(path).expanduser().resolve() for key, path in (redirects or {}).items()}
    folders = {key: moved.get(key, root / key if root else None) for key in DATASET_KEYS}
    access = read_access()
    datasets = tuple(_check_one(key, folders, access[key]) for key in DATASET_KEYS)
    provided = {name for one in datasets for name in one.inventory.provides}
    begun = begun_test_sets(folders["chexpert"], folders["rsna"], folders["siim"])
    begun |= {key for key in GAZE_COLLECTIONS if holds_files(folders[key])}
    return DataCheck(root, shutil.disk_usage(root or Path.cwd()).free, datasets, outcomes(provided, begun))


def _check_one(key: str, folders: Mapping[str, Path | None], access: Access) -> DatasetCheck:
    folder = folders[key]
    if folder is None or not holds_files(folder):
        return DatasetCheck(key, folder, "absent", Inventory(), (), access)
    try:
        inventory = _inventory(key, folder, folders["mimic-cxr-jpg"])
    except DataError as error:
        inventory = Inventory(faults=(str(error),))
    status: Status = "partial" if inventory.missing or inventory.faults else "complete"
    return DatasetCheck(key, folder, status, inventory, tuple(compare_counts(key, inventory.counts)), access)


def _inventory(key: str, folder: Path, jpg_folder: Path | None) -> Inventory:
    checks = {
        "mimic-eye": check_mimic_eye,
        "mimic-cxr-jpg": check_mimic_cxr_jpg,
        "chexpert": check_chexpert,
        "rsna": check_rsna,
        "siim": check_siim,
    }
    if key in checks:
        return checks[key](folder)
    with_films = {
        "reflacx": check_reflacx,
        "egd-cxr": check_egd_cxr,
        "mimic-cxr": check_mimic_cxr,
        "ms-cxr": check_ms_cxr,
    }
    return with_films[key](folder, jpg_folder)
