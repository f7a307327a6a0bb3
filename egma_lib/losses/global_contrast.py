"""The contrast of global features: what CLIP trains on, and what other methods add their own loss to."""

from __future__ import annotations

from torch import Tensor

from egma_lib.losses.contrastive import clip_loss
from egma_lib.losses.features import PairFeatures
from egma_lib.settings import LossSettings


def global_contrast(features: PairFeatures) -> Tensor:
    """Return the contrast of global image and report features over the batch (Eq. 1 and 2)."""
    logits = features.logit_scale * (features.image_features @ features.report_features.mT)
    return clip_loss(logits, logits.mT)


def clip(features: PairFeatures, settings: LossSettings) -> dict[str, Tensor]:
    """Return the global contrast alone (CLIP, Radford et al. 2021)."""
    contrast = global_contrast(features)
    return {"total": contrast, "global_contrast": contrast}
