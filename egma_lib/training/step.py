"""Loss and gradient of one batch: features first, the loss over the whole batch, then back chunk by chunk.

Contrast needs every image and report of the batch at once, the encoders do not. So the features are computed
first, by chunk and by process; the loss is taken over all of them; and its gradient with respect to the
features is sent back through one chunk after the other (Gao et al. 2021, "Scaling Deep Contrastive Learning
Batch Size under Memory Limited Setup"). Loss and gradient are those of the whole batch, up to rounding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm

from egma_lib.errors import TrainingError
from egma_lib.losses.methods import PairFeatures, WordFeatures, find_method, method_loss
from egma_lib.models.dual_encoder import DualEncoder, image_features
from egma_lib.settings import Settings
from egma_lib.training.augmentation import model_images
from egma_lib.training.batch import Batch
from egma_lib.training.ranks import ALONE, Ranks, part_of


class Chunk(NamedTuple):
    """What is encoded at once: rows of this process's images, and rows of the batch's sentences."""

    images: slice
    sentences: slice


class MappedFeatures(NamedTuple):
    """Mapped, not normalised features in float32: patches (b, n, d), sentences (k, d), words (k, t, d)."""

    patches: Tensor
    sentences: Tensor
    words: Tensor | None

    def present(self) -> list[Tensor]:
        """Return the tensors that the method uses."""
        return [tensor for tensor in self if tensor is not None]


class TrainingStep:
    """Computes losses, and gradients into the parameters' `grad`.

    Parameters
    ----------
    model
        Model on its device.
    method
        Name of the loss.
    settings
        Loss switches, normalisation and `training.micro_batch`.
    ranks
        The processes that share each batch.
    bf16
        Whether the encoders compute in mixed precision.

    Raises
    ------
    TrainingError
        The image encoder normalises over the batch and would not see all of it.
    """

    def __init__(
        self, model: DualEncoder, method: str, settings: Settings, ranks: Ranks = ALONE, bf16: bool = False
    ) -> None:
        self._model, self._settings, self._ranks, self._bf16 = model, settings, ranks, bf16
        self._loss, self._uses_words = method_loss(method), find_method(method).uses_words
        self._device = model.log_logit_scale.device
        self._check_batch_statistics()

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return the losses of a batch, without gradients."""
        with torch.no_grad():
            encoded = [self._encode(batch, chunk) for chunk in self._chunks(batch)]
            features = self._pair_features(self._join(encoded, batch), batch)
            return self._loss(features, self._settings.losses)

    def losses_and_gradients(self, batch: Batch) -> dict[str, Tensor]:
        """Return the losses of a batch and add their gradients to the parameters' `grad`."""
        chunks = self._chunks(batch)
        keeps_graph = len(chunks) == 1
        encoded, randomness = [], []
        with torch.set_grad_enabled(keeps_graph):
            for chunk in chunks:
                randomness.append(_random_state(self._device))
                encoded.append(self._encode(batch, chunk))
        joined = self._join(encoded, batch)
        losses = self._loss(self._pair_features(joined, batch), self._settings.losses)
        losses["total"].backward()
        own = self._ranks.own(len(batch))
        for chunk, features, state in zip(chunks, encoded, randomness, strict=True):
            if not keeps_graph:
                with _random_state_at(state, self._device):
                    features = self._encode(batch, chunk)
            images = slice(own.start + chunk.images.start, own.start + chunk.images.stop)
            rows = (images, chunk.sentences, chunk.sentences)
            gradients = [_gradient(whole)[part] for whole, part in zip(joined.present(), rows, strict=False)]
            torch.autograd.backward(features.present(), gradients)
        self._ranks.sum_gradients(self._model.parameters(), self._model.log_logit_scale)
        return losses

    def _check_batch_statistics(self) -> None:
        if not any(isinstance(module, _BatchNorm) for module in self._model.modules()):
            return
        encoder = self._settings.model.image_encoder
        about = (
            f"the image encoder {encoder} normalises over the batch, and a part of it would give other "
            "features; use an encoder with layer normalisation (swin_t, vit_b_16), or "
        )
        if self._settings.training.micro_batch is not None:
            raise TrainingError(f"training.micro_batch: {about}leave it empty")
        if self._ranks.count > 1 and self._device.type != "cuda":
            raise TrainingError(f"training.processes: on the CPU {about}one process")

    def _chunks(self, batch: Batch) -> list[Chunk]:
        n_images = len(batch.pixels)
        sentences = self._ranks.own(len(batch.input_ids))
        wanted = -(-n_images // (self._settings.training.micro_batch or n_images))
        # Every chunk encodes at least one sentence.
        count = min(wanted, sentences.stop - sentences.start)
        return [
            Chunk(part_of(slice(0, n_images), index, count), part_of(sentences, index, count))
            for index in range(count)
        ]

    def _encode(self, batch: Batch, chunk: Chunk) -> MappedFeatures:
        factors = None if batch.jitter is None else batch.jitter[:, chunk.images]
        images = model_images(batch.pixels[chunk.images], factors, self._settings.data)
        tokens = batch.input_ids[chunk.sentences], batch.attention_mask[chunk.sentences]
        words = None
        with torch.autocast(self._device.type, dtype=torch.bfloat16, enabled=self._bf16):
            patches = self._model.map_images(images)
            if self._uses_words:
                words, sentences = self._model.map_words(*tokens)
            else:
                sentences = self._model.map_sentences(*tokens)
        # What follows (norms, min-max, softmax, means) needs float32.
        return MappedFeatures(patches.float(), sentences.float(), None if words is None else words.float())

    def _join(self, encoded: Sequence[MappedFeatures], batch: Batch) -> MappedFeatures:
        """Return the features of the whole batch as new leaves, the same in every process."""
        sizes = (len(batch), len(batch.input_ids), len(batch.input_ids))
        leaves = [
            self._ranks.gather(torch.cat(parts).detach(), size).requires_grad_()
            for parts, size in zip(
                zip(*(part.present() for part in encoded), strict=True), sizes, strict=False
            )
        ]
        return MappedFeatures(leaves[0], leaves[1], leaves[2] if self._uses_words else None)

    def _pair_features(self, mapped: MappedFeatures, batch: Batch) -> PairFeatures:
        images = image_features(mapped.patches)
        slots = F.embedding(batch.sentence_index, mapped.sentences)  # (b, m, d)
        words = None
        if mapped.words is not None:
            words = WordFeatures(mapped.words, batch.word_mask, batch.sentence_index)
        return PairFeatures(
            patch_features=images.patch_features,
            image_features=images.global_features,
            sentence_features=F.normalize(slots, dim=-1),
            report_features=self._model.report_features(slots, batch.sentence_mask),
            sentence_mask=batch.sentence_mask,
            has_gaze=batch.has_gaze,
            gaze_similarity=batch.gaze_similarity,
            logit_scale=self._model.logit_scale,
            words=words,
            labels=batch.labels,
        )


def _gradient(leaf: Tensor) -> Tensor:
    # A loss of global features alone leaves words without a gradient.
    return torch.zeros_like(leaf) if leaf.grad is None else leaf.grad


def _random_state(device: torch.device) -> Tensor:
    return torch.cuda.get_rng_state(device) if device.type == "cuda" else torch.get_rng_state()


@contextmanager
def _random_state_at(state: Tensor, device: torch.device) -> Iterator[None]:
    """Let dropout draw again what it drew when `state` was kept, then go on from where it was."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        if device.type == "cuda":
            torch.cuda.set_rng_state(state, device)
        else:
            torch.set_rng_state(state)
        yield
