"""Image encoders by name; each turns images into a square grid of patch features."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from egma_lib.errors import SettingsError
from egma_lib.models.clip_backbone import clip_backbone, clip_map
from egma_lib.models.pretrained import (
    IMAGE_SETTING,
    load_hub_model,
    load_torchvision_weights,
)
from egma_lib.settings import ModelSettings


class ImageEncoder(nn.Module):
    """A backbone and the way to its last feature map.

    Parameters
    ----------
    backbone
        Any module; `to_map` calls it.
    to_map
        Returns the feature map, shape (b, channels, rows, columns), of images of shape (b, 3, S, S).
    channels
        Channels of that map.
    patch_grid
        Patches per side to return; a finer map is averaged down to it where it is a multiple.
    """

    def __init__(
        self,
        backbone: nn.Module,
        to_map: Callable[[nn.Module, Tensor], Tensor],
        channels: int,
        patch_grid: int,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.channels = channels
        self.patch_grid = patch_grid
        self._to_map = to_map

    def forward(self, images: Tensor) -> Tensor:
        """Return patch features, shape (b, patch_grid**2, channels), row by row from the top left.

        Raises
        ------
        SettingsError
            The backbone's map cannot give the grid asked for.
        """
        features = self._to_map(self.backbone, images)
        rows, columns = features.shape[-2:]
        if rows != columns or rows % self.patch_grid:
            raise SettingsError(
                f"model.patch_grid {self.patch_grid}: this image encoder gives a {rows} x {columns} map at "
                f"{images.shape[-1]} pixels; change model.patch_grid or data.image_size"
            )
        if rows != self.patch_grid:
            features = F.avg_pool2d(features, rows // self.patch_grid)
        return features.flatten(2).mT


def _stages(settings: ModelSettings, image_size: int, strides: int, n_stages: int) -> int:
    """Return how many stages to keep: all, or one less when the grid asked for is twice the last one's."""
    last = -(-image_size // strides)
    return n_stages - 1 if settings.patch_grid == 2 * last and n_stages > 1 else n_stages


def _last_map(backbone: nn.Module, images: Tensor) -> Tensor:
    return backbone(pixel_values=images).last_hidden_state


def _token_map(backbone: nn.Module, images: Tensor) -> Tensor:
    tokens = backbone(pixel_values=images).last_hidden_state  # (b, n, c)
    side = round(tokens.shape[1] ** 0.5)
    return tokens.mT.unflatten(2, (side, side))


def _vit_map(backbone: nn.Module, images: Tensor) -> Tensor:
    tokens = backbone(pixel_values=images).last_hidden_state[:, 1:]
    side = round(tokens.shape[1] ** 0.5)
    return tokens.mT.unflatten(2, (side, side))


def _torchvision_vit_map(backbone: Any, images: Tensor) -> Tensor:
    tokens = backbone._process_input(images)
    tokens = torch.cat([backbone.class_token.expand(len(tokens), -1, -1), tokens], dim=1)
    tokens = backbone.encoder(tokens)[:, 1:]
    side = round(tokens.shape[1] ** 0.5)
    return tokens.mT.unflatten(2, (side, side))


def _sequential_map(backbone: nn.Module, images: Tensor) -> Tensor:
    return backbone(images)


def _no_weights(settings: ModelSettings) -> None:
    if settings.image_weights is not None:
        raise SettingsError(
            f"model.image_weights {settings.image_weights!r}: {settings.image_encoder} has no pretrained "
            "weights; leave it empty"
        )


def _resnet_small(settings: ModelSettings, image_size: int) -> ImageEncoder:
    from transformers import ResNetConfig, ResNetModel

    _no_weights(settings)
    widths = settings.image_channels
    # The stem halves twice, every stage after the first once more: three stages take 112 to 7 pixels.
    keep = _stages(settings, image_size, 4 * 2 ** (len(widths) - 1), len(widths))
    config = ResNetConfig(
        embedding_size=widths[0], hidden_sizes=list(widths[:keep]), depths=[1] * keep, layer_type="basic"
    )
    return ImageEncoder(ResNetModel(config), _last_map, widths[keep - 1], settings.patch_grid)


def _swin_small(settings: ModelSettings, image_size: int) -> ImageEncoder:
    from transformers import SwinConfig, SwinModel

    _no_weights(settings)
    n_stages = len(settings.image_channels)
    keep = _stages(settings, image_size, 4 * 2 ** (n_stages - 1), n_stages)
    width = settings.image_channels[0]
    config = SwinConfig(
        image_size=image_size,
        patch_size=4,
        embed_dim=width,
        depths=[2] * keep,
        num_heads=[max(1, width * 2**stage // 16) for stage in range(keep)],
        window_size=7,
        drop_path_rate=0.0,
    )
    backbone = SwinModel(config, add_pooling_layer=False)
    return ImageEncoder(backbone, _token_map, width * 2 ** (keep - 1), settings.patch_grid)


def _swin_t(settings: ModelSettings, image_size: int) -> ImageEncoder:
    from transformers import SwinConfig, SwinModel

    keep = _stages(settings, image_size, 32, 4)
    # A model without its last stage ends in stage 3 before downsampling: 14 x 14 with 384 channels at 224.
    config = SwinConfig(
        image_size=image_size,
        patch_size=4,
        embed_dim=96,
        depths=[2, 2, 6, 2][:keep],
        num_heads=[3, 6, 12, 24][:keep],
        window_size=7,
    )
    if settings.image_weights is None:
        backbone = SwinModel(config, add_pooling_layer=False)
    else:
        backbone = load_hub_model(
            SwinModel, settings.image_weights, IMAGE_SETTING, config, add_pooling_layer=False
        )
    return ImageEncoder(backbone, _token_map, 96 * 2 ** (keep - 1), settings.patch_grid)


def _resnet50(settings: ModelSettings, image_size: int) -> ImageEncoder:
    from torchvision.models import resnet50

    network = resnet50(weights=None)
    if settings.image_weights is not None:
        load_torchvision_weights(network, settings.image_weights)
    keep = _stages(settings, image_size, 32, 4)
    stem = [network.conv1, network.bn1, network.relu, network.maxpool]
    stages = [network.layer1, network.layer2, network.layer3, network.layer4][:keep]
    return ImageEncoder(
        nn.Sequential(*stem, *stages), _sequential_map, 256 * 2 ** (keep - 1), settings.patch_grid
    )


def _vit_b_16(settings: ModelSettings, image_size: int) -> ImageEncoder:
    from torchvision.models import vit_b_16

    network = vit_b_16(weights=None, image_size=image_size)
    if settings.image_weights is not None:
        load_torchvision_weights(network, settings.image_weights)
    network.heads = nn.Identity()
    return ImageEncoder(network, _torchvision_vit_map, 768, settings.patch_grid)


def _clip_vit_b_16(settings: ModelSettings, image_size: int) -> ImageEncoder:
    return ImageEncoder(clip_backbone(settings, image_size, "quick_gelu"), clip_map, 768, settings.patch_grid)


def _open_clip_vit_b_16(settings: ModelSettings, image_size: int) -> ImageEncoder:
    return ImageEncoder(clip_backbone(settings, image_size, "gelu"), clip_map, 768, settings.patch_grid)


def _vit_small(settings: ModelSettings, image_size: int) -> ImageEncoder:
    from transformers import ViTConfig, ViTModel

    _no_weights(settings)
    width = settings.image_channels[-1]
    config = ViTConfig(
        image_size=image_size,
        patch_size=16,
        hidden_size=width,
        num_hidden_layers=4,
        num_attention_heads=max(1, width // 32),
        intermediate_size=4 * width,
    )
    return ImageEncoder(ViTModel(config, add_pooling_layer=False), _vit_map, width, settings.patch_grid)


IMAGE_ENCODERS: Mapping[str, Callable[[ModelSettings, int], ImageEncoder]] = MappingProxyType(
    {
        "resnet_small": _resnet_small,
        "swin_small": _swin_small,
        "swin_t": _swin_t,
        "resnet50": _resnet50,
        "vit_b_16": _vit_b_16,
        "vit_small": _vit_small,
        "clip_vit_b_16": _clip_vit_b_16,
        "open_clip_vit_b_16": _open_clip_vit_b_16,
    }
)
"""Image encoders by the name that `model.image_encoder` uses."""


def build_image_encoder(settings: ModelSettings, image_size: int) -> ImageEncoder:
    """Return the image encoder that the settings name, for square images of `image_size` pixels.

    Raises
    ------
    SettingsError
        The encoder cannot give `patch_grid` patches per side at this size, or its weights cannot be read.
    """
    encoder = IMAGE_ENCODERS[settings.image_encoder](settings, image_size)
    with torch.no_grad():
        encoder.eval()(torch.zeros(1, 3, image_size, image_size))
    return encoder.train()
