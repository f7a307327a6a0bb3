"""What one training step sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """One batch of b images, of which this process holds r; its k distinct sentences are stored once.

    Attributes
    ----------
    pixels
        Shape (r, S, S) uint8: the films of this process's rows of the batch.
    jitter
        Shape (2, r) float32, factors of brightness and contrast, or None without augmentation.
    input_ids, attention_mask
        Shape (k, t) int64, padded to the longest sentence of the batch.
    word_mask
        Shape (k, t) bool, True = a word piece, neither padding nor a special token.
    sentence_index
        Shape (b, m) int64 into the k sentences; 0 in padded slots.
    sentence_mask, has_gaze
        Shape (b, m) bool.
    gaze_similarity
        Shape (b, m, n) float32.
    labels
        Shape (b, 14) float32, 1 / 0 / NaN, or None where the data have none.
    """

    pixels: Tensor
    jitter: Tensor | None
    input_ids: Tensor
    attention_mask: Tensor
    word_mask: Tensor
    sentence_index: Tensor
    sentence_mask: Tensor
    has_gaze: Tensor
    gaze_similarity: Tensor
    labels: Tensor | None

    def __len__(self) -> int:
        return len(self.sentence_mask)

    def to(self, device: torch.device) -> Batch:
        """Return the batch on another device."""
        return self._each(lambda tensor: tensor.to(device, non_blocking=True))

    def pin_memory(self) -> Batch:
        """Return the batch in memory that a GPU copies from while it computes."""
        return self._each(lambda tensor: tensor.pin_memory())

    def _each(self, change: Callable[[Tensor], Tensor]) -> Batch:
        present = {f.name: value for f in fields(self) if (value := getattr(self, f.name)) is not None}
        return replace(self, **{name: change(value) for name, value in present.items()})
