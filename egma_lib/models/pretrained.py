"""Reading pretrained weights by local folder, file or hub name, with errors that say what to do."""

from __future__ import annotations

import socket
from pathlib import Path
from pickle import UnpicklingError
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from safetensors import SafetensorError
from torch import nn

from egma_lib.errors import SettingsError

IMAGE_SETTING = "model.image_weights"
TEXT_SETTING = "model.text_weights"
_WORDS = ("vocab.txt", "tokenizer.json")


def load_hub_model(model_class: Any, name: str, setting: str, config: Any, **arguments: Any) -> Any:
    """Return `model_class` with the weights of a local folder or a hub name.

    Parameters
    ----------
    model_class
        A transformers model class.
    name
        Folder with config.json and weights, or hub name.
    setting
        The settings field that holds `name`, for the error.
    config
        Configuration of the model to fill; weights of parts it lacks are not used.
    arguments
        Passed on to `from_pretrained`.

    Raises
    ------
    SettingsError
        The folder lacks files, the hub cannot be reached, or the weights leave parts of the model unfilled.
    """
    check_weights_folder(name, setting)
    arguments |= hub_arguments(name, setting)
    try:
        model, report = model_class.from_pretrained(
            name, config=config, output_loading_info=True, ignore_mismatched_sizes=True, **arguments
        )
    except OSError as error:
        raise unreachable(name, setting) from error
    except (UnpicklingError, SafetensorError, RuntimeError) as error:
        raise SettingsError(
            f"{setting} {name!r}: its weights cannot be read ({' '.join(str(error).split())[:120]}); a "
            "pickle that holds more than tensors is never opened, a damaged file has to be fetched again"
        ) from error
    # The final norm belongs to the last stage; where that stage is left out, a new norm takes its place.
    shortened = {key for key in report["missing_keys"] if not key.startswith("layernorm.")}
    wrong = sorted(
        shortened | {row[0] for row in report["mismatched_keys"] if not row[0].startswith("layernorm.")}
    )
    if wrong:
        raise SettingsError(f"{setting} {name!r}: no fitting weights for {', '.join(wrong)}")
    return model


def check_activation(name: str, activation: str) -> None:
    """Refuse a CLIP of another activation than the encoder's: the weights would fit, the function would not.

    Raises
    ------
    SettingsError
        The stored configuration names another activation, or cannot be read.
    """
    from transformers import CLIPVisionConfig

    check_weights_folder(name, IMAGE_SETTING)
    try:
        stored = CLIPVisionConfig.from_pretrained(name, **hub_arguments(name, IMAGE_SETTING)).hidden_act
    except OSError as error:
        raise unreachable(name, IMAGE_SETTING) from error
    if stored != activation:
        raise SettingsError(
            f"{IMAGE_SETTING} {name!r} was trained with {stored}; quick_gelu is "
            "model.image_encoder=clip_vit_b_16, gelu is open_clip_vit_b_16"
        )


def _is_folder_name(name: str) -> bool:
    """Whether a name means a folder here rather than one of the hub."""
    looks_like_path = name.startswith((".", "/", "~")) or name.count("/") > 1
    return looks_like_path or Path(name).expanduser().exists()


def check_weights_folder(name: str, setting: str) -> None:
    """Refuse what looks like a path but is no folder with config.json, weights and, for text, words.

    Raises
    ------
    SettingsError
        Names the folder and what it lacks.
    """
    if not _is_folder_name(name):
        return
    folder = Path(name).expanduser()
    if not folder.is_dir():
        raise SettingsError(
            f"{setting} {name!r} is not a folder; give a folder or a hub name such as org/model"
        )
    needed = [("config.json",), ("model.safetensors", "pytorch_model.bin")]
    needed += [_WORDS] if setting == TEXT_SETTING else []
    lacking = [
        f"{first} (or {', '.join(others)})" if others else first
        for first, *others in needed
        if not any((folder / file).is_file() for file in (first, *others))
    ]
    if any(folder.glob("*.index.json")) and lacking:
        lacking.append("weights in one file (those in several, with an index, are not supported)")
    if lacking:
        raise SettingsError(f"{setting}: folder {folder} lacks {' and '.join(lacking)}")


def hub_arguments(name: str, setting: str) -> dict[str, Any]:
    """Return what a loader needs to be told about a hub name: that all its files are here already.

    Without a connection the loader would try each file for half a minute; so what has been downloaded is
    taken as it is, and a hub that does not answer is an error at once.

    Raises
    ------
    SettingsError
        The files are not here and the hub is out of reach.
    """
    from huggingface_hub import constants, try_to_load_from_cache

    if _is_folder_name(name):
        return {}
    needed = [("config.json",), ("model.safetensors", "pytorch_model.bin")]
    needed += [_WORDS] if setting == TEXT_SETTING else []
    if all(any(isinstance(try_to_load_from_cache(name, file), str) for file in files) for files in needed):
        return {"local_files_only": True}
    if constants.HF_HUB_OFFLINE or not _answers(constants.ENDPOINT):
        raise unreachable(name, setting)
    return {}


def _answers(address: str) -> bool:
    """Whether the hub can be connected to; behind a proxy that is left to the loader to find out."""
    if getproxies():
        return True
    parts = urlsplit(address)
    try:
        with socket.create_connection((parts.hostname, parts.port or 443), timeout=5):
            return True
    except OSError:
        return False


def unreachable(name: str, setting: str) -> SettingsError:
    """Return the error for a hub name that cannot be fetched: which files to get, and where to put them."""
    words = "vocab.txt, " if setting == TEXT_SETTING else ""
    return SettingsError(
        f"{setting} {name!r} could not be read here, nor fetched from the hub; on a connected machine "
        f"`hf download {name} --local-dir DIR`, or save config.json, {words}and model.safetensors or "
        f"pytorch_model.bin from its page into one folder DIR; copy DIR here and set {setting}=DIR"
    )


def load_torchvision_weights(network: nn.Module, name: str) -> None:
    """Fill a torchvision network from a state-dict file (.safetensors, .pt or .pth).

    Raises
    ------
    SettingsError
        The file is missing.
    DataError
        The file is damaged, or holds more than tensors.
    ArtefactError
        Its tensors do not fit: lists them.
    """
    from egma_lib.models.checkpoints.read import read_checkpoint
    from egma_lib.models.weights import fill_module

    path = Path(name).expanduser()
    if not path.is_file():
        raise SettingsError(
            f"model.image_weights {name!r} is not a file; torchvision encoders take a state-dict file "
            "(.safetensors, .pt or .pth) downloaded beforehand"
        )
    fill_module(network, read_checkpoint(path).tensors, str(path))
