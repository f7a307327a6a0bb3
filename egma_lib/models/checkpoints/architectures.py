"""Names inside the encoders that published checkpoints are made of, as stored and as here.

Sources of the stored names: the libraries that the checkpoints were trained with (Hugging Face transformers
before version 5 for Swin and BERT, torchvision for ResNet, timm for ViT, OpenAI's CLIP for its ViT).
"""

from __future__ import annotations

from functools import partial

from torch import Tensor

from egma_lib.models.checkpoints.table import Renamed

_ENDS = r"\.(weight|bias)"
_BLOCK = r"encoder\.layers\.(\d+)\.blocks\.(\d+)\."
_OUR_BLOCK = r"encoder.layers.\1.blocks.\2."

BERT: tuple[Renamed, ...] = (
    Renamed(
        r"(embeddings\.(?:word|position|token_type)_embeddings\.weight|embeddings\.LayerNorm\.(?:weight|bias))",
        r"\1",
    ),
    Renamed(
        r"(encoder\.layer\.\d+\.(?:attention\.(?:self\.(?:query|key|value)|output\.(?:dense|LayerNorm))"
        r"|intermediate\.dense|output\.(?:dense|LayerNorm))\.(?:weight|bias))",
        r"\1",
    ),
)
"""transformers `BertModel`, without its pooler: the same names."""

SWIN: tuple[Renamed, ...] = (
    Renamed(
        r"(embeddings\.(?:patch_embeddings\.projection|norm)\.(?:weight|bias)|layernorm\.(?:weight|bias))",
        r"\1",
    ),
    Renamed(r"(encoder\.layers\.\d+\.downsample\.(?:reduction\.weight|norm\.(?:weight|bias)))", r"\1"),
    Renamed(_BLOCK + r"(layernorm_before|layernorm_after)" + _ENDS, _OUR_BLOCK + r"\3.\4"),
    Renamed(_BLOCK + r"attention\.self\.query" + _ENDS, _OUR_BLOCK + r"attention.q_proj.\3"),
    Renamed(_BLOCK + r"attention\.self\.key" + _ENDS, _OUR_BLOCK + r"attention.k_proj.\3"),
    Renamed(_BLOCK + r"attention\.self\.value" + _ENDS, _OUR_BLOCK + r"attention.v_proj.\3"),
    Renamed(_BLOCK + r"attention\.output\.dense" + _ENDS, _OUR_BLOCK + r"attention.o_proj.\3"),
    Renamed(
        _BLOCK + r"attention\.self\.relative_position_bias_table",
        _OUR_BLOCK + "attention.relative_position_bias.relative_position_bias_table",
    ),
    Renamed(_BLOCK + r"intermediate\.dense" + _ENDS, _OUR_BLOCK + r"mlp.fc1.\3"),
    Renamed(_BLOCK + r"output\.dense" + _ENDS, _OUR_BLOCK + r"mlp.fc2.\3"),
)
"""transformers `SwinModel`: names before version 5 to names since."""

_RESNET_VALUES = r"\.(weight|bias|running_mean|running_var|num_batches_tracked)"
# The encoder here is the chain conv1, bn1, relu, maxpool, layer1 ... layer4, so that it can end a stage
# early.
RESNET: tuple[Renamed, ...] = (
    Renamed(r"conv1\.weight", "0.weight"),
    Renamed(r"bn1" + _RESNET_VALUES, r"1.\1"),
    *(
        row
        for stage in (1, 2, 3, 4)
        for row in (
            Renamed(rf"layer{stage}\.(\d+\.(?:conv|bn)\d)" + _RESNET_VALUES, rf"{stage + 3}.\1.\2"),
            Renamed(rf"layer{stage}\.(\d+\.downsample\.[01])" + _RESNET_VALUES, rf"{stage + 3}.\1.\2"),
        )
    ),
)
"""torchvision `resnet50`, without its classifier."""

_TIMM = r"blocks\.(\d+)\."
_TORCHVISION = r"encoder.layers.encoder_layer_\1."
TIMM_VIT: tuple[Renamed, ...] = (
    Renamed(r"cls_token", "class_token"),
    Renamed(r"pos_embed", "encoder.pos_embedding"),
    Renamed(r"patch_embed\.proj" + _ENDS, r"conv_proj.\1"),
    Renamed(_TIMM + r"norm([12])" + _ENDS, _TORCHVISION + r"ln_\2.\3"),
    # Both keep query, key and value one below the other in one matrix.
    Renamed(_TIMM + r"attn\.qkv" + _ENDS, _TORCHVISION + r"self_attention.in_proj_\2"),
    Renamed(_TIMM + r"attn\.proj" + _ENDS, _TORCHVISION + r"self_attention.out_proj.\2"),
    Renamed(_TIMM + r"mlp\.fc1" + _ENDS, _TORCHVISION + r"mlp.0.\2"),
    Renamed(_TIMM + r"mlp\.fc2" + _ENDS, _TORCHVISION + r"mlp.3.\2"),
    Renamed(r"norm" + _ENDS, r"encoder.ln.\1"),
)
"""timm's plain ViT to torchvision's `vit_b_16`; both end in a norm, with epsilon 1e-6 and exact GELU."""


def _third(index: int, fused: Tensor) -> Tensor:
    """Return query, key or value of a fused matrix or bias, shape (3 d, ...) to (d, ...)."""
    return fused.chunk(3)[index].clone()


_CLIP = r"transformer\.resblocks\.(\d+)\."
_HF_CLIP = r"encoder.layers.\1."
CLIP_VIT: tuple[Renamed, ...] = (
    Renamed(r"class_embedding", "embeddings.class_embedding"),
    Renamed(r"conv1\.weight", "embeddings.patch_embedding.weight"),
    Renamed(r"positional_embedding", "embeddings.position_embedding.weight"),
    Renamed(r"ln_pre" + _ENDS, r"pre_layrnorm.\1"),
    Renamed(r"ln_post" + _ENDS, r"post_layernorm.\1"),
    Renamed(_CLIP + r"ln_([12])" + _ENDS, _HF_CLIP + r"layer_norm\2.\3"),
    *(
        Renamed(
            _CLIP + r"attn\.in_proj_(weight|bias)",
            _HF_CLIP + rf"self_attn.{part}_proj.\2",
            partial(_third, third),
        )
        for third, part in enumerate("qkv")
    ),
    Renamed(_CLIP + r"attn\.out_proj" + _ENDS, _HF_CLIP + r"self_attn.out_proj.\2"),
    Renamed(_CLIP + r"mlp\.c_fc" + _ENDS, _HF_CLIP + r"mlp.fc1.\2"),
    Renamed(_CLIP + r"mlp\.c_proj" + _ENDS, _HF_CLIP + r"mlp.fc2.\2"),
)
"""OpenAI's CLIP ViT to transformers `CLIPVisionModel`; the fused matrix is cut into query, key and value."""
