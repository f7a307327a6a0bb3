"""SPARC: contrast of words and the patches grouped for them within a report, beside the global contrast.

Bica et al., "Improving fine-grained understanding in image-text pre-training", ICML 2024, section 3 and the
pseudo-code of its appendix.

    M = min-max over patches of the similarity of word i and patch j of the same pair
    M_ij < 1/P becomes 0 (P patches);  w_ij = M_ij / sum over patches;  c_i = sum over patches of w_ij v_j
    fine-grained = mean over pairs of the mean over words of 1/2 (cross-entropy of c_i against all words of
                   its report + of word i against all c of its report), scaled cosines
    total = 0.5 global contrast + 1.0 fine-grained

Gradients pass through the weights, as in the pseudo-code, and both terms share the learned logit scale. Rows
of similarities that spread over less than 1e-6 group all patches alike.

Simplified: words are word pieces without [CLS] and [SEP]; the sentences of a report are encoded one by one,
and the global features are those of all other methods here (no adapters of their own).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from egma_lib.losses.contrastive import diagonal_cross_entropy
from egma_lib.losses.features import PairFeatures
from egma_lib.losses.global_contrast import global_contrast
from egma_lib.losses.words import report_words
from egma_lib.settings import LossSettings

GLOBAL_WEIGHT = 0.5
"""Weight of the global contrast (lambda_g of the paper)."""
FINE_GRAINED_WEIGHT = 1.0
"""Weight of the contrast within pairs (lambda_f of the paper)."""

_MINIMUM_RANGE = 1e-6
"""A word whose similarities spread over less has no best patch."""


def sparse_groups(patch_features: Tensor, word_features: Tensor) -> Tensor:
    """Return the patches grouped for each word, unit length.

    Parameters
    ----------
    patch_features
        Shape (b, n, d), unit length.
    word_features
        Shape (b, w, d), unit length.

    Returns
    -------
    Tensor
        Shape (b, w, d), at least float32.
    """
    precise = torch.promote_types(patch_features.dtype, torch.float32)
    patches = patch_features.to(precise)
    similarity = word_features.to(precise) @ patches.mT  # (b, w, n)
    low, high = similarity.amin(dim=-1, keepdim=True), similarity.amax(dim=-1, keepdim=True)
    flat = high - low < _MINIMUM_RANGE
    # The best patch of a word is 1 after the min-max, of a flat row all patches are: no sum is 0.
    scaled = ((similarity - low) / (high - low).masked_fill(flat, 1.0)).masked_fill(flat, 1.0)
    kept = scaled.masked_fill(scaled < 1 / patches.shape[1], 0.0)
    return F.normalize((kept / kept.sum(dim=-1, keepdim=True)) @ patches, dim=-1)


def sparc(features: PairFeatures, settings: LossSettings) -> dict[str, Tensor]:
    """Return the weighted sum of global and fine-grained contrast, and both.

    Parameters
    ----------
    features
        Needs `words`.
    settings
        Not used.

    Raises
    ------
    DataError
        The batch has no words, or a sentence has none.
    """
    words = report_words(features)
    groups = sparse_groups(features.patch_features, words.features)
    logits = features.logit_scale * (groups @ words.features.to(groups.dtype).mT)  # (b, w, w)
    # A padded row sees only its own diagonal: loss 0, and no row without a finite entry.
    padded = ~(words.mask[:, :, None] & words.mask[:, None, :])
    own = torch.eye(logits.shape[-1], dtype=torch.bool, device=logits.device)
    logits = logits.masked_fill(padded, -torch.inf).masked_fill(padded & own, 0.0)
    losses = 0.5 * (diagonal_cross_entropy(logits) + diagonal_cross_entropy(logits.mT))
    fine_grained = (losses.sum(dim=1) / words.mask.sum(dim=1)).mean()
    contrast = global_contrast(features)
    return {
        "total": GLOBAL_WEIGHT * contrast + FINE_GRAINED_WEIGHT * fine_grained,
        "global_contrast": contrast,
        "fine_grained": fine_grained,
    }
