"""A results folder with canaries everywhere that an export must leave behind."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
from PIL import Image

from egma_lib.settings import load_settings

CANARY_WORDS = ("zebrafish", "quokka", "obsidian")
CANARY_IDS = (
    "patient64321",
    "10998877",
    "59887766",
    "deadbeef-01234567-89abcdef-00112233-44556677",
    "1.2.276.0.7230010.3.1.4.8323329.6904.1517875201.850819",
    "c0ffee00-1111-4222-8333-444455556666",
    "P102R108387",
)
MARK = (1, 254, 3)
"""Colour of the planted pixels."""
HASH = "0123456789ab"
COLUMNS = [
    "study", "dataset", "method", "setting", "metric", "value", "ci_low", "ci_high", "sd", "n_cases",
    "n_seeds", "kind", "source", "comparison", "smallest_effect",
]  # fmt: skip


def long_row(dataset="rsna", method="EGMA", metric="accuracy", n_cases=60, value=61.25, **more):
    row = ["real", dataset, method, "fine_grained", metric, value, 55.5, 66.5, 1.5, n_cases, 2, "measured"]
    return dict(zip(COLUMNS, [*row, "this run", "", ""], strict=True)) | more


def make_results(folder, *, rows=(), settings=None, held_out=12, figures=True):
    """Write a results folder; `rows` are further rows of Table 2."""
    for name in ("tables", "figures", "notebooks", "predictions/egma-s0-0123abcd", "runs/egma-s0-0123abcd"):
        (folder / name).mkdir(parents=True)
    _tables(folder / "tables", rows)
    if figures:
        _figures(folder / "figures")
    _cases(folder, held_out)
    canaries = "\n".join([*CANARY_WORDS, *CANARY_IDS, "/home/someone/data"])
    for name in (
        "report.html",
        "notebooks/02_pretraining.html",
        "runs/egma-s0-0123abcd/settings.yaml",
        "runs.csv",
    ):
        (folder / name).write_text(canaries)
    _manifest(folder / "manifest.json", settings or {})
    return folder


def _tables(folder, rows):
    table_2 = pd.DataFrame([long_row(), long_row("siim", n_cases=30), *rows])
    table_2["case_id"] = CANARY_IDS[0]
    table_2["note"] = CANARY_WORDS[0]
    table_2.to_csv(folder / "table_2_zero_shot.csv", index=False)
    overlaps = {
        "study": "real",
        "first": "base_train",
        "second": ["chexpert_5x200", "rsna"],
        "n_patients": ["0", ""],
        "n_exact": [3, 12],
        "n_near": [0, 9],
        "verdict": ["allowed", "none"],
        "examples": f"patient {CANARY_IDS[0]}",
    }
    pd.DataFrame(overlaps).to_csv(folder / "leakage_audit.csv", index=False)
    for suffix in ("md", "tex"):
        (folder / f"table_2_zero_shot.{suffix}").write_text(f"{CANARY_WORDS[1]} {CANARY_IDS[1]}")
    per_case = pd.DataFrame({"case_id": CANARY_IDS, "score": 0.5})
    per_case.to_csv(folder / "per_case.csv", index=False)


def _figures(folder):
    film = np.zeros((40, 40, 3), dtype=np.uint8)
    film[10:20, 10:20] = MARK
    for name in ("gaze_quantity", "training_curves", "prompt_spread", "figure_3_attention", "gaze_quality"):
        Image.fromarray(film).save(folder / f"{name}.png")
        (folder / f"{name}.pdf").write_text(CANARY_WORDS[2])
    quantity = [
        long_row("chexpert_5x200", "Continued, no gaze", value=50.0, n_cases=1000, gaze_share=0.0),
        long_row("chexpert_5x200", "EGMA", value=60.0, n_cases=1000, gaze_share=1.0),
    ]
    pd.DataFrame(quantity).assign(reader=CANARY_WORDS[0]).to_csv(folder / "gaze_quantity.csv", index=False)
    curves = {
        "step": [1, 2],
        "total": [2.5, 2.0],
        "logit_scale": 14.0,
        "validation_loss": ["", 1.5],
        "run_id": "egma-s0-0123abcd",
        "arm": "egma",
        "label": "EGMA",
        "seed": 0,
        "sentence": CANARY_WORDS[1],
    }
    pd.DataFrame(curves).to_csv(folder / "training_curves.csv", index=False)
    spread = {
        "dataset": "rsna",
        "method": "EGMA",
        "score": "global",
        "seed_index": 0,
        "draw": [-1, 0, 1],
        "accuracy": [50.0, 51.0, 49.0],
        "auroc": 60.0,
        "prompt_indices": ["", "1 5 9", "2 5 8"],
    }
    pd.DataFrame(spread).to_csv(folder / "prompt_spread.csv", index=False)
    quality = pd.DataFrame({"reading_id": CANARY_IDS, "duration_s": 20.0})
    quality.to_csv(folder / "gaze_quality.csv", index=False)


def _cases(folder, held_out):
    cases = folder / "evaluation_sets" / HASH / "rsna"
    samples = folder / "corpora" / HASH / "base"
    readings = folder / "gaze" / HASH
    for one in (cases, samples, readings):
        one.mkdir(parents=True)
    ids = list(CANARY_IDS[:5])
    pd.DataFrame({"case_id": ids, "patient_id": ids}).to_parquet(cases / "cases.parquet")
    held = np.arange(20) < held_out
    table = {"sample_id": [CANARY_IDS[5]] * 20, "is_validation": held, "sentences": [list(CANARY_WORDS)] * 20}
    pd.DataFrame(table).to_parquet(samples / "samples.parquet")
    pd.DataFrame({"reading_id": [CANARY_IDS[6]]}).to_parquet(readings / "readings.parquet")
    scores = pd.DataFrame({"case_id": ids, "score": 0.5})
    scores.to_parquet(folder / "predictions/egma-s0-0123abcd/rsna.parquet")


def _manifest(path, overrides):
    redirect = {"data.rsna": "/home/someone/zebrafish", "model.text_weights": "/home/someone/quokka"}
    settings = load_settings("paper", {**redirect, **overrides}).model_dump(mode="json")
    failed = {"position": "3", "title": CANARY_WORDS[0], "error": f"DataError: {CANARY_IDS[1]}"}
    stage = {"name": "02_pretraining", "status": "failed", "seconds": 3.5, "inputs_hash": HASH}
    hardware = {"system": "Linux x86_64", "processor": "CPU", "cores": 2, "memory_gib": 8.0, "gpus": []}
    manifest = {
        "commit": "a" * 40,
        "settings": settings,
        "versions": {"python": "3.12.1"},
        "hardware": hardware | {"host": CANARY_WORDS[1]},
        "seeds": [0, 1],
        "data_hash": HASH,
        "stages": [{**stage, "failed_cell": failed}],
        "user": CANARY_WORDS[2],
    }
    path.write_text(json.dumps(manifest))
