"""MedCLIP: global contrast whose targets are the similarities of the studies' findings.

Wang et al., "MedCLIP: Contrastive Learning from Unpaired Medical Images and Text", EMNLP 2022, section 3.3
(semantic matching loss).

    s_ij = cosine of the label vector of image i and the label vector of report j
    y_ij = exp(s_ij) / sum over j of exp(s_ij), and the same over i for the other direction
    total = 1/2 (cross-entropy of the softmax over reports of the scaled cosines against y + the same over
            images)

Label vectors hold 1 for a finding that is present and 0 for anything else. As in MedCLIP's preparation of
MIMIC-CXR and CheXpert, uncertain findings (NaN here) count as 0 like those not mentioned, and a study without
any finding counts as No Finding. A study with no label at all (NaN throughout) is similar to itself alone;
MedCLIP would call it No Finding. The softmax of the targets has no temperature, as published: even the right
report's target is at most e times a wrong one's.

Simplified: an image and its report share the labels of the study (MedCLIP draws one sentence, with labels of
its own, and also pairs images and texts of different studies); no text augmentation. The released code trains
on a binary cross-entropy of clamped products in some versions; this is the paper's form.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from egma_lib.errors import DataError
from egma_lib.losses.features import PairFeatures
from egma_lib.settings import LossSettings

NO_FINDING = 0
"""Position of No Finding among the labels."""


def label_targets(labels: Tensor) -> Tensor:
    """Return the soft targets of each study over all studies of the batch.

    Parameters
    ----------
    labels
        Shape (b, 14): 1, 0 or NaN; column 0 is No Finding.

    Returns
    -------
    Tensor
        Shape (b, b), at least float32; rows add up to 1. Similarities are symmetric, so the same rows serve
        both directions.
    """
    present = (labels == 1).to(torch.promote_types(labels.dtype, torch.float32))
    labelled = ~labels.isnan().all(dim=1)
    normal = labelled & ~present.any(dim=1)
    present[:, NO_FINDING] = present[:, NO_FINDING].masked_fill(normal, 1.0)
    vectors = F.normalize(present, dim=-1)
    return (vectors @ vectors.mT).fill_diagonal_(1.0).softmax(dim=-1)


def medclip(features: PairFeatures, settings: LossSettings) -> dict[str, Tensor]:
    """Return the mean of both soft cross-entropies, and both.

    Parameters
    ----------
    features
        Needs `labels`.
    settings
        Not used.

    Raises
    ------
    DataError
        The batch has no labels, or their shape does not fit.
    """
    labels = features.labels
    if labels is None:
        raise DataError(
            "the method medclip compares the findings of studies, but the corpus has no labels; train it on "
            "a corpus with CheXpert labels, or leave the method out"
        )
    if labels.ndim != 2 or len(labels) != len(features.image_features):
        raise DataError(
            f"labels must have one row per image, {len(features.image_features)}, got shape "
            f"{tuple(labels.shape)}"
        )
    logits = features.logit_scale * (features.image_features @ features.report_features.mT)
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    targets = label_targets(labels).to(logits.dtype)
    image_to_text = -(targets * logits.log_softmax(dim=-1)).sum(dim=-1).mean()
    text_to_image = -(targets * logits.mT.log_softmax(dim=-1)).sum(dim=-1).mean()
    return {
        "total": 0.5 * (image_to_text + text_to_image),
        "image_to_text": image_to_text,
        "text_to_image": text_to_image,
    }
