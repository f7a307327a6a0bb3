"""`egma gaze`: event detection on any recording."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    import pandas as pd

gaze_app = typer.Typer(no_args_is_help=True, help="Eye movements: events from recordings of any tracker.")

DETECT_EXAMPLES = """
Examples:

  egma gaze detect recording.csv

  egma gaze detect eyelink.tsv --time timestamp --time-unit ms --x gx --y gy --unit px --px-per-deg 35

  egma gaze detect gazepoint.csv --method ivt --out events.csv

  egma gaze detect smi.csv --time-unit us --unit px --px-per-deg 27 --missing 0
"""


@gaze_app.command("detect", epilog=DETECT_EXAMPLES)
def detect(
    file: Annotated[Path, typer.Argument(help="Text table with a header: comma, semicolon or tab between.")],
    time: Annotated[str, typer.Option(help="Column of the sample times.")] = "time",
    x: Annotated[str, typer.Option(help="Column of the horizontal position.")] = "x",
    y: Annotated[str, typer.Option(help="Column of the vertical position.")] = "y",
    time_unit: Annotated[Literal["s", "ms", "us"], typer.Option(help="Unit of the times.")] = "s",
    unit: Annotated[Literal["deg", "px"], typer.Option(help="Unit of the positions.")] = "deg",
    px_per_deg: Annotated[
        float | None, typer.Option(help="Pixels per degree of visual angle, with --unit px.")
    ] = None,
    missing: Annotated[
        float | None, typer.Option(help="A sample with this value as x and y is missing, such as 0.")
    ] = None,
    method: Annotated[
        str, typer.Option(help="adaptive, nystrom_holmqvist (from 250 Hz on) or ivt (any rate).")
    ] = "adaptive",
    out: Annotated[
        Path | None, typer.Option(help="Write the events to this csv instead of printing.")
    ] = None,
) -> None:
    """Find fixations, saccades, post-saccadic oscillations and blinks in a recording.

    The table of events goes to the output or to --out (times in seconds, positions and amplitudes in degrees,
    with --unit px positions in pixels too); a summary goes to the error output.
    """
    from egma_lib.artefacts import write_text
    from egma_lib.gaze.events import detect_events
    from egma_lib.gaze.recording import measured_rate
    from egma_lib.gaze.sample_file import read_sample_file

    samples = read_sample_file(
        file, time=time, x=x, y=y, time_unit=time_unit, unit=unit, px_per_deg=px_per_deg, missing=missing
    )
    events = detect_events(samples.time_s, samples.x_deg, samples.y_deg, method)
    if px_per_deg is not None:
        events = events.assign(x_px=events["x_deg"] * px_per_deg, y_px=events["y_deg"] * px_per_deg)
    if out is None:
        typer.echo(events.round(4).to_string(index=False))
    else:
        write_text(out, events.to_csv(index=False, float_format="%.6g"))
    typer.echo(_summary(events, measured_rate(samples.time_s), method, samples.n_repaired_times), err=True)


def _summary(events: pd.DataFrame, rate_hz: float, method: str, n_repaired: int) -> str:
    counts = ", ".join(f"{kind} {number}" for kind, number in events["event"].value_counts().items())
    repaired = f"; {n_repaired} time stamps doubled or out of order" if n_repaired else ""
    return f"{len(events)} events by {method} at {rate_hz:.4g} Hz ({counts or 'none'}){repaired}"
