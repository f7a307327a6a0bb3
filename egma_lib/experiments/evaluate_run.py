"""Evaluation of one finished run on every evaluation set, in the process that trained it."""

from __future__ import annotations

from pathlib import Path

import yaml

from egma_lib.artefacts import read_json, write_json
from egma_lib.evaluation.evaluation_sets import load_evaluation_set
from egma_lib.evaluation.predictions import predict
from egma_lib.losses.methods import find_method
from egma_lib.models.build import load_dual_encoder
from egma_lib.settings import Settings
from egma_lib.training.run import choose_device

DONE_FILE = "evaluated.json"


def evaluate_run(run_folder: Path, settings: Settings, evaluation: Path, predictions: Path) -> Path:
    """Score a run on every evaluation set, unless that has been done.

    Parameters
    ----------
    run_folder
        Folder of a finished run; its name is the run's id.
    settings
        Settings that the run was trained with.
    evaluation
        Folder of the saved evaluation sets.
    predictions
        The results' `predictions` folder.

    Returns
    -------
    Path
        `predictions/<run id>`.
    """
    folder = predictions / run_folder.name
    if is_evaluated(folder, evaluation):
        return folder
    model = load_dual_encoder(run_folder, settings).to(choose_device(settings))
    about = yaml.safe_load((run_folder / "settings.yaml").read_text(encoding="utf-8"))
    own_score = find_method(about["run"]["method"]).own_score
    names = sorted(path.parent.name for path in evaluation.glob("*/about.json"))
    for name in names:
        predict(model, load_evaluation_set(evaluation / name), settings, folder, own_score)
    write_json(folder / DONE_FILE, {"evaluation": evaluation.name, "sets": names})
    return folder


def is_evaluated(folder: Path, evaluation: Path) -> bool:
    """Whether a run's predictions are complete and were made on these evaluation sets."""
    done = folder / DONE_FILE
    return done.exists() and read_json(done)["evaluation"] == evaluation.name
