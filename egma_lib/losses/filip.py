"""FILIP: contrast of images and reports by the best match of every patch and every word.

Yao et al., "FILIP: Fine-grained Interactive Language-Image Pre-Training", ICLR 2022, Eq. 1 to 5.

    image to text [i, j] = mean over patches of image i of the max over words of report j   (Eq. 4)
    text to image [j, i] = mean over words of report j of the max over patches of image i   (Eq. 5)
    total = 1/2 (cross-entropy over reports + cross-entropy over images), matching pairs on the diagonal

Words are word pieces without padding, [CLS] and [SEP]. This is Eq. 5 of EGMA with words in the place of
sentences: EGF without its multi-label half compares patches with sentence features, FILIP with the words
themselves, so that a long sentence weighs more than a short one.

Left out: FILIP's token pruning (it saves communication between GPUs and keeps the best quarter of the tokens
of each image and text), and its prompt templates. A report's sentences are encoded one by one here, so a word
has seen only its own sentence.
"""

from __future__ import annotations

from torch import Tensor

from egma_lib.losses.contrastive import clip_loss
from egma_lib.losses.features import PairFeatures
from egma_lib.losses.fine_grained import fine_grained_logits
from egma_lib.losses.words import report_words
from egma_lib.settings import LossSettings


def filip(features: PairFeatures, settings: LossSettings) -> dict[str, Tensor]:
    """Return the token-wise contrast over the batch.

    Parameters
    ----------
    features
        Needs `words`; the logit scale is FILIP's learned inverse temperature.
    settings
        `chunk` bounds memory. The rest belongs to EGMA.

    Raises
    ------
    DataError
        The batch has no words, or a sentence has none.
    """
    words = report_words(features)
    image_to_text, text_to_image = fine_grained_logits(
        features.patch_features,
        words.features,
        words.mask,
        settings=LossSettings(chunk=settings.chunk),
    )
    scale = features.logit_scale
    return {"total": clip_loss(scale * image_to_text, scale * text_to_image)}
