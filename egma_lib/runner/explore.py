"""`./run_all.sh --explore`: the attention explorer as a page of its own, for this machine only."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from egma_lib.errors import EgmaError, StageError
from egma_lib.runner.console import Console
from egma_lib.runner.interrupts import Interrupted, end_family, interruptible
from egma_lib.runner.options import RunOptions
from egma_lib.settings import load_settings, parse_overrides
from egma_lib.study import REPOSITORY, open_study

NOTEBOOK = REPOSITORY / "notebooks" / "07_attention_explorer.ipynb"
TEMPLATES = REPOSITORY / "egma_lib" / "explorer"
"""Jupyter data folder that holds the page's template."""

TAG = "explorer"
"""Tag of the cell that shows the explorer."""

LOOPBACK = "127.0.0.1"
START_TIMEOUT_S = 60.0
LOG_LINES = 30


def explore(options: RunOptions, console: Console | None = None) -> int:
    """Serve notebook 07 with Voila until Ctrl-C; return the exit status: 0, or 1 after an error.

    The page is reachable from this machine only, and only with the token in the printed address.
    """
    console = console or Console()
    try:
        with interruptible():
            _serve(options, console)
    except EgmaError as error:
        console.line(f"error: {error}")
        return 1
    except Interrupted:
        console.line("the explorer has ended")
    return 0


def _serve(options: RunOptions, console: Console) -> None:
    overrides = parse_overrides(options.overrides)
    settings = load_settings(options.profile, overrides)
    study = open_study(settings, options.data_root, options.results)
    from egma_lib.explorer.session import ExplorerSession

    ExplorerSession(study, settings).checkpoints()  # says which stage has not been run, before a page opens
    parameters = {
        "profile": options.profile,
        "data_root": options.data_root,
        "results_dir": str(study.results),
        "overrides": overrides,
    }
    with tempfile.TemporaryDirectory(prefix="egma-explore-") as folder:
        notebook = page_notebook(NOTEBOOK, Path(folder) / NOTEBOOK.name, parameters)
        with serving(notebook, Path(folder) / "voila.log") as (server, address):
            console.line(f"the explorer is at {address}\nend it with Ctrl-C")
            server.wait()
            raise StageError(f"the page's server ended by itself: {_tail(Path(folder) / 'voila.log')}")


def page_notebook(source: Path, target: Path, parameters: Mapping[str, Any]) -> Path:
    """Write a copy of a notebook that ends with the explorer and holds no text, and return `target`.

    The text explains the notebook to somebody who reads its code; on a page without code the explorer
    explains itself.

    Parameters
    ----------
    source
        A notebook with a cell tagged `explorer`.
    target
        Where the copy goes.
    parameters
        Values of the notebook's parameters.
    """
    import nbformat
    from papermill.iorw import load_notebook_node
    from papermill.parameterize import parameterize_notebook

    notebook = parameterize_notebook(load_notebook_node(str(source)), dict(parameters))
    last = next(index for index, cell in enumerate(notebook.cells) if TAG in cell.metadata.get("tags", []))
    notebook.cells = [cell for cell in notebook.cells[: last + 1] if cell.cell_type == "code"]
    nbformat.write(notebook, target)
    return target


@contextmanager
def serving(notebook: Path, log: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Serve one notebook; yield the server and its address with token; end it with its kernels.

    Raises
    ------
    StageError
        It does not answer within a minute, or ends at once: says what it wrote.
    """
    port, token = free_port(), secrets.token_urlsafe(24)
    with log.open("wb") as stream:
        server = subprocess.Popen(
            voila_command(notebook, port),
            env=server_environment(token),
            stdout=stream,
            stderr=subprocess.STDOUT,
            # A Ctrl-C in the terminal is for this process, which then ends server and kernels in order.
            start_new_session=True,
        )
    try:
        wait_until_it_answers(server, port, log)
        yield server, f"http://{LOOPBACK}:{port}/?token={token}"
    finally:
        end_family(server.pid)
        server.wait()


def voila_command(notebook: Path, port: int) -> list[str]:
    """Return the command that serves a notebook on the loopback."""
    return [
        sys.executable, "-m", "voila", str(notebook), "--no-browser", f"--port={port}",
        f"--Voila.ip={LOOPBACK}", "--Voila.auto_token=True", "--template=egma",
        "--VoilaConfiguration.show_tracebacks=True",
    ]  # fmt: skip


def free_port() -> int:
    """Return a port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def server_environment(token: str) -> dict[str, str]:
    """Return a server's environment, with the token: a command line could be read by all."""
    paths = [str(TEMPLATES), *filter(None, [os.environ.get("JUPYTER_PATH")])]
    return {
        **{name: value for name, value in os.environ.items() if name != "EGMA_HEADLESS"},
        "JUPYTER_TOKEN": token,
        "JUPYTER_PATH": os.pathsep.join(paths),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }


def wait_until_it_answers(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Wait until a server takes connections on a port of the loopback.

    Raises
    ------
    StageError
        It does not within a minute, or ends at once: says what it wrote.
    """
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise StageError(f"the page's server did not start: {_tail(log)}")
        with socket.socket() as probe:
            if probe.connect_ex((LOOPBACK, port)) == 0:
                return
        time.sleep(0.1)
    raise StageError(f"the page's server did not answer within {START_TIMEOUT_S:.0f} s: {_tail(log)}")


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:])
