"""Starting from a converted file: what is filled, left out, random or refused; and folders of weights."""

import socket
from argparse import Namespace

import pytest
import torch
from safetensors.torch import save_file

from egma_lib.errors import SettingsError
from egma_lib.models import pretrained_tokenizer
from egma_lib.models.checkpoints import fill_start_weights
from egma_lib.models.pretrained import check_weights_folder, load_hub_model
from egma_lib.settings import ModelSettings

FILE = {
    "image_encoder.backbone.encoder.layers.2.blocks.0.mlp.fc1.bias": 3,
    "image_encoder.backbone.encoder.layers.3.blocks.0.mlp.fc1.bias": 6,
    "image_encoder.backbone.encoder.layers.2.downsample.norm.bias": 6,
    "image_encoder.backbone.layernorm.bias": 6,
    "text_encoder.bert.encoder.layer.0.output.dense.bias": 2,
    "text_encoder.bert.encoder.layer.6.output.dense.bias": 2,
    "image_projection.weight": 5,
    "text_projection.weight": 5,
    "log_logit_scale": 1,
}


class Model(torch.nn.Module):
    """Stands for a dual encoder of other names and sizes; only its tensors are looked at."""

    def __init__(self, sizes):
        super().__init__()
        self.tensors = {name: torch.zeros(size) for name, size in sizes.items()}

    def state_dict(self):
        return self.tensors


def settings(**changes):
    values = {
        "image_encoder": "swin_t", "text_encoder": "bert", "text_weights": "org/model", "text_layers": 12,
    }  # fmt: skip
    return ModelSettings.model_validate(values | changes)


def converted(tmp_path, source="medclip-vit"):
    path = tmp_path / "start.safetensors"
    tensors = {name: torch.ones(size) for name, size in FILE.items()}
    save_file(tensors, path, metadata={"format": "egma-start-weights-1", "source": source})
    return path


def test_a_model_of_the_same_parts_is_filled_whole(tmp_path):
    model = Model(FILE)
    report = fill_start_weights(model, converted(tmp_path), settings())
    assert (report.n_filled, report.left_out, report.random) == (len(FILE), {}, {})
    assert all(bool((values == 1).all()) for values in model.tensors.values())


def test_a_shortened_model_leaves_layers_stage_norm_and_the_pair_of_projections_out(tmp_path):
    sizes = {name: size for name, size in FILE.items() if ".3." not in name and "downsample" not in name}
    del sizes["text_encoder.bert.encoder.layer.6.output.dense.bias"]
    sizes |= {"image_encoder.backbone.layernorm.bias": 3, "image_projection.weight": 4}
    model = Model(sizes)
    report = fill_start_weights(model, converted(tmp_path), settings(text_layers=6, patch_grid=14))
    random = {"image_encoder.backbone.layernorm.bias", "image_projection.weight", "text_projection.weight"}
    assert set(report.random) == random
    assert set(report.left_out) == FILE.keys() - sizes.keys() | random
    assert all(bool((values == (name not in random)).all()) for name, values in model.tensors.items())


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        pytest.param(
            {"text_encoder.bert.encoder.layer.0.output.dense.bias": 3}, r"\(2,\), expected \(3,\)", id="shape"
        ),
        pytest.param({"text_encoder.bert.more": 3}, r"missing text_encoder.bert.more \(3,\)", id="missing"),
        pytest.param({"log_logit_scale": None}, r"unknown log_logit_scale \(1,\)", id="unknown"),
    ],
)
def test_what_is_unaccounted_for_is_refused_and_nothing_is_filled(tmp_path, sizes, message):
    model = Model({name: size for name, size in (FILE | sizes).items() if size is not None})
    with pytest.raises(SettingsError, match=message):
        fill_start_weights(model, converted(tmp_path), settings())
    assert not any(bool(values.any()) for values in model.tensors.values())


@pytest.mark.parametrize(
    ("source", "changes", "message"),
    [
        pytest.param("gloria", {}, "set model.image_encoder=resnet50", id="another_image_encoder"),
        pytest.param(
            "medclip-vit", {"text_encoder": "bert_small"}, "set model.text_encoder=bert", id="small"
        ),
        pytest.param("medclip-vit", {"text_weights": None}, "model.text_weights to", id="no_vocabulary"),
        pytest.param(
            "mgca-vit", {"image_encoder": "vit_b_16"}, "the BERT of mgca-vit has 6 layers", id="more_layers"
        ),
    ],
)
def test_settings_of_other_encoders_are_refused(tmp_path, source, changes, message):
    with pytest.raises(SettingsError, match=message):
        fill_start_weights(Model(FILE), converted(tmp_path, source), settings(**changes))


def test_a_hub_out_of_reach_is_said_at_once_with_the_files_to_fetch(monkeypatch, tmp_path):
    def refuse(address, timeout):
        raise OSError

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr("egma_lib.models.pretrained.getproxies", dict)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    with pytest.raises(
        SettingsError, match=r"config.json, vocab.txt, and model.safetensors or pytorch_model.bin"
    ):
        pretrained_tokenizer(settings(text_weights="nobody/no-such-model"))


def test_a_folder_without_words_and_a_pickle_with_objects_are_refused(tmp_path):
    from transformers import BertConfig, BertModel

    config = BertConfig(
        vocab_size=9, hidden_size=4, num_hidden_layers=1, num_attention_heads=1, intermediate_size=4
    )
    config.save_pretrained(tmp_path)
    state = BertModel(config, add_pooling_layer=False).state_dict()
    torch.save(state, tmp_path / "pytorch_model.bin")
    with pytest.raises(SettingsError, match=r"lacks vocab.txt"):
        check_weights_folder(str(tmp_path), "model.text_weights")
    (tmp_path / "vocab.txt").write_text("[PAD]\n")
    loaded = load_hub_model(BertModel, str(tmp_path), "model.text_weights", config, add_pooling_layer=False)
    assert all(torch.equal(values, state[name]) for name, values in loaded.state_dict().items())
    torch.save(state | {"odd": Namespace(x=1)}, tmp_path / "pytorch_model.bin")
    with pytest.raises(SettingsError, match="never opened"):
        load_hub_model(BertModel, str(tmp_path), "model.text_weights", config, add_pooling_layer=False)
