"""How long training will take and how much memory, from speeds that were measured and nothing else."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from egma_lib.experiments.machine import machine_name
from egma_lib.experiments.measured_speeds import (
    MODEL_COLUMNS,
    PLACE_COLUMNS,
    read_resources,
    what_is_measured,
)
from egma_lib.settings import Settings


@dataclass(frozen=True)
class Estimate:
    """What training will take.

    Attributes
    ----------
    profile
        Profile of the settings.
    n_runs, n_at_a_time
        Runs to train, and how many this machine trains at the same time.
    seconds
        Time of all of them, evaluation left out (seconds); None where nothing was measured.
    peak_gib
        Most memory that one process of a run takes (GiB); None where nothing was measured.
    row
        The measurement used, a column name to text or number, or None.
    this_machine
        Name of this machine's processor or GPU.
    differences
        What the row was measured with otherwise than the settings say.
    """

    profile: str
    n_runs: int
    n_at_a_time: int
    seconds: float | None
    peak_gib: float | None
    row: dict[str, Any] | None
    this_machine: str
    differences: tuple[str, ...] = ()

    @property
    def is_this_machine(self) -> bool:
        """Whether the measurement was made on a machine of this kind."""
        return self.row is not None and self.row["machine"] == self.this_machine


def estimate_training(
    settings: Settings, n_base_runs: int, n_continued_runs: int, table: pd.DataFrame | None = None
) -> Estimate:
    """Return time and memory of training by the row that is nearest to this machine.

    A row of this machine comes first, then one of the same kind of device, then the one that differs least,
    then the latest. Base runs are counted at the speed of stage 2, which is the slower one.

    Parameters
    ----------
    settings
        Sizes, length, and runs at a time.
    n_base_runs, n_continued_runs
        Runs of each stage that are still to be trained.
    table
        Measured speeds; None reads `data/reference/resources.csv`.
    """
    from egma_lib.training.device import count_workers, visible_gpus

    table = read_resources() if table is None else table
    device = "cuda" if visible_gpus(settings) else "cpu"
    here, n_at_a_time = machine_name(device), count_workers(settings)
    row = _nearest(table, what_is_measured(settings, device), here, device)
    seconds = peak_gib = None
    differences: tuple[str, ...] = ()
    if row is not None:
        stages = settings.training.base, settings.training.continued
        rounds = (math.ceil(n / n_at_a_time) for n in (n_base_runs, n_continued_runs))
        passes = sum(n * stage.image_passes for n, stage in zip(rounds, stages, strict=True))
        seconds, peak_gib = passes / float(row["images_per_s"]), float(row["peak_gib"])
        differences = _differences(row, what_is_measured(settings, str(row["device"])))
    n_runs = n_base_runs + n_continued_runs
    return Estimate(settings.profile, n_runs, n_at_a_time, seconds, peak_gib, row, here, differences)


def _nearest(table: pd.DataFrame, wanted: dict[str, str], here: str, device: str) -> dict[str, Any] | None:
    fits = [
        {str(name): value for name, value in row.items()}
        for row in table.to_dict("records")
        if row["method"] == "egma" and all(row[name] == wanted[name] for name in MODEL_COLUMNS)
    ]

    def order(row: dict[str, Any]) -> tuple[bool, bool, int]:
        described = wanted if row["device"] == device else {**wanted, "threads": row["threads"]}
        return row["machine"] == here, row["device"] == device, -len(_differences(row, described))

    # Of equal rows the latest measurement counts.
    return max(sorted(fits, key=lambda row: row["measured_on"], reverse=True), key=order, default=None)


def _differences(row: dict[str, Any], wanted: dict[str, str]) -> tuple[str, ...]:
    return tuple(
        f"training.{name}={row[name] or 'null'} (here {wanted[name] or 'null'})"
        for name in PLACE_COLUMNS
        if row[name] != wanted[name]
    )


def describe_estimate(estimate: Estimate) -> str:
    """Return the estimate in plain words, with where it comes from and what it leaves out."""
    if estimate.n_runs == 0:
        return "every run has been trained; training takes no time"
    how = f"`python benchmarks/resources.py --profile {estimate.profile}` measures 20 steps"
    runs = f"{estimate.n_runs} run{'s' if estimate.n_runs > 1 else ''} ({estimate.n_at_a_time} at a time)"
    if estimate.row is None or estimate.seconds is None:
        return f"time of {runs}: not known, no model of these sizes has been measured; {how}"
    said = (
        f"about {duration(estimate.seconds)} for {runs}, with {estimate.peak_gib:.1f} GiB per process, "
        f"by the row measured on {estimate.row['machine']} on {estimate.row['measured_on']}"
    )
    if estimate.differences:
        said += f" with {', '.join(estimate.differences)}"
    if not estimate.is_this_machine:
        said += f"; this machine is {estimate.this_machine}, for which there is no measurement: {how}"
    return f"{said}. Training alone: evaluation comes on top"


def duration(seconds: float) -> str:
    """Return a time in two units at most, such as `3 h 10 min`.

    >>> duration(11400), duration(40), duration(200000)
    ('3 h 10 min', '40 s', '2 days 8 h')
    """
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours + (minutes >= 30), 24)
    if days >= 10:
        return f"{days + (hours >= 12)} days"
    return f"{days} days {hours} h" if hours else f"{days} days"


def describe_study(settings: Settings) -> str:
    """Return the estimate for all runs of the study's notebooks, as if none had been trained.

    Runs of other encoders are left out, and those of studies beside the main one.
    """
    from egma_lib.experiments.job_list import planned_arms

    planned = [(arm, seed) for arm, seed in planned_arms(settings) if not arm.own_base]
    n_base = len({seed for _, seed in planned})
    n_continued = sum(arm.method is not None for arm, _ in planned)
    return describe_estimate(estimate_training(settings, n_base, n_continued))
