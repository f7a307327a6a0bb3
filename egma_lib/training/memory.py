"""What to say when memory runs out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from egma_lib.errors import TrainingError
from egma_lib.settings import Settings, StageSettings

_CPU_ALLOCATOR = "DefaultCPUAllocator"


@contextmanager
def explained_lack_of_memory(
    settings: Settings, stage: StageSettings, device: torch.device
) -> Iterator[None]:
    """Turn PyTorch's out-of-memory errors into one that names the settings to turn.

    Raises
    ------
    TrainingError
        Memory ran out inside the `with` block.
    """
    try:
        yield
    except RuntimeError as error:
        # The CPU's allocator has no error class of its own.
        if not isinstance(error, torch.OutOfMemoryError) and _CPU_ALLOCATOR not in str(error):
            raise
        raise TrainingError(_advice(settings, stage, device)) from error


def _advice(settings: Settings, stage: StageSettings, device: torch.device) -> str:
    per_process = -(-stage.batch_size // settings.training.processes)
    now = settings.training.micro_batch or per_process
    chunk = settings.losses.chunk
    return (
        f"{_memory_of(device)} ran out at {settings.data.image_size} pixels with {now} images encoded at a "
        f"time. Set training.micro_batch={max(1, now // 2)} (same loss over the whole batch, one more "
        f"forward pass); then losses.chunk={max(1, chunk // 2)} (now {chunk}). More training.processes share "
        "the batch among GPUs. A smaller batch_size or data.image_size also helps, but changes the result"
    )


def _memory_of(device: torch.device) -> str:
    if device.type != "cuda":
        return "memory"
    properties = torch.cuda.get_device_properties(device)
    return f"the {properties.total_memory / 2**30:.0f} GiB of {properties.name}"
