"""Weights on disk: safetensors files and what they must contain."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from egma_lib.artefacts import atomic_path
from egma_lib.errors import ArtefactError


def save_weights(module: nn.Module, path: Path) -> Path:
    """Write all parameters and buffers of `module` atomically as safetensors and return `path`."""
    from safetensors.torch import save_file

    tensors = {name: value.detach().cpu().contiguous() for name, value in module.state_dict().items()}
    with atomic_path(path) as temporary:
        save_file(tensors, temporary)
    return path


def load_weights(module: nn.Module, path: Path) -> None:
    """Fill `module` from a safetensors file.

    Raises
    ------
    ArtefactError
        The file is missing or damaged, or its tensors do not fit the module: lists them.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if not path.is_file():
        raise ArtefactError(f"{path}: no such weights; run the training that makes them again")
    try:
        tensors = load_file(path)
    except SafetensorError as error:
        raise ArtefactError(f"{path}: not a safetensors file ({error}); delete it and train again") from error
    fill_module(module, tensors, str(path))


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
