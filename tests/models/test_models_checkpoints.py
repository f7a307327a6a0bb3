"""Foreign checkpoints: every tensor accounted for, the same function after conversion, bad files refused."""

from argparse import Namespace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from egma_lib.errors import DataError, SettingsError
from egma_lib.models.checkpoints import SOURCES, convert_tensors, guess_source, read_checkpoint
from egma_lib.models.checkpoints.architectures import CLIP_VIT, RESNET, SWIN, TIMM_VIT
from egma_lib.models.checkpoints.convert import expected_shapes


def renamed(rows, tensors):
    """Return tensors under the names that a table gives them; nothing may be left over."""
    found = {}
    for name, values in tensors.items():
        targets = [(row.new_name(name), row.change) for row in rows if row.new_name(name)]
        assert targets, name
        found |= {new: change(values) if change else values for new, change in targets}
    return found


def test_swin_is_the_same_function_under_its_old_names(tmp_path):
    from safetensors.torch import load_file
    from transformers import SwinConfig, SwinModel

    torch.manual_seed(0)
    config = SwinConfig(embed_dim=12, depths=[1, 1], num_heads=[1, 2], image_size=56)
    source = SwinModel(config, add_pooling_layer=False).eval()
    source.save_pretrained(tmp_path)
    stored = load_file(tmp_path / "model.safetensors")  # transformers writes the names of before version 5
    assert any("attention.self.query" in name for name in stored)
    ours = SwinModel(config, add_pooling_layer=False).eval()
    ours.load_state_dict(renamed(SWIN, stored))
    images = torch.randn(1, 3, 56, 56)
    torch.testing.assert_close(ours(images).last_hidden_state, source(images).last_hidden_state)


def test_resnet_is_the_same_function_as_a_chain_of_its_parts():
    from torchvision.models.resnet import Bottleneck, ResNet

    def tiny():
        return ResNet(Bottleneck, [1, 1, 1, 1]).eval()

    source, other = tiny(), tiny()
    parts = (other.conv1, other.bn1, other.relu, other.maxpool)
    chain = nn.Sequential(*parts, other.layer1, other.layer2, other.layer3, other.layer4).eval()
    state = {name: values for name, values in source.state_dict().items() if not name.startswith("fc.")}
    chain.load_state_dict(renamed(RESNET, state))
    images = torch.randn(1, 3, 64, 64)
    torch.testing.assert_close(source.fc(chain(images).mean(dim=(2, 3))), source(images))


class Block(nn.Module):
    """A pre-norm block, its parts named as timm or CLIP name them."""

    def __init__(self, width, names, activation):
        super().__init__()
        first, attention, second, mlp, up, down = names
        self.add_module(first, nn.LayerNorm(width, eps=1e-6))
        self.add_module(second, nn.LayerNorm(width, eps=1e-6))
        self.add_module(attention, nn.MultiheadAttention(width, 2, batch_first=True))
        self.add_module(
            mlp, nn.ModuleDict({up: nn.Linear(width, 4 * width), down: nn.Linear(4 * width, width)})
        )
        self.names, self.activation = names, activation

    def forward(self, x):
        first, attention, second, mlp, up, down = (getattr(self, n, n) for n in self.names)
        y = first(x)
        x = x + attention(y, y, y, need_weights=False)[0]
        return x + mlp[down](self.activation(mlp[up](second(x))))


