"""The table of measured speeds, `data/reference/resources.csv`; `benchmarks/resources.py` adds to it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from egma_lib.errors import ArtefactError
from egma_lib.settings import Settings
from egma_lib.study import REPOSITORY

RESOURCES_FILE = REPOSITORY / "data" / "reference" / "resources.csv"
"""One measurement a row; `benchmarks/resources.py --append` adds one."""

MODEL_COLUMNS = (
    "image_encoder", "image_channels", "image_size", "patch_grid", "text_encoder", "text_layers",
    "text_width", "embed_dim", "batch_size",
)  # fmt: skip
"""Columns that must agree: a speed of other sizes says nothing."""

PLACE_COLUMNS = ("micro_batch", "processes", "threads", "bf16")
"""Columns that may differ, since they change how the same is computed; what differs is said."""

COLUMNS = (
    "machine", "device", *MODEL_COLUMNS, *PLACE_COLUMNS, "method", "images_per_s", "peak_gib",
    "bf16_peak_share", "measured_on", "command",
)  # fmt: skip


def read_resources(path: Path = RESOURCES_FILE) -> pd.DataFrame:
    """Return the measured speeds, texts as texts and empty where a column does not apply.

    Raises
    ------
    ArtefactError
        A column is missing, or a speed or memory is not a positive number.
    """
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    lacking = [name for name in COLUMNS if name not in table]
    if lacking:
        raise ArtefactError(f"{path} lacks the columns {', '.join(lacking)}; take the file as released")
    for name in ("images_per_s", "peak_gib"):
        numbers = pd.to_numeric(table[name], errors="coerce")
        if not (numbers > 0).all():
            line = int((~(numbers > 0)).to_numpy().argmax()) + 2
            raise ArtefactError(f"{path}, line {line}: {name} is not a positive number; measure it again")
        table[name] = numbers
    return table


def what_is_measured(settings: Settings, device: str) -> dict[str, str]:
    """Return the columns that describe stage 2 of these settings on `cpu` or `cuda`, as texts."""
    model, training = settings.model, settings.training
    small_text, small_image = model.text_encoder == "bert_small", model.image_encoder.endswith("_small")
    values = {
        "image_encoder": model.image_encoder,
        "image_channels": "-".join(map(str, model.image_channels)) if small_image else "",
        "image_size": settings.data.image_size,
        "patch_grid": model.patch_grid,
        "text_encoder": model.text_encoder,
        "text_layers": model.text_layers,
        "text_width": model.text_width if small_text else "",
        "embed_dim": model.embed_dim,
        "batch_size": training.continued.batch_size,
        "micro_batch": training.micro_batch or "",
        "processes": training.processes,
        "threads": training.threads if device == "cpu" else "",
        "bf16": "on" if training.bf16 == "on" or (training.bf16 == "auto" and device == "cuda") else "off",
    }
    return {name: str(value) for name, value in values.items()}


def same_sizes(first: Settings, second: Settings) -> bool:
    """Whether one measured speed holds for both settings: the same encoders, sizes and batch."""
    one, other = (what_is_measured(settings, "cpu") for settings in (first, second))
    return all(one[name] == other[name] for name in MODEL_COLUMNS)


def resources_markdown(table: pd.DataFrame) -> str:
    """Return the measured speeds as a Markdown table, for docs/resources.md."""
    head = ("Machine", "Image encoder", "Text encoder", "Batch", "How", "Images/s", "Peak GiB", "Measured")
    lines = [_markdown_line(head), "|" + "---|" * len(head)]
    lines += [_markdown_line(_cells(row)) for row in table.to_dict("records")]
    return "\n".join(lines) + "\n"


def _cells(row: dict[Any, Any]) -> Sequence[str]:
    channels = f" {row['image_channels']}" if row["image_channels"] else ""
    width = f" of {row['text_width']}" if row["text_width"] else ""
    grid = f"{row['patch_grid']} x {row['patch_grid']}"
    how = [f"{name} {row[name]}" for name in ("micro_batch", "processes", "threads") if row[name]]
    if row["bf16"] == "on":
        share = row["bf16_peak_share"]
        how.append("bf16" + (f", {100 * float(share):.0f} % of the card's peak" if share else ""))
    return (
        row["machine"],
        f"{row['image_encoder']}{channels}, {row['image_size']} px, {grid}",
        f"{row['text_encoder']}, {row['text_layers']} layers{width}, d {row['embed_dim']}",
        row["batch_size"],
        ", ".join(how),
        f"{row['images_per_s']:.3g}",
        f"{row['peak_gib']:.1f}",
        row["measured_on"],
    )


def _markdown_line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
