"""The training loop of one run."""

from __future__ import annotations

import io
import json
import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import torch

from egma_lib.errors import TrainingError
from egma_lib.models.dual_encoder import DualEncoder
from egma_lib.models.weights import load_weights, save_weights
from egma_lib.settings import Settings, StageSettings
from egma_lib.training.batch import Batch
from egma_lib.training.batches import BatchMaker
from egma_lib.training.curves import open_curves
from egma_lib.training.device import uses_bf16
from egma_lib.training.memory import explained_lack_of_memory
from egma_lib.training.prefetch import prefetched
from egma_lib.training.ranks import ALONE, Ranks
from egma_lib.training.state import STATE_FILE, load_state, save_state
from egma_lib.training.step import TrainingStep

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
    ranks
        The processes that train this run together; the first writes its files.
    """

    def __init__(
        self,
        model: DualEncoder,
        batches: BatchMaker,
        method: str,
        stage: StageSettings,
        settings: Settings,
        folder: Path,
        ranks: Ranks = ALONE,
    ) -> None:
        self._model, self._batches, self._stage, self._settings = model, batches, stage, settings
        self._folder, self._ranks = folder, ranks
        self._device = model.log_logit_scale.device
        self._compute = TrainingStep(model, method, settings, ranks, uses_bf16(settings, self._device))
        self._optimiser = make_optimiser(model, stage)
        self._step = 0
        self._best = math.inf

    def train(self, progress: Progress | None = None) -> None:
        """Train to the last step; the model then holds the selected weights.

        Raises
        ------
        TrainingError
            A loss is not finite, memory runs out, or processes of one run have drifted apart.
        """
        metrics_bytes = self._resume()
        n_steps = self._batches.n_steps
        with (
            self._metrics_file() as metrics,
            open_curves(self._folder, self._settings.training.tensorboard and self._ranks.is_first) as draw,
            explained_lack_of_memory(self._settings, self._stage, self._device),
        ):
            # Lines written after the saved state belong to steps that are done again.
            metrics.truncate(metrics_bytes)
            saved_s = time.monotonic()
            for batch in prefetched(self._batches.training_batch, range(self._step, n_steps), self._device):
                row = self._one_step(batch, n_steps)
                metrics.write(json.dumps(row).encode() + b"\n")
                draw(row)
                due = time.monotonic() - saved_s >= self._settings.training.checkpoint_every_s
                if due and self._step < n_steps and self._ranks.is_first:
                    self._save(metrics)
                    saved_s = time.monotonic()
                if progress is not None:
                    progress(self._step, n_steps, row["total"])
        self._ranks.wait()
        if self._settings.training.select == "validation" and n_steps:
            load_weights(self._model, self._folder / BEST_FILE)

    def _resume(self) -> int:
        """Go back to the saved state, if any, and return the length of the metrics file at it (bytes)."""
        state_path = self._folder / STATE_FILE
        if not state_path.is_file():
            return 0
        done = load_state(state_path, self._model, self._optimiser)
        self._step = done["step"]
        self._best = math.inf if done["best"] is None else done["best"]
        # Nobody may write a new state before everybody has read this one.
        self._ranks.wait()
        return int(done["metrics_bytes"])

    def _metrics_file(self) -> BinaryIO:
        return (self._folder / METRICS_FILE).open("ab") if self._ranks.is_first else io.BytesIO()

    def _one_step(self, batch: Batch, n_steps: int) -> dict[str, Any]:
        started_s = time.perf_counter()
        rate = learning_rate(self._step, n_steps, self._stage)
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        self._model.train()
        # A seed per step, so that a resumed run needs no generator state.
        torch.manual_seed(self._batches.dropout_seed(self._step))
        self._optimiser.zero_grad(set_to_none=True)
        losses = self._compute.losses_and_gradients(batch.to(self._device))
        norm = torch.nn.utils.clip_grad_norm_(self._model.parameters(), self._stage.gradient_clip)
        self._optimiser.step()
        self._model.cap_logit_scale()
        values = torch.stack([*losses.values(), self._model.logit_scale, norm]).detach().tolist()
        row: dict[str, Any] = {"step": self._step + 1}
        row |= dict(zip([*losses, "logit_scale", "gradient_norm"], values, strict=True))
        row["learning_rate"] = rate
        row["images_per_s"] = round(len(batch) / (time.perf_counter() - started_s), 1)
        if not all(math.isfinite(value) for value in values):
            raise TrainingError(
                f"{self._folder.name}: step {self._step + 1} gave {row}; a lower learning_rate or "
                "gradient_clip usually helps"
            )
        self._step += 1
        if self._step % self._settings.training.validate_every == 0 or self._step == n_steps:
            self._ranks.require_same(row["gradient_norm"], f"the gradient norm of step {self._step}")
            row["validation_loss"] = self._validate()
        return row

    def _validate(self) -> float | None:
        """Return the mean loss over held-out samples (None if there are none) and keep the best weights."""
        self._model.eval()
        sums, count = 0.0, 0
        for batch in self._batches.validation_batches():
            sums += len(batch) * self._compute.losses(batch.to(self._device))["total"].item()
            count += len(batch)
        loss = sums / count if count else None
        if self._settings.training.select == "validation":
            if loss is None:
                raise TrainingError(
                    "training.select is 'validation' but no sample is held out; set it to 'last'"
                )
            if loss < self._best:
                self._best = loss
                if self._ranks.is_first:
                    save_weights(self._model, self._folder / BEST_FILE)
        return loss

    def _save(self, metrics: BinaryIO) -> None:
        metrics.flush()
        os.fsync(metrics.fileno())
        best = self._best if math.isfinite(self._best) else None
        progress = {"step": self._step, "metrics_bytes": metrics.tell(), "best": best}
        save_state(self._folder / STATE_FILE, self._model, self._optimiser, progress)
