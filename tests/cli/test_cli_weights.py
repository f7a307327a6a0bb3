"""`egma weights`: conversion from the file as published to a model that starts from it."""

import json
import sys

import pytest
import torch
from typer.testing import CliRunner

from egma_lib import cli
from egma_lib.errors import SettingsError
from egma_lib.models import build_dual_encoder, learn_vocabulary
from egma_lib.settings import ModelSettings


def clip_checkpoint():
    """Return OpenAI's names and shapes of the image encoder ViT-B/16, each filled with its own number."""
    shapes = {"class_embedding": (768,), "positional_embedding": (197, 768), "conv1.weight": (768, 3, 16, 16)}
    shapes |= {f"{norm}.{end}": (768,) for norm in ("ln_pre", "ln_post") for end in ("weight", "bias")}
    shapes["proj"] = (768, 512)
    for block in (f"transformer.resblocks.{layer}." for layer in range(12)):
        shapes |= {f"{block}ln_{n}.{end}": (768,) for n in (1, 2) for end in ("weight", "bias")}
        for part, rows, columns in (
            ("attn.in_proj_", 2304, 768), ("attn.out_proj.", 768, 768),
            ("mlp.c_fc.", 3072, 768), ("mlp.c_proj.", 768, 3072),
        ):  # fmt: skip
            shapes |= {f"{block}{part}weight": (rows, columns), f"{block}{part}bias": (rows,)}
    named = {f"visual.{name}": shape for name, shape in shapes.items()}
    return {name: torch.tensor(n / 256).half().expand(s) for n, (name, s) in enumerate(named.items())}


def test_a_full_size_clip_is_converted_and_starts_a_model(tmp_path):
    published, out = tmp_path / "open_clip.pt", tmp_path / "clip.safetensors"
    tensors = clip_checkpoint()
    wrapped = {f"module.{name}": values for name, values in tensors.items()}
    torch.save({"state_dict": wrapped, "epoch": 3}, published)
    command = ["weights", "convert", str(published), "--source", "clip", "--out", str(out)]
    shown = CliRunner().invoke(cli.app, command, catch_exceptions=False)
    assert "152 tensors, 151 taken over as 199, 1 left behind, 0 unaccounted for" in shown.output
    assert "never used: epoch" in shown.output
    report = json.loads(out.with_suffix(".json").read_text())
    assert report["settings"]["model.image_encoder"] == "clip_vit_b_16"
    assert "visual.proj" in report["ignored"]
    chosen = {
        "image_encoder": "clip_vit_b_16", "start_weights": str(out), "patch_grid": 14,
        "text_width": 16, "text_heads": 2, "text_layers": 1,
    }  # fmt: skip
    tokenizer = learn_vocabulary(["the heart is normal"])
    model = build_dual_encoder(ModelSettings.model_validate(chosen), tokenizer, seed=0, image_size=224)
    layer = model.image_encoder.backbone.encoder.layers[11]
    fused = tensors["visual.transformer.resblocks.11.attn.in_proj_weight"].float()
    torch.testing.assert_close(layer.self_attn.k_proj.weight.detach(), fused[768:1536])
    other = ModelSettings.model_validate(chosen | {"image_encoder": "open_clip_vit_b_16"})
    with pytest.raises(SettingsError, match=r"set model\.image_encoder=clip_vit_b_16"):
        build_dual_encoder(other, tokenizer, seed=0, image_size=224)
    small = ModelSettings.model_validate(chosen | {"patch_grid": 7})
    with pytest.raises(SettingsError, match=r"position_embedding.weight has shape .197, 768., expected .50"):
        build_dual_encoder(small, tokenizer, seed=0, image_size=112)


def test_show_lists_tensors_and_what_they_look_like(tmp_path):
    path = tmp_path / "w.pt"
    torch.save(clip_checkpoint(), path)
    shown = CliRunner().invoke(cli.app, ["weights", "show", str(path)], catch_exceptions=False)
    assert "visual.class_embedding\t(768,)\tfloat16\t1536" in shown.stdout
    assert "152 tensors" in shown.stderr
    assert "looks like clip or open_clip" in shown.stderr


def test_an_unknown_source_is_one_line(tmp_path, monkeypatch, capsys):
    command = [
        "egma",
        "weights",
        "convert",
        "w.pt",
        "--source",
        "x",
        "--out",
        str(tmp_path / "o.safetensors"),
    ]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit):
        cli.main()
    assert "checkpoint source 'x' is unknown; choose one of medclip-vit" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["convert", "show"])
def test_help_has_examples(command):
    shown = CliRunner().invoke(cli.app, ["weights", command, "--help"])
    assert "examples:" in shown.output.lower()