def test_a_timm_vit_is_the_same_function_in_torchvision():
    from torchvision.models import VisionTransformer

    torch.manual_seed(0)
    block = Block(16, ("norm1", "attn", "norm2", "mlp", "fc1", "fc2"), F.gelu)
    patches, norm = nn.Conv2d(3, 16, 16, 16), nn.LayerNorm(16, eps=1e-6)
    cls_token, pos_embed = torch.randn(1, 1, 16), torch.randn(1, 5, 16)
    state = {"cls_token": cls_token, "pos_embed": pos_embed}
    state |= {f"patch_embed.proj.{name}": v for name, v in patches.state_dict().items()}
    for name, values in block.state_dict().items():
        timm = name.replace("in_proj_", "qkv.").replace("out_proj", "proj")
        state[f"blocks.0.{timm}"] = values
    state |= {f"norm.{name}": v for name, v in norm.state_dict().items()}
    ours = VisionTransformer(32, 16, 1, 2, 16, 64).eval()
    ours.heads = nn.Identity()
    ours.load_state_dict(renamed(TIMM_VIT, state))
    images = torch.randn(2, 3, 32, 32)
    tokens = torch.cat([cls_token.expand(2, -1, -1), patches(images).flatten(2).mT], dim=1)
    expected = norm(block(tokens + pos_embed))[:, 0]
    torch.testing.assert_close(ours(images), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "activation"),
    [
        pytest.param("quick_gelu", lambda x: x * torch.sigmoid(1.702 * x), id="openai"),
        pytest.param("gelu", F.gelu, id="open_clip"),
    ],
)
def test_a_clip_vit_is_the_same_function_in_transformers(name, activation):
    from transformers import CLIPVisionConfig, CLIPVisionModel

    from egma_lib.models.clip_backbone import clip_map

    torch.manual_seed(0)
    block = Block(16, ("ln_1", "attn", "ln_2", "mlp", "c_fc", "c_proj"), activation)
    before, after = nn.LayerNorm(16), nn.LayerNorm(16)
    patches = nn.Conv2d(3, 16, 16, 16, bias=False)
    state = {"class_embedding": torch.randn(16), "positional_embedding": torch.randn(5, 16)}
    state["conv1.weight"] = patches.weight.detach()
    state |= {f"ln_pre.{n}": v for n, v in before.state_dict().items()}
    state |= {f"ln_post.{n}": v for n, v in after.state_dict().items()}
    state |= {f"transformer.resblocks.0.{n}": v for n, v in block.state_dict().items()}
    config = CLIPVisionConfig(
        image_size=32, patch_size=16, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=64, hidden_act=name, layer_norm_eps=1e-6,
    )  # fmt: skip
    before.eps = after.eps = 1e-6
    ours = CLIPVisionModel(config).eval()
    ours.load_state_dict(renamed(CLIP_VIT, state))
    images = torch.randn(2, 3, 32, 32)
    tokens = patches(images).flatten(2).mT
    tokens = torch.cat([state["class_embedding"].expand(2, 1, -1), tokens], dim=1)
    expected = after(block(before(tokens + state["positional_embedding"])))[:, 1:]
    found = clip_map(ours, images).flatten(2).mT
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def clip_checkpoint(layers=12):
    """Return names and shapes of CLIP ViT-B/16's image encoder, all values one zero that is shared."""
    shapes = {"class_embedding": (768,), "positional_embedding": (197, 768), "conv1.weight": (768, 3, 16, 16)}
    shapes |= {f"{norm}.{end}": (768,) for norm in ("ln_pre", "ln_post") for end in ("weight", "bias")}
    shapes["proj"] = (768, 512)
    for layer in range(layers):
        block = f"transformer.resblocks.{layer}."
        shapes |= {f"{block}ln_{n}.{end}": (768,) for n in (1, 2) for end in ("weight", "bias")}
        shapes |= {f"{block}attn.in_proj_weight": (2304, 768), f"{block}attn.in_proj_bias": (2304,)}
        shapes |= {f"{block}attn.out_proj.weight": (768, 768), f"{block}attn.out_proj.bias": (768,)}
        shapes |= {f"{block}mlp.c_fc.weight": (3072, 768), f"{block}mlp.c_fc.bias": (3072,)}
        shapes |= {f"{block}mlp.c_proj.weight": (768, 3072), f"{block}mlp.c_proj.bias": (768,)}
    names = {f"visual.{name}": torch.zeros((), dtype=torch.float16).expand(s) for name, s in shapes.items()}
    return names | {"logit_scale": torch.zeros(()), "text_projection": torch.zeros(512, 512)}


def test_all_of_a_full_size_clip_is_accounted_for():
    source = SOURCES["clip"]
    written, ignored = convert_tensors(source, clip_checkpoint(), expected_shapes(source), "clip.pt")
    assert set(ignored) == {"visual.proj", "logit_scale", "text_projection"}
    assert len(written) == 7 + 12 * 16


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"visual.odd": torch.zeros(3)}, r"unmatched visual.odd \(3,\)", id="unmatched"),
        pytest.param({"visual.ln_pre.bias": torch.zeros(3)}, r"shape \(3,\), expected \(768,\)", id="shape"),
        pytest.param({"visual.ln_pre.bias": None}, "missing .*pre_layrnorm.bias", id="missing"),
    ],
)
def test_a_tensor_that_is_unaccounted_for_stops_the_conversion(change, message):
    tensors = {name: values for name, values in (clip_checkpoint() | change).items() if values is not None}
    with pytest.raises(DataError, match=message):
        convert_tensors(SOURCES["clip"], tensors, expected_shapes(SOURCES["clip"]), "clip.pt")


def test_the_activation_of_clip_is_never_guessed_and_its_resnet_refused():
    with pytest.raises(DataError, match="does not say which activation"):
        guess_source(clip_checkpoint(), "clip.pt")
    with pytest.raises(DataError, match="attention pool"):
        guess_source(["visual.attnpool.q_proj.weight"], "rn50.pt")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "0 bytes", id="empty"),
        pytest.param(b"version https://git-lfs.github.com/spec/v1", "git-lfs pointer", id="lfs_pointer"),
        pytest.param(b"<!DOCTYPE html><html>", "web page", id="web_page"),
        pytest.param(b"PK\x03\x04half", "cut off or damaged", id="cut_off"),
        pytest.param(b"not a checkpoint", "no file that PyTorch wrote", id="text"),
    ],
)
def test_what_is_no_checkpoint_is_named(tmp_path, content, message):
    path = tmp_path / "w.pt"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_checkpoint(path)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_a_pickle_with_objects_is_refused_and_says_what_to_do(tmp_path, zipped):
    path = tmp_path / "w.ckpt"
    content = {"state_dict": {"a": torch.zeros(2)}, "hyper_parameters": Namespace(x=1)}
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(DataError, match=r"argparse.Namespace.*docs/weights.md"):
        read_checkpoint(path)
    del content["hyper_parameters"]
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    assert list(read_checkpoint(path).tensors) == ["a"]


def test_a_start_file_that_was_not_converted_is_refused(tmp_path):
    from egma_lib.models import build_dual_encoder, learn_vocabulary
    from egma_lib.models.weights import save_weights
    from egma_lib.settings import ModelSettings

    path = save_weights(nn.Linear(2, 2), tmp_path / "w.safetensors")
    chosen = ModelSettings(image_encoder="resnet_small", image_channels=(8, 16, 32), start_weights=str(path))
    with pytest.raises(SettingsError, match="egma weights convert"):
        build_dual_encoder(chosen, learn_vocabulary(["the heart"]), seed=0, image_size=112)
