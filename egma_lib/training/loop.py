"""The training loop of one run."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor
from torch.nn import functional as F

from egma_lib.errors import TrainingError
from egma_lib.losses.methods import PairFeatures, method_loss
from egma_lib.models.dual_encoder import DualEncoder
from egma_lib.models.weights import load_weights, save_weights
from egma_lib.settings import Settings, StageSettings
from egma_lib.training.batches import Batch, BatchMaker
from egma_lib.training.curves import open_curves
from egma_lib.training.state import STATE_FILE, load_state, save_state

Progress = Callable[[int, int, float], None]
"""Called after each step with the steps done, all steps and the loss."""

METRICS_FILE = "metrics.jsonl"
BEST_FILE = "best.safetensors"


def learning_rate(step: int, n_steps: int, stage: StageSettings) -> float:
    """Return the learning rate of step `step` (from 0): linear warm-up, then a half cosine towards 0."""
    warmup = round(stage.warmup_share * n_steps)
    if step < warmup:
        return stage.learning_rate * (step + 1) / warmup
    return stage.learning_rate * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, n_steps - warmup)))


def pair_features(model: DualEncoder, batch: Batch) -> PairFeatures:
    """Encode a batch: every image, and every distinct sentence once."""
    images = model.encode_images(batch.images)
    mapped = model.encode_tokens(batch.input_ids, batch.attention_mask).float()
    slots = F.embedding(batch.sentence_index, mapped)  # (b, m, d)
    return PairFeatures(
        patch_features=images.patch_features.float(),
        image_features=images.global_features.float(),
        sentence_features=F.normalize(slots, dim=-1),
        report_features=model.report_features(slots, batch.sentence_mask),
        sentence_mask=batch.sentence_mask,
        has_gaze=batch.has_gaze,
        gaze_similarity=batch.gaze_similarity,
        logit_scale=model.logit_scale,
    )


def make_optimiser(model: DualEncoder, stage: StageSettings) -> torch.optim.AdamW:
    """Return fused AdamW; biases, norms and the logit scale do not decay."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": stage.weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=stage.learning_rate, fused=True)


class TrainingLoop:
    """Trains a model in a run folder and can go on from the state saved there.

    Parameters
    ----------
    model
        Model on the training device.
    batches
        Where batches come from.
    method
        Name of the loss.
    stage
        Learning rate, clipping and length.
    settings
        Everything else.
    folder
        Run folder.
    """

    def __init__(
        self,
        model: DualEncoder,
        batches: BatchMaker,
        method: str,
        stage: StageSettings,
        settings: Settings,
        folder: Path,
    ) -> None:
        self._model, self._batches, self._stage, self._settings = model, batches, stage, settings
        self._loss = method_loss(method)
        self._folder = folder
        self._device = model.log_logit_scale.device
        bf16 = settings.training.bf16
        self._bf16 = bf16 == "on" or (bf16 == "auto" and self._device.type == "cuda")
        self._optimiser = make_optimiser(model, stage)
        self._step = 0
        self._best = math.inf

    def train(self, progress: Progress | None = None) -> None:
        """Train to the last step; the model then holds the selected weights."""
        state_path = self._folder / STATE_FILE
        metrics_bytes = 0
        if state_path.is_file():
            done = load_state(state_path, self._model, self._optimiser)
            self._step, metrics_bytes = done["step"], done["metrics_bytes"]
            self._best = math.inf if done["best"] is None else done["best"]
        n_steps = self._batches.n_steps
        with (
            (self._folder / METRICS_FILE).open("ab") as metrics,
            open_curves(self._folder, self._settings.training.tensorboard) as draw,
        ):
            # Lines written after the saved state belong to steps that are done again.
            metrics.truncate(metrics_bytes)
            saved_s = time.monotonic()
            while self._step < n_steps:
                row = self._one_step(n_steps)
                metrics.write(json.dumps(row).encode() + b"\n")
                draw(row)
                if (
                    self._step < n_steps
                    and time.monotonic() - saved_s >= self._settings.training.checkpoint_every_s
                ):
                    self._save(metrics)
                    saved_s = time.monotonic()
                if progress is not None:
                    progress(self._step, n_steps, row["total"])
        if self._settings.training.select == "validation":
            load_weights(self._model, self._folder / BEST_FILE)

    def _one_step(self, n_steps: int) -> dict[str, Any]:
        started_s = time.perf_counter()
        rate = learning_rate(self._step, n_steps, self._stage)
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        batch = self._batches.training_batch(self._step).to(self._device)
        self._model.train()
        losses = self._losses(batch)
        self._optimiser.zero_grad(set_to_none=True)
        losses["total"].backward()
        norm = torch.nn.utils.clip_grad_norm_(self._model.parameters(), self._stage.gradient_clip)
        self._optimiser.step()
        self._model.cap_logit_scale()
        values = torch.stack([*losses.values(), self._model.logit_scale, norm]).detach().tolist()
        row: dict[str, Any] = {"step": self._step + 1}
        row |= dict(zip([*losses, "logit_scale", "gradient_norm"], values, strict=True))
        row["learning_rate"] = rate
        row["images_per_s"] = round(len(batch.images) / (time.perf_counter() - started_s), 1)
        if not all(math.isfinite(value) for value in values):
            raise TrainingError(
                f"{self._folder.name}: step {self._step + 1} gave {row}; a lower learning_rate or "
                "gradient_clip usually helps"
            )
        self._step += 1
        if self._step % self._settings.training.validate_every == 0 or self._step == n_steps:
            row["validation_loss"] = self._validate()
        return row

    def _losses(self, batch: Batch) -> dict[str, Tensor]:
        with torch.autocast(self._device.type, dtype=torch.bfloat16, enabled=self._bf16):
            features = pair_features(self._model, batch)
        # Outside autocast: min-max, softmax and means need float32.
        return self._loss(features, self._settings.losses)

    @torch.no_grad()
    def _validate(self) -> float | None:
        """Return the mean loss over held-out samples (None if there are none) and keep the best weights."""
        self._model.eval()
        sums, count = 0.0, 0
        for batch in self._batches.validation_batches():
            size = len(batch.images)
            sums += size * self._losses(batch.to(self._device))["total"].item()
            count += size
        loss = sums / count if count else None
        if self._settings.training.select == "validation":
            if loss is None:
                raise TrainingError(
                    "training.select is 'validation' but no sample is held out; set it to 'last'"
                )
            if loss < self._best:
                self._best = loss
                save_weights(self._model, self._folder / BEST_FILE)
        return loss

    def _save(self, metrics: BinaryIO) -> None:
        metrics.flush()
        os.fsync(metrics.fileno())
        best = self._best if math.isfinite(self._best) else None
        progress = {"step": self._step, "metrics_bytes": metrics.tell(), "best": best}
        save_state(self._folder / STATE_FILE, self._model, self._optimiser, progress)
