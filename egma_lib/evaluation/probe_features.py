"""Frozen features for the linear probe: pooled backbone features, or the film's own coarse pixels.

The probe sees the mean of the encoder's patch features before the projection and without normalisation. So do
the published probes: GLoRIA, MGCA and MedCLIP put the head on the pooled backbone feature and leave the
projection into the shared space out.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional as F

from egma_lib.artefacts import atomic_path
from egma_lib.evaluation.encode import normalise_pixels
from egma_lib.settings import Settings

if TYPE_CHECKING:
    from egma_lib.models.dual_encoder import DualEncoder

PIXEL_GRID = 16
"""Side of the grid that a film is averaged to for the probe on pixels."""

Extractor = Callable[[np.ndarray], np.ndarray]
"""From films, uint8 (b, S, S), to features, float32 (b, d)."""


def backbone_extractor(model: DualEncoder, settings: Settings) -> Extractor:
    """Return the mean over patches of the image encoder's output; the model is put into evaluation mode."""
    device = next(model.parameters()).device
    encoder = model.image_encoder.eval()

    @torch.no_grad()
    def extract(images: np.ndarray) -> np.ndarray:
        patches = encoder(normalise_pixels(images, settings.data).to(device))
        return patches.mean(dim=1).float().cpu().numpy()

    return extract


def pixel_extractor() -> Extractor:
    """Return the film averaged to a coarse grid, values in 0-1: what a probe knows without any encoder."""

    def extract(images: np.ndarray) -> np.ndarray:
        films = torch.from_numpy(np.array(images, dtype=np.float32)).div_(255.0)
        return F.adaptive_avg_pool2d(films[:, None], PIXEL_GRID).flatten(1).numpy()

    return extract


def cached_features(
    extract: Callable[[], Extractor], images: np.ndarray, batch_size: int, path: Path
) -> np.ndarray:
    """Return the features of all films, computed once.

    Parameters
    ----------
    extract
        Makes the extractor; called only where the features are not stored yet.
    images
        uint8, shape (n_films, S, S); a memory map is read batch by batch.
    batch_size
        Films at a time; changes memory, not results.
    path
        File of the features; its name must tell encoder and films apart from all others.

    Returns
    -------
    numpy.ndarray
        float32, shape (n_films, d), memory-mapped, read only.
    """
    if not path.exists():
        extractor = extract()
        with atomic_path(path) as temporary:
            stored = None
            for start in range(0, len(images), batch_size):
                block = extractor(images[start : start + batch_size])
                if stored is None:
                    shape = (len(images), block.shape[1])
                    stored = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.float32, shape=shape)
                stored[start : start + len(block)] = block
            del stored
    return np.load(path, mmap_mode="r")
