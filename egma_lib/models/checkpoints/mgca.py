"""MGCA (Wang et al. 2022) with ViT-B/16 or ResNet-50 and the first six layers of Bio_ClinicalBERT.

Names: released code, `mgca/models/mgca/mgca_module.py`,
`mgca/models/backbones/{encoder,vits,cnn_backbones,med}.py`, `mgca/configs/bert_config.json` (six layers).
"""

from __future__ import annotations

from egma_lib.models.checkpoints.architectures import BERT, RESNET, TIMM_VIT
from egma_lib.models.checkpoints.table import Ignored, Row, Source, prefixed

_MLP = "MGCA's projection is an MLP with batch norm; projections here are one bias-free linear map"

_OTHER: tuple[Row, ...] = (
    *prefixed(BERT, "text_encoder_q.model.", "text_encoder.bert."),
    Ignored(
        r"text_encoder_q\.model\.encoder\.layer\.\d+\.crossattention\..*",
        "cross-attention of BLIP's BERT; MGCA never runs it (mode 'text')",
    ),
    Ignored(r"text_encoder_q\.model\.embeddings\.position_ids", "a count from 0 on, no weight"),
    Ignored(r"(img|text)_encoder_q\.(global|local)_embed\.head\..*", _MLP),
    Ignored(r"(patch|word)_local_atten_layer\..*", "attention of MGCA's own loss"),
    Ignored(r"prototype_layer\.weight", "prototypes of MGCA's own loss"),
)
_RANDOM = {
    "image_projection.weight": _MLP,
    "text_projection.weight": _MLP,
    "log_logit_scale": "MGCA's temperatures are fixed numbers of its settings",
}
_DIFFERENCES = (
    "MGCA's text feature is the [CLS] token and each word the sum of its pieces; here it is the mean over "
    "tokens",
)

MGCA_VIT = Source(
    name="mgca-vit",
    marks=("img_encoder_q.model.patch_embed.proj.weight", "img_encoder_q.global_embed.head.0.weight"),
    rows=(*prefixed(TIMM_VIT, "img_encoder_q.model.", "image_encoder.backbone."), *_OTHER),
    image_encoder="vit_b_16",
    text_layers=6,
    stays_random=_RANDOM,
    differences=_DIFFERENCES,
)

MGCA_RESNET50 = Source(
    name="mgca-resnet50",
    marks=("img_encoder_q.model.layer4.2.conv3.weight", "img_encoder_q.global_embed.head.0.weight"),
    rows=(*prefixed(RESNET, "img_encoder_q.model.", "image_encoder.backbone."), *_OTHER),
    image_encoder="resnet50",
    text_layers=6,
    stays_random=_RANDOM,
    differences=(
        *_DIFFERENCES,
        "MGCA resizes images to 299 x 299 inside this model; here the image size is data.image_size",
    ),
)
