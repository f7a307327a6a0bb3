"""One training run: its name, its folder, and how it is started, resumed or reused."""

from __future__ import annotations

import shutil
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
import yaml

from egma_lib.artefacts import atomic_path, content_hash, write_json, write_text
from egma_lib.errors import TrainingError
from egma_lib.losses.methods import method_loss
from egma_lib.models.build import build_dual_encoder, start_weights_file
from egma_lib.models.weights import load_weights, save_weights
from egma_lib.settings import ModelSettings, Settings, StageSettings
from egma_lib.training.batches import BatchMaker
from egma_lib.training.code_hash import code_of_method
from egma_lib.training.data import TrainingData
from egma_lib.training.device import choose_device, reproducible_torch
from egma_lib.training.gaze_share import samples_with_gaze
from egma_lib.training.locks import run_lock
from egma_lib.training.loop import BEST_FILE, Progress, TrainingLoop
from egma_lib.training.ranks import ALONE, Ranks
from egma_lib.training.state import STATE_FILE

if TYPE_CHECKING:
    from transformers import BertTokenizer

WEIGHTS_FILE = "model.safetensors"


@dataclass(frozen=True)
class RunSpec:
    """What one run is, apart from settings and data.

    Attributes
    ----------
    stage
        `base` (report corpus) or `continued` (gaze corpus).
    method
        Name of the loss, see `egma_lib.losses.methods`.
    seed
        Fixes initialisation, order, augmentation and gaze subset.
    gaze_share
        Share of the samples with gaze that keep it, 0 to 1.
    start
        Id of the run whose weights this one starts from, or None for fresh ones.
    tag
        Readable beginning of the run's id; empty makes one of method and share.
    """

    stage: Literal["base", "continued"]
    method: str
    seed: int
    gaze_share: float = 1.0
    start: str | None = None
    tag: str = ""

    def __post_init__(self) -> None:
        method_loss(self.method)
        if not 0 <= self.gaze_share <= 1:
            raise TrainingError(f"gaze_share {self.gaze_share} of run {self.name!r} is not in 0-1")

    @property
    def name(self) -> str:
        """Readable part of the run's id, such as `base`, `egma` or `egma-gaze10`."""
        if self.tag:
            return self.tag
        share = "" if self.gaze_share == 1 else f"-gaze{100 * self.gaze_share:g}"
        return "base" if self.stage == "base" else f"{self.method}{share}"


def run_id(spec: RunSpec, settings: Settings, data_hash: str) -> str:
    """Return the id of a run: `<name>-s<seed>-<hash>`.

    The hash covers the run, every setting that its result depends on, the data and the code of training,
    models and the method's own loss; so equal ids mean equal results, a base run is shared by arms with other
    losses, and a new loss leaves the runs of the others as they are.
    """
    training = settings.training.model_dump(
        mode="json", exclude={"base", "continued", "checkpoint_every_s", "tensorboard"}
    )
    digest = content_hash(
        asdict(spec),
        settings.model.model_dump(mode="json", exclude={"start_weights"}),
        _start_content(settings.model),
        settings.data.model_dump(mode="json", include={"image_size", "pixel_mean", "pixel_std"}),
        None if spec.method == "clip" else settings.losses.model_dump(mode="json"),
        training,
        stage_settings(spec, settings).model_dump(mode="json"),
        data_hash,
        code_of_method(spec.method),
        length=8,
    )
    return f"{spec.name}-s{spec.seed}-{digest}"


def _start_content(settings: ModelSettings) -> str | None:
    """Return a hash of the checkpoint that a new model starts from, so that another file is another run."""
    path = start_weights_file(settings)
    return None if path is None else _hash_of_file(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=16)
def _hash_of_file(path: Path, changed_ns: int) -> str:
    return content_hash(path)


def stage_settings(spec: RunSpec, settings: Settings) -> StageSettings:
    """Return the settings of the run's stage."""
    return settings.training.base if spec.stage == "base" else settings.training.continued


def is_finished(folder: Path) -> bool:
    """Whether a run folder holds a finished run; its weights are written last."""
    return (folder / WEIGHTS_FILE).is_file()


