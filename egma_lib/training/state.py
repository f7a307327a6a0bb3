"""The whole state of an unfinished run in one file, so that it can go on as if nothing had happened."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from egma_lib.artefacts import atomic_path
from egma_lib.errors import ArtefactError
from egma_lib.models.dual_encoder import DualEncoder

STATE_FILE = "state.safetensors"


def save_state(
    path: Path, model: DualEncoder, optimiser: torch.optim.Optimizer, progress: dict[str, Any]
) -> None:
    """Write model, optimiser and `progress` atomically as one safetensors file.

    Parameters
    ----------
    path
        Final path of the file.
    model, optimiser
        What is being trained.
    progress
        JSON values (step, length of the metrics file, ...), kept in the file's header: one file cannot be
        half old and half new.
    """
    from safetensors.torch import save_file

    tensors = {f"model.{name}": value for name, value in model.state_dict().items()}
    for index, moments in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{index}.{name}": value for name, value in moments.items()}
    stored = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    with atomic_path(path) as temporary:
        save_file(stored, temporary, metadata={"progress": json.dumps(progress)})


def load_state(path: Path, model: DualEncoder, optimiser: torch.optim.Optimizer) -> dict[str, Any]:
    """Restore what `save_state` wrote and return its `progress`.

    Raises
    ------
    ArtefactError
        The file is damaged or belongs to another model.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            progress = json.loads(file.metadata()["progress"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
        prefix = "model."
        model.load_state_dict({n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)})
        _fill_optimiser(optimiser, tensors)
    except (SafetensorError, KeyError, RuntimeError) as error:
        raise ArtefactError(
            f"{path}: cannot be resumed ({error}); delete it to start the run again"
        ) from error
    return progress


def _fill_optimiser(optimiser: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    parameters = [p for group in optimiser.param_groups for p in group["params"]]
    moments: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        if name.startswith("optimiser."):
            _, index, moment = name.split(".", 2)
            like = parameters[int(index)]
            # The fused step walks over memory, so moments must lie in it as their parameters do.
            kept = torch.empty_like(like).copy_(value) if value.shape == like.shape and value.ndim else value
            moments.setdefault(int(index), {})[moment] = kept
    state = optimiser.state_dict()
    optimiser.load_state_dict({"state": moments, "param_groups": state["param_groups"]})
