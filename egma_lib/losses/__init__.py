"""The alignment losses of the paper, one file per equation group, and the methods compared, by name."""

from egma_lib.losses.contrastive import clip_loss
from egma_lib.losses.egma import EgmaLoss, egf_loss, egm_loss, egma_loss
from egma_lib.losses.fine_grained import fine_grained_logits
from egma_lib.losses.multilabel import multilabel_cross_entropy
from egma_lib.settings import LossSettings

__all__ = [
    "EgmaLoss",
    "LossSettings",
    "clip_loss",
    "egf_loss",
    "egm_loss",
    "egma_loss",
    "fine_grained_logits",
    "multilabel_cross_entropy",
]
