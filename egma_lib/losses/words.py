"""The word pieces of whole reports, for methods that compare words with patches."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from egma_lib.errors import DataError
from egma_lib.losses.features import PairFeatures, WordFeatures
from egma_lib.losses.inputs import check_features


class ReportWords(NamedTuple):
    """Word pieces of each report, sentence after sentence, packed to the longest report of the batch.

    `features` (b, w, d), unit length, 0 in padded slots; `mask` (b, w) bool, True = a word piece.
    """

    features: Tensor
    mask: Tensor


def words_of(features: PairFeatures) -> WordFeatures:
    """Return the words of a batch.

    Raises
    ------
    DataError
        The batch has no words, shapes do not belong together, or a sentence has no word piece.
    """
    check_features(features.patch_features, features.sentence_features, features.sentence_mask)
    words = features.words
    if words is None:
        raise DataError(
            "this loss compares words, but the batch has none; register its method with uses_words=True"
        )
    width = features.patch_features.shape[-1]
    if words.word_features.shape != (*words.word_mask.shape, width) or words.word_mask.dtype != torch.bool:
        raise DataError(
            f"word_features (k, t, {width}) and a bool word_mask (k, t) are expected, got shapes "
            f"{tuple(words.word_features.shape)} and {tuple(words.word_mask.shape)} ({words.word_mask.dtype})"
        )
    if words.sentence_index.shape != features.sentence_mask.shape:
        raise DataError(
            f"sentence_index must have the shape of sentence_mask, {tuple(features.sentence_mask.shape)}, "
            f"got {tuple(words.sentence_index.shape)}"
        )
    wordless = ~words.word_mask.any(dim=1)[words.sentence_index] & features.sentence_mask
    if bool(wordless.any()):
        report, slot = torch.nonzero(wordless)[0].tolist()
        raise DataError(f"word_mask: sentence {slot} of report {report} of the batch has no word piece")
    return words


def report_words(features: PairFeatures) -> ReportWords:
    """Return the word pieces of every report; raises as `words_of`."""
    words = words_of(features)
    n_tokens = words.word_mask.shape[1]
    # (b, m, t): where each token of each slot stands among the k t tokens, and whether it is a real word.
    place = words.sentence_index[..., None] * n_tokens + torch.arange(
        n_tokens, device=words.sentence_index.device
    )
    real = (words.word_mask[words.sentence_index] & features.sentence_mask[..., None]).flatten(start_dim=1)
    longest = int(real.sum(dim=1).max())
    order = real.to(torch.uint8).argsort(dim=1, descending=True, stable=True)[:, :longest]
    mask = real.gather(1, order)
    flat = F.normalize(words.word_features.masked_fill(~words.word_mask[..., None], 0.0), dim=-1).flatten(
        0, 1
    )
    packed = F.embedding(place.flatten(start_dim=1).gather(1, order), flat)
    return ReportWords(packed.masked_fill(~mask[..., None], 0.0), mask)
