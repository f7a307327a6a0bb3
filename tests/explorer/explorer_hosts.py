"""Where the explorer is shown in the browser tests: the page of `--explore`, and JupyterLab."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import psutil
import pytest
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook
from playwright.sync_api import Browser, sync_playwright
from tiny_studies import ONE_STEP, TrainedStudy

from egma_lib.runner.explore import LOOPBACK, NOTEBOOK, page_notebook, serving
from egma_lib.runner.lab_page import serving_lab

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium on the path (Debian, Ubuntu: sudo apt-get install chromium)"
)
TIMEOUT_MS = 60_000
OPEN_TIMEOUT_MS = 180_000
"""For the first picture: a kernel starts, imports torch and reads the study (milliseconds)."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start headless Chromium."""
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", *quiet],
        )
        try:
            yield browser
        finally:
            browser.close()


def parameters_of(trained: TrainedStudy) -> dict[str, object]:
    """Return the parameters of notebook 07 for a trained tiny study."""
    study = trained.study
    return {
        "profile": "smoke",
        "data_root": str(study.data_root),
        "results_dir": str(study.results),
        "overrides": ONE_STEP,
    }


@contextmanager
def serving_page(trained: TrainedStudy, folder: Path) -> Iterator[tuple[str, Path]]:
    """Serve the page of `--explore`; yield its address and the server's log; leave no process."""
    log = folder / "voila.log"
    notebook = page_notebook(NOTEBOOK, folder / NOTEBOOK.name, parameters_of(trained))
    with serving(notebook, log) as (server, address):
        yield address, log
        head = psutil.Process(server.pid)
        family = [head, *head.children(recursive=True)]
    assert not [one for one in family if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
    assert nobody_listens(address)


@contextmanager
def serving_notebook(trained: TrainedStudy, folder: Path) -> Iterator[tuple[str, Path]]:
    """Serve a copy of notebook 07 with JupyterLab; yield its address and the server's log."""
    notebook = parameterize_notebook(load_notebook_node(str(NOTEBOOK)), parameters_of(trained))
    nbformat.write(notebook, folder / NOTEBOOK.name)
    log = folder / "lab.log"
    with serving_lab(folder / NOTEBOOK.name, log) as (_, address):
        yield address, log


def nobody_listens(address: str) -> bool:
    """Whether the port of an address is free again."""
    port = int(address.split(":")[2].split("/")[0])
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) != 0
