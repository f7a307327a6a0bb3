"""Scores of phrase grounding per case, for trained runs and for references, stored like all predictions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from egma_lib.artefacts import atomic_path, read_json, write_json
from egma_lib.evaluation.encode import encode_images, encode_prompts
from egma_lib.evaluation.gaze_agreement import gaze_agreement
from egma_lib.evaluation.grounding_metrics import (
    average_precision,
    contrast_to_noise,
    enlarge_bilinear,
    mean_iou,
    scaled_to_unit,
)
from egma_lib.evaluation.pointing import REGION_RASTER, pointing_hits
from egma_lib.experiments.arms import Arm
from egma_lib.experiments.gaze_variants import arm_settings
from egma_lib.experiments.grounding_inputs import GazeSet, GroundingInputs
from egma_lib.experiments.grounding_references import ANOTHER_READER, reference_maps
from egma_lib.experiments.grounding_sets import GroundingSet
from egma_lib.experiments.phrase_pairs import PhrasePairs
from egma_lib.models.build import load_dual_encoder
from egma_lib.settings import Settings
from egma_lib.study import Study
from egma_lib.training.run import choose_device

if TYPE_CHECKING:
    from egma_lib.models.dual_encoder import DualEncoder

REGION_METRICS = ("pointing_hit", "cnr", "cnr_signed", "miou", "miou_scaled", "auprc")
GAZE_METRICS = ("nss", "cc", "kl", "auc_judd", "shuffled_auc", "information_gain")
REGION_TABLE, GAZE_TABLE, DONE_FILE = "grounding", "grounding_gaze", "grounding.json"
_CHUNK = 64
"""Cases at a time; bounds memory, changes no result."""
_CASE = ["case_id", "patient_id", "finding", "group"]

Maps = Callable[[PhrasePairs], np.ndarray]


def phrase_maps(model: DualEncoder, pairs: PhrasePairs, settings: Settings) -> np.ndarray:
    """Return the similarity of every patch to each pair's phrase, mean over several phrases.

    Parameters
    ----------
    model
        Trained dual encoder.
    pairs
        Phrases and films; each film and each text is encoded once.
    settings
        Pixel statistics and batch size.

    Returns
    -------
    numpy.ndarray
        float32, shape (n, grid, grid), cosine similarities.
    """
    films, film_of = np.unique(pairs.table["image_index"].to_numpy(), return_inverse=True)
    encoded = encode_images(model, pairs.images[films], settings.data, settings.evaluation.batch_size)
    texts = list(dict.fromkeys(text for phrase in pairs.phrases for text in phrase))
    row = {text: index for index, text in enumerate(texts)}
    features = encode_prompts(model, texts)
    # The mean of similarities is the similarity to the mean of the (unit) sentence features.
    queries = np.stack([features[[row[text] for text in phrase]].mean(axis=0) for phrase in pairs.phrases])
    maps = np.einsum("bnd,bd->bn", encoded.patch_features[film_of], queries, optimize=True)
    grid = round(maps.shape[1] ** 0.5)
    return maps.reshape(-1, grid, grid)


def region_scores(grounding_set: GroundingSet, maps: np.ndarray) -> pd.DataFrame:
    """Score maps against regions, case by case.

    Parameters
    ----------
    grounding_set
        n pairs with their regions.
    maps
        Shape (n, grid, grid) on the patch grid; all NaN where there is no map.

    Returns
    -------
    pandas.DataFrame
        case_id, patient_id, finding, group, source, and `REGION_METRICS`: shares in 0-1, CNR as it is; NaN
        where there is no map. A constant map points at every patch alike.
    """
    scores = np.full((len(maps), len(REGION_METRICS)), np.nan)
    there = np.flatnonzero(np.isfinite(maps).all(axis=(1, 2)))
    for start in range(0, len(there), _CHUNK):
        rows = there[start : start + _CHUNK]
        scores[rows] = _score_chunk(maps[rows], grounding_set.regions[rows])
    table = grounding_set.pairs.table[_CASE].assign(source=grounding_set.name)
    return pd.concat([table, pd.DataFrame(scores, columns=list(REGION_METRICS))], axis=1)


def _score_chunk(maps: np.ndarray, regions: np.ndarray) -> np.ndarray:
    pointing = pointing_hits(maps, regions)
    constant = np.ptp(maps, axis=(1, 2)) == 0
    large = enlarge_bilinear(maps, REGION_RASTER)
    signed = contrast_to_noise(large, regions)
    return np.stack(
        [
            np.where(constant, pointing.chance, pointing.hits),
            np.abs(signed),
            signed,
            mean_iou(large, regions),
            mean_iou(scaled_to_unit(large), regions),
            average_precision(large, regions),
        ],
        axis=1,
    )


def gaze_scores(gaze_set: GazeSet, maps: np.ndarray, average: np.ndarray) -> pd.DataFrame:
    """Score maps against the gaze of their sentences.

    Parameters
    ----------
    gaze_set
        n sentences with gaze.
    maps
        As for `region_scores`.
    average
        Map of the training gaze, shape (grid, grid), that information is gained over.

    Returns
    -------
    pandas.DataFrame
        case_id, patient_id, finding, group, source `gaze`, and `GAZE_METRICS` in their own units; NaN where
        there is no map, and for the correlation of a constant one.
    """
    scores = np.full((len(maps), len(GAZE_METRICS)), np.nan)
    elsewhere = gaze_set.elsewhere()
    baseline = enlarge_bilinear(average[None], REGION_RASTER)[0]
    there = np.flatnonzero(np.isfinite(maps).all(axis=(1, 2)))
    for start in range(0, len(there), _CHUNK):
        rows = there[start : start + _CHUNK]
        found = gaze_agreement(
            enlarge_bilinear(maps[rows], REGION_RASTER),
            gaze_set.heatmaps[rows],
            [gaze_set.fixated[row] for row in rows],
            [elsewhere[row] for row in rows],
            baseline,
        )
        scores[rows] = np.stack([found[name] for name in GAZE_METRICS], axis=1)
    table = gaze_set.pairs.table[_CASE].assign(source="gaze")
    return pd.concat([table, pd.DataFrame(scores, columns=list(GAZE_METRICS))], axis=1)


def score_run(run_folder: Path, settings: Settings, inputs: GroundingInputs, folder: Path) -> Path:
    """Score a trained run on every set and store the scores, unless that has been done.

    Writes `grounding.parquet` (pairs of all sources) and `grounding_gaze.parquet` into `folder`; only pairs
    that no training saw.

    Parameters
    ----------
    run_folder
        Folder of a finished run.
    settings
        Settings that the run was trained with.
    inputs
        What to score on.
    folder
        The run's folder of predictions.
    """
    if _is_done(folder, inputs.key):
        return folder
    model = load_dual_encoder(run_folder, settings).to(choose_device(settings))
    return score_model(model, settings, inputs, folder)


def score_model(model: DualEncoder, settings: Settings, inputs: GroundingInputs, folder: Path) -> Path:
    """Score a model on every set and store the scores as `score_run` does, whatever is there already."""
    return _store(inputs, lambda pairs: phrase_maps(model, pairs, settings), folder, held_out=True)


def score_references(inputs: GroundingInputs, folder: Path) -> dict[str, Path]:
    """Score the references on every set, store the scores, and return their folders by name.

    Another reader is compared on every film that several readers read, seen in training or not: a person is
    not trained on it.
    """
    folders = {}
    for name, maps in reference_maps(inputs).items():
        folders[name] = folder / "grounding" / name.replace(" ", "_")
        if not _is_done(folders[name], inputs.key):
            _store(inputs, maps, folders[name], held_out=name != ANOTHER_READER)
    return folders


def score_arms(
    study: Study,
    settings: Settings,
    inputs: GroundingInputs,
    arms: Sequence[tuple[Arm, Sequence[Path]]],
) -> None:
    """Score the runs of every arm; `arms` gives each arm with its prediction folders, one per seed."""
    for arm, folders in arms:
        for folder in folders:
            score_run(study.runs / folder.name, arm_settings(settings, arm), inputs, folder)


def _is_done(folder: Path, key: str) -> bool:
    done = folder / DONE_FILE
    return done.exists() and read_json(done)["inputs"] == key


def _store(inputs: GroundingInputs, maps: Maps, folder: Path, *, held_out: bool) -> Path:
    tables = []
    for one in inputs.sets:
        chosen = one.select(one.pairs.table["held_out"].to_numpy(dtype=bool)) if held_out else one
        tables.append(region_scores(chosen, maps(chosen.pairs)))
    keep = inputs.gaze.pairs.table["held_out"].to_numpy(dtype=bool) | (not held_out)
    gaze = inputs.gaze.select(keep)
    agreement = gaze_scores(gaze, maps(gaze.pairs), inputs.average)
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in ((REGION_TABLE, pd.concat(tables, ignore_index=True)), (GAZE_TABLE, agreement)):
        with atomic_path(folder / f"{name}.parquet") as temporary:
            table.to_parquet(temporary)
    write_json(folder / DONE_FILE, {"inputs": inputs.key})
    return folder
