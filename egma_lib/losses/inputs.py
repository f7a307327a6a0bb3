"""The checked arguments that all alignment losses share."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from egma_lib.errors import DataError


class AlignmentInputs(NamedTuple):
    """One batch with padding and missing gaze replaced by zeros, so that nothing in them can reach a result.

    Attributes
    ----------
    patch_features
        P, shape (b, n, d), unit length.
    sentence_features
        S, shape (b, m, d), unit length; 0 in padded slots.
    sentence_mask
        Shape (b, m), True = real sentence.
    similarity
        S P^T of each image with its own report, shape (b, m, n), at least float32.
    gaze_similarity
        GS, shape (b, m, n), >= 0; 0 in padded slots and for sentences without gaze.
    gaze_mask
        Shape (b, m), True = real sentence with gaze.
    logit_scale
        Factor on similarities: a scalar tensor or a number.
    """

    patch_features: Tensor
    sentence_features: Tensor
    sentence_mask: Tensor
    similarity: Tensor
    gaze_similarity: Tensor
    gaze_mask: Tensor
    logit_scale: Tensor | float

    def scaled(self, similarity: Tensor) -> Tensor:
        """Return `similarity` times the logit scale, at least in float32."""
        # bfloat16 would round a logit near 100 to steps of one half.
        return self.logit_scale * similarity.to(torch.promote_types(similarity.dtype, torch.float32))


def check_features(patch_features: Tensor, sentence_features: Tensor, sentence_mask: Tensor) -> None:
    """Refuse features and masks that do not belong together.

    Raises
    ------
    DataError
        Shapes or the mask's type do not fit, or a report has no real sentence.
    """
    if patch_features.ndim != 3 or sentence_features.ndim != 3:
        raise DataError(
            "patch_features (b, n, d) and sentence_features (b, m, d) are expected, got shapes "
            f"{tuple(patch_features.shape)} and {tuple(sentence_features.shape)}"
        )
    if patch_features.shape[-1] != sentence_features.shape[-1]:
        raise DataError(
            f"patches have {patch_features.shape[-1]} channels and sentences {sentence_features.shape[-1]}; "
            "both must be mapped to the same width"
        )
    if sentence_mask.shape != sentence_features.shape[:2] or sentence_mask.dtype != torch.bool:
        raise DataError(
            f"sentence_mask must be bool of shape {tuple(sentence_features.shape[:2])}, got "
            f"{sentence_mask.dtype} of shape {tuple(sentence_mask.shape)}"
        )
    if not bool(sentence_mask.any(dim=1).all()):
        empty = torch.nonzero(~sentence_mask.any(dim=1))[0].item()
        raise DataError(f"sentence_mask: report {empty} of the batch has no sentence; drop the sample")


def check_inputs(
    patch_features: Tensor,
    sentence_features: Tensor,
    sentence_mask: Tensor,
    gaze_similarity: Tensor,
    has_gaze: Tensor,
    logit_scale: Tensor | float,
) -> AlignmentInputs:
    """Check a batch and clear what stands in padded slots and where there is no gaze.

    Raises
    ------
    DataError
        Shapes or types do not fit together: names the argument and what was expected.
    """
    check_features(patch_features, sentence_features, sentence_mask)
    if len(patch_features) != len(sentence_features):
        raise DataError(f"{len(patch_features)} images but {len(sentence_features)} reports in one batch")
    expected = (*sentence_features.shape[:2], patch_features.shape[1])
    if gaze_similarity.shape != expected:
        raise DataError(f"gaze_similarity must have shape {expected}, got {tuple(gaze_similarity.shape)}")
    if has_gaze.shape != sentence_mask.shape or has_gaze.dtype != torch.bool:
        raise DataError(
            f"has_gaze must be bool of shape {tuple(sentence_mask.shape)} (one per sentence), got "
            f"{has_gaze.dtype} of shape {tuple(has_gaze.shape)}"
        )
    gaze_mask = sentence_mask & has_gaze
    sentence_features = sentence_features.masked_fill(~sentence_mask[..., None], 0.0)
    precise = torch.promote_types(patch_features.dtype, torch.float32)
    return AlignmentInputs(
        patch_features=patch_features,
        sentence_features=sentence_features,
        sentence_mask=sentence_mask,
        similarity=sentence_features.to(precise) @ patch_features.to(precise).mT,
        gaze_similarity=gaze_similarity.detach().masked_fill(~gaze_mask[..., None], 0.0),
        gaze_mask=gaze_mask,
        logit_scale=logit_scale,
    )
