"""Equation 6, Eq. 9's sum and their total: the losses that EGMA trains on."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from egma_lib.losses.contrastive import diagonal_cross_entropy
from egma_lib.losses.fine_grained import fine_grained_logits
from egma_lib.losses.inputs import AlignmentInputs, check_inputs
from egma_lib.losses.mapping import mapping_loss
from egma_lib.losses.multilabel import gaze_multilabel_loss
from egma_lib.settings import LossSettings


class EgfLoss(NamedTuple):
    """Eq. 6 and its parts; the parts are batch means before weighting."""

    total: Tensor
    mlce_sentence_to_patch: Tensor
    mlce_patch_to_sentence: Tensor
    infonce_image_to_text: Tensor
    infonce_text_to_image: Tensor


class EgmLoss(NamedTuple):
    """Eq. 9 and its parts, before weighting."""

    total: Tensor
    mapping_image: Tensor
    mapping_text: Tensor


class EgmaLoss(NamedTuple):
    """The total loss L_EGF + L_EGM, both summands, and their parts before weighting; scalars."""

    total: Tensor
    egf: Tensor
    egm: Tensor
    mlce_sentence_to_patch: Tensor
    mlce_patch_to_sentence: Tensor
    infonce_image_to_text: Tensor
    infonce_text_to_image: Tensor
    mapping_image: Tensor
    mapping_text: Tensor


def egf_parts(inputs: AlignmentInputs, settings: LossSettings) -> EgfLoss:
    """Return Eq. 6 with its parts for a checked batch."""
    mlce = gaze_multilabel_loss(inputs, settings)
    image_to_text, text_to_image = fine_grained_logits(
        inputs.patch_features, inputs.sentence_features, inputs.sentence_mask, settings=settings
    )
    if settings.t2i_axis == "upstream":
        # Differs from the paper: the released code normalises both directions over texts.
        text_to_image = text_to_image.mT
    infonce_image_to_text = diagonal_cross_entropy(inputs.scaled(image_to_text)).mean()
    infonce_text_to_image = diagonal_cross_entropy(inputs.scaled(text_to_image)).mean()
    total = (
        settings.mlce_weight_sentence_to_patch * mlce.sentence_to_patch
        + settings.mlce_weight_patch_to_sentence * mlce.patch_to_sentence
        + 0.5 * (infonce_image_to_text + infonce_text_to_image)
    )
    return EgfLoss(total, *mlce, infonce_image_to_text, infonce_text_to_image)


def egm_parts(inputs: AlignmentInputs, settings: LossSettings) -> EgmLoss:
    """Return Eq. 9 with its parts for a checked batch."""
    image, text = mapping_loss(inputs, settings)
    return EgmLoss(settings.egm_weight_image * image + settings.egm_weight_text * text, image, text)


def egf_loss(
    patch_features: Tensor,
    sentence_features: Tensor,
    sentence_mask: Tensor,
    gaze_similarity: Tensor,
    has_gaze: Tensor,
    logit_scale: Tensor | float,
    *,
    settings: LossSettings = LossSettings(),  # noqa: B008 - frozen
) -> Tensor:
    """Return L_EGF of Eq. 6, a scalar; arguments as in `egma_loss`."""
    inputs = check_inputs(
        patch_features, sentence_features, sentence_mask, gaze_similarity, has_gaze, logit_scale
    )
    return egf_parts(inputs, settings).total


def egm_loss(
    patch_features: Tensor,
    sentence_features: Tensor,
    sentence_mask: Tensor,
    gaze_similarity: Tensor,
    has_gaze: Tensor,
    logit_scale: Tensor | float,
    *,
    settings: LossSettings = LossSettings(),  # noqa: B008 - frozen
) -> Tensor:
    """Return L_EGM of Eq. 9, a scalar; arguments as in `egma_loss`."""
    inputs = check_inputs(
        patch_features, sentence_features, sentence_mask, gaze_similarity, has_gaze, logit_scale
    )
    return egm_parts(inputs, settings).total


def egma_loss(
    patch_features: Tensor,
    sentence_features: Tensor,
    sentence_mask: Tensor,
    gaze_similarity: Tensor,
    has_gaze: Tensor,
    logit_scale: Tensor | float,
    *,
    settings: LossSettings = LossSettings(),  # noqa: B008 - frozen
) -> EgmaLoss:
    """Return L_EGF + L_EGM and all their parts.

    Parameters
    ----------
    patch_features
        P, shape (b, n, d), unit length.
    sentence_features
        S, shape (b, m, d), unit length; anything in padded slots.
    sentence_mask
        Shape (b, m) bool, True = real sentence; every report needs one.
    gaze_similarity
        GS, shape (b, m, n), >= 0: sentence heatmaps on the patch grid, taken as given. Ignored in padded
        slots and where `has_gaze` is False.
    has_gaze
        Shape (b, m) bool, one per sentence.
    logit_scale
        Factor on similarities (exp of the learned temperature).
    settings
        Switches; the defaults are the paper's text.

    Raises
    ------
    DataError
        Shapes or types do not fit, or a report has no sentence.
    """
    inputs = check_inputs(
        patch_features, sentence_features, sentence_mask, gaze_similarity, has_gaze, logit_scale
    )
    egf = egf_parts(inputs, settings)
    egm = egm_parts(inputs, settings)
    return EgmaLoss(
        total=egf.total + egm.total,
        egf=egf.total,
        egm=egm.total,
        mlce_sentence_to_patch=egf.mlce_sentence_to_patch,
        mlce_patch_to_sentence=egf.mlce_patch_to_sentence,
        infonce_image_to_text=egf.infonce_image_to_text,
        infonce_text_to_image=egf.infonce_text_to_image,
        mapping_image=egm.mapping_image,
        mapping_text=egm.mapping_text,
    )
