"""Execute one notebook in a kernel of its own with papermill."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from egma_lib.artefacts import atomic_path, write_text
from egma_lib.errors import StageError
from egma_lib.runner.console import CellProgress, Console
from egma_lib.runner.interrupts import Interrupted, end_children
from egma_lib.runner.stages import PARAMETERS, Stage

ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
START_TIMEOUT_S = 120
AUTOSAVE_S = 30


class CellFailedError(StageError):
    """A cell of a notebook raised, or its kernel died.

    Attributes
    ----------
    failed_cell
        `position` (0 for an unknown one), `title` (last heading above it) and `error`, for the manifest.
    """

    def __init__(self, message: str, failed_cell: dict[str, str]) -> None:
        super().__init__(message)
        self.failed_cell = failed_cell


def check_parameters(stage: Stage) -> None:
    """Refuse a notebook that does not take exactly the suite's parameters; papermill would only log it.

    Raises
    ------
    StageError
        The cell tagged `parameters` is missing, or names other parameters: says which.
    """
    import papermill

    try:
        found = set(papermill.inspect_notebook(str(stage.notebook)))
    except ValueError as error:
        raise StageError(f"{stage.notebook}: its metadata name no Python kernel ({error})") from error
    if found != set(PARAMETERS):
        wrong = [f"{name} is missing" for name in PARAMETERS if name not in found]
        wrong += [f"{name} is unknown" for name in sorted(found - set(PARAMETERS))]
        raise StageError(
            f"{stage.notebook}: the cell tagged `parameters` has to set {', '.join(PARAMETERS)} and nothing "
            f"else: {'; '.join(wrong)}"
        )


def execute(stage: Stage, folder: Path, parameters: Mapping[str, Any], console: Console, place: str) -> None:
    """Execute a notebook and write `folder/NAME.ipynb` and `.html`, each at once when it is complete.

    Parameters
    ----------
    stage
        What to execute.
    folder
        Folder of executed notebooks.
    parameters
        Values of the notebook's parameters.
    console, place
        Where progress goes, and which notebook this is (`4 of 8`).

    Raises
    ------
    CellFailedError
        A cell raised or the kernel died; the partial notebook is kept as `NAME.failed.ipynb`.
    """
    target = folder / f"{stage.name}.ipynb"
    partial = folder / f"{stage.name}.failed.ipynb"
    cells = _cells_with_injection(stage)
    progress = CellProgress(console, f"{stage.name} ({place})", cells)
    with atomic_path(target) as temporary:
        error = _in_thread(stage, temporary, parameters, progress)
        if error is not None:
            if temporary.exists():
                temporary.replace(partial)
            raise _explain(stage, error, partial, progress) from error
    write_text(target.with_suffix(".html"), _to_html(target))
    partial.unlink(missing_ok=True)


def _in_thread(
    stage: Stage, output: Path, parameters: Mapping[str, Any], progress: CellProgress
) -> BaseException | None:
    """Run papermill beside the main thread, which stays free to take signals; return what papermill raised.

    In the main thread nbclient installs handlers of its own, and they would leave the training workers alive.
    """
    raised: list[BaseException] = []

    def work() -> None:
        try:
            _papermill(stage, output, parameters, progress)
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=work, name=stage.name, daemon=True)
    with kernel_environment():
        thread.start()
        try:
            while thread.is_alive():
                thread.join(0.2)
        except Interrupted as stopped:
            for _ in range(5):  # a kernel that is just being started is not there yet the first time
                end_children(stopped.older)
                thread.join(2.0)
                if not thread.is_alive():
                    break
            raise
    return raised[0] if raised else None


def _papermill(stage: Stage, output: Path, parameters: Mapping[str, Any], progress: CellProgress) -> None:
    import papermill
    from jupyter_core.utils import ensure_event_loop

    # papermill takes this thread's event loop and does not close it.
    with closing(ensure_event_loop()):
        papermill.execute_notebook(
            str(stage.notebook),
            str(output),
            parameters=dict(parameters),
            kernel_name="python3",
            progress_bar=False,
            start_timeout=START_TIMEOUT_S,
            autosave_cell_every=AUTOSAVE_S,
            cwd=str(stage.notebook.parent),
            extra_arguments=["--IPKernelApp.log_level=50"],
            on_cell_execute=progress,
        )


@contextmanager
def kernel_environment() -> Iterator[None]:
    """Environment of the kernels: this interpreter's own kernel, no widgets, and figures as pictures.

    The inline backend, not Agg: under Agg a figure at the end of a cell shows as a line of text.
    """
    wanted = {
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "JUPYTER_PREFER_ENV_PATH": "1",
        "EGMA_HEADLESS": "1",
    }
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _cells_with_injection(stage: Stage) -> list[Any]:
    """Return the cells as executed: papermill puts one of its own after the cell tagged `parameters`."""
    cells: list[Any] = []
    for cell in stage.cells():
        cells.append(cell)
        if "parameters" in cell["metadata"].get("tags", []):  # type: ignore[attr-defined]
            cells.append({"cell_type": "code", "source": ""})
    return cells


def _explain(stage: Stage, error: BaseException, partial: Path, progress: CellProgress) -> CellFailedError:
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    cell = {"position": str(progress.position), "title": progress.heading}
    kept = f"The notebook up to there: {partial}" if partial.exists() else "Nothing was executed."
    where = (
        f"{stage.name} failed in cell {progress.position} ({progress.heading or 'before the first heading'})"
    )
    if isinstance(error, PapermillExecutionError):
        traceback = ANSI.sub("", "\n".join(error.traceback))
        summary = f"{error.ename}: {error.evalue}"
        return CellFailedError(f"{where}\n{traceback}\n{kept}", {**cell, "error": summary})
    if isinstance(error, DeadKernelError):
        summary = "the kernel was killed; most often out of memory"
        return CellFailedError(f"{where}: {summary}.\n{kept}", {**cell, "error": summary})
    return CellFailedError(f"{where}: {error!r}\n{kept}", {**cell, "error": repr(error)})


def _to_html(notebook: Path) -> str:
    from nbconvert import HTMLExporter

    return HTMLExporter().from_filename(str(notebook))[0]
