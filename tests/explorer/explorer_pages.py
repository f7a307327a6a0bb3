"""Helpers of the browser tests: Chromium, the two servers, and what a page shows and complains of."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright
from tiny_studies import ONE_STEP, TrainedStudy

from egma_lib.runner.explore import LOOPBACK, NOTEBOOK, free_port
from egma_lib.runner.interrupts import end_family

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium on the path (Debian, Ubuntu: sudo apt-get install chromium)"
)
TIMEOUT_MS = 60_000

HOST_NOISE = (
    "Failed to load resource: the server responded with a status of 404",  # Lab asks for optional settings
    "Failed to load resource: net::ERR_INTERNET_DISCONNECTED",  # Lab's list of extensions, offline
)
"""Beginnings of errors in the console that come from the host page, not from the explorer."""


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


class ExplorerPage:
    """The explorer in a page, as its user sees it.

    Parameters
    ----------
    page
        A fresh page.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.errors: list[str] = []
        page.set_default_timeout(TIMEOUT_MS)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(HOST_NOISE):
            self.errors.append(message.text)

    def wait(self) -> None:
        """Wait until the explorer shows its first picture."""
        expect(self.page.locator("img.egma-picture")).to_be_visible(timeout=TIMEOUT_MS)
        self.says("sentence 1")

    def says(self, text: str) -> None:
        """Wait until the caption holds a text."""
        expect(self.page.locator(".egma-caption")).to_contain_text(text, timeout=TIMEOUT_MS)

    def caption(self) -> str:
        return self.page.locator(".egma-caption").inner_text()

    def pixels(self) -> str:
        """Return a hash of the picture as it stands on the screen, once it has stopped changing."""
        seen = ""
        for _ in range(50):
            shot = self.page.locator("img.egma-picture").screenshot()
            now = hashlib.sha256(shot).hexdigest()
            if now == seen:
                return now
            seen = now
            self.page.wait_for_timeout(100)
        raise AssertionError("the picture does not come to rest")

    def press(self, name: str) -> None:
        """Click the button of this text."""
        self.page.get_by_role("button", name=name, exact=True).first.click()

    def complaints(self) -> list[str]:
        """Return errors of the console and what the explorer says went wrong."""
        return [*self.errors, *self.page.locator(".egma-error").all_inner_texts()]


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
def serving_lab(trained: TrainedStudy, folder: Path) -> Iterator[tuple[str, Path]]:
    """Serve a copy of notebook 07 with JupyterLab; yield its address and the server's log."""
    notebook = parameterize_notebook(load_notebook_node(str(NOTEBOOK)), parameters_of(trained))
    nbformat.write(notebook, folder / NOTEBOOK.name)
    settings = folder / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    quiet = {"fetchNews": "false", "checkForUpdates": False}
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(quiet), encoding="utf-8")
    port, token, log = free_port(), secrets.token_hex(16), folder / "lab.log"
    base = f"http://{LOOPBACK}:{port}"
    with log.open("wb") as stream:
        server = subprocess.Popen(
            [
                sys.executable, "-m", "jupyterlab", "--no-browser", f"--ServerApp.ip={LOOPBACK}",
                f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}",
                f"--ServerApp.root_dir={folder}", "--allow-root",
                f"--LabApp.user_settings_dir={folder / 'settings'}",
                f"--LabApp.workspaces_dir={folder / 'workspaces'}",
            ],
            env={**os.environ, "JUPYTER_PREFER_ENV_PATH": "1"},
            stdout=stream, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        _wait_for(f"{base}/api/status?token={token}", server)
        yield f"{base}/lab/workspaces/auto-x/tree/{NOTEBOOK.name}?token={token}&reset", log
    finally:
        end_family(server.pid)
        server.wait()


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + TIMEOUT_MS / 1000
    while time.monotonic() < deadline:
        assert server.poll() is None, "the server ended at once"
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"no answer from {address}")


def nobody_listens(address: str) -> bool:
    """Whether the port of an address is free again."""
    port = int(address.split(":")[2].split("/")[0])
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) != 0
