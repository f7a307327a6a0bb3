"""MedCLIP (Wang et al. 2022), with Swin-T or ResNet-50: the paper's start.

Names: released code, `medclip/modeling_medclip.py`; both encoders are library models under `model.`.
"""

from __future__ import annotations

from egma_lib.models.checkpoints.architectures import BERT, RESNET, SWIN
from egma_lib.models.checkpoints.table import Ignored, Renamed, Row, Source, prefixed

_TEXT: tuple[Row, ...] = (
    *prefixed(BERT, "text_model.model.", "text_encoder.bert."),
    Renamed(r"text_model\.projection_head\.weight", "text_projection.weight"),
    Ignored(
        r"text_model\.model\.pooler\.dense\.(weight|bias)", "MedCLIP and this suite both pool token features"
    ),
    Ignored(r"text_model\.model\.embeddings\.position_ids", "a count from 0 on, no weight"),
    Renamed(r"logit_scale", "log_logit_scale"),
)
_DIFFERENCES = (
    "MedCLIP's text feature is the mean of layers 1, 2 and the last over all tokens, padding too; here it "
    "is the mean of the last layer over real tokens, so text_projection is a start and not the same function",
)

MEDCLIP_VIT = Source(
    name="medclip-vit",
    marks=(
        "vision_model.model.embeddings.patch_embeddings.projection.weight",
        "vision_model.projection_head.weight",
        "text_model.projection_head.weight",
    ),
    rows=(
        *prefixed(SWIN, "vision_model.model.", "image_encoder.backbone."),
        Ignored(
            r"vision_model\.model\.encoder\.layers\.\d+\.blocks\.\d+\.attention\.self\.relative_position_index",
            "follows from the window size, no weight",
        ),
        Renamed(r"vision_model\.projection_head\.weight", "image_projection.weight"),
        *_TEXT,
    ),
    image_encoder="swin_t",
    text_layers=12,
    differences=_DIFFERENCES,
)

MEDCLIP_RESNET50 = Source(
    name="medclip-resnet50",
    marks=(
        "vision_model.model.layer4.2.conv3.weight",
        "vision_model.model.fc.weight",
        "text_model.projection_head.weight",
    ),
    rows=(
        *prefixed(RESNET, "vision_model.model.", "image_encoder.backbone."),
        # The classifier's place holds the bias-free projection.
        Renamed(r"vision_model\.model\.fc\.weight", "image_projection.weight"),
        *_TEXT,
    ),
    image_encoder="resnet50",
    text_layers=12,
    differences=_DIFFERENCES,
)
