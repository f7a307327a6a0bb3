"""Equation 5: instance logits from the best match of every patch and of every sentence, chunk by chunk."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from egma_lib.losses.inputs import check_features
from egma_lib.settings import LossSettings


def fine_grained_logits(
    patch_features: Tensor,
    sentence_features: Tensor,
    sentence_mask: Tensor,
    *,
    settings: LossSettings = LossSettings(),  # noqa: B008 - frozen
) -> tuple[Tensor, Tensor]:
    """Return the unscaled image-to-text and text-to-image logits of every image-report pair (Eq. 5).

    Parameters
    ----------
    patch_features
        Shape (b, n, d), unit length.
    sentence_features
        Shape (k, m, d), unit length; k may differ from b when prompts are scored against images.
    sentence_mask
        Shape (k, m) bool, True = real sentence; every report needs one.
    settings
        `chunk` images are compared with all reports at a time, so that neither pass holds more than
        chunk n x k m similarities; `padding` decides whether a padded slot counts as similarity 0 in the
        maximum over sentences (released code) or not at all.

    Returns
    -------
    tuple of Tensor
        Image to text, shape (b, k): mean over the image's patches of the maximum over the report's sentences.
        Text to image, shape (k, b): mean over the report's sentences of the maximum over the image's patches.

    Raises
    ------
    DataError
        Shapes do not fit, or a report has no sentence.
    """
    check_features(patch_features, sentence_features, sentence_mask)
    image_to_text, text_to_image = _BestMatches.apply(
        patch_features, sentence_features, sentence_mask, settings.chunk, settings.padding == "upstream"
    )
    return image_to_text, text_to_image


class _BestMatches(torch.autograd.Function):
    """Eq. 5 that keeps only which sentence and which patch won, never the similarities themselves."""

    @staticmethod
    def forward(
        ctx: Any, patches: Tensor, sentences: Tensor, mask: Tensor, chunk: int, zero_padding: bool
    ) -> tuple[Tensor, Tensor]:
        n_images, n_patches, width = patches.shape
        n_reports, n_slots, _ = sentences.shape
        # Zeros, because 0 * NaN in a padded slot would survive the products of the backward pass.
        sentences = sentences.masked_fill(~mask[..., None], 0.0)
        flat = sentences.reshape(-1, width)
        counts = mask.sum(dim=1)
        precise = torch.promote_types(patches.dtype, torch.float32)
        image_to_text = patches.new_empty((n_images, n_reports), dtype=precise)
        text_to_image = patches.new_empty((n_images, n_reports), dtype=precise)
        best_sentence = torch.empty(
            (n_images, n_patches, n_reports), dtype=torch.int64, device=patches.device
        )
        best_patch = torch.empty((n_images, n_reports, n_slots), dtype=torch.int64, device=patches.device)
        for start in range(0, n_images, chunk):
            rows = slice(start, start + chunk)
            block = patches[rows]
            similarity = (block.reshape(-1, width) @ flat.T).view(len(block), n_patches, n_reports, n_slots)
            over_patches, best_patch[rows] = similarity.max(dim=1)
            text_to_image[rows] = over_patches.to(precise).masked_fill(~mask, 0.0).sum(dim=-1) / counts
            if not zero_padding:
                similarity = similarity.masked_fill_(~mask, -torch.inf)
            over_sentences, best_sentence[rows] = similarity.max(dim=-1)
            image_to_text[rows] = over_sentences.to(precise).mean(dim=1)
        ctx.save_for_backward(patches, sentences, mask, best_sentence, best_patch)
        ctx.chunk = chunk
        return image_to_text, text_to_image.T

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, grad_image_to_text: Tensor, grad_text_to_image: Tensor
    ) -> tuple[Tensor | None, ...]:
        patches, sentences, mask, best_sentence, best_patch = ctx.saved_tensors
        n_patches, width = patches.shape[1:]
        flat = sentences.reshape(-1, width)
        per_patch = (grad_image_to_text / n_patches).to(patches.dtype)
        per_sentence = (grad_text_to_image.T / mask.sum(dim=1))[..., None] * mask  # (b, k, m)
        per_sentence = per_sentence.to(patches.dtype)
        grad_patches = torch.empty_like(patches)
        grad_flat = torch.zeros_like(flat, dtype=torch.promote_types(flat.dtype, torch.float32))
        for start in range(0, len(patches), ctx.chunk):
            rows = slice(start, start + ctx.chunk)
            block = patches[rows]
            weights = patches.new_zeros((len(block), n_patches, *mask.shape))
            winners = best_sentence[rows][..., None]
            weights.scatter_(3, winners, per_patch[rows, None, :, None].expand(winners.shape))
            winners = best_patch[rows][:, None]
            weights.scatter_add_(1, winners, per_sentence[rows, None])
            weights = weights.view(len(block) * n_patches, -1)
            grad_patches[rows] = (weights @ flat).view(block.shape)
            grad_flat += weights.T @ block.reshape(-1, width)
        # A padded slot that won with similarity 0 (released code) is a constant, not a feature.
        grad_sentences = grad_flat.view(sentences.shape).masked_fill(~mask[..., None], 0.0)
        return grad_patches, grad_sentences.to(sentences.dtype), None, None, None
