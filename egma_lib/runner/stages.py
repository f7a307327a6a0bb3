"""The stages: the notebooks in their order, and which one reads what another wrote."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from egma_lib.artefacts import content_hash
from egma_lib.errors import StageError

PARAMETERS = ("profile", "data_root", "results_dir", "overrides")

# Notebook number -> the notebooks whose results it reads. A number that is not here reads its predecessor's.
READS: Mapping[str, tuple[str, ...]] = {
    "00": (),
    "01": (),
    "02": ("01",),
    "03": ("01", "02"),
    "04": ("01", "02"),
    "05": ("01", "02"),
    "06": ("01", "02", "03", "04", "05"),
    "07": ("02",),
}

RUNS_SIDE_STUDIES = ("05",)
"""Numbers of the notebooks that run built-in studies beside the main one."""

FIRST_TRAINING = "02"
"""Number of the notebook before which the runner says how long training will take."""


@dataclass(frozen=True)
class Stage:
    """One notebook.

    Attributes
    ----------
    number, name
        `03` and `03_zero_shot_evaluation`.
    notebook
        Path of the notebook.
    reads
        Names of the stages whose results it reads.
    """

    number: str
    name: str
    notebook: Path
    reads: tuple[str, ...]

    def cells(self) -> list[dict[str, object]]:
        """Return the notebook's cells; raise StageError where the file is not a notebook."""
        try:
            return list(json.loads(self.notebook.read_text(encoding="utf-8"))["cells"])
        except (json.JSONDecodeError, KeyError) as error:
            raise StageError(f"{self.notebook}: not a Jupyter notebook ({error!r})") from error

    def source_hash(self) -> str:
        """Return a hash of what the notebook does: cell types, sources and tags, not outputs or counts."""
        return content_hash(
            [
                [cell["cell_type"], "".join(cell["source"]), cell["metadata"].get("tags", [])]  # type: ignore[arg-type, attr-defined]
                for cell in self.cells()
            ]
        )


def discover(folder: Path, reads: Mapping[str, Sequence[str]] = READS) -> list[Stage]:
    """Return the stages of `folder/NN_*.ipynb` in order.

    Raises
    ------
    StageError
        There is none, or two share a number.
    """
    notebooks = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    if not notebooks:
        raise StageError(f"{folder} holds no notebook named like 01_gaze_preprocessing.ipynb")
    names = {path.stem[:2]: path.stem for path in notebooks}
    if len(names) < len(notebooks):
        double = next(path.stem for path in notebooks if names[path.stem[:2]] != path.stem)
        raise StageError(
            f"{folder}: {double} and {names[double[:2]]} share the number {double[:2]}; rename one"
        )
    numbers = list(names)
    stages = []
    for position, path in enumerate(notebooks):
        number = path.stem[:2]
        before = reads.get(number, numbers[max(position - 1, 0) : position])
        stages.append(
            Stage(number, path.stem, path, tuple(names[other] for other in before if other in names))
        )
    return stages


def select(stages: Sequence[Stage], only: Sequence[str], start: str) -> list[Stage]:
    """Return the stages that `--only` and `--from` ask for, in order.

    Raises
    ------
    StageError
        A number that no notebook has, or a combination that leaves nothing.
    """
    known = [stage.number for stage in stages]
    for number in (*only, *([start] if start else [])):
        if number not in known:
            raise StageError(f"there is no notebook {number}; there are {', '.join(known)}")
    chosen = [stage for stage in stages if (not only or stage.number in only) and stage.number >= start]
    if not chosen:
        raise StageError(f"--only {','.join(only)} and --from {start} leave nothing to run")
    return chosen
