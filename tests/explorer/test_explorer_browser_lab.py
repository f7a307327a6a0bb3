"""Notebook 07 in JupyterLab, in headless Chromium."""

from __future__ import annotations

import pytest
from explorer_pages import TIMEOUT_MS, ExplorerPage, chromium, needs_chromium, serving_lab
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, needs_chromium]


def test_all_cells_run_and_the_explorer_answers(trained_study, tmp_path):
    with serving_lab(trained_study, tmp_path) as (address, log), chromium() as browser:
        page = browser.new_page(viewport={"width": 1700, "height": 1000})
        explorer = ExplorerPage(page)
        page.goto(address)
        expect(page.locator(".jp-Notebook")).to_be_visible(timeout=TIMEOUT_MS)
        # Run All Cells before the kernel is idle would be lost without a message.
        expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible(timeout=TIMEOUT_MS)
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        explorer.wait()
        first = explorer.pixels()

        page.locator(".egma-sentence").nth(1).click()
        explorer.says("sentence 2")
        second = explorer.pixels()
        page.locator(".egma-layer-attention .noUi-handle").focus()
        page.keyboard.press("ArrowLeft")
        explorer.says("attention 0.55")

        assert len({first, second, explorer.pixels()}) == 3
        assert explorer.complaints() == []
        assert page.locator("[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    assert "Traceback" not in log.read_text(encoding="utf-8", errors="replace")
