"""Whether widgets are built: by what started the kernel."""

from __future__ import annotations

import pytest

from egma_lib.explorer.frontend import interactive
from egma_lib.runner.execute import kernel_environment

NAMES = ("EGMA_HEADLESS", "JPY_SESSION_NAME", "SERVER_SOFTWARE")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        pytest.param({}, False, id="papermill_or_nbconvert"),
        pytest.param({"JPY_SESSION_NAME": "notebooks/07.ipynb"}, True, id="jupyterlab"),
        pytest.param({"SERVER_SOFTWARE": "voila/0.5.13"}, True, id="voila"),
        pytest.param({"SERVER_SOFTWARE": "nginx"}, False, id="another_server"),
        pytest.param({"JPY_SESSION_NAME": "x", "EGMA_HEADLESS": "1"}, False, id="papermill_in_jupyterlab"),
        pytest.param({"EGMA_HEADLESS": "0"}, True, id="an_editor_that_says_so"),
    ],
)
def test_by_the_environment(monkeypatch, environment, expected):
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert interactive() is expected


def test_the_runners_kernels_build_none(monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", "the page that the runner was started from")
    with kernel_environment():
        assert not interactive()
    assert interactive()
