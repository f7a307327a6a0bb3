"""From stored films to the image encoder's input: jitter and normalisation, on the device that trains."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from egma_lib.settings import DataSettings


def draw_jitter(rng: np.random.Generator, size: int, brightness: float, contrast: float) -> Tensor:
    """Draw brightness factors and, for half of the images, contrast factors; shape (2, size) float32.

    Parameters
    ----------
    rng
        Source of the factors.
    size
        Number of images.
    brightness, contrast
        x draws a factor from [1 - x, 1 + x].
    """
    bright = rng.uniform(1 - brightness, 1 + brightness, size)
    sharp = np.where(rng.random(size) < 0.5, rng.uniform(1 - contrast, 1 + contrast, size), 1.0)
    return torch.from_numpy(np.stack([bright, sharp]).astype(np.float32))


def jitter(pixels: Tensor, factors: Tensor) -> Tensor:
    """Return images with changed brightness and contrast, the latter about each image's mean.

    Parameters
    ----------
    pixels
        Shape (r, S, S), 0-1; changed in place.
    factors
        Shape (2, r), as `draw_jitter` gives them.
    """
    bright, sharp = factors[..., None, None]
    pixels = pixels.mul_(bright).clamp_(0, 1)
    mean = pixels.mean(dim=(1, 2), keepdim=True)
    return pixels.sub_(mean).mul_(sharp).add_(mean).clamp_(0, 1)


def model_images(pixels: Tensor, factors: Tensor | None, settings: DataSettings) -> Tensor:
    """Return the image encoder's input, shape (r, 3, S, S), on the device of the films.

    Parameters
    ----------
    pixels
        Shape (r, S, S) uint8.
    factors
        Jitter, shape (2, r), or None for none.
    settings
        Pixel mean and standard deviation.
    """
    images = pixels.float().div_(255)
    if factors is not None:
        images = jitter(images, factors)
    images = images.sub_(settings.pixel_mean).div_(settings.pixel_std)
    # Convolutions on the CPU run half again as fast on channels-last images.
    return images[:, None].expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)
