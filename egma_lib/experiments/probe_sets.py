"""Train, validation and test films of the linear probe, read once and decoded into one image cache.

CheXpert: frontal films of `train.csv` without the patients of 5x200 and 8x200, split by patient; the test
part is the 202 frontal films of `valid.csv`, as in GLoRIA and MGCA. RSNA and SIIM: their readers' splits.
A data set that is absent is left out, and its columns in the table say so.
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from egma_lib.artefacts import atomic_path, content_hash, read_json, write_json
from egma_lib.datasets.check.presence import holds_files
from egma_lib.datasets.chexpert import CLASSES_5X200, load_chexpert_train, load_chexpert_valid
from egma_lib.datasets.chexpert_layout import ROOTS
from egma_lib.datasets.contract import CaseTable
from egma_lib.datasets.image_cache import build_image_cache
from egma_lib.datasets.rsna import load_rsna
from egma_lib.datasets.siim import load_siim
from egma_lib.datasets.tables import has_path
from egma_lib.errors import ArtefactError, DataError
from egma_lib.evaluation.probe_data import PARTS, ProbeSet
from egma_lib.settings import Settings
from egma_lib.study import Study

PROBE_SETS = ("chexpert", "rsna", "siim")
PROBE_CLASSES = {"chexpert": CLASSES_5X200, "rsna": ("Pneumonia",), "siim": ("Pneumothorax",)}
"""Findings predicted on each set; of RSNA's and SIIM's two classes the second, the first being its rest."""
LOG = logging.getLogger(__name__)


def probe_sets_folder(study: Study, settings: Settings) -> Path:
    """Return where the probe sets of this study lie, whether or not they have been made."""
    code = Path(__file__).parents[1]
    digest = content_hash(
        study.data_hash,
        settings.data.model_dump(mode="json", exclude={"paths", "pixel_mean", "pixel_std"}),
        *sorted((code / "datasets").glob("*.py")),
        Path(__file__),
    )
    return study.folder("probe_sets") / digest


def build_probe_sets(study: Study, settings: Settings, *, progress: bool = True) -> list[ProbeSet]:
    """Read labels and splits, decode the films, and save both; nothing is done where they are there already.

    Parameters
    ----------
    study
        Data root and results folder.
    settings
        Image size, share of validation patients, and what becomes of CheXpert's uncertain labels.
    progress
        Show a progress bar while films are decoded.

    Returns
    -------
    list of ProbeSet
        In the order of `PROBE_SETS`.

    Raises
    ------
    DataError
        None of the sets is there, one is incomplete, or a part of one is empty.
    """
    folder = probe_sets_folder(study, settings)
    if not (folder / "about.json").exists():
        tables = load_probe_tables(study, settings)
        cache = build_image_cache(
            [path for table in tables for path in table.cases["image_path"]],
            settings.data.image_size,
            study.folder("image_cache"),
            jobs=settings.experiments.n_workers,
            progress=progress,
        )
        first_rows = {
            table.name: int(cache.rows(table.cases["image_path"].tolist()[:1])[0]) for table in tables
        }
        for table in tables:
            with atomic_path(folder / f"{table.name}.parquet") as temporary:
                _saved_columns(table).to_parquet(temporary)
        write_json(folder / "about.json", {"image_cache": cache.folder.name, "first_rows": first_rows})
    return load_probe_sets(folder, study.folder("image_cache"))


def load_probe_sets(folder: Path, image_caches: Path) -> list[ProbeSet]:
    """Read what `build_probe_sets` saved.

    Parameters
    ----------
    folder
        From `probe_sets_folder`.
    image_caches
        Folder of the image caches of the study.

    Raises
    ------
    ArtefactError
        They have not been made.
    """
    if not (folder / "about.json").exists():
        raise ArtefactError(f"{folder}: no probe sets here; run notebook 04 first")
    about = read_json(folder / "about.json")
    sets = []
    for name in PROBE_SETS:
        if name not in about["first_rows"]:
            continue
        table = pd.read_parquet(folder / f"{name}.parquet")
        sets.append(
            ProbeSet(
                name=name,
                class_names=PROBE_CLASSES[name],
                case_ids=table["case_id"].to_numpy(dtype=str),
                patient_ids=table["patient_id"].to_numpy(dtype=str),
                split=table["split"].to_numpy(dtype=str),
                labels=table[list(PROBE_CLASSES[name])].to_numpy(dtype=np.float32),
                cache=image_caches / about["image_cache"],
                first_row=about["first_rows"][name],
            )
        )
    return sets


def load_probe_tables(study: Study, settings: Settings) -> list[CaseTable]:
    """Return the case tables at hand, rows in the order train, validation, test.

    Raises
    ------
    DataError
        None is there, or one is incomplete: names the file.
    """
    tables = []
    if any(has_path(study.dataset("chexpert"), f"{root}/train.csv") for root in ROOTS):
        tables.append(_chexpert(study.dataset("chexpert"), settings))
    for name, load in (("rsna", load_rsna), ("siim", load_siim)):
        if holds_files(study.dataset(name)):
            tables.append(load(study.dataset(name)))
    if not tables:
        raise DataError(
            f"{study.data_root}: none of CheXpert's train.csv, RSNA and SIIM is there, so nothing can be "
            f"probed; run `egma data check --data-root {study.data_root}`"
        )
    for name in set(PROBE_SETS) - {table.name for table in tables}:
        LOG.warning("%s is not available in this study; its columns of Table 1 will say so", name)
    return [_in_order(table) for table in tables]


def _chexpert(folder: Path, settings: Settings) -> CaseTable:
    train, test = load_chexpert_train(folder, settings.data), load_chexpert_valid(folder)
    cases = pd.concat([train.cases, test.cases], ignore_index=True)
    return CaseTable("chexpert", cases, CLASSES_5X200, np.concatenate([train.labels, test.labels]))


def _in_order(table: CaseTable) -> CaseTable:
    """Sort by part, so that a set's films lie one behind the other in the image cache."""
    order = np.argsort([PARTS.index(part) for part in table.cases["split"]], kind="stable")
    cases = table.cases.iloc[order].reset_index(drop=True)
    return CaseTable(table.name, cases, table.class_names, table.labels[order])


def _saved_columns(table: CaseTable) -> pd.DataFrame:
    labels = pd.DataFrame(table.labels.astype(np.float32), columns=list(table.class_names))
    return pd.concat([table.cases[["case_id", "patient_id", "split"]], labels], axis=1)
