"""Where a run computes, and what makes it give the same bits again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from egma_lib.errors import TrainingError
from egma_lib.settings import Settings
from egma_lib.training.ranks import ALONE, Ranks


def choose_device(settings: Settings, ranks: Ranks = ALONE) -> torch.device:
    """Return the device to train on; of several processes each takes the GPU that torchrun numbered for it.

    Raises
    ------
    TrainingError
        A GPU is asked for and there is none.
    """
    wanted = settings.training.device
    if wanted == "cuda" and not torch.cuda.is_available():
        raise TrainingError("training.device is 'cuda' but PyTorch sees no GPU; use 'auto' or 'cpu'")
    if wanted == "cpu" or not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda", ranks.local_index) if ranks.count > 1 else torch.device("cuda")


def uses_bf16(settings: Settings, device: torch.device) -> bool:
    """Whether the encoders compute in mixed precision on this device."""
    wanted = settings.training.bf16
    return wanted == "on" or (wanted == "auto" and device.type == "cuda")


@contextmanager
def reproducible_torch(seed: int, settings: Settings, device: torch.device) -> Iterator[None]:
    """Fix PyTorch's threads and generator, and on the CPU its algorithms; put all back afterwards."""
    threads = torch.get_num_threads()
    deterministic = torch.are_deterministic_algorithms_enabled()
    guards = torch.utils.deterministic
    fill = guards.fill_uninitialized_memory  # type: ignore[attr-defined]
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        torch.set_num_threads(settings.training.threads)
        torch.use_deterministic_algorithms(device.type == "cpu")
        # Filling fresh memory guards against reading it, which nothing here does, and costs time.
        guards.fill_uninitialized_memory = False  # type: ignore[attr-defined]
        try:
            yield
        finally:
            guards.fill_uninitialized_memory = fill  # type: ignore[attr-defined]
            torch.use_deterministic_algorithms(deterministic)
            torch.set_num_threads(threads)
