"""Opening a file of weights from elsewhere: tensors come out, nothing in it is ever executed."""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from egma_lib.errors import DataError

_STATE_KEYS = ("state_dict", "model")


@dataclass(frozen=True)
class Checkpoint:
    """Tensors of a file.

    Attributes
    ----------
    path
        The file.
    tensors
        Tensors by name, on the CPU.
    beside
        What else the file held beside the weights (optimizer states, counters), by name; never used.
    metadata
        Texts in a safetensors header.
    """

    path: Path
    tensors: Mapping[str, Tensor]
    beside: tuple[str, ...]
    metadata: Mapping[str, str]


def read_checkpoint(path: Path) -> Checkpoint:
    """Return the tensors of a .safetensors, .pt, .pth, .bin or .ckpt file.

    Pickles are opened with weights-only loading, which builds tensors and plain containers and refuses the
    rest.

    Raises
    ------
    DataError
        The file is missing, empty, cut off, no file of weights, or holds something besides weights: says
        which.
    """
    path = path.expanduser()
    _check_kind(path)
    if path.suffix == ".safetensors":
        return _read_safetensors(path)
    content = _unpickle(path)
    key = next((key for key in _STATE_KEYS if isinstance(content, Mapping) and key in content), None)
    beside = tuple(sorted(str(name) for name in content if name != key)) if key else ()
    state = content[key] if key else content
    if not isinstance(state, Mapping) or not state:
        raise DataError(f"{path}: holds a {type(state).__name__}, expected names with tensors (a state dict)")
    others = [
        f"{name} ({type(value).__name__})" for name, value in state.items() if not isinstance(value, Tensor)
    ]
    if others:
        raise DataError(f"{path}: expected only tensors in the state dict, found {', '.join(others[:10])}")
    return _checked(Checkpoint(path, {str(name): value for name, value in state.items()}, beside, {}))


def _check_kind(path: Path) -> None:
    """Refuse what is plainly no file of weights."""
    if path.is_dir():
        raise DataError(f"{path} is a folder; name the file of weights in it, such as pytorch_model.bin")
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    if path.name.endswith(".index.json"):
        raise DataError(
            f"{path}: the index of weights in several files, which is not supported; none of the "
            "checkpoints here is published so. Load it with the library it is from and save it as one file"
        )
    if path.stat().st_size == 0:
        raise DataError(f"{path}: is empty (0 bytes); download it again")
    with path.open("rb") as file:
        start = file.read(512).lstrip()
    if start.startswith(b"version https://git-lfs"):
        raise DataError(f"{path}: is a git-lfs pointer, not the weights; fetch them with `git lfs pull`")
    if start[:15].lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        raise DataError(
            f"{path}: is a web page saved under this name (often a login or quota page), not weights"
        )


def _read_safetensors(path: Path) -> Checkpoint:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
            metadata = dict(file.metadata() or {})
    except SafetensorError as error:
        raise DataError(
            f"{path}: cannot be read as safetensors ({error}); cut off or damaged, download it again"
        ) from error
    return _checked(Checkpoint(path, tensors, (), metadata))


def _unpickle(path: Path) -> Any:
    """Return the content of a pickle, weights only."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            inside = archive.namelist()
        if any(name.endswith("/constants.pkl") for name in inside):
            raise DataError(f"{path}: is a TorchScript archive, a program with weights. {_REFUSED}")
        if not any(name.endswith("data.pkl") for name in inside):
            raise DataError(
                f"{path}: is an archive with {', '.join(inside[:3])}; unpack it and name the file of weights"
            )
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise DataError(f"{path}: {_refused(path, error)}") from error
    except (RuntimeError, OSError, EOFError, IndexError, KeyError, ValueError) as error:
        raise DataError(
            f"{path}: cannot be read as PyTorch weights "
            f"({' '.join(str(error).split())[:120] or 'it ends early'}); cut off or damaged, download it "
            "again"
        ) from error


_REFUSED = (
    "Opening it whole would run code that the file brings along, so it is refused, whoever made it. On a "
    "machine where that is of no harm, and if you trust its makers, save its tensors alone as "
    "docs/weights.md shows (three lines), and convert that file"
)


def _refused(path: Path, error: pickle.UnpicklingError) -> str:
    """Return what weights-only loading met, in one line."""
    text = str(error)
    if "global" not in text.lower():
        return "is no file that PyTorch wrote, or is damaged; download it again"
    try:
        wanted = sorted(torch.serialization.get_unsafe_globals_in_checkpoint(str(path)))
    except ValueError:
        # Only files in today's format can be listed; the older one stops at the first.
        wanted = [part.split(" ")[0] for part in text.split("GLOBAL ")[1:2]]
    return f"holds Python objects besides tensors ({', '.join(wanted[:5]) or 'not named'}). {_REFUSED}"


def _checked(checkpoint: Checkpoint) -> Checkpoint:
    """Refuse values that are no numbers; they would spoil a training run from its first step."""
    bad = [
        name
        for name, values in checkpoint.tensors.items()
        if values.is_floating_point() and not bool(torch.isfinite(values).all())
    ]
    if bad:
        raise DataError(
            f"{checkpoint.path}: infinite or missing values in {', '.join(bad[:5])}; the file is damaged"
        )
    return checkpoint
