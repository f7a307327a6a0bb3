"""What a method may use of one batch, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from egma_lib.losses.inputs import AlignmentInputs, check_inputs
from egma_lib.settings import LossSettings


class WordFeatures(NamedTuple):
    """Word pieces of the k distinct sentences of a batch; a sentence that several reports hold stands once.

    Attributes
    ----------
    word_features
        Shape (k, t, d), mapped, not normalised; anything where the mask is False.
    word_mask
        Shape (k, t) bool, True = a word piece that is neither padding nor [CLS] or [SEP].
    sentence_index
        Shape (b, m) int64: which of the k sentences stands in each slot; any valid index in padded slots.
    """

    word_features: Tensor
    word_mask: Tensor
    sentence_index: Tensor


@dataclass(frozen=True)
class PairFeatures:
    """Everything a method may use of one batch of b images and their reports.

    Attributes
    ----------
    patch_features, image_features
        Shapes (b, n, d) and (b, d), unit length: patches, and the global feature of each image.
    sentence_features, report_features
        Shapes (b, m, d) and (b, d), unit length: sentences, and the global feature of each report.
    sentence_mask, has_gaze
        Shape (b, m) bool.
    gaze_similarity
        Shape (b, m, n).
    logit_scale
        Scalar tensor.
    words
        Word pieces of the sentences; None where the method does not use words.
    labels
        Shape (b, 14) float: 1, 0 or NaN (unknown) in the CheXpert label order of `egma_lib.datasets`; None
        where the corpus has no labels.
    """

    patch_features: Tensor
    image_features: Tensor
    sentence_features: Tensor
    report_features: Tensor
    sentence_mask: Tensor
    has_gaze: Tensor
    gaze_similarity: Tensor
    logit_scale: Tensor
    words: WordFeatures | None = None
    labels: Tensor | None = None

    def alignment_inputs(self) -> AlignmentInputs:
        """Return the checked arguments of the gaze losses."""
        return check_inputs(
            self.patch_features,
            self.sentence_features,
            self.sentence_mask,
            self.gaze_similarity,
            self.has_gaze,
            self.logit_scale,
        )


MethodLoss = Callable[[PairFeatures, LossSettings], dict[str, Tensor]]
"""Returns named scalar losses; `total` is the one to minimise."""
