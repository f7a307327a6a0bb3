"""CLIP's ViT-B/16: another function than the plain ViT, with a norm before its first block."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from egma_lib.models.pretrained import IMAGE_SETTING, check_activation, load_hub_model
from egma_lib.settings import ModelSettings


def clip_map(backbone: Any, images: Tensor) -> Tensor:
    """Return the map of patch tokens, shape (b, channels, rows, columns), of images of shape (b, 3, S, S)."""
    tokens = backbone(pixel_values=images).last_hidden_state[:, 1:]
    # CLIP applies its final norm to the class token alone; patch tokens need it to be on the same scale.
    tokens = backbone.post_layernorm(tokens)
    side = round(tokens.shape[1] ** 0.5)
    return tokens.mT.unflatten(2, (side, side))


def clip_backbone(settings: ModelSettings, image_size: int, activation: str) -> Any:
    """Return a transformers `CLIPVisionModel` of ViT-B/16.

    Parameters
    ----------
    settings
        Name the folder or hub name of its weights, if any.
    image_size
        Side of the square images (pixels).
    activation
        quick_gelu (OpenAI's weights) or gelu (open_clip's own); the weights do not tell.

    Raises
    ------
    SettingsError
        The weights cannot be read, or were trained with another activation.
    """
    from transformers import CLIPVisionConfig, CLIPVisionModel

    config = CLIPVisionConfig(
        image_size=image_size,
        patch_size=16,
        hidden_size=768,
        num_hidden_layers=12,
        num_attention_heads=12,
        intermediate_size=3072,
        hidden_act=activation,
    )
    if settings.image_weights is None:
        return CLIPVisionModel(config)
    check_activation(settings.image_weights, activation)
    return load_hub_model(CLIPVisionModel, settings.image_weights, IMAGE_SETTING, config)
