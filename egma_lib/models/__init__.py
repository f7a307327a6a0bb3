"""Image and text encoders, the dual encoder that joins them, its vocabulary and its weights."""

from egma_lib.models.build import build_dual_encoder, load_dual_encoder
from egma_lib.models.dual_encoder import DualEncoder, ImageFeatures, TextFeatures
from egma_lib.models.vocabulary import learn_vocabulary, load_tokenizer, pretrained_tokenizer

__all__ = [
    "DualEncoder",
    "ImageFeatures",
    "TextFeatures",
    "build_dual_encoder",
    "learn_vocabulary",
    "load_dual_encoder",
    "load_tokenizer",
    "pretrained_tokenizer",
]
