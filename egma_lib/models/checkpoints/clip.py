"""CLIP (Radford et al. 2021) and open_clip, ViT-B/16: the image encoder alone.

Names: released code, `clip/model.py` of openai/CLIP; open_clip stores the same ones. The activation is not
part of the file: OpenAI's models use quick GELU, open_clip's own (`ViT-B-16`) the exact one, hence two
encoders.
"""

from __future__ import annotations

from dataclasses import replace

from egma_lib.models.checkpoints.architectures import CLIP_VIT
from egma_lib.models.checkpoints.table import Ignored, Source, prefixed

_TEXT = "CLIP's text encoder is no BERT: it has its own vocabulary of byte pairs and causal attention"

CLIP = Source(
    name="clip",
    marks=("visual.conv1.weight", "visual.class_embedding", "visual.ln_pre.weight", "visual.proj"),
    rows=(
        *prefixed(CLIP_VIT, "visual.", "image_encoder.backbone."),
        Ignored(r"visual\.proj", _TEXT + ", so that there is no text side to go with the image projection"),
        Ignored(r"transformer\.resblocks\..*", _TEXT),
        Ignored(
            r"(token_embedding\.weight|positional_embedding|ln_final\.(weight|bias)|text_projection)", _TEXT
        ),
        Ignored(r"logit_scale", "belongs to the projections, which are not taken over"),
        Ignored(
            r"(input_resolution|context_length|vocab_size)", "numbers of the TorchScript archive, no weights"
        ),
    ),
    image_encoder="clip_vit_b_16",
    text_layers=0,
    stays_random={
        "text_encoder.": _TEXT,
        "image_projection.weight": "has no pair",
        "text_projection.weight": _TEXT,
        "log_logit_scale": "belongs to the projections",
    },
    differences=(
        "patch features are the patch tokens after the final norm; CLIP itself uses the class token alone",
    ),
)

OPEN_CLIP = replace(
    CLIP,
    name="open_clip",
    rows=(*CLIP.rows, Ignored(r"attn_mask", "follows from the context length, no weight")),
    image_encoder="open_clip_vit_b_16",
)
