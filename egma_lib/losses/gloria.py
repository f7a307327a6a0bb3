"""GLoRIA: contrast of images and reports through the image region that each word attends to.

Huang et al., "GLoRIA: A Multimodal Global-Local Representation Learning Framework for Label-efficient Medical
Image Recognition", ICCV 2021, section 3, with the constants of its released code.

    s = cosine of word i and patch j
    a_ij = softmax over patches of (4 s_ij),  c_i = sum over patches of a_ij v_j          (attention)
    Z(image, report) = log sum over words of exp(5 cosine(c_i, word i))                   (matching)
    total = local + global, each the sum of the cross-entropies over reports and over images, of 10 Z and of
            10 cosine(image, report); matching pairs on the diagonal

As published, temperatures are constants (the logit scale is not used), the four cross-entropies have weight 1
and Z sums over words, so that a report with more words has larger Z for all images alike.

Where paper and code differ: the code takes a softmax of s over words before the one over patches; features
there are not normalised, and with cosines that softmax would flatten the attention, so the paper's single
softmax is used, and cosines. The paper multiplies Z by its temperature once more; the code, and we, do not.
Simplified: words are word pieces (GLoRIA joins them, and sums the last four layers), and a report's sentences
are encoded one by one.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from egma_lib.losses.contrastive import diagonal_cross_entropy
from egma_lib.losses.features import PairFeatures
from egma_lib.losses.words import words_of
from egma_lib.settings import LossSettings

ATTENTION_SCALE = 4.0
"""Factor on cosines in the attention over patches (temp1 of the released code)."""
MATCHING_SCALE = 5.0
"""Factor on cosines of words and their regions (temp2)."""
CONTRAST_SCALE = 10.0
"""Factor on both similarities in the cross-entropies (temp3)."""

_MINIMUM_SQUARED_LENGTH = 1e-12
"""Keeps the gradient finite where the patches of a region cancel out."""


def word_region_similarity(patch_features: Tensor, word_features: Tensor) -> Tensor:
    """Return the cosine of every word and the image region that it attends to.

    Parameters
    ----------
    patch_features
        Shape (b, n, d), unit length.
    word_features
        Shape (w, d), unit length.

    Returns
    -------
    Tensor
        Shape (b, w), at least float32.
    """
    precise = torch.promote_types(patch_features.dtype, torch.float32)
    patches, words = patch_features.to(precise), word_features.to(precise)
    similarity = words @ patches.mT  # (b, w, n)
    attention = (ATTENTION_SCALE * similarity).softmax(dim=-1)
    # <c, word> = sum a s and |c|^2 = a (V V^T) a: the regions (b, w, d) themselves are never made.
    squared = ((attention @ (patches @ patches.mT)) * attention).sum(dim=-1)
    return (attention * similarity).sum(dim=-1) / squared.clamp(min=_MINIMUM_SQUARED_LENGTH).sqrt()


def gloria(features: PairFeatures, settings: LossSettings) -> dict[str, Tensor]:
    """Return local and global contrast and their sum.

    Parameters
    ----------
    features
        Needs `words`.
    settings
        `chunk` images are compared with all words at a time; changes memory, not results.

    Raises
    ------
    DataError
        The batch has no words, or a sentence has none.
    """
    local = CONTRAST_SCALE * _matching(features, settings.chunk)
    global_ = CONTRAST_SCALE * (features.image_features @ features.report_features.mT)
    parts = {
        "local_image_to_text": diagonal_cross_entropy(local).mean(),
        "local_text_to_image": diagonal_cross_entropy(local.mT).mean(),
        "global_image_to_text": diagonal_cross_entropy(global_).mean(),
        "global_text_to_image": diagonal_cross_entropy(global_.mT).mean(),
    }
    return {"total": torch.stack(list(parts.values())).sum(), **parts}


def _matching(features: PairFeatures, chunk: int) -> Tensor:
    """Return Z of every image (rows) and report (columns), shape (b, b)."""
    words = words_of(features)
    # (w, d): the words of each distinct sentence once.
    pieces = F.normalize(words.word_features[words.word_mask], dim=-1)
    pieces = pieces.to(torch.promote_types(pieces.dtype, torch.float32))
    # (k, b): how often each distinct sentence stands in each report.
    counts = pieces.new_zeros((len(words.word_mask), len(features.sentence_mask)))
    reports = torch.arange(counts.shape[1], device=counts.device)[:, None].expand_as(words.sentence_index)
    real = features.sentence_mask
    ones = counts.new_ones(()).expand(int(real.sum()))
    counts.index_put_((words.sentence_index[real], reports[real]), ones, accumulate=True)
    counts = counts.repeat_interleave(words.word_mask.sum(dim=1), dim=0)  # (w, b)

    def rows(patches: Tensor) -> Tensor:
        # Cosines times 5 stay within e^-5 to e^5: no maximum needs to be taken out.
        return (MATCHING_SCALE * word_region_similarity(patches, pieces)).exp() @ counts

    blocks = features.patch_features.split(chunk)
    if len(blocks) == 1:
        return rows(blocks[0]).log()
    # Attention weights of all pairs would be b w n numbers: each block is computed again on the way back.
    return torch.cat(
        [checkpoint(rows, block, use_reentrant=False, preserve_rng_state=False) for block in blocks]
    ).log()
