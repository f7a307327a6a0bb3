"""ConVIRT: the global contrast with a constant temperature, and more weight on images finding their text.

Zhang et al., "Contrastive Learning of Medical Visual Representations from Paired Images and Text", MLHC 2022
(arXiv 2020), Eq. 2 to 4, with lambda = .75 and tau = .1.

    total = .75 cross-entropy over reports + .25 cross-entropy over images, of cosine(image, report) / .1

This differs from `clip` by the two weights (there 1/2 and 1/2) and the temperature (there learned), and in
nothing else here. Simplified: ConVIRT draws one sentence of the report, crops and flips the image, pools
tokens by their maximum and maps both sides by a hidden layer; here all methods share text, augmentation and
maps.
"""

from __future__ import annotations

from torch import Tensor

from egma_lib.losses.contrastive import diagonal_cross_entropy
from egma_lib.losses.features import PairFeatures
from egma_lib.settings import LossSettings

IMAGE_TO_TEXT_WEIGHT = 0.75
"""lambda of Eq. 4."""
TEMPERATURE = 0.1
"""tau of Eq. 2 and 3."""


def convirt(features: PairFeatures, settings: LossSettings) -> dict[str, Tensor]:
    """Return the weighted sum of both directions of the global contrast, and both."""
    logits = (features.image_features @ features.report_features.mT) / TEMPERATURE
    image_to_text = diagonal_cross_entropy(logits).mean()
    text_to_image = diagonal_cross_entropy(logits.mT).mean()
    return {
        "total": IMAGE_TO_TEXT_WEIGHT * image_to_text + (1 - IMAGE_TO_TEXT_WEIGHT) * text_to_image,
        "image_to_text": image_to_text,
        "text_to_image": text_to_image,
    }
