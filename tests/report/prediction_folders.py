"""Small stored predictions of every test set, in the files that `predict` writes."""

import numpy as np
import pandas as pd

from egma_lib.evaluation.evaluation_sets import CLASS_ORDERS
from egma_lib.evaluation.scores import SCORES

N_CASES = {"chexpert_5x200": 20, "chexpert_5x200_marked": 10, "chexpert_8x200": 16, "rsna": 12, "siim": 8}
TEXTS_PER_CLASS = 5


def write_predictions(folder, seed, marked=True, lacking=()):
    """Write random scores, other ones for each score, so that a table shows which one it used.

    `lacking` names sets that the study does not hold.
    """
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    for name, n_cases in N_CASES.items():
        if name not in lacking and (marked or name != "chexpert_5x200_marked"):
            _write_set(folder, name, n_cases, rng)
    for name in {"rsna", "siim"}.difference(lacking):
        pd.DataFrame(
            {
                "case_id": ["c000", "c001", "c002", "c003"],
                "patient_id": ["p0", "p0", "p1", "p2"],
                "hit": rng.random(4) < 0.5,
                "chance": [0.25, 0.25, 0.5, 0.0],
            }
        ).to_parquet(folder / f"{name}_pointing.parquet")
    return folder


def _write_set(folder, name, n_cases, rng):
    classes = CLASS_ORDERS[name]
    ids = [f"c{i:03}" for i in range(n_cases)]
    table = pd.DataFrame(
        {
            "case_id": ids,
            "patient_id": ids,
            "paired_case_id": ids,
            "label": np.arange(n_cases) % len(classes),
        }
    )
    for score in SCORES:
        for class_name in classes:
            table[f"{score}|{class_name}"] = rng.normal(size=n_cases).astype(np.float32)
    table.to_parquet(folder / f"{name}.parquet")
    prompt_class = np.repeat(np.arange(len(classes)), TEXTS_PER_CLASS)
    scores = {
        score: rng.normal(size=(n_cases, len(prompt_class))).astype(np.float32)
        for score in ("global", "image_to_text", "text_to_image")
    }
    np.savez(folder / f"{name}_prompts.npz", prompt_class=prompt_class, **scores)
