"""Equations 1 and 2: the symmetric contrastive loss over pairs on the diagonal."""

from __future__ import annotations

import torch
from torch import Tensor


def diagonal_cross_entropy(logits: Tensor) -> Tensor:
    """Return the cross-entropy of each row against its diagonal entry.

    Parameters
    ----------
    logits
        Shape (..., k, k), already scaled; -inf marks a column that takes no part. Every row needs one finite
        entry.

    Returns
    -------
    Tensor
        Shape (..., k), at least float32.
    """
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    return logits.logsumexp(dim=-1) - logits.diagonal(dim1=-2, dim2=-1)


def clip_loss(logits_image_to_text: Tensor, logits_text_to_image: Tensor) -> Tensor:
    """Return 1/2 (image-to-text + text-to-image cross-entropy), targets on the diagonal (Eq. 1 and 2).

    Parameters
    ----------
    logits_image_to_text
        Shape (b, b), scaled: rows are images, columns are texts.
    logits_text_to_image
        Shape (b, b), scaled: rows are texts, columns are images.

    Returns
    -------
    Tensor
        Scalar, at least float32.
    """
    image_to_text = diagonal_cross_entropy(logits_image_to_text).mean()
    text_to_image = diagonal_cross_entropy(logits_text_to_image).mean()
    return 0.5 * (image_to_text + text_to_image)
