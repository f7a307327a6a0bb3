"""Optional TensorBoard curves beside metrics.jsonl."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from egma_lib.errors import TrainingError


@contextmanager
def open_curves(folder: Path, wanted: bool) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Yield a function that draws one row of metrics; it does nothing unless `wanted`.

    Raises
    ------
    TrainingError
        Curves are wanted and the tensorboard package is not installed.
    """
    if not wanted:
        yield lambda row: None
        return
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise TrainingError(
            "training.tensorboard needs the tensorboard package; `pip install tensorboard` or set it to false"
        ) from error
    with SummaryWriter(str(folder / "tensorboard")) as writer:

        def draw(row: dict[str, Any]) -> None:
            for name, value in row.items():
                if name != "step" and value is not None:
                    writer.add_scalar(name, value, row["step"])

        yield draw
