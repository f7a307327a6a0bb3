"""`egma jobs`: the runs of a study as files to start by hand or by a cluster's scheduler."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from egma_lib.commands.options import DataRoot, Overrides, Profile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from egma_lib.experiments.job_list import StudyRun

JOBS_EXAMPLES = """
Examples:

  egma jobs --profile paper --data-root /data/cxr --out jobs

  egma jobs --profile paper --data-root /data/cxr --out jobs --set training.processes=4

docs/resources.md has a script for SLURM.
"""


def jobs(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the job files.")],
    profile: Profile = "paper",
    data_root: DataRoot = "",
    results: Annotated[
        str,
        typer.Option(metavar="DIR", help="Results folder; empty is results/<profile>, as for the runner."),
    ] = "",
    overrides: Overrides = None,
) -> None:
    """Write one job file per training run of the notebooks, in the order in which they can run.

    Gaze has to be preprocessed before (notebook 01). Corpora that are not there yet are made, as notebook 02
    would do. The notebooks then reuse what was trained, and evaluate it.
    """
    from egma_lib.experiments.corpora import build_corpora, find_gaze
    from egma_lib.experiments.job_list import count_unfinished, list_study_runs, write_jobs
    from egma_lib.experiments.measured_speeds import same_sizes
    from egma_lib.experiments.resources import describe_estimate, estimate_training
    from egma_lib.settings import load_settings
    from egma_lib.study import open_study

    settings = load_settings(profile, overrides)
    study = open_study(settings, data_root, results)
    gaze = find_gaze(study, settings)
    corpora = build_corpora(study, settings, gaze)
    runs = list_study_runs(study, settings, corpora, gaze)
    paths = write_jobs(runs, out)
    alike = [run for run in runs if same_sizes(run.job.settings, settings)]
    estimate = describe_estimate(estimate_training(settings, *count_unfinished(alike)))
    others = f" {len(runs) - len(alike)} runs of other encoders are not counted." if runs != alike else ""
    typer.echo(f"{_table(runs)}\n\n{estimate}.{others}")
    first = next((path for run, path in zip(runs, paths, strict=True) if not run.finished), paths[0])
    typer.echo(
        "\nTo train one by hand, after the one that it starts from:\n"
        f"  torchrun --standalone --nproc-per-node {settings.training.processes} "
        f"-m egma_lib.training.distributed {first}"
    )


def _table(runs: Sequence[StudyRun]) -> str:
    rows = [("number", "run", "arm", "seed", "starts from", "state")]
    rows += [
        (
            f"{run.number:03d}",
            run.run_id,
            run.label,
            str(run.job.spec.seed),
            "-" if run.start_number is None else f"{run.start_number:03d}",
            "finished" if run.finished else "to train",
        )
        for run in runs
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
