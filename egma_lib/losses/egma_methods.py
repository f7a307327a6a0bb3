"""EGMA, and the arms of its module ablation (Table 4)."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from egma_lib.losses.egma import egf_parts, egm_parts, egma_loss
from egma_lib.losses.features import MethodLoss, PairFeatures
from egma_lib.losses.global_contrast import global_contrast
from egma_lib.losses.multilabel import gaze_multilabel_loss
from egma_lib.settings import LossSettings


def egma(features: PairFeatures, settings: LossSettings) -> dict[str, Tensor]:
    """Return L_EGF + L_EGM and their parts."""
    return egma_loss(
        features.patch_features,
        features.sentence_features,
        features.sentence_mask,
        features.gaze_similarity,
        features.has_gaze,
        features.logit_scale,
        settings=settings,
    )._asdict()


def no_gaze(features: PairFeatures, settings: LossSettings) -> dict[str, Tensor]:
    """Return the loss of EGMA with every sentence taken as one without gaze."""
    return egma(replace(features, has_gaze=torch.zeros_like(features.has_gaze)), settings)


def egf(features: PairFeatures, settings: LossSettings) -> dict[str, Tensor]:
    """Return L_EGF (Eq. 6) and its parts."""
    return egf_parts(features.alignment_inputs(), settings)._asdict()


def mlce_alone(features: PairFeatures, settings: LossSettings) -> dict[str, Tensor]:
    """Return the weighted halves of Eq. 4 with no contrast between images."""
    mlce_halves = gaze_multilabel_loss(features.alignment_inputs(), settings)
    total = (
        settings.mlce_weight_sentence_to_patch * mlce_halves.sentence_to_patch
        + settings.mlce_weight_patch_to_sentence * mlce_halves.patch_to_sentence
    )
    return {
        "total": total,
        "mlce_sentence_to_patch": mlce_halves.sentence_to_patch,
        "mlce_patch_to_sentence": mlce_halves.patch_to_sentence,
    }


def egm_alone(features: PairFeatures, settings: LossSettings) -> dict[str, Tensor]:
    """Return L_EGM (Eq. 9) with no contrast between images."""
    return egm_parts(features.alignment_inputs(), settings)._asdict()


def mlce(features: PairFeatures, settings: LossSettings) -> dict[str, Tensor]:
    """Return the global contrast plus Eq. 4."""
    return _with_global_contrast(mlce_alone, features, settings)


def egm(features: PairFeatures, settings: LossSettings) -> dict[str, Tensor]:
    """Return the global contrast plus L_EGM."""
    return _with_global_contrast(egm_alone, features, settings)


def _with_global_contrast(
    loss: MethodLoss, features: PairFeatures, settings: LossSettings
) -> dict[str, Tensor]:
    parts = loss(features, settings)
    contrast = global_contrast(features)
    return {**parts, "total": contrast + parts["total"], "global_contrast": contrast}
