"""The explorer as a page of its own, in headless Chromium: with the pointer, and with the keyboard alone."""

from __future__ import annotations

import re

import psutil
import pytest
from explorer_pages import (
    ExplorerPage,
    chromium,
    needs_chromium,
    nobody_listens,
    parameters_of,
)
from playwright.sync_api import expect

from egma_lib.runner.explore import NOTEBOOK, page_notebook, serving

MOMENT = re.compile(r"at \d+\.\d s")

pytestmark = [pytest.mark.browser, needs_chromium]


@pytest.fixture(scope="module")
def served(trained_study, tmp_path_factory):
    """The page's address and the server's log; afterwards neither server nor kernel is left."""
    folder = tmp_path_factory.mktemp("page")
    log = folder / "voila.log"
    notebook = page_notebook(NOTEBOOK, folder / NOTEBOOK.name, parameters_of(trained_study))
    with serving(notebook, log) as (server, address):
        yield address, log
        head = psutil.Process(server.pid)
        family = [head, *head.children(recursive=True)]
    assert not [one for one in family if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
    assert nobody_listens(address)


@pytest.fixture(scope="module")
def headless():
    with chromium() as started:
        yield started


@pytest.fixture
def explorer(served, headless):
    page = headless.new_page(viewport={"width": 1500, "height": 1000})
    opened = ExplorerPage(page)
    page.goto(served[0])
    opened.wait()
    yield opened
    assert opened.complaints() == []
    assert "Traceback" not in served[1].read_text(encoding="utf-8", errors="replace")
    page.close()


def test_a_session_with_the_pointer(explorer, trained_study):
    page, first = explorer.page, explorer.pixels()

    page.locator(".egma-cases select").select_option(index=2)
    expect(page.locator(".egma-caption")).not_to_contain_text(first_case(trained_study))
    second = explorer.pixels()
    page.locator(".egma-sentence").nth(1).click()
    explorer.says("sentence 2")
    third = explorer.pixels()
    page.locator(".egma-typed input").fill("large zebra on the left")
    page.keyboard.press("Enter")
    explorer.says("typed “large zebra on the left”")
    expect(page.locator(".egma-unknown")).to_contain_text("zebra")
    fourth = explorer.pixels()
    page.locator(".egma-layer-attention .noUi-handle").focus()
    page.keyboard.press("ArrowLeft")
    explorer.says("attention 0.55")

    assert len({first, second, third, fourth, explorer.pixels()}) == 5


def test_save_and_restore(explorer, trained_study):
    page = explorer.page
    page.locator(".egma-sentence").nth(1).click()
    explorer.says("sentence 2")
    saved, caption = explorer.pixels(), explorer.caption()

    for kind in ("PNG", "PDF", "JSON"):
        explorer.press(kind)
        expect(page.locator(".egma-saved")).to_contain_text(f"view.{kind.lower()}")
        assert (trained_study.study.results / "explorer" / f"view.{kind.lower()}").stat().st_size > 100
    explorer.press("Next ▸")
    explorer.says("sentence 1")
    assert explorer.pixels() != saved
    explorer.press("Restore")
    explorer.says("sentence 2")

    assert explorer.caption() == caption
    assert explorer.pixels() == saved


def test_the_replay_plays_and_stops(explorer):
    page, still = explorer.page, explorer.pixels()

    page.locator(".egma-play button").first.click()
    explorer.says("at 1.")
    explorer.says("at 3.")
    page.locator(".egma-play button").first.click()
    stopped = explorer.pixels()
    assert stopped != still
    assert MOMENT.search(explorer.caption())
    explorer.press("Whole sentence")
    expect(page.locator(".egma-caption")).not_to_contain_text(MOMENT)
    assert explorer.pixels() == still


def test_click_and_wheel_on_the_picture(explorer):
    page, before = explorer.page, explorer.pixels()
    box = page.locator("img.egma-picture").bounding_box()

    page.mouse.click(box["x"] + 0.3 * box["width"], box["y"] + 0.4 * box["height"])
    explorer.says("patch 1, 1")
    asked = explorer.pixels()
    expect(page.locator("img.egma-ranking")).to_be_visible()
    page.mouse.wheel(0, -100)
    explorer.says("zoomed")

    assert len({before, asked, explorer.pixels()}) == 3


def test_with_the_keyboard_alone(explorer):
    page, first = explorer.page, explorer.caption()

    tab_to(page, "select[size]")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".egma-caption")).not_to_have_text(first)
    second = explorer.caption()
    tab_to(page, "button.egma-sentence")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    explorer.says("sentence 2")
    tab_to(page, ".egma-typed input")
    page.keyboard.type("effusion")
    page.keyboard.press("Enter")
    explorer.says("typed “effusion”")

    assert explorer.caption().split(" · ")[1] == second.split(" · ")[1]


def tab_to(page, selector):
    """Press Tab until the focus is on an element."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
            return
    raise AssertionError(f"Tab does not lead to {selector}")


def first_case(trained_study):
    from egma_lib.explorer.session import ExplorerSession

    return ExplorerSession(trained_study.study, trained_study.settings).case("gaze", "").case_id
