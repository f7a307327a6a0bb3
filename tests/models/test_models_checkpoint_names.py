"""Full-size checkpoints by names and shapes, written down apart from the tables: all is accounted for."""

import pytest
import torch

from egma_lib.models.checkpoints import convert_tensors, guess_source
from egma_lib.models.checkpoints.convert import expected_shapes
from egma_lib.models.checkpoints.sources import unwrapped


def shared_zeros(shapes):
    """Return tensors of full shape that take no memory."""
    return {name: torch.zeros(()).expand(shape) for name, shape in shapes.items()}


def bert_shapes(layers):
    from transformers import BertConfig, BertModel

    with torch.device("meta"):
        model = BertModel(BertConfig(vocab_size=28996, num_hidden_layers=layers))
    return {name: tuple(v.shape) for name, v in model.state_dict().items()} | {
        "embeddings.position_ids": (1, 512)
    }


def resnet_shapes():
    from torchvision.models import resnet50

    with torch.device("meta"):
        return {name: tuple(values.shape) for name, values in resnet50().state_dict().items()}


def swin_shapes():
    """Return the names of transformers 4 for Swin-T."""
    shapes = {"embeddings.patch_embeddings.projection.weight": (96, 3, 4, 4)}
    for name in (
        "embeddings.patch_embeddings.projection.bias",
        "embeddings.norm.weight",
        "embeddings.norm.bias",
    ):
        shapes[name] = (96,)
    for stage, (blocks, heads) in enumerate(zip((2, 2, 6, 2), (3, 6, 12, 24), strict=True)):
        width = 96 * 2**stage
        for block in (f"encoder.layers.{stage}.blocks.{n}." for n in range(blocks)):
            for part, out, into in (
                ("attention.self.query", 1, 1), ("attention.self.key", 1, 1), ("attention.self.value", 1, 1),
                ("attention.output.dense", 1, 1), ("intermediate.dense", 4, 1), ("output.dense", 1, 4),
            ):  # fmt: skip
                shapes[f"{block}{part}.weight"] = (out * width, into * width)
                shapes[f"{block}{part}.bias"] = (out * width,)
            for norm in ("before", "after"):
                shapes |= {f"{block}layernorm_{norm}.{end}": (width,) for end in ("weight", "bias")}
            shapes[f"{block}attention.self.relative_position_bias_table"] = (169, heads)
            shapes[f"{block}attention.self.relative_position_index"] = (49, 49)
        if stage < 3:
            down = f"encoder.layers.{stage}.downsample."
            shapes[f"{down}reduction.weight"] = (2 * width, 4 * width)
            shapes |= {f"{down}norm.{end}": (4 * width,) for end in ("weight", "bias")}
    return shapes | {"layernorm.weight": (768,), "layernorm.bias": (768,)}


def under(prefix, shapes):
    return {f"{prefix}{name}": shape for name, shape in shapes.items()}


def medclip_text():
    return under("text_model.model.", bert_shapes(12)) | {
        "text_model.projection_head.weight": (512, 768),
        "logit_scale": (),
    }


def medclip_vit():
    vision = under("vision_model.model.", swin_shapes())
    return vision | {"vision_model.projection_head.weight": (512, 768)} | medclip_text()


def medclip_resnet50():
    shapes = under("vision_model.model.", resnet_shapes()) | {"vision_model.model.fc.weight": (512, 2048)}
    del shapes["vision_model.model.fc.bias"]
    return shapes | medclip_text()


def gloria():
    image = {name: shape for name, shape in resnet_shapes().items() if not name.startswith("fc.")}
    shapes = under("img_encoder.model.", image) | under("text_encoder.model.", bert_shapes(12))
    shapes |= {"img_encoder.global_embedder.weight": (768, 2048), "img_encoder.global_embedder.bias": (768,)}
    return under("gloria.", shapes | {"img_encoder.local_embedder.weight": (768, 1024, 1, 1)})


def mgca_resnet50():
    image = {name: shape for name, shape in resnet_shapes().items() if not name.startswith("fc.")}
    text = {name: shape for name, shape in bert_shapes(6).items() if not name.startswith("pooler.")}
    text["encoder.layer.5.crossattention.self.query.weight"] = (768, 768)
    shapes = under("img_encoder_q.model.", image) | under("text_encoder_q.model.", text)
    heads = {"global_embed.head.0.weight": (2048, 2048), "local_embed.head.1.running_mean": (2048,)}
    shapes |= under("img_encoder_q.", heads) | under("text_encoder_q.", heads)
    return shapes | {
        "patch_local_atten_layer.in_proj_weight": (384, 128),
        "prototype_layer.weight": (500, 128),
    }


def mgca_vit():
    """Return timm's names of ViT-B/16 in place of the ResNet."""
    shapes = {name: shape for name, shape in mgca_resnet50().items() if "img_encoder_q.model." not in name}
    image = {
        "cls_token": (1, 1, 768),
        "pos_embed": (1, 197, 768),
        "patch_embed.proj.weight": (768, 3, 16, 16),
    }
    image |= dict.fromkeys(("norm.weight", "norm.bias", "patch_embed.proj.bias"), (768,))
    for block in (f"blocks.{layer}." for layer in range(12)):
        image |= {f"{block}norm{n}.{end}": (768,) for n in (1, 2) for end in ("weight", "bias")}
        for part, rows, columns in (
            ("attn.qkv", 2304, 768), ("attn.proj", 768, 768), ("mlp.fc1", 3072, 768), ("mlp.fc2", 768, 3072),
        ):  # fmt: skip
            image |= {f"{block}{part}.weight": (rows, columns), f"{block}{part}.bias": (rows,)}
    return shapes | under("img_encoder_q.model.", image)


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        pytest.param("medclip-vit", medclip_vit, id="medclip_vit"),
        pytest.param("medclip-resnet50", medclip_resnet50, id="medclip_resnet50"),
        pytest.param("gloria", gloria, id="gloria"),
        pytest.param("mgca-vit", mgca_vit, id="mgca_vit"),
        pytest.param("mgca-resnet50", mgca_resnet50, id="mgca_resnet50"),
    ],
)
def test_a_full_size_checkpoint_is_recognised_and_all_accounted_for(name, shapes):
    tensors = shared_zeros(shapes())
    source = guess_source(tensors, "w.bin")
    assert source.name == name
    names = unwrapped(list(tensors), source.wrapper)
    state = dict(zip(names, tensors.values(), strict=True))
    expected = expected_shapes(source)
    written, ignored = convert_tensors(source, state, expected, "w.bin")
    assert len(written) + len(ignored) == len(state)
    assert expected.keys() - written.keys() == set(source.stays_random)
