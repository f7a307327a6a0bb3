import pytest
import torch
from torch import nn

from egma_lib.errors import ArtefactError, SettingsError
from egma_lib.models import build_dual_encoder, learn_vocabulary, pretrained_tokenizer
from egma_lib.models.weights import load_weights, save_weights
from egma_lib.settings import ModelSettings


def network(width=3):
    return nn.Sequential(nn.Linear(2, width), nn.BatchNorm1d(width))


@pytest.fixture(scope="module")
def tokenizer():
    return learn_vocabulary(["the heart is normal"])


def settings(**changes):
    values = {
        "image_encoder": "resnet_small",
        "image_channels": (8, 16, 32),
        "embed_dim": 8,
        "text_width": 16,
    }
    return ModelSettings(**{**values, "text_heads": 2, "text_layers": 1, **changes})


def test_weights_read_back_the_same(tmp_path):
    first, second = network(), network()
    load_weights(second, save_weights(first, tmp_path / "w.safetensors"))
    assert all(
        torch.equal(a, b)
        for a, b in zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    )


def test_what_does_not_fit_is_listed(tmp_path):
    path = save_weights(nn.Sequential(nn.Linear(2, 4)), tmp_path / "w.safetensors")
    with pytest.raises(ArtefactError) as error:
        load_weights(network(), path)
    assert "missing 1.weight (3,)" in str(error.value)
    assert "0.weight has shape (4, 2), expected (3, 2)" in str(error.value)


def test_missing_and_damaged_files_are_named(tmp_path):
    with pytest.raises(ArtefactError, match="no such weights"):
        load_weights(network(), tmp_path / "w.safetensors")
    (tmp_path / "w.safetensors").write_bytes(b"half")
    with pytest.raises(ArtefactError, match="not a safetensors file"):
        load_weights(network(), tmp_path / "w.safetensors")


def test_bert_loads_from_a_local_folder_with_fewer_layers(tmp_path, tokenizer):
    from transformers import BertConfig, BertModel

    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        num_hidden_layers=3,
        num_attention_heads=2,
        intermediate_size=32,
    )
    stored = BertModel(config)
    stored.save_pretrained(tmp_path)
    tokenizer.save_pretrained(str(tmp_path))
    chosen = settings(text_encoder="bert", text_weights=str(tmp_path), text_layers=2)
    model = build_dual_encoder(chosen, pretrained_tokenizer(chosen), seed=0, image_size=112)
    ours = model.text_encoder.bert.state_dict()
    assert len(model.text_encoder.bert.encoder.layer) == 2
    assert all(torch.equal(value, stored.state_dict()[name]) for name, value in ours.items())
    with pytest.raises(SettingsError, match="has 3 layers"):
        build_dual_encoder(chosen.model_copy(update={"text_layers": 4}), tokenizer, 0, 112)


def test_swin_loads_from_a_local_folder_whole_or_without_its_last_stage(tmp_path, tokenizer):
    from transformers import SwinConfig, SwinModel

    SwinModel(SwinConfig(image_size=224)).save_pretrained(tmp_path)
    for grid, channels in ((7, 768), (14, 384)):
        chosen = settings(image_encoder="swin_t", image_weights=str(tmp_path), patch_grid=grid)
        model = build_dual_encoder(chosen, tokenizer, seed=0, image_size=224)
        assert model.image_encoder.channels == channels
        stored = SwinModel.from_pretrained(tmp_path).state_dict()
        name = "encoder.layers.2.blocks.5.attention.o_proj.weight"
        ours = model.image_encoder.backbone.state_dict()
        shared = [
            n
            for n in ours
            if n in stored and not n.startswith("layernorm") and "relative_position_index" not in n
        ]
        assert len(shared) > 100
        assert all(torch.equal(ours[n], stored[n]) for n in shared), name


@pytest.mark.parametrize(
    ("image_encoder", "grid", "channels"),
    [
        pytest.param("resnet50", 7, 2048, id="resnet50_last_stage"),
        pytest.param("resnet50", 14, 1024, id="resnet50_stage_before"),
        pytest.param("vit_b_16", 14, 768, id="vit_b_16_own_grid"),
        pytest.param("vit_b_16", 7, 768, id="vit_b_16_averaged"),
    ],
)
def test_torchvision_encoders(tokenizer, image_encoder, grid, channels):
    chosen = settings(image_encoder=image_encoder, patch_grid=grid)
    model = build_dual_encoder(chosen, tokenizer, seed=0, image_size=224).eval()
    with torch.no_grad():
        features = model.encode_images(torch.zeros(1, 3, 224, 224))
    assert features.patch_features.shape == (1, grid**2, 8)
    assert model.image_encoder.channels == channels


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param(
            {"image_weights": "x.pth"}, "resnet_small has no pretrained weights", id="small_with_weights"
        ),
        pytest.param(
            {"image_encoder": "resnet50", "image_weights": "no.pth"},
            "is not a file",
            id="torchvision_without_file",
        ),
        pytest.param(
            {"image_encoder": "swin_t", "image_weights": "./nowhere"}, "not a folder", id="no_folder"
        ),
        pytest.param(
            {"text_encoder": "bert", "text_weights": "/tmp"}, "lacks config.json", id="empty_folder"
        ),
    ],
)
def test_weights_that_cannot_be_had_are_refused(tokenizer, changes, words):
    with pytest.raises(SettingsError, match=words):
        build_dual_encoder(settings(**changes), tokenizer, seed=0, image_size=112)


def test_an_unreachable_hub_says_how_to_get_the_weights(tokenizer, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    chosen = settings(text_encoder="bert", text_weights="emilyalsentzer/Bio_ClinicalBERT")
    with pytest.raises(SettingsError, match=r"hf download emilyalsentzer/Bio_ClinicalBERT --local-dir DIR"):
        build_dual_encoder(chosen, tokenizer, seed=0, image_size=112)
    with pytest.raises(SettingsError, match=r"model\.text_weights=DIR"):
        pretrained_tokenizer(chosen)
