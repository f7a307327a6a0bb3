"""Weights on disk: safetensors files and what they must contain."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from egma_lib.artefacts import atomic_path
from egma_lib.errors import ArtefactError

_TEXT_SIZES = "text_encoder"


def save_weights(module: nn.Module, path: Path) -> Path:
    """Write all parameters and buffers of `module` atomically as safetensors and return `path`.

    Of a dual encoder the sizes of its text encoder stand in the header: of a pretrained one they were read
    from its folder, which a later reader may not have.
    """
    from safetensors.torch import save_file

    from egma_lib.models.text_encoder import TextEncoder, stored_sizes

    tensors = {name: value.detach().cpu().contiguous() for name, value in module.state_dict().items()}
    text_encoder = getattr(module, "text_encoder", None)
    metadata = None
    if isinstance(text_encoder, TextEncoder):
        metadata = {_TEXT_SIZES: json.dumps(stored_sizes(text_encoder), sort_keys=True)}
    with atomic_path(path) as temporary:
        save_file(tensors, temporary, metadata=metadata)
    return path


def stored_text_sizes(path: Path) -> dict[str, Any] | None:
    """Return the sizes of the text encoder that `save_weights` noted in a file, None where it noted none.

    Raises
    ------
    ArtefactError
        The file is missing or damaged.
    """
    from safetensors import SafetensorError, safe_open

    _require(path)
    try:
        with safe_open(path, framework="pt") as file:
            noted = (file.metadata() or {}).get(_TEXT_SIZES)
    except SafetensorError as error:
        raise _damaged(path, error) from error
    return None if noted is None else dict(json.loads(noted))


def load_weights(module: nn.Module, path: Path) -> None:
    """Fill `module` from a safetensors file.

    Raises
    ------
    ArtefactError
        The file is missing or damaged, or its tensors do not fit the module: lists them.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    _require(path)
    try:
        tensors = load_file(path)
    except SafetensorError as error:
        raise _damaged(path, error) from error
    fill_module(module, tensors, str(path))


def _require(path: Path) -> None:
    if not path.is_file():
        raise ArtefactError(f"{path}: no such weights; run the training that makes them again")


def _damaged(path: Path, error: Exception) -> ArtefactError:
    return ArtefactError(f"{path}: not a safetensors file ({error}); delete it and train again")


def fill_module(module: nn.Module, tensors: Mapping[str, Tensor], source: str) -> None:
    """Copy tensors into a module of exactly the same names and shapes.

    Raises
    ------
    ArtefactError
        Lists the tensors that are missing, unknown or of another shape.
    """
    own = module.state_dict()
    problems = [f"missing {name} {tuple(own[name].shape)}" for name in sorted(own.keys() - tensors.keys())]
    problems += [
        f"unknown {name} {tuple(tensors[name].shape)}" for name in sorted(tensors.keys() - own.keys())
    ]
    problems += [
        f"{name} has shape {tuple(tensors[name].shape)}, expected {tuple(own[name].shape)}"
        for name in sorted(own.keys() & tensors.keys())
        if own[name].shape != tensors[name].shape
    ]
    if problems:
        raise ArtefactError(f"{source} does not fit the model of these settings:\n  " + "\n  ".join(problems))
    module.load_state_dict(tensors)
