"""Equations 7 to 9: features mapped across the modalities under the gaze, and their contrast."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from egma_lib.losses.contrastive import diagonal_cross_entropy
from egma_lib.losses.inputs import AlignmentInputs
from egma_lib.settings import LossSettings

_MINIMUM_RANGE = 1e-6
"""A row of similarities that spreads over less carries no order; its min-max is 0."""

_MINIMUM_SQUARED_LENGTH = 1e-12
"""Keeps the gradient finite where mapped sentences cancel out."""


class MappingWeights(NamedTuple):
    """Row-normalised weights of Eq. 7: `image_to_text` (b, n, m) and `text_to_image` (b, m, n)."""

    image_to_text: Tensor
    text_to_image: Tensor


class MappingLoss(NamedTuple):
    """The halves of Eq. 9: mL_I and mL_T."""

    image: Tensor
    text: Tensor


def masked_min_max(values: Tensor, mask: Tensor) -> Tensor:
    """Scale each row of `values` to 0-1 over the last axis, in float32.

    Parameters
    ----------
    values
        Shape (..., k).
    mask
        Shape broadcastable to (..., k), True = takes part. Other entries give 0, and so does a row whose
        range is under 1e-6.
    """
    values = values.float()
    low = values.masked_fill(~mask, torch.inf).amin(dim=-1, keepdim=True)
    high = values.masked_fill(~mask, -torch.inf).amax(dim=-1, keepdim=True)
    spread = high - low
    usable = (spread >= _MINIMUM_RANGE) & mask
    return torch.where(usable, (values - low) / spread.clamp(min=_MINIMUM_RANGE), 0.0)


@torch.no_grad()
def mapping_weights(inputs: AlignmentInputs, settings: LossSettings) -> MappingWeights:
    """Return W_I2T and W_T2I of Eq. 7; no gradient passes through them.

    omega(M) = 1[M >= egm_threshold] is added to GS (`egm_gaze='union'`), or replaced by
    omega((M + GS) / 2) (`'mean'`, released code).
    """
    similarity = inputs.similarity.mT  # (b, n, m)
    gaze = inputs.gaze_similarity.to(similarity.dtype)  # (b, m, n)
    threshold = similarity.new_full((len(similarity), 1, 1), settings.egm_threshold, dtype=torch.float32)
    if settings.egm_threshold_without_gaze is not None:
        without = ~inputs.gaze_mask.any(dim=1)[:, None, None]
        threshold = threshold.masked_fill(without, settings.egm_threshold_without_gaze)
    real = inputs.sentence_mask[:, None, :].expand_as(similarity)  # (b, n, m)
    return MappingWeights(
        _row_weights(similarity, gaze.mT, real, threshold, settings),
        _row_weights(similarity.mT, gaze, real.mT, threshold, settings),
    )


def _row_weights(
    similarity: Tensor, gaze: Tensor, real: Tensor, threshold: Tensor, settings: LossSettings
) -> Tensor:
    """Return one direction of Eq. 7, of shape (b, rows, columns); the threshold has shape (b, 1, 1)."""
    # In the text-to-image direction a padded sentence is a whole row without a real entry.
    scaled = masked_min_max(similarity, real)
    if settings.egm_gaze == "mean":
        weights = ((scaled + gaze) / 2 >= threshold).to(gaze.dtype)
    else:
        weights = (scaled >= threshold).to(gaze.dtype) + gaze
    weights = (weights + settings.egm_floor) * real
    total = weights.sum(dim=-1, keepdim=True)
    uniform = real.to(weights.dtype) / real.sum(dim=-1, keepdim=True).clamp(min=1)
    return torch.where(total > 0, weights / total.masked_fill(total == 0, 1.0), uniform)


def mapping_loss(inputs: AlignmentInputs, settings: LossSettings) -> MappingLoss:
    """Return mL_I and mL_T: each patch (sentence) against its mapped counterpart (Eq. 8 and 9).

    Negatives of a patch are the other patches of the same image; of a sentence, the other real sentences of
    the same report. Both are means over the samples with at least two real sentences (0 if there is none): a
    single sentence has no negative, and maps to every patch alike.
    """
    weights = mapping_weights(inputs, settings)
    similarity, mask = inputs.similarity, inputs.sentence_mask
    sentences = inputs.sentence_features.to(similarity.dtype)
    patches = inputs.patch_features.to(similarity.dtype)
    # Cross_P P^T = W_I2T (S P^T) and |Cross_P|^2 = diagonal of W_I2T (S S^T) W_I2T^T: m is far below d, so
    # Cross_P (b, n, d) itself is never made.
    gram = sentences @ sentences.mT  # (b, m, m)
    squared = ((weights.image_to_text @ gram) * weights.image_to_text).sum(dim=-1, keepdim=True)
    lengths = squared.clamp(min=_MINIMUM_SQUARED_LENGTH).sqrt()
    image_logits = inputs.scaled((weights.image_to_text / lengths) @ similarity)  # (b, n, n)
    image_losses = _both_directions(image_logits).mean(dim=1)

    cross_sentences = F.normalize(weights.text_to_image @ patches, dim=-1)  # (b, m, d)
    text_logits = inputs.scaled(cross_sentences @ sentences.mT)  # (b, m, m)
    # A padded row sees only its own diagonal: loss 0, and no row without a finite entry.
    padded = ~(mask[:, :, None] & mask[:, None, :])
    own = torch.eye(mask.shape[1], dtype=torch.bool, device=mask.device)
    text_logits = text_logits.masked_fill(padded, -torch.inf).masked_fill(padded & own, 0.0)
    counts = mask.sum(dim=1)
    text_losses = _both_directions(text_logits).sum(dim=1) / counts
    kept = counts >= 2
    return MappingLoss(_mean_over(kept, image_losses), _mean_over(kept, text_losses))


def _mean_over(kept: Tensor, losses: Tensor) -> Tensor:
    """Return the mean of the losses, shape (b,), where `kept` is True; 0 where it never is."""
    return losses.masked_fill(~kept, 0.0).sum() / kept.sum().clamp(min=1)


def _both_directions(logits: Tensor) -> Tensor:
    """Return, per row, half the sum of its cross-entropy and its column's."""
    return 0.5 * (diagonal_cross_entropy(logits) + diagonal_cross_entropy(logits.mT))
