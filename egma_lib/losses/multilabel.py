"""Equations 3 and 4: multi-label cross-entropy between sentences and the patches that were looked at."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from egma_lib.losses.inputs import AlignmentInputs
from egma_lib.settings import LossSettings


def multilabel_cross_entropy(logits: Tensor, labels: Tensor, mask: Tensor | None = None) -> Tensor:
    """Return the multi-label cross-entropy over the last axis (Eq. 4).

    log(1 + sum over negatives of e^x) + log(1 + sum over positives of e^-x)

    Parameters
    ----------
    logits
        Shape (..., k), scaled similarities.
    labels
        Shape (..., k), positive where > 0.
    mask
        Shape broadcastable to (..., k), True = takes part; None is all. Whatever stands where it is False,
        NaN included, counts neither in the value nor in the gradient; a row without True gives 0.

    Returns
    -------
    Tensor
        Shape (...), at least float32.
    """
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    positive = labels > 0
    if mask is None:
        negatives = logits.masked_fill(positive, -torch.inf)
        positives = (-logits).masked_fill(~positive, -torch.inf)
    else:
        negatives = logits.masked_fill(positive | ~mask, -torch.inf)
        positives = (-logits).masked_fill(~(positive & mask), -torch.inf)
    # The appended logit 0 is the "1 +" of both logarithms and keeps an empty sum finite.
    zero = logits.new_zeros(()).expand(*logits.shape[:-1], 1)
    return torch.cat((negatives, zero), dim=-1).logsumexp(dim=-1) + torch.cat(
        (positives, zero), dim=-1
    ).logsumexp(dim=-1)


class MlceLoss(NamedTuple):
    """The halves of Eq. 4 as batch means, not yet weighted."""

    sentence_to_patch: Tensor
    patch_to_sentence: Tensor


def gaze_multilabel_loss(inputs: AlignmentInputs, settings: LossSettings) -> MlceLoss:
    """Return both halves of Eq. 4 for sentence-patch similarities against GL = 1[GS > 0] (Eq. 3).

    Sentence to patch: a row per real sentence with gaze, over patches, mean over those rows. Patch to
    sentence: a row per patch, over the real sentences with gaze, mean over patches. A sample without gaze
    adds 0; the batch mean divides by b, or by the samples with gaze if `mlce_denominator` says so.
    """
    logits = inputs.scaled(inputs.similarity)  # (b, m, n)
    labels = inputs.gaze_similarity > 0
    valid = inputs.gaze_mask
    rows = multilabel_cross_entropy(logits, labels).masked_fill(~valid, 0.0)  # (b, m)
    sentence_to_patch = rows.sum(dim=1) / valid.sum(dim=1).clamp(min=1)
    patch_to_sentence = multilabel_cross_entropy(logits.mT, labels.mT, valid[:, None, :]).mean(dim=1)
    if settings.mlce_denominator == "with_gaze":
        samples = valid.any(dim=1).sum().clamp(min=1)
    else:
        samples = torch.tensor(len(valid), device=valid.device)
    return MlceLoss(sentence_to_patch.sum() / samples, patch_to_sentence.sum() / samples)
