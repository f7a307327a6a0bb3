"""What each arm of a comparison trains on, by the name that settings and tables use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import torch
from torch import Tensor

from egma_lib.errors import SettingsError
from egma_lib.losses.contrastive import clip_loss
from egma_lib.losses.egma import egf_parts, egm_parts, egma_loss
from egma_lib.losses.inputs import AlignmentInputs, check_inputs
from egma_lib.losses.multilabel import gaze_multilabel_loss
from egma_lib.settings import LossSettings


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
    """

    patch_features: Tensor
    image_features: Tensor
    sentence_features: Tensor
    report_features: Tensor
    sentence_mask: Tensor
    has_gaze: Tensor
    gaze_similarity: Tensor
    logit_scale: Tensor

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


def global_contrast(features: PairFeatures) -> Tensor:
    """Return the contrast of global image and report features over the batch (Eq. 1 and 2)."""
    logits = features.logit_scale * (features.image_features @ features.report_features.mT)
    return clip_loss(logits, logits.mT)


def _clip(features: PairFeatures, settings: LossSettings) -> dict[str, Tensor]:
    contrast = global_contrast(features)
    return {"total": contrast, "global_contrast": contrast}


def _mlce_alone(features: PairFeatures, settings: LossSettings) -> dict[str, Tensor]:
    mlce = gaze_multilabel_loss(features.alignment_inputs(), settings)
    total = (
        settings.mlce_weight_sentence_to_patch * mlce.sentence_to_patch
        + settings.mlce_weight_patch_to_sentence * mlce.patch_to_sentence
    )
    return {
        "total": total,
        "mlce_sentence_to_patch": mlce.sentence_to_patch,
        "mlce_patch_to_sentence": mlce.patch_to_sentence,
    }


def _egm_alone(features: PairFeatures, settings: LossSettings) -> dict[str, Tensor]:
    return egm_parts(features.alignment_inputs(), settings)._asdict()


def _with_global_contrast(loss: MethodLoss) -> MethodLoss:
    def both(features: PairFeatures, settings: LossSettings) -> dict[str, Tensor]:
        parts = loss(features, settings)
        contrast = global_contrast(features)
        return {**parts, "total": contrast + parts["total"], "global_contrast": contrast}

    return both


def _egf(features: PairFeatures, settings: LossSettings) -> dict[str, Tensor]:
    return egf_parts(features.alignment_inputs(), settings)._asdict()


def _egma(features: PairFeatures, settings: LossSettings) -> dict[str, Tensor]:
    return egma_loss(
        features.patch_features,
        features.sentence_features,
        features.sentence_mask,
        features.gaze_similarity,
        features.has_gaze,
        features.logit_scale,
        settings=settings,
    )._asdict()


def _no_gaze(features: PairFeatures, settings: LossSettings) -> dict[str, Tensor]:
    return _egma(replace(features, has_gaze=torch.zeros_like(features.has_gaze)), settings)


METHODS: Mapping[str, MethodLoss] = MappingProxyType(
    {
        "clip": _clip,
        "mlce": _with_global_contrast(_mlce_alone),
        "mlce_alone": _mlce_alone,
        "egf": _egf,
        "egm": _with_global_contrast(_egm_alone),
        "egm_alone": _egm_alone,
        "egma": _egma,
        "no_gaze": _no_gaze,
    }
)
"""Methods by name. `mlce_alone` and `egm_alone` contain no contrast between images and collapse; they exist
for the deviations table."""


def method_loss(name: str) -> MethodLoss:
    """Return the loss of a method.

    Raises
    ------
    SettingsError
        No method of that name: lists the known ones.
    """
    if name not in METHODS:
        raise SettingsError(f"method {name!r} is unknown; known: {', '.join(METHODS)}")
    return METHODS[name]
