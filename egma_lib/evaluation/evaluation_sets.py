"""What is evaluated: images, labels, prompts and regions of each test set, gathered once for all runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from egma_lib.artefacts import atomic_path, read_json, write_json
from egma_lib.datasets.chexpert import CLASSES_5X200, CLASSES_8X200
from egma_lib.datasets.contract import CaseTable, require_same_classes
from egma_lib.datasets.image_cache import ImageCache
from egma_lib.datasets.prompts import prompts_side_free
from egma_lib.datasets.rsna import CLASSES_RSNA
from egma_lib.datasets.siim import CLASSES_SIIM
from egma_lib.errors import ArtefactError, DataError
from egma_lib.evaluation.pointing import raster_boxes, raster_mask
from egma_lib.gaze.frames import ImageFrame

CLASS_ORDERS = {
    "chexpert_5x200": CLASSES_5X200,
    "chexpert_5x200_marked": CLASSES_5X200,
    "chexpert_8x200": CLASSES_8X200,
    "rsna": CLASSES_RSNA,
    "siim": CLASSES_SIIM,
}
"""Class orders of the design's contract; a set in another order is refused."""


@dataclass(frozen=True)
class EvaluationSet:
    """One test set, ready to be scored by any model.

    Attributes
    ----------
    name
        Key of `CLASS_ORDERS`.
    class_names
        Label index = position.
    case_ids, patient_ids
        Text, shape (n_cases,).
    labels
        Class index, shape (n_cases,).
    images
        uint8, shape (n_cases, S, S).
    prompts
        Text prompts (for 8x200 the retrieval queries), shape (n_prompts,).
    prompt_class
        Class index of each prompt.
    pointing_prompts, pointing_class
        Prompts for pointing, which name neither side nor zone, and their class indices.
    region_case, region_class
        Case and class index of each ground-truth region, shape (n_regions,).
    regions
        Boolean, shape (n_regions, R, R), on the padded square.
    paired_case_ids
        For marked copies the id of the mark-free case; otherwise the case id itself.
    """

    name: str
    class_names: tuple[str, ...]
    case_ids: np.ndarray
    patient_ids: np.ndarray
    labels: np.ndarray
    images: np.ndarray
    prompts: tuple[str, ...]
    prompt_class: np.ndarray
    pointing_prompts: tuple[str, ...]
    pointing_class: np.ndarray
    region_case: np.ndarray
    region_class: np.ndarray
    regions: np.ndarray
    paired_case_ids: np.ndarray

    def __len__(self) -> int:
        return len(self.case_ids)


def make_evaluation_set(
    table: CaseTable,
    prompts: Mapping[str, tuple[str, ...]],
    queries: Mapping[str, tuple[str, ...]],
    cache: ImageCache,
) -> EvaluationSet:
    """Bring a case table, its prompts and its cached images together.

    Parameters
    ----------
    table
        Labelled cases.
    prompts
        Prompts of every class, in the class order.
    queries
        The 8x200 text queries by finding; the side-free ones of a finding are its pointing prompts, since
        several word lists never name the finding itself.
    cache
        Decoded films.

    Raises
    ------
    DataError
        Classes of the table or the prompts are not in the contract's order, a case has not one label, or a
        region is of a finding that is no class.
    """
    order = CLASS_ORDERS[table.name]
    require_same_classes(order, table.class_names, f"{table.name} labels")
    require_same_classes(order, tuple(prompts), f"{table.name} prompts")
    texts = tuple(text for name in order for text in prompts[name])
    prompt_class = np.array([index for index, name in enumerate(order) for _ in prompts[name]])
    region_case, region_class, regions = _regions(table)
    pointing = _pointing_prompts(order, np.unique(region_class), queries)
    case_ids = table.cases["case_id"].to_numpy(dtype=str)
    paired = table.cases["unmarked_case_id"] if "unmarked_case_id" in table.cases else table.cases["case_id"]
    return EvaluationSet(
        name=table.name,
        class_names=order,
        case_ids=case_ids,
        patient_ids=table.cases["patient_id"].to_numpy(dtype=str),
        labels=table.class_index(),
        images=cache.images[cache.rows(table.cases["image_path"].tolist())],
        prompts=texts,
        prompt_class=prompt_class,
        pointing_prompts=tuple(text for text, _ in pointing),
        pointing_class=np.array([index for _, index in pointing], dtype=int),
        region_case=region_case,
        region_class=region_class,
        regions=regions,
        paired_case_ids=paired.to_numpy(dtype=str),
    )


