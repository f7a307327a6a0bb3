"""GLoRIA (Huang et al. 2021) with ResNet-50 and Bio_ClinicalBERT.

Names: released code, `gloria/models/{gloria_model,vision_model,text_model,cnn_backbones}.py` and
`gloria/gloria.py`, which strips `gloria.` from the names of the lightning checkpoint.
"""

from __future__ import annotations

from egma_lib.models.checkpoints.architectures import BERT, RESNET
from egma_lib.models.checkpoints.table import Ignored, Source, prefixed

_NO_PAIR = "GLoRIA maps images into BERT's own space: there is no text projection to go with it"

GLORIA = Source(
    name="gloria",
    marks=("img_encoder.model.layer4.2.conv3.weight", "img_encoder.global_embedder.weight"),
    rows=(
        *prefixed(RESNET, "img_encoder.model.", "image_encoder.backbone."),
        *prefixed(BERT, "text_encoder.model.", "text_encoder.bert."),
        Ignored(
            r"img_encoder\.global_embedder\.(weight|bias)",
            _NO_PAIR + "; it has a bias, projections here none",
        ),
        Ignored(r"img_encoder\.local_embedder\.weight", _NO_PAIR + "; it maps the stage before the last"),
        Ignored(
            r"text_encoder\.model\.pooler\.dense\.(weight|bias)",
            "GLoRIA and this suite both pool token features",
        ),
        Ignored(r"text_encoder\.model\.embeddings\.position_ids", "a count from 0 on, no weight"),
    ),
    image_encoder="resnet50",
    text_layers=12,
    stays_random={
        "image_projection.weight": _NO_PAIR,
        "text_projection.weight": "GLoRIA has none",
        "log_logit_scale": "GLoRIA's temperatures are fixed numbers of its settings",
    },
    differences=(
        "GLoRIA resizes images to 299 x 299 inside the model; here the image size is data.image_size",
        "GLoRIA sums the last four layers of BERT; here the last one is taken",
    ),
    wrapper="gloria.",
)
