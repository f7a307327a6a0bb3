"""Starting a new dual encoder from a converted checkpoint, with an account of every tensor."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from egma_lib.errors import SettingsError
from egma_lib.models.checkpoints.convert import FORMAT, reason_to_stay_random
from egma_lib.models.checkpoints.read import read_checkpoint
from egma_lib.models.checkpoints.sources import SOURCES
from egma_lib.models.checkpoints.table import Source
from egma_lib.settings import ModelSettings

PROJECTIONS = ("image_projection.weight", "text_projection.weight")
_LAST_STAGE = r"image_encoder\.backbone\.(encoder\.layers\.3|encoder\.layers\.2\.downsample|7)\..*"
_SWIN_NORM = r"image_encoder\.backbone\.layernorm\.(weight|bias)"
_BERT_LAYER = r"text_encoder\.bert\.encoder\.layer\.(\d+)\..*"


@dataclass(frozen=True)
class StartReport:
    """What became of every tensor of the model and of the file.

    Attributes
    ----------
    source
        Name of the source.
    n_filled
        Tensors of the model that the file filled.
    left_out
        Names of the file that the model has no place for, each with the reason.
    random
        Names of the model that the file did not fill, each with the reason.
    """

    source: str
    n_filled: int
    left_out: Mapping[str, str]
    random: Mapping[str, str]


@torch.no_grad()
def fill_start_weights(model: nn.Module, path: Path, settings: ModelSettings) -> StartReport:
    """Fill a new dual encoder from a file that `egma weights convert` wrote.

    Two projections are filled together or not at all: one alone maps into a space that the other does not
    know.

    Parameters
    ----------
    model
        A `DualEncoder` of these settings.
    path
        The converted file.
    settings
        Decide which layers the model keeps.

    Raises
    ------
    DataError
        The file cannot be read.
    SettingsError
        The file was not written by the conversion, is for another encoder, or a tensor of it or of the model
        is unaccounted for: lists them.
    """
    checkpoint = read_checkpoint(path)
    if checkpoint.metadata.get("format") != FORMAT or checkpoint.metadata.get("source") not in SOURCES:
        raise SettingsError(
            f"model.start_weights {path}: make it with `egma weights convert FILE --out {path.name}`"
        )
    source = SOURCES[checkpoint.metadata["source"]]
    _check_encoders(source, path, settings)
    own = model.state_dict()
    tensors = dict(checkpoint.tensors)
    left_out = _left_out(tensors, own, settings)
    fitting = {name: values for name, values in tensors.items() if name not in left_out}
    random = {}
    for name in own.keys() - fitting.keys():
        reason = left_out.get(name) or reason_to_stay_random(source, name)
        if reason:
            random[name] = reason
    _check_complete(fitting, own, random, path)
    for name, values in fitting.items():
        own[name].copy_(values)
    return StartReport(source.name, len(fitting), left_out, dict(sorted(random.items())))


def _check_encoders(source: Source, path: Path, settings: ModelSettings) -> None:
    """Refuse settings that name other encoders than the file's."""
    if settings.image_encoder != source.image_encoder:
        raise SettingsError(
            f"model.start_weights {path} holds the image encoder of {source.name}; set "
            f"model.image_encoder={source.image_encoder} (now {settings.image_encoder})"
        )
    if source.text_layers and (settings.text_encoder != "bert" or settings.text_weights is None):
        raise SettingsError(
            f"model.start_weights {path} holds a BERT with the vocabulary of Bio_ClinicalBERT; set "
            "model.text_encoder=bert and model.text_weights to that model's folder or hub name"
        )
    if 0 < source.text_layers < settings.text_layers:
        raise SettingsError(
            f"model.text_layers {settings.text_layers}: the BERT of {source.name} has {source.text_layers} "
            "layers"
        )


def _left_out(
    tensors: Mapping[str, Tensor], own: Mapping[str, Tensor], settings: ModelSettings
) -> dict[str, str]:
    """Return the names of the file that a model of these settings does not take, with the reasons."""
    reasons: dict[str, str] = {}
    for name in tensors.keys() - own.keys():
        layer = re.fullmatch(_BERT_LAYER, name)
        if layer and int(layer[1]) >= settings.text_layers:
            reasons[name] = f"model.text_layers keeps {settings.text_layers} layers"
        elif re.fullmatch(_LAST_STAGE, name):
            reasons[name] = f"model.patch_grid {settings.patch_grid} leaves the last stage out"
    shortened = any(re.fullmatch(_LAST_STAGE, name) for name in reasons)
    if shortened:
        reasons |= {
            name: "the final norm belongs to the last stage, which is left out"
            for name in tensors
            if re.fullmatch(_SWIN_NORM, name)
        }
    pair = [name for name in PROJECTIONS if name in tensors]
    if any(tensors[name].shape != own[name].shape for name in pair):
        shapes = ", ".join(f"{name} {tuple(tensors[name].shape)}" for name in pair)
        reasons |= dict.fromkeys(
            pair, f"the file's pair ({shapes}) does not fit model.embed_dim and patch_grid"
        )
    return dict(sorted(reasons.items()))


def _check_complete(
    fitting: Mapping[str, Tensor], own: Mapping[str, Tensor], random: Mapping[str, str], path: Path
) -> None:
    """Refuse what is unaccounted for."""
    problems = [
        f"missing {name} {tuple(own[name].shape)}"
        for name in own
        if name not in fitting and name not in random
    ]
    problems += [f"unknown {name} {tuple(v.shape)}" for name, v in fitting.items() if name not in own]
    problems += [
        f"{name} has shape {tuple(values.shape)}, expected {tuple(own[name].shape)}"
        for name, values in fitting.items()
        if name in own and values.shape != own[name].shape
    ]
    if problems:
        raise SettingsError(
            f"model.start_weights {path} does not fit the model of these settings (`egma weights convert` "
            "names the settings that fit; position tables need data.image_size=224):\n  "
            + "\n  ".join(sorted(problems))
        )