def _pointing_prompts(
    order: tuple[str, ...], classes: np.ndarray, queries: Mapping[str, tuple[str, ...]]
) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    for index in classes:
        name = order[index]
        free = prompts_side_free({name: queries.get(name, ())})[name]
        if not free:
            raise DataError(f"no text query of {name} is free of side and zone; pointing needs at least one")
        found += [(text, int(index)) for text in free]
    return found


def _regions(table: CaseTable) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return case index and class index, shape (n_regions,), and rasters, shape (n_regions, R, R).

    There is one region per case and finding that has a box, an ellipse or a mask with a pixel.
    """
    found: list[tuple[int, int, np.ndarray]] = []
    position = {case_id: index for index, case_id in enumerate(table.cases["case_id"])}
    if table.regions is not None:
        for key, boxes in table.regions.groupby(["case_id", "finding"], sort=True):
            case_id, finding = map(str, key)
            if case_id not in position or finding not in table.class_names:
                raise DataError(
                    f"{table.name}: region of {finding!r} on case {case_id!r}, which is no case or no class "
                    f"of the set ({', '.join(table.class_names)}); correct its table of regions"
                )
            case = position[case_id]
            frame = ImageFrame(*table.cases[["rows", "columns"]].to_numpy(dtype=int)[case].tolist())
            found.append((case, table.class_names.index(finding), raster_boxes(boxes, frame)))
    if table.masks is not None:
        # A set with masks has one positive class: the last, as in SIIM (Normal, Pneumothorax).
        for case_id in table.masks:
            mask = table.masks[case_id]
            if mask.any():
                found.append((position[case_id], len(table.class_names) - 1, raster_mask(mask)))
    if not found:
        return np.zeros(0, int), np.zeros(0, int), np.zeros((0, 1, 1), bool)
    cases, classes, regions = zip(*found, strict=True)
    return np.array(cases), np.array(classes), np.stack(regions)


def save_evaluation_set(evaluation_set: EvaluationSet, folder: Path) -> Path:
    """Write a test set under `folder/<name>`; the arrays are npy files a worker maps into memory."""
    target = folder / evaluation_set.name
    with atomic_path(target) as temporary:
        temporary.mkdir()
        np.save(temporary / "images.npy", evaluation_set.images)
        np.savez_compressed(
            temporary / "arrays.npz",
            labels=evaluation_set.labels,
            prompt_class=evaluation_set.prompt_class,
            pointing_class=evaluation_set.pointing_class,
            region_case=evaluation_set.region_case,
            region_class=evaluation_set.region_class,
            regions=evaluation_set.regions,
        )
        pd.DataFrame(
            {
                "case_id": evaluation_set.case_ids,
                "patient_id": evaluation_set.patient_ids,
                "paired_case_id": evaluation_set.paired_case_ids,
            }
        ).to_parquet(temporary / "cases.parquet")
        write_json(
            temporary / "about.json",
            {
                "name": evaluation_set.name,
                "class_names": evaluation_set.class_names,
                "prompts": evaluation_set.prompts,
                "pointing_prompts": evaluation_set.pointing_prompts,
            },
        )
    return target


def load_evaluation_set(folder: Path) -> EvaluationSet:
    """Read what `save_evaluation_set` wrote; raise ArtefactError where a file is missing."""
    if not (folder / "about.json").exists():
        raise ArtefactError(f"{folder}: no test set here; run notebook 02 first")
    about = read_json(folder / "about.json")
    cases = pd.read_parquet(folder / "cases.parquet")
    with np.load(folder / "arrays.npz") as arrays:
        loaded = {name: arrays[name] for name in arrays.files}
    return EvaluationSet(
        name=about["name"],
        class_names=tuple(about["class_names"]),
        prompts=tuple(about["prompts"]),
        pointing_prompts=tuple(about["pointing_prompts"]),
        case_ids=cases["case_id"].to_numpy(dtype=str),
        patient_ids=cases["patient_id"].to_numpy(dtype=str),
        paired_case_ids=cases["paired_case_id"].to_numpy(dtype=str),
        images=np.load(folder / "images.npy", mmap_mode="r"),
        **loaded,
    )
