"""Reading pretrained weights by local folder, file or hub name, with errors that say what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

from egma_lib.errors import SettingsError


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
    try:
        model, report = model_class.from_pretrained(
            name, config=config, output_loading_info=True, ignore_mismatched_sizes=True, **arguments
        )
    except OSError as error:
        raise unreachable(name, setting) from error
    # The final norm belongs to the last stage; where that stage is left out, a new norm takes its place.
    shortened = {key for key in report["missing_keys"] if not key.startswith("layernorm.")}
    wrong = sorted(shortened | {row[0] for row in report["mismatched_keys"] if "layernorm." not in row[0]})
    if wrong:
        raise SettingsError(f"{setting} {name!r}: no fitting weights for {', '.join(wrong)}")
    return model


def check_weights_folder(name: str, setting: str) -> None:
    """Refuse something that looks like a path but is no folder with config.json and weights.

    Raises
    ------
    SettingsError
        Names the folder and what it lacks.
    """
    folder = Path(name).expanduser()
    looks_like_path = name.startswith((".", "/", "~")) or name.count("/") > 1 or folder.exists()
    if not looks_like_path:
        return
    if not folder.is_dir():
        raise SettingsError(
            f"{setting} {name!r} is not a folder; give a folder or a hub name such as org/model"
        )
    lacking = [] if (folder / "config.json").is_file() else ["config.json"]
    if not any((folder / file).is_file() for file in ("model.safetensors", "pytorch_model.bin")):
        lacking.append("model.safetensors (or pytorch_model.bin)")
    if lacking:
        raise SettingsError(f"{setting}: folder {folder} lacks {' and '.join(lacking)}")


def unreachable(name: str, setting: str) -> SettingsError:
    """Return the error for a hub name that cannot be fetched."""
    return SettingsError(
        f"{setting} {name!r} could not be read here, nor fetched from the hub; download it on a connected "
        f"machine with `hf download {name} --local-dir DIR` and set {setting}=DIR"
    )


def load_torchvision_weights(network: nn.Module, name: str) -> None:
    """Fill a torchvision network from a state-dict file (.safetensors, .pt or .pth).

    Raises
    ------
    SettingsError
        The file is missing, or its tensors do not fit: lists them.
    """
    from egma_lib.models.weights import fill_module

    path = Path(name).expanduser()
    if not path.is_file():
        raise SettingsError(
            f"model.image_weights {name!r} is not a file; torchvision encoders take a state-dict file "
            "(.safetensors, .pt or .pth) downloaded beforehand"
        )
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        tensors = load_file(path)
    else:
        tensors = torch.load(path, map_location="cpu", weights_only=True)
    fill_module(network, tensors, str(path))
