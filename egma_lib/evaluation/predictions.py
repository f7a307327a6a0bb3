"""Per-case scores of a model on every test set, stored so that a new metric needs no new run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from egma_lib.artefacts import atomic_path
from egma_lib.errors import ArtefactError
from egma_lib.evaluation.encode import EncodedImages, encode_images, encode_prompts
from egma_lib.evaluation.evaluation_sets import EvaluationSet
from egma_lib.evaluation.gloria_score import gloria_scores
from egma_lib.evaluation.pointing import pointing_hits, similarity_maps
from egma_lib.evaluation.scores import SCORES, class_scores, prompt_scores

if TYPE_CHECKING:
    from egma_lib.models.dual_encoder import DualEncoder
    from egma_lib.settings import Settings


_STORED_PER_PROMPT = ("global", "image_to_text", "text_to_image")
_OWN_SCORES = {"gloria": gloria_scores}
"""Scores that only models trained by the method of that name have."""


def predict(
    model: DualEncoder,
    evaluation_set: EvaluationSet,
    settings: Settings,
    folder: Path,
    own_score: str | None = None,
) -> Path:
    """Score one test set and store the scores.

    Writes `<set>.parquet` (case_id, patient_id, paired_case_id, label, and `<score>|<class>` for every
    score of `SCORES` and the method's own one), `<set>_prompts.npz` (scores per prompt, shape (n_cases,
    n_prompts), and prompt_class) and, where the set has regions, `<set>_pointing.parquet` (one row per
    region: case_id, patient_id, finding, hit, chance, best_patch, n_prompts). The table of class scores is
    written last.

    Parameters
    ----------
    model
        Trained dual encoder.
    evaluation_set
        What to score.
    settings
        Pixel statistics and batch size.
    folder
        Folder of this run's predictions.
    own_score
        Name of the score that the model's method publishes for itself (`Method.own_score`), if any.

    Returns
    -------
    Path
        The parquet file of class scores.
    """
    images = encode_images(model, evaluation_set.images, settings.data, settings.evaluation.batch_size)
    prompts = encode_prompts(model, evaluation_set.prompts)
    by_prompt = prompt_scores(images, prompts)
    stored = list(_STORED_PER_PROMPT)
    if own_score is not None:
        score_prompts = _OWN_SCORES[own_score]
        by_prompt[own_score] = score_prompts(model, images, evaluation_set.prompts, by_prompt["global"])
        stored.append(own_score)
    per_prompt = {score: by_prompt[score].astype(np.float32) for score in stored}
    per_prompt["prompt_class"] = evaluation_set.prompt_class
    with atomic_path(folder / f"{evaluation_set.name}_prompts.npz") as temporary:
        np.savez_compressed(temporary, **per_prompt, allow_pickle=False)
    if len(evaluation_set.regions):
        pointing = _point(images, encode_prompts(model, evaluation_set.pointing_prompts), evaluation_set)
        with atomic_path(folder / f"{evaluation_set.name}_pointing.parquet") as temporary:
            pointing.to_parquet(temporary)
    with atomic_path(folder / f"{evaluation_set.name}.parquet") as temporary:
        _class_score_table(by_prompt, evaluation_set).to_parquet(temporary)
    return folder / f"{evaluation_set.name}.parquet"


def _class_score_table(by_prompt: dict[str, np.ndarray], evaluation_set: EvaluationSet) -> pd.DataFrame:
    """Return one row per case: ids, label, and every score of every class."""
    table = pd.DataFrame(
        {
            "case_id": evaluation_set.case_ids,
            "patient_id": evaluation_set.patient_ids,
            "paired_case_id": evaluation_set.paired_case_ids,
            "label": evaluation_set.labels,
        }
    )
    for score, per_prompt in by_prompt.items():
        averaged = class_scores(per_prompt, evaluation_set.prompt_class, len(evaluation_set.class_names))
        for index, name in enumerate(evaluation_set.class_names):
            table[f"{score}|{name}"] = averaged[:, index].astype(np.float32)
    return table


def _point(images: EncodedImages, prompts: np.ndarray, evaluation_set: EvaluationSet) -> pd.DataFrame:
    """Return one row per region: whether the best patch for its finding's prompts hits it, and by chance."""
    rows = []
    for index in np.unique(evaluation_set.region_class):
        chosen = evaluation_set.pointing_class == index
        of_class = evaluation_set.region_class == index
        cases = evaluation_set.region_case[of_class]
        maps = similarity_maps(images.patch_features[cases], prompts[chosen])
        result = pointing_hits(maps, evaluation_set.regions[of_class])
        rows.append(
            pd.DataFrame(
                {
                    "case_id": evaluation_set.case_ids[cases],
                    "patient_id": evaluation_set.patient_ids[cases],
                    "finding": evaluation_set.class_names[index],
                    "hit": result.hits,
                    "chance": result.chance,
                    "best_patch": maps.reshape(len(maps), -1).argmax(axis=1),
                    "n_prompts": int(chosen.sum()),
                }
            )
        )
    return pd.concat(rows, ignore_index=True)


def has_predictions(folders: Sequence[Path], name: str) -> bool:
    """Whether every folder holds the table `<name>.parquet`; real studies lack the marked copies of 5x200."""
    return all((folder / f"{name}.parquet").exists() for folder in folders)


def read_predictions(folder: Path, name: str) -> pd.DataFrame:
    """Read the stored scores `<name>.parquet` of a run; raise ArtefactError where they are missing."""
    path = folder / f"{name}.parquet"
    if not path.exists():
        raise ArtefactError(f"{path}: no predictions; run notebook 02 (or 05) first")
    return pd.read_parquet(path)


def stored_scores(folder: Path, name: str) -> tuple[str, ...]:
    """Return the scores that a run's predictions hold: `SCORES`, and its method's own one if it has one."""
    columns = read_predictions(folder, name).columns
    own = {score for score in _OWN_SCORES if any(column.startswith(f"{score}|") for column in columns)}
    return (*SCORES, *sorted(own))


def read_prompt_scores(folder: Path, name: str) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Read the scores per prompt, shape (n_cases, n_prompts), and the prompts' class indices.

    Every score of `SCORES` is there, and the own score of the run's method where it has one.
    """
    path = folder / f"{name}_prompts.npz"
    if not path.exists():
        raise ArtefactError(f"{path}: no scores per prompt; run notebook 02 (or 05) first")
    with np.load(path) as arrays:
        own = [score for score in _OWN_SCORES if score in arrays]
        scores = {score: arrays[score] for score in (*_STORED_PER_PROMPT, *own)}
        prompt_class = arrays["prompt_class"]
    scores["fine_grained"] = (scores["image_to_text"] + scores["text_to_image"]) / 2
    return scores, prompt_class


def scores_of(predictions: pd.DataFrame, score: str, class_names: tuple[str, ...]) -> np.ndarray:
    """Return one score of a predictions table, shape (n_cases, n_classes), in the given class order.

    Raises
    ------
    ArtefactError
        The table lacks the score of a class.
    """
    columns = [f"{score}|{name}" for name in class_names]
    lacking = [column for column in columns if column not in predictions]
    if lacking:
        raise ArtefactError(f"predictions lack the columns {lacking}; run notebook 02 (or 05) again")
    return predictions[columns].to_numpy(dtype=np.float64)
