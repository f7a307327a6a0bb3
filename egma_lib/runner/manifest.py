"""`manifest.json`: what the results were made with."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from egma_lib.artefacts import write_json
from egma_lib.experiments.machine import gpu_names, processor_name
from egma_lib.runner.stages import Stage
from egma_lib.runner.state import Record
from egma_lib.settings import Settings
from egma_lib.study import REPOSITORY, Study

PACKAGES = (
    "torch", "torchvision", "transformers", "tokenizers", "numpy", "scipy", "pandas", "scikit-learn",
    "pymovements", "pydicom", "matplotlib", "papermill",
)  # fmt: skip


def write_manifest(study: Study, settings: Settings, stages: Sequence[tuple[str, Record]]) -> Path:
    """Write the manifest of a results folder.

    Parameters
    ----------
    study, settings
        What was run.
    stages
        Names and records of the stages run so far, in order.
    """
    return write_json(
        study.results / "manifest.json",
        {
            "commit": commit(),
            "settings": settings.model_dump(mode="json"),
            "versions": versions(),
            "hardware": hardware(),
            "seeds": list(settings.experiments.seeds),
            "data_hash": study.data_hash,
            "stages": [_stage(name, record) for name, record in stages],
        },
    )


def in_order(stages: Sequence[Stage], records: dict[str, Record]) -> list[tuple[str, Record]]:
    """Return the records of the stages that have been begun, in the order of the stages."""
    return [(stage.name, records[stage.name]) for stage in stages if stage.name in records]


def _stage(name: str, record: Record) -> dict[str, Any]:
    about: dict[str, Any] = {
        "name": name,
        "status": record.status,
        "seconds": round(record.seconds, 1),
        "inputs_hash": record.inputs_hash,
    }
    return about if record.failed_cell is None else {**about, "failed_cell": record.failed_cell}


def commit() -> str | None:
    """Return the checkout's commit, with `-dirty` where tracked files were changed; None outside git."""
    head = _output("git", "-C", str(REPOSITORY), "rev-parse", "HEAD")
    if not head:
        return None
    changed = _output(
        "git", "-C", str(REPOSITORY), "status", "--porcelain", "--untracked-files=no", "--", ":!results"
    )
    return f"{head}-dirty" if changed else head


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that decide results."""
    return {"python": platform.python_version()} | {
        name: importlib.metadata.version(name) for name in PACKAGES
    }


def hardware() -> dict[str, Any]:
    """Return processor, cores, memory and GPU names, nothing that names the machine or its user."""
    import psutil

    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": processor_name(),
        "cores": psutil.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "gpus": gpu_names(),
    }


def _output(*command: str) -> str:
    """Return a command's output, empty where the program is absent or fails."""
    if shutil.which(command[0]) is None:
        return ""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""
