"""Engines that take runs, by the name that `experiments.cluster` and `--cluster` give them."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from egma_lib.errors import SettingsError
from egma_lib.experiments.cluster.remote_run import Outcome
from egma_lib.settings import Settings
from egma_lib.training.jobs import TrainJob


class Engine(Protocol):
    """Where runs are sent."""

    def submit(self, job: TrainJob, run_id: str) -> None:
        """Send a run; returns at once."""

    def finished(self) -> Sequence[tuple[str, Outcome]]:
        """Wait until runs have ended and return their ids and outcomes.

        Raises
        ------
        TrainingError
            A run was lost too often, or the engine itself: names the run.
        """


def open_engine(name: str, settings: Sequence[Settings], runs_folder: Path) -> AbstractContextManager[Engine]:
    """Return the engine of a name, to be used in a `with` statement.

    Parameters
    ----------
    name
        `dask=ADDRESS`, `slurm`, `slurm:option=value,...`; `local` is SLURM's counterpart on this machine, for
        trying it out.
    settings
        Settings of the runs; the one that needs most threads and GPUs decides what a run asks SLURM for.
    runs_folder
        Folder of all runs; SLURM's own files lie there while runs are out.

    Raises
    ------
    SettingsError
        The name is unknown, or the package of its engine is not installed.
    """
    kind = name.partition("=")[0] if name.startswith("dask=") else name.partition(":")[0]
    if kind == "dask":
        _need("distributed", kind)
        from egma_lib.experiments.cluster.dask_engine import dask_engine

        return dask_engine(name.partition("=")[2])
    if kind in ("slurm", "local"):
        _need("submitit", kind)
        from egma_lib.experiments.cluster.submitit_engine import submitit_engine

        return submitit_engine(kind, _options(name), settings, runs_folder)
    raise SettingsError(
        f"cluster {name!r} is unknown; use dask=tcp://HOST:8786, slurm, or slurm:option=value,option=value"
    )


def _need(module: str, kind: str) -> None:
    if importlib.util.find_spec(module) is None:
        raise SettingsError(
            f"the cluster engine {kind!r} needs the package {module}, which is not installed here; install "
            "it with: python -m pip install 'dask[distributed]>=2026.1' 'submitit>=1.5,<2'"
        )


def _options(name: str) -> dict[str, int | str]:
    options: dict[str, int | str] = {}
    for item in filter(None, name.partition(":")[2].split(",")):
        option, sign, value = item.partition("=")
        if not sign or not option or not value:
            raise SettingsError(f"cluster {name!r}: {item!r} is not of the form option=value")
        options[option] = int(value) if value.isdecimal() else value
    return options
