"""Runs described by paths, so that worker processes can take them, and what comes back."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from egma_lib.artefacts import read_json, write_json
from egma_lib.errors import ArtefactError
from egma_lib.settings import Settings
from egma_lib.training.batches import count_steps
from egma_lib.training.run import RunSpec, run_id, stage_settings


@dataclass(frozen=True)
class TrainJob:
    """One run to train in a worker, all by path.

    Attributes
    ----------
    spec, settings
        The run. A `spec.start` that is the id of another job waits for it.
    data_folder
        Folder written by `TrainingData.save`.
    tokenizer_folder
        Folder with `tokenizer.json`.
    runs_folder
        Folder of all runs.
    after_run
        `module:function`, called in the worker as function(run_folder, settings, **after_run_with) when the
        run is finished, also when it was finished before; what it returns must be picklable. None calls
        nothing.
    after_run_with
        Keyword arguments of `after_run`.
    """

    spec: RunSpec
    settings: Settings
    data_folder: Path
    tokenizer_folder: Path
    runs_folder: Path
    after_run: str | None = None
    after_run_with: dict[str, Any] = field(default_factory=dict)

    @property
    def run_id(self) -> str:
        """Id of the run."""
        return run_id(self.spec, self.settings, read_json(self.data_folder / "about.json")["data_hash"])

    @property
    def n_steps(self) -> int:
        """Steps of the run."""
        return count_steps(stage_settings(self.spec, self.settings))


def save_job(job: TrainJob, path: Path) -> Path:
    """Write a job as a file that another process or machine can train from, and return its path.

    What is to happen after the run is no part of it.
    """
    folders = ("data_folder", "tokenizer_folder", "runs_folder")
    content = {name: str(getattr(job, name).resolve()) for name in folders}
    write_json(path, {"spec": asdict(job.spec), "settings": job.settings.model_dump(mode="json"), **content})
    return path


def load_job(path: Path) -> TrainJob:
    """Read a job that `save_job` wrote.

    Raises
    ------
    ArtefactError
        The file is no job, or was written by another version of the suite.
    """
    content = read_json(path)
    try:
        return TrainJob(
            RunSpec(**content["spec"]),
            Settings.model_validate(content["settings"]),
            Path(content["data_folder"]),
            Path(content["tokenizer_folder"]),
            Path(content["runs_folder"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ArtefactError(
            f"{path}: not a job of this version of the suite ({error}); write it again"
        ) from error


@dataclass(frozen=True)
class TrainResult:
    """A finished run.

    Attributes
    ----------
    run_id, folder
        Its name and place.
    reused
        Whether it was finished before.
    seconds
        Time taken, `after_run` included (seconds).
    output
        What `after_run` returned.
    """

    run_id: str
    folder: Path
    reused: bool
    seconds: float
    output: Any
