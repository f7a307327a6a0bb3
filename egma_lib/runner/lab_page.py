"""One notebook in JupyterLab, for this machine only: where tests and pictures of the documentation look."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from egma_lib.runner.explore import LOOPBACK, free_port, server_environment, wait_until_it_answers
from egma_lib.runner.interrupts import end_family

if TYPE_CHECKING:
    from playwright.sync_api import Page

_QUIET = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "extensionmanager-extension/plugin": {"enabled": False},
}
"""What JupyterLab would otherwise ask the network for."""

_START_MS = 120_000


@contextmanager
def serving_lab(notebook: Path, log: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Serve the folder of a notebook; yield the server and an address that opens it, with token.

    Parameters
    ----------
    notebook
        Stands in a folder of its own, which takes JupyterLab's settings and workspaces as well.
    log
        Where the server writes.

    Raises
    ------
    StageError
        It does not answer within a minute, or ends at once: says what it wrote.
    """
    folder = notebook.parent
    for name, values in _QUIET.items():
        path = folder / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")
    port, token = free_port(), secrets.token_urlsafe(24)
    with log.open("wb") as stream:
        server = subprocess.Popen(
            [
                sys.executable, "-m", "jupyterlab", "--no-browser", f"--ServerApp.ip={LOOPBACK}",
                f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={folder}",
                "--allow-root", f"--LabApp.user_settings_dir={folder / 'settings'}",
                f"--LabApp.workspaces_dir={folder / 'workspaces'}",
            ],
            env=server_environment(token),
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
    try:
        wait_until_it_answers(server, port, log)
        yield (
            server,
            f"http://{LOOPBACK}:{port}/lab/workspaces/auto-x/tree/{notebook.name}?token={token}&reset",
        )
    finally:
        end_family(server.pid)
        server.wait()


def run_all_cells(page: Page) -> None:
    """Run the notebook that a JupyterLab page shows."""
    page.locator(".jp-Notebook").wait_for(timeout=_START_MS)
    # Run All Cells before the kernel is idle would be lost without a message.
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=_START_MS)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
