"""Features of the probe: pooled before the projection, computed once, and the film's own pixels."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tiny_studies import one_step_settings

from egma_lib.evaluation.probe_features import (
    PIXEL_GRID,
    backbone_extractor,
    cached_features,
    pixel_extractor,
)


class TwoPatches(torch.nn.Module):
    """An image encoder of two patches: the mean of the left and of the right half of a film."""

    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(1))
        self.image_encoder = torch.nn.Module()
        self.image_encoder.forward = lambda pixels: torch.stack(
            [half.mean(dim=(2, 3)) for half in pixels.chunk(2, dim=3)], dim=1
        )


def films(n=5, size=32):
    return np.random.default_rng(0).integers(0, 256, (n, size, size), dtype=np.uint8)


def test_features_are_the_mean_over_patches_of_normalised_pixels():
    settings = one_step_settings()
    features = backbone_extractor(TwoPatches(), settings)(films())
    expected = (films().mean(axis=(1, 2)) / 255 - settings.data.pixel_mean) / settings.data.pixel_std
    np.testing.assert_allclose(features, np.repeat(expected[:, None], 3, axis=1), rtol=1e-4)


def test_pixels_are_block_means_in_zero_to_one():
    features = pixel_extractor()(films())
    blocks = films().reshape(5, PIXEL_GRID, 2, PIXEL_GRID, 2).mean(axis=(2, 4)) / 255
    np.testing.assert_allclose(features, blocks.reshape(5, -1), rtol=1e-5)


@pytest.mark.parametrize("batch_size", [1, 2, 5, 64])
def test_batches_change_nothing_and_stored_features_are_not_made_again(tmp_path, batch_size):
    path = tmp_path / "run" / "rsna.npy"
    made = cached_features(pixel_extractor, films(), batch_size, path)
    np.testing.assert_array_equal(made, pixel_extractor()(films()))
    assert made.dtype == np.float32

    def fail():
        raise AssertionError

    again = cached_features(fail, films(), batch_size, path)
    np.testing.assert_array_equal(again, made)
