"""Make the next batches while a GPU computes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import torch

from egma_lib.training.batch import Batch

_AHEAD = 3


def prefetched(make: Callable[[int], Batch], steps: range, device: torch.device) -> Iterator[Batch]:
    """Yield `make(step)` for every step, on a GPU made ahead by one thread and pinned.

    Batches are functions of their number, so what is made ahead changes nothing. On the CPU a second thread
    would only take time from the one that trains.

    Parameters
    ----------
    make
        Returns the batch of a step.
    steps
        Numbers of the steps, in order.
    device
        Where the batches go.
    """
    if device.type != "cuda":
        yield from map(make, steps)
        return
    waiting: deque[Future[Batch]] = deque()
    with ThreadPoolExecutor(1) as thread:
        try:
            for step in steps:
                waiting.append(thread.submit(lambda step: make(step).pin_memory(), step))
                if len(waiting) > _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
