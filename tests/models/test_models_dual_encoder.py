import math

import pytest
import torch

from egma_lib.errors import DataError, SettingsError
from egma_lib.models import build_dual_encoder, learn_vocabulary
from egma_lib.settings import ModelSettings

SENTENCES = ("there is a small left pleural effusion", "the heart is normal", "no pneumothorax")


@pytest.fixture(scope="module")
def tokenizer():
    return learn_vocabulary(SENTENCES)


def small(**changes):
    values = {
        "image_encoder": "resnet_small",
        "image_channels": (8, 16, 32),
        "embed_dim": 16,
        "text_width": 32,
    }
    return ModelSettings(**{**values, "text_heads": 2, **changes})


@pytest.fixture(scope="module")
def model(tokenizer):
    return build_dual_encoder(small(), tokenizer, seed=0, image_size=112).eval()


@pytest.mark.parametrize(
    ("changes", "image_size", "n_patches"),
    [
        pytest.param({}, 112, 49, id="resnet_small_gives_7x7_at_112"),
        pytest.param({"patch_grid": 14}, 112, 196, id="resnet_small_takes_the_stage_before_for_14x14"),
        pytest.param({"image_encoder": "swin_small"}, 112, 49, id="swin_small_gives_7x7_at_112"),
        pytest.param(
            {"image_encoder": "swin_small", "patch_grid": 14}, 112, 196, id="swin_small_stage_before"
        ),
        pytest.param({"image_encoder": "vit_small"}, 112, 49, id="vit_small_gives_7x7_at_112"),
        pytest.param({"image_encoder": "vit_small"}, 224, 49, id="vit_averages_14x14_to_7x7"),
    ],
)
def test_image_encoders_give_unit_patches_on_the_grid_asked_for(tokenizer, changes, image_size, n_patches):
    model = build_dual_encoder(small(**changes), tokenizer, seed=0, image_size=image_size)
    features = model.encode_images(torch.randn(2, 3, image_size, image_size))
    assert features.patch_features.shape == (2, n_patches, 16)
    assert features.global_features.shape == (2, 16)
    torch.testing.assert_close(features.patch_features.norm(dim=-1), torch.ones(2, n_patches))


def test_a_grid_that_the_encoder_cannot_give_is_refused(tokenizer):
    with pytest.raises(SettingsError, match=r"patch_grid 5.*7 x 7"):
        build_dual_encoder(small(patch_grid=5), tokenizer, seed=0, image_size=112)


def test_patches_run_row_by_row_from_the_top_left(model):
    images = torch.zeros(1, 3, 112, 112)
    marked = images.clone()
    marked[..., :16, 96:] = 3.0
    change = (model.image_encoder(marked) - model.image_encoder(images)).norm(dim=-1).view(7, 7)
    # The receptive field reaches three patches far, so only the nearest corner sees much of the mark.
    assert change[:2, 5:].mean() > 100 * max(change[4:].mean(), change[:, :3].mean())


def test_same_seed_same_weights_and_global_generator_untouched(tokenizer):
    state = torch.get_rng_state()
    first, second, other = (
        build_dual_encoder(small(), tokenizer, seed, 112).state_dict() for seed in (1, 1, 2)
    )
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


def test_padding_does_not_change_a_sentence(model):
    alone = model.encode_texts([SENTENCES[2]]).mapped[0]
    beside = model.encode_texts(list(SENTENCES)).mapped[2]
    torch.testing.assert_close(alone, beside, atol=1e-6, rtol=1e-5)


def test_global_features_are_unit_means_of_mapped_vectors(model):
    images = torch.randn(2, 3, 112, 112)
    mapped = model.image_projection(model.image_encoder(images))
    expected = torch.stack([v.mean(dim=0) / v.mean(dim=0).norm() for v in mapped])
    torch.testing.assert_close(model.encode_images(images).global_features, expected)

    mapped = torch.tensor([[[3.0, 0.0], [0.0, 4.0], [9.0, 9.0]]])
    report = model.report_features(mapped, torch.tensor([[True, True, False]]))
    torch.testing.assert_close(report, torch.tensor([[0.6, 0.8]]))


def test_logit_scale_starts_at_the_inverse_temperature_and_is_capped(tokenizer):
    model = build_dual_encoder(small(), tokenizer, seed=0, image_size=112)
    assert model.logit_scale.item() == pytest.approx(1 / 0.07)
    with torch.no_grad():
        model.log_logit_scale.fill_(9.0)
    assert model.logit_scale.item() == 100.0
    model.cap_logit_scale()
    assert model.log_logit_scale.item() == pytest.approx(math.log(100))


def test_projections_have_no_bias(model):
    assert model.image_projection.bias is None
    assert model.text_projection.bias is None


@pytest.mark.parametrize(
    "texts", [pytest.param([], id="no_text"), pytest.param(["clear lungs", "  "], id="an_empty_text")]
)
def test_nothing_to_encode_is_an_error(model, texts):
    with pytest.raises(DataError, match="texts to encode"):
        model.encode_texts(texts)


def test_pooling_over_padding_changes_the_feature(tokenizer):
    masked = build_dual_encoder(small(), tokenizer, seed=0, image_size=112).eval()
    padded = build_dual_encoder(small(pool_padding=True), tokenizer, seed=0, image_size=112).eval()
    first, second = (m.encode_texts([SENTENCES[1]]).mapped for m in (masked, padded))
    assert not torch.allclose(first, second, atol=1e-3)
