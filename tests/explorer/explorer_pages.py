"""The explorer in a page, as its user sees it, beside what the library draws for the same settings."""

from __future__ import annotations

import base64
import io
import re
from urllib.parse import urlsplit

import numpy as np
from explorer_hosts import TIMEOUT_MS
from PIL import Image
from playwright.sync_api import ConsoleMessage, Locator, Page, Request, WebSocket, expect

from egma_lib.explorer.picture import draw_view
from egma_lib.explorer.session import ExplorerSession
from egma_lib.explorer.state import ViewState, save_state
from egma_lib.explorer.transitions import start_state
from egma_lib.explorer.views import pixels
from egma_lib.explorer.widgets.image import caption
from egma_lib.explorer.widgets.player import FRAME_MS
from egma_lib.explorer.widgets.save import FOLDER
from egma_lib.runner.explore import LOOPBACK

HOST_NOISE: dict[str, str] = {}
"""Path of a request of the host page that may fail, and why it does; nothing else may."""

PICTURE = "img.egma-picture"
START = "start"
"""Name of the saved view that every tour begins with."""

MOST_TABS = 150
_WAIT_MS = 100
_STILL_MS = 500

_DRAWN = """async image => {
  await image.decode();
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  canvas.getContext('2d').drawImage(image, 0, 0);
  return canvas.toDataURL('image/png').split(',')[1];
}"""

_FOCUSED = """([selector, text]) => document.activeElement.matches(selector)
  && (!text || document.activeElement.textContent.trim() === text)"""


class ExplorerPage:
    """The explorer in a page.

    Parameters
    ----------
    page
        A fresh page.
    session
        The study that is explored, opened a second time.
    """

    def __init__(self, page: Page, session: ExplorerSession) -> None:
        self.page = page
        self.session = session
        self.start = start_state(session)
        self._complaints: list[str] = []
        self._expected: np.ndarray | None = None
        save_state(self.start, session.study.folder(FOLDER) / f"{START}.json")
        page.set_default_timeout(TIMEOUT_MS)
        expect.set_options(timeout=TIMEOUT_MS)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._complaints.append(str(error)))
        page.on("request", self._request)
        page.on("websocket", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        path = urlsplit(message.location["url"]).path
        if message.type == "error" and path not in HOST_NOISE:
            self._complaints.append(f"{message.text} ({path})")

    def _request(self, request: Request | WebSocket) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob") and address.hostname != LOOPBACK:
            self._complaints.append(f"a request to {request.url}")

    def complaints(self) -> list[str]:
        """Return errors of the page, requests that left the machine, and complaints of cells and explorer."""
        said = self.page.locator(".egma-error, [data-mime-type='application/vnd.jupyter.stderr']")
        return [*self._complaints, *said.all_inner_texts()]

    def begin(self) -> ViewState:
        """Go to the first case as it is when the explorer opens, and return that state."""
        self.page.locator(".egma-save select").select_option(label=START)
        self.press("Restore")
        self._expected = None
        self.shows(self.start)
        return self.start

    def press(self, name: str) -> None:
        """Click the button of this text."""
        self.page.get_by_role("button", name=name, exact=True).first.click()

    def sentence(self, index: int) -> Locator:
        return self.page.locator(".egma-sentence").nth(index)

    def shows(self, state: ViewState) -> None:
        """Wait until caption and picture are the library's for a state, and the picture is a new one."""
        expect(self.page.locator(".egma-caption")).to_have_text(caption(state))
        expected = pixels(draw_view(self.session, state)).astype(int)
        before, self._expected = self._expected, expected
        moment = state.time_s is not None
        assert before is None or not same(before, expected, moment), "the step changes nothing to be seen"
        for _ in range(TIMEOUT_MS // _WAIT_MS):
            if same(self.picture(), expected, moment):
                return
            self.page.wait_for_timeout(_WAIT_MS)
        raise AssertionError(f"the page does not show what the library draws for {caption(state)}")

    def picture(self) -> np.ndarray:
        """Return the picture as the browser has decoded it, shape (height, width, 3)."""
        drawn = base64.b64decode(self.page.locator(PICTURE).evaluate(_DRAWN))
        return np.asarray(Image.open(io.BytesIO(drawn)).convert("RGB")).astype(int)

    def on_screen(self) -> np.ndarray:
        """Return what stands on the screen where the picture is, in the size of the picture."""
        shot = Image.open(io.BytesIO(self.page.locator(PICTURE).screenshot())).convert("RGB")
        height, width = self.picture().shape[:2]
        return np.asarray(shot.resize((width, height))).astype(int)

    def moment(self, state: ViewState) -> ViewState:
        """Return a state at the time where the player stands, once it and the caption stand still there."""
        before = None
        for _ in range(TIMEOUT_MS // _STILL_MS):
            at = but(state, time_s=self._frame() * FRAME_MS / 1000)
            if at == before and self.page.locator(".egma-caption").inner_text().strip() == caption(at):
                return at
            before = at
            self.page.wait_for_timeout(_STILL_MS)
        raise AssertionError("the player does not come to stand where the caption says")

    def _frame(self) -> float:
        return float(self.page.locator(".egma-moment .noUi-handle").get_attribute("aria-valuenow") or "nan")

    def says(self, text: str | re.Pattern[str]) -> None:
        """Wait until the caption holds a text."""
        expect(self.page.locator(".egma-caption")).to_contain_text(text)

    def tab_to(self, selector: str, text: str = "") -> None:
        """Press Tab until the focus is on an element, of this text where one is given."""
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            if self.page.evaluate(_FOCUSED, [selector, text]):
                return
        raise AssertionError(f"Tab does not lead to {selector} {text}")


def but(state: ViewState, **fields: object) -> ViewState:
    """Return a state with other fields."""
    return ViewState.model_validate({**dict(state), **fields})


def same(seen: np.ndarray, expected: np.ndarray, jpeg: bool) -> bool:
    """Whether two pictures are equal: to a grey level or two, or as nearly as JPEG keeps them."""
    if seen.shape != expected.shape:
        return False
    off = np.abs(seen - expected)
    return bool(off.mean() < 2 and np.quantile(off, 0.99) < 25) if jpeg else bool(off.max() <= 2)
