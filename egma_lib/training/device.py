"""Where a run computes, and what makes it give the same bits again."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch

from egma_lib.errors import TrainingError
from egma_lib.settings import Settings
from egma_lib.training.ranks import ALONE, Ranks

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


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


def count_workers(settings: Settings) -> int:
    """Return how many runs to train at the same time: `experiments.jobs`, or what the machine has room for.

    That is one run per GPU, or per `training.processes` GPUs; on the CPU one per core, or per `threads` and
    `processes` cores.
    """
    if settings.experiments.jobs is not None:
        return settings.experiments.jobs
    training = settings.training
    gpus = visible_gpus(settings)
    places = (
        len(gpus) // training.processes
        if gpus
        else settings.experiments.n_workers // (training.threads * training.processes)
    )
    return max(1, places)


def visible_gpus(settings: Settings) -> tuple[str, ...]:
    """Return the GPUs to train on, named as in CUDA_VISIBLE_DEVICES; none where the CPU is meant."""
    if settings.training.device == "cpu":
        return ()
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    # Counting goes through the driver's library and takes no memory on any card.
    return tuple(named.split(",")) if named else tuple(map(str, range(torch.cuda.device_count())))


def worker_environments(settings: Sequence[Settings], n_workers: int) -> list[dict[str, str]]:
    """Return the variables of each worker process: its threads, and the GPUs that are its own.

    Parameters
    ----------
    settings
        Settings of the runs to be trained; the one that needs most decides.
    n_workers
        Worker processes. More than there are GPUs share them in turn.
    """
    if not settings:
        return []
    threads = str(max(each.training.threads for each in settings))
    n_each = max(each.training.processes for each in settings)
    gpus = visible_gpus(settings[0])
    environments = []
    for worker in range(n_workers):
        variables = dict.fromkeys(_THREAD_VARIABLES, threads)
        if gpus:
            own = dict.fromkeys(gpus[(worker * n_each + place) % len(gpus)] for place in range(n_each))
            variables["CUDA_VISIBLE_DEVICES"] = ",".join(own)
        environments.append(variables)
    return environments


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
