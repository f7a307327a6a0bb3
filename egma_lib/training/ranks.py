"""The processes that train one run together: who holds which rows, and how rows and gradients meet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn

from egma_lib.errors import TrainingError


@dataclass(frozen=True)
class Ranks:
    """The place of a process among those that train one run.

    Every process computes the loss of the whole batch from gathered features and sends gradients back
    through its own rows alone; the sum over processes is then the gradient that one process would have got.

    Attributes
    ----------
    index
        Number of this process, from 0.
    count
        Number of processes; 1 needs no process group.
    local_index
        Number of this process on its machine: the GPU it takes.
    """

    index: int = 0
    count: int = 1
    local_index: int = 0

    @property
    def is_first(self) -> bool:
        """Whether this process writes the run's files."""
        return self.index == 0

    def own(self, n_rows: int) -> slice:
        """Return this process's rows of `n_rows`; shares differ by one row at most."""
        return part_of(slice(0, n_rows), self.index, self.count)

    def gather(self, rows: Tensor, n_rows: int) -> Tensor:
        """Return all `n_rows` rows, of which this process has `rows`; no gradient passes."""
        if self.count == 1:
            return rows
        longest = -(-n_rows // self.count)
        padded = rows.new_zeros((longest, *rows.shape[1:]))
        padded[: len(rows)] = rows
        parts = [torch.empty_like(padded) for _ in range(self.count)]
        dist.all_gather(parts, padded)
        shares = (part_of(slice(0, n_rows), index, self.count) for index in range(self.count))
        sizes = [share.stop - share.start for share in shares]
        return torch.cat([part[:size] for part, size in zip(parts, sizes, strict=True)])

    def sum_gradients(self, parameters: Iterable[nn.Parameter], computed_by_all: nn.Parameter) -> None:
        """Add up the gradients of all processes, in place.

        Parameters
        ----------
        parameters
            All parameters, in the same order everywhere.
        computed_by_all
            The parameter whose gradient every process has in full, since it acts after the gathering.
        """
        if self.count == 1:
            return
        if not self.is_first and computed_by_all.grad is not None:
            computed_by_all.grad.zero_()
        gradients = [p.grad for p in parameters if p.grad is not None]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        dist.all_reduce(flat)
        for gradient, summed in zip(
            gradients, flat.split([gradient.numel() for gradient in gradients]), strict=True
        ):
            gradient.copy_(summed.view_as(gradient))

    def require_same(self, value: float, what: str) -> None:
        """Refuse to go on where processes that must hold the same numbers do not.

        Raises
        ------
        TrainingError
            The processes have drifted apart.
        """
        if self.count == 1:
            return
        values: list[float | None] = [None] * self.count
        dist.all_gather_object(values, value)
        if len(set(map(repr, values))) > 1:
            raise TrainingError(f"{what} differs between the processes of this run: {values}; start it again")

    def wait(self) -> None:
        """Wait until every process has come here."""
        if self.count > 1:
            dist.barrier()


def part_of(rows: slice, index: int, count: int) -> slice:
    """Return part `index` of `count` nearly equal parts of a slice."""
    n_rows = rows.stop - rows.start
    return slice(rows.start + n_rows * index // count, rows.start + n_rows * (index + 1) // count)


ALONE = Ranks()
"""One process."""
