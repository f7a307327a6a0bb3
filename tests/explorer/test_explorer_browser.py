"""The explorer in headless Chromium: as a page of its own and in JupyterLab, with pointer and keyboard."""

from __future__ import annotations

import pytest
from explorer_hosts import OPEN_TIMEOUT_MS, chromium, needs_chromium, serving_notebook, serving_page
from explorer_pages import PICTURE, ExplorerPage
from explorer_tours import (
    tour_of_saving,
    tour_of_the_replay,
    tour_with_the_keyboard_alone,
    tour_with_the_pointer,
    tour_with_the_pointer_on_the_picture,
)

from egma_lib.explorer.session import ExplorerSession
from egma_lib.runner.lab_page import run_all_cells

pytestmark = [pytest.mark.browser, needs_chromium]

HOSTS = {"page": serving_page, "lab": serving_notebook}


@pytest.fixture(scope="module", params=list(HOSTS))
def opened(request, trained_study, tmp_path_factory):
    """The explorer, open, and the server's log."""
    session = ExplorerSession(trained_study.study, trained_study.settings)
    folder = tmp_path_factory.mktemp(request.param)
    with HOSTS[request.param](trained_study, folder) as (address, log), chromium() as browser:
        context = browser.new_context(
            viewport={"width": 1700, "height": 1000}, permissions=["clipboard-read", "clipboard-write"]
        )
        page = context.new_page()
        explorer = ExplorerPage(page, session)
        page.goto(address, timeout=OPEN_TIMEOUT_MS)
        if request.param == "lab":
            run_all_cells(page)
        page.locator(PICTURE).wait_for(timeout=OPEN_TIMEOUT_MS)
        yield explorer, log


TOURS = [tour_with_the_pointer, tour_of_the_replay, tour_of_saving, tour_with_the_pointer_on_the_picture]


def _made(opened, tour):
    explorer, log = opened
    tour(explorer)
    assert explorer.complaints() == []
    assert "Traceback" not in log.read_text(encoding="utf-8", errors="replace")


@pytest.mark.parametrize("tour", TOURS)
def test_what_is_done_shows_what_the_library_draws(opened, tour):
    _made(opened, tour)


# JupyterLab takes arrow keys for its own cells, so the page is where a keyboard is enough.
@pytest.mark.parametrize("opened", ["page"], indirect=True)
def test_with_the_keyboard_alone(opened):
    _made(opened, tour_with_the_keyboard_alone)
