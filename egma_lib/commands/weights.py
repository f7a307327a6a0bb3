"""`egma weights`: published checkpoints of other projects."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from egma_lib.models.checkpoints import Checkpoint, ConversionReport

weights_app = typer.Typer(no_args_is_help=True, help="Weights: published checkpoints to start from.")

CONVERT_EXAMPLES = """
Examples:

  egma weights convert medclip-vit/pytorch_model.bin --source medclip-vit --out medclip-vit.safetensors

  egma weights convert vit_base.ckpt --source auto --out mgca-vit.safetensors
"""
SHOW_EXAMPLES = """
Examples:

  egma weights show medclip-vit/pytorch_model.bin

  egma weights show vit_base.ckpt | less
"""


@weights_app.command("convert", epilog=CONVERT_EXAMPLES)
def convert(
    file: Annotated[
        Path, typer.Argument(help="Checkpoint as published (.bin, .pt, .pth, .ckpt, .safetensors).")
    ],
    out: Annotated[Path, typer.Option(help="File to write, ending in .safetensors.")],
    source: Annotated[
        str,
        typer.Option(
            help="medclip-vit, medclip-resnet50, gloria, mgca-vit, mgca-resnet50, clip, open_clip or auto"
        ),
    ] = "auto",
) -> None:
    """Write a published checkpoint as safetensors in the suite's names, for `model.start_weights`.

    Every tensor is taken over, or left behind for a reason that the report names; one that is unaccounted
    for stops the conversion. The report is printed, and written beside the file as .json.
    """
    from egma_lib.models.checkpoints import convert_checkpoint

    typer.echo(_report(convert_checkpoint(file, source, out), out))


@weights_app.command("show", epilog=SHOW_EXAMPLES)
def show(
    file: Annotated[Path, typer.Argument(help="Any file of weights (.bin, .pt, .pth, .ckpt, .safetensors).")],
) -> None:
    """List the tensors of a file: name, shape, type and bytes, and which checkpoint it looks like."""
    from egma_lib.models.checkpoints import read_checkpoint
    from egma_lib.models.checkpoints.sources import matching_sources, why_not

    checkpoint = read_checkpoint(file)
    for name, values in checkpoint.tensors.items():
        dtype = str(values.dtype).removeprefix("torch.")
        typer.echo(f"{name}\t{tuple(values.shape)}\t{dtype}\t{values.numel() * values.element_size()}")
    guesses = [source.name for source in matching_sources(checkpoint.tensors)]
    if checkpoint.metadata.get("source"):
        guess = f"converted from {checkpoint.metadata['source']}"
    else:
        guess = f"looks like {' or '.join(guesses)}" if guesses else why_not(checkpoint.tensors)
    typer.echo(f"{_totals(checkpoint)}; {guess}", err=True)


def _totals(checkpoint: Checkpoint) -> str:
    """Return numbers over the whole file."""
    values = checkpoint.tensors.values()
    n_bytes = sum(tensor.numel() * tensor.element_size() for tensor in values)
    beside = f"; beside them {', '.join(checkpoint.beside)}" if checkpoint.beside else ""
    n_values = sum(tensor.numel() for tensor in values)
    return f"{len(values)} tensors, {n_values:,} values, {n_bytes:,} bytes{beside}"


def _report(report: ConversionReport, out: Path) -> str:
    """Return the report as text."""
    lines = [
        f"{report.file} ({report.file_hash}) as {report.source}: {report.n_in_file} tensors, "
        f"{report.n_taken} taken over as {report.n_written}, {len(report.ignored)} left behind, 0 "
        "unaccounted for",
    ]
    lines += [f"  left behind, {n}: {reason}" for reason, n in Counter(report.ignored.values()).items()]
    lines += [f"  never used: {', '.join(report.beside)}"] if report.beside else []
    lines += [
        f"  stays random: {name.rstrip('.')} ({reason})" for name, reason in report.stays_random.items()
    ]
    lines += [f"  the source differs: {difference}" for difference in report.differences]
    lines += ["settings:", *(f"  {name}={value}" for name, value in report.settings.items())]
    return "\n".join([*lines, f"written: {out} and {out.with_suffix('.json').name}"])
