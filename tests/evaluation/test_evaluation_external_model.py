"""Finished models: what they get, what becomes of their features, and one clear error for each fault."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch
from torch import nn

from egma_lib.errors import DataError, SettingsError
from egma_lib.evaluation.encode import encode_images, encode_prompts
from egma_lib.evaluation.external_model import ExternalModel, adapt_model, fingerprint, load_model
from egma_lib.settings import load_settings

CPU = torch.device("cpu")


class Corners:
    """Features that can be worked out by hand: the grey values of the four corners, in reading order."""

    def encode_image(self, images):
        return images[:, 0, ::7, ::7].flatten(1)

    def encode_text(self, texts):
        return torch.tensor([[3.0, 0, 4, 0] for _ in texts])

    def encode_patches(self, images):
        return images[:, 0, ::7, ::7].flatten(1)[:, :, None] * torch.tensor([0.0, 0, 2, 0])


class Pooled:
    encode_image = Corners.encode_image
    encode_text = Corners.encode_text


@pytest.fixture
def data_settings():
    return load_settings("smoke", {"data.pixel_mean": 0.0, "data.pixel_std": 1.0}).data


@pytest.fixture
def film():
    """One film of 8 x 8 pixels with the corners 0, 51, 102 and 255."""
    image = np.zeros((1, 8, 8), np.uint8)
    image[0, 0, 7], image[0, 7, 0], image[0, 7, 7] = 51, 102, 255
    return image


def test_features_are_scaled_to_unit_length_and_patches_keep_their_order(data_settings, film):
    adapted = adapt_model(Corners(), 8, CPU)
    encoded = encode_images(adapted, film, data_settings)
    length = (0.2**2 + 0.4**2 + 1) ** 0.5
    assert encoded.global_features[0] == pytest.approx(np.array([0, 0.2, 0.4, 1]) / length)
    assert encoded.patch_features.shape == (1, 4, 4)
    assert encoded.patch_features[0, :, 2] == pytest.approx([0, 1, 1, 1])
    assert encode_prompts(adapted, ["a", "b"]) == pytest.approx(np.array([[0.6, 0, 0.8, 0]] * 2))
    assert adapted.patch_grid == 2


def test_pooled_features_stay_as_they_are():
    images = torch.full((2, 3, 8, 8), 0.5)
    assert adapt_model(Corners(), 8, CPU).pooled_features(images).tolist() == [[0.5] * 4] * 2


def test_without_patches_every_patch_feature_is_nan(data_settings, film):
    adapted = adapt_model(Pooled(), 8, CPU)
    encoded = encode_images(adapted, film, data_settings)
    assert adapted.patch_grid is None
    assert np.isnan(encoded.patch_features).all()
    assert np.isfinite(encoded.global_features).all()


def test_a_module_is_put_into_evaluation_mode():
    class Dropping(nn.Module):
        def __init__(self):
            super().__init__()
            self.drop = nn.Dropout(0.9)

        def encode_image(self, images):
            return self.drop(images[:, 0].flatten(1))

        def encode_text(self, texts):
            return torch.ones(len(texts), 64)

    adapted = adapt_model(Dropping().train(), 8, CPU)
    assert adapted.pooled_features(torch.ones(1, 3, 8, 8)).tolist() == [[1.0] * 64]


def faulty(**methods):
    """A model whose methods return what is given, whatever they get."""
    made = {name: (lambda self, given, returned=returned: returned) for name, returned in methods.items()}
    whole = {"encode_image": Corners.encode_image, "encode_text": Corners.encode_text}
    return type("Faulty", (), whole | made)()


@pytest.mark.parametrize(
    ("methods", "message"),
    [
        pytest.param(
            {"encode_image": np.ones((2, 4))}, "encode_image returned a ndarray, expected a torch.Tensor",
            id="not_a_tensor",
        ),
        pytest.param(
            {"encode_image": torch.ones(2, 4, 1)}, r"encode_image returned shape \(2, 4, 1\) for 2 images",
            id="an_axis_too_many",
        ),
        pytest.param(
            {"encode_image": torch.ones(1, 4)}, r"encode_image returned shape \(1, 4\) for 2 images",
            id="an_image_too_few",
        ),
        pytest.param(
            {"encode_text": torch.ones(3, 4)}, r"encode_text returned shape \(3, 4\) for 2 texts",
            id="a_text_too_many",
        ),
        pytest.param(
            {"encode_text": torch.ones(2, 5)}, r"returned shape \(2, 5\) for 2 texts, expected \(2, 4\)",
            id="text_of_another_width",
        ),
        pytest.param(
            {"encode_image": torch.full((2, 4), torch.nan)}, "encode_image returned values that are not",
            id="image_not_finite",
        ),
        pytest.param(
            {"encode_text": torch.full((2, 4), torch.inf)}, "encode_text returned values that are not",
            id="text_not_finite",
        ),
        pytest.param(
            {"encode_patches": torch.ones(2, 5, 4)}, "encode_patches returned 5 patches, which is no square",
            id="patches_with_a_class_token",
        ),
        pytest.param(
            {"encode_patches": torch.ones(2, 4, 3)}, r"encode_patches returned shape \(2, 4, 3\)",
            id="patches_of_another_width",
        ),
    ],
)  # fmt: skip
def test_a_fault_shows_in_the_trial(methods, message):
    with pytest.raises(DataError, match=message):
        adapt_model(faulty(**methods), 8, CPU)


def test_a_fault_after_the_trial_is_found_too():
    adapted = ExternalModel(faulty(encode_text=torch.ones(2, 4)), 4, None)
    with pytest.raises(DataError, match=r"encode_text returned shape \(2, 4\) for 3 texts"):
        adapted.encode_texts(["a", "b", "c"])


@pytest.fixture
def module(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)

    def write(text):
        (tmp_path / "made_up_model.py").write_text(text, encoding="utf-8")

    yield write
    sys.modules.pop("made_up_model", None)


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        pytest.param("made_up_model", "expected module:factory", id="no_factory_named"),
        pytest.param("made_up_model:", "expected module:factory", id="factory_empty"),
        pytest.param("no_such_module:load", "module 'no_such_module' cannot be imported", id="no_module"),
        pytest.param("made_up_model:lode", "has no function 'lode'", id="factory_missing"),
        pytest.param("made_up_model:number", "has no function 'number'", id="factory_not_callable"),
        pytest.param("made_up_model:dict", r"returned a dict without encode_image and", id="methods"),
    ],
)
def test_a_model_that_cannot_be_loaded_says_why(module, reference, message):
    module("number = 1\ndict = dict\n")
    with pytest.raises(SettingsError, match=message):
        load_model(reference)


def test_a_module_with_a_missing_import_names_it(module):
    module("import not_installed_anywhere\n")
    with pytest.raises(SettingsError, match="No module named 'not_installed_anywhere'"):
        load_model("made_up_model:load")


MODEL = """
import torch


class Model:
    scale = 1.0

    def encode_image(self, images):
        return self.scale * images[:, 0, :1, :4].flatten(1)

    def encode_text(self, texts):
        return torch.ones(len(texts), 4)


class Shifted(Model):
    def encode_image(self, images):
        return super().encode_image(images) + 1
"""


def test_the_fingerprint_tells_models_and_code_apart(module):
    module(MODEL)

    def of(reference):
        return fingerprint(adapt_model(load_model(reference), 8, CPU), reference, 8)

    first = of("made_up_model:Model")
    assert first == of("made_up_model:Model")
    assert first != of("made_up_model:Shifted")
    module("# A comment changes nothing.\n" + MODEL)
    assert first == of("made_up_model:Model")
    module(MODEL + "\nOTHER = 2\n")
    assert first != of("made_up_model:Model")