def train_run(
    spec: RunSpec,
    settings: Settings,
    data: TrainingData,
    runs_folder: Path,
    tokenizer: BertTokenizer,
    start_weights: Path | None = None,
    progress: Progress | None = None,
    ranks: Ranks = ALONE,
) -> Path:
    """Train one run, or go on with it where it stopped, or reuse it when it is finished.

    Parameters
    ----------
    spec
        What to train.
    settings
        All settings.
    data
        Samples; its `data_hash` is part of the run's id.
    runs_folder
        Folder of all runs.
    tokenizer
        Tokenizer whose vocabulary sizes the text encoder.
    start_weights
        `model.safetensors` of the run that `spec.start` names; None without one.
    progress
        Called after each step with steps done, all steps and the loss.
    ranks
        The processes that train this run together, each of which calls this function.

    Returns
    -------
    Path
        Run folder with `settings.yaml`, `tokenizer/`, `metrics.jsonl` and `model.safetensors`.

    Raises
    ------
    TrainingError
        The start is missing, a loss is not finite, the data do not fill a batch, or memory runs out.
    """
    if (spec.start is None) != (start_weights is None):
        raise TrainingError(
            f"run {spec.name}: `start` {spec.start!r} and its weights {start_weights} go together"
        )
    folder = runs_folder / run_id(spec, settings, data.data_hash)
    with run_lock(folder) if ranks.is_first else nullcontext():
        finished = is_finished(folder)
        if ranks.is_first and not finished:
            _sweep(folder)
        ranks.wait()
        if not finished:
            device = choose_device(settings, ranks)
            with reproducible_torch(spec.seed, settings, device):
                _train(spec, settings, data, folder, tokenizer, start_weights, device, progress, ranks)
        ranks.wait()
    return folder


def _train(
    spec: RunSpec,
    settings: Settings,
    data: TrainingData,
    folder: Path,
    tokenizer: BertTokenizer,
    start_weights: Path | None,
    device: torch.device,
    progress: Progress | None,
    ranks: Ranks,
) -> None:
    keeps_gaze = samples_with_gaze(data, spec.gaze_share, spec.seed)
    batches = BatchMaker(data, tokenizer, settings, spec.stage, spec.seed, keeps_gaze, ranks)
    if start_weights is None:
        model = build_dual_encoder(settings.model, tokenizer, spec.seed, settings.data.image_size)
    else:
        # The run that it starts from holds every weight; a published checkpoint is not needed again.
        blank = settings.model.model_copy(update={"start_weights": None})
        model = build_dual_encoder(blank, tokenizer, spec.seed, settings.data.image_size)
        load_weights(model, start_weights)
    if ranks.count > 1 and device.type == "cuda":
        model.image_encoder = torch.nn.SyncBatchNorm.convert_sync_batchnorm(model.image_encoder)
    model.image_encoder.to(memory_format=torch.channels_last)
    model.to(device)
    if ranks.is_first:
        _describe(spec, settings, data, folder, tokenizer, batches, keeps_gaze)
    stage = stage_settings(spec, settings)
    TrainingLoop(model, batches, spec.method, stage, settings, folder, ranks).train(progress)
    if ranks.is_first:
        save_weights(model, folder / WEIGHTS_FILE)
        for name in (STATE_FILE, BEST_FILE):
            (folder / name).unlink(missing_ok=True)


def _describe(
    spec: RunSpec,
    settings: Settings,
    data: TrainingData,
    folder: Path,
    tokenizer: BertTokenizer,
    batches: BatchMaker,
    keeps_gaze: np.ndarray,
) -> None:
    """Write what the run is made of beside its results."""
    about: dict[str, Any] = {
        "run": asdict(spec),
        "data_hash": data.data_hash,
        "n_samples": len(data),
        "n_steps": batches.n_steps,
        "n_cut_sentences": batches.n_cut_sentences,
        "settings": settings.model_dump(mode="json"),
    }
    write_text(folder / "settings.yaml", yaml.safe_dump(about, sort_keys=False))
    if spec.gaze_share < 1:
        kept = [
            i
            for i, keep in zip(data.sample_ids, keeps_gaze & ~np.asarray(data.is_validation), strict=True)
            if keep
        ]
        write_json(folder / "gaze_samples.json", kept)
    if not (folder / "tokenizer").exists():
        with atomic_path(folder / "tokenizer") as temporary:
            tokenizer.save_pretrained(str(temporary))


def _sweep(folder: Path) -> None:
    """Remove temporary files that a killed process left in the run folder."""
    for path in folder.glob(".*.tmp*"):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
