"""What a user does in the explorer, step by step; every step ends with the picture that the library draws."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
from explorer_pages import PICTURE, ExplorerPage, but
from playwright.sync_api import expect

from egma_lib.explorer.state import Layer, ViewState, load_state
from egma_lib.explorer.widgets.save import FOLDER

PLAYED = re.compile(r"at [1-9]")
"""In the caption once a second has been replayed; a slow machine skips frames."""
SLIDER = ".egma-layer-attention .noUi-handle"
PLAY = ".egma-play button"
TYPED = ".egma-typed input"
ZOOM = (0.1, 0.1, 0.9, 0.9)
"""What is shown after one step closer."""

FAINTER = Layer(opacity=0.55)
"""A layer after one step of its slider from where it begins."""


def tour_with_the_pointer(explorer: ExplorerPage) -> None:
    """Pick a case, click a sentence, type one, move the opacity, put a model beside, click a patch, zoom."""
    page, state = explorer.page, explorer.begin()
    seen = explorer.on_screen()
    assert np.corrcoef(seen.ravel(), explorer.picture().ravel())[0, 1] > 0.98

    page.locator(".egma-cases select").select_option(index=2)
    state = but(state, case_id=case_id(explorer, 2))
    explorer.shows(state)
    explorer.sentence(1).click()
    state = but(state, sentence_index=1)
    explorer.shows(state)
    page.locator(TYPED).fill("large zebra on the left")
    page.keyboard.press("Enter")
    state = but(state, sentence_index=None, typed="large zebra on the left")
    explorer.shows(state)
    expect(page.locator(".egma-unknown")).to_contain_text("zebra")
    state = _fade(explorer, state)
    explorer.shows(state)
    page.locator(PICTURE).click(position=_place(explorer, 0.3, 0.4))
    state = but(state, patch=(1, 1))
    explorer.shows(state)
    expect(page.locator("img.egma-ranking")).to_be_visible()
    page.locator(PICTURE).hover()
    page.mouse.wheel(0, -100)
    explorer.says("zoomed")
    page.get_by_label("Beside").select_option("Start")
    explorer.says(f"{state.checkpoint} beside Start")


def tour_of_the_replay(explorer: ExplorerPage) -> None:
    """Play, stop, leave; then choose something else while it plays, which ends it and is shown."""
    state = explorer.begin()
    _play(explorer)
    explorer.page.locator(PLAY).first.click()
    expect(explorer.page.locator(f"{PLAY} .fa-play")).to_be_visible()
    explorer.shows(explorer.moment(state))
    explorer.press("Whole sentence")
    explorer.shows(state)

    def type_one() -> None:
        explorer.page.locator(TYPED).fill("small effusion")
        explorer.page.keyboard.press("Enter")

    second, other = but(state, sentence_index=1), but(state, case_id=case_id(explorer, 1))
    _choose_while_playing(explorer, lambda: explorer.sentence(1).click(), second)
    _choose_while_playing(explorer, type_one, but(state, sentence_index=None, typed="small effusion"))
    _choose_while_playing(explorer, lambda: explorer.press("Next ▸"), other)


def _play(explorer: ExplorerPage) -> None:
    explorer.page.locator(PLAY).first.click()
    explorer.says(PLAYED)


def _choose_while_playing(explorer: ExplorerPage, choose: Callable[[], None], expected: ViewState) -> None:
    """Make a choice during playback; it is shown, and is still after everything sent before has arrived."""
    explorer.begin()
    _play(explorer)
    choose()
    explorer.shows(expected)
    expect(explorer.page.locator(f"{PLAY} .fa-play")).to_be_visible()
    # The kernel answers in order: after this step, frames that were on their way have been answered too.
    explorer.shows(_fade(explorer, expected))


def tour_of_saving(explorer: ExplorerPage) -> None:
    """Save a view as PNG, PDF and JSON, go elsewhere, restore it, and copy it as code."""
    page, state = explorer.page, but(explorer.begin(), sentence_index=1)
    explorer.sentence(1).click()
    explorer.shows(state)

    folder = explorer.session.study.results / FOLDER
    for kind, head in (("PNG", b"\x89PNG"), ("PDF", b"%PDF"), ("JSON", b"{")):
        explorer.press(kind)
        expect(page.locator(".egma-saved")).to_contain_text(f"view.{kind.lower()}")
        assert (folder / f"view.{kind.lower()}").read_bytes().startswith(head)
    assert load_state(folder / "view.json") == state
    explorer.press("Next ▸")
    explorer.shows(but(state, case_id=case_id(explorer, 1), sentence_index=0))
    explorer.press("Restore")
    explorer.shows(state)
    explorer.press("Copy as code")
    explorer.press("Copy")
    assert f"case_id='{state.case_id}'" in page.evaluate("() => navigator.clipboard.readText()")


def tour_with_the_pointer_on_the_picture(explorer: ExplorerPage) -> None:
    """Type and press Tab while the pointer stands on the picture: keys go to where the focus is."""
    page, state = explorer.page, explorer.begin()
    page.locator(TYPED).focus()
    page.locator(PICTURE).hover()

    page.keyboard.type("no effusion")
    expect(page.locator(TYPED)).to_have_value("no effusion")
    page.keyboard.press("Enter")
    explorer.shows(but(state, sentence_index=None, typed="no effusion"))
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.textContent.trim()") == "No sentence"


def tour_with_the_keyboard_alone(explorer: ExplorerPage) -> None:
    """Go through everything with Tab, Enter, arrows and letters."""
    page, state = explorer.page, explorer.begin()

    def enter(text: str) -> None:
        explorer.tab_to("button", text)
        page.keyboard.press("Enter")

    explorer.tab_to(".egma-cases select")
    page.keyboard.press("ArrowDown")
    explorer.shows(but(state, case_id=case_id(explorer, 1)))
    enter("Next ▸")
    explorer.shows(but(state, case_id=case_id(explorer, 2)))
    enter("◂ Previous")
    state = but(state, case_id=case_id(explorer, 1))
    explorer.shows(state)
    explorer.tab_to(SLIDER)
    page.keyboard.press("ArrowLeft")
    state = but(state, attention=FAINTER)
    explorer.shows(state)
    enter("+")
    explorer.shows(but(state, zoom=ZOOM))
    enter("Whole film")
    explorer.shows(state)
    _play_by_keys(explorer, state)
    explorer.tab_to("button.egma-sentence")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    state = but(state, sentence_index=1)
    explorer.shows(state)
    _ask_by_keys(explorer)
    state = but(state, patch=(2, 1))
    explorer.shows(state)
    explorer.tab_to(".egma-save input")
    page.keyboard.press("Control+A")
    page.keyboard.type("by keys")
    enter("JSON")
    expect(page.locator(".egma-saved")).to_contain_text("by keys.json")
    explorer.tab_to(TYPED)
    page.keyboard.type("effusion")
    page.keyboard.press("Enter")
    explorer.shows(but(state, sentence_index=None, typed="effusion"))
    enter("Restore")
    explorer.shows(state)


def _play_by_keys(explorer: ExplorerPage, state: ViewState) -> None:
    page = explorer.page
    explorer.tab_to(PLAY)
    page.keyboard.press("Enter")
    explorer.says(PLAYED)
    page.keyboard.press("Enter")
    expect(page.locator(f"{PLAY} .fa-play")).to_be_visible()
    before = explorer.moment(state)
    explorer.tab_to(".egma-moment .noUi-handle")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    after = explorer.moment(state)
    assert (after.time_s or 0) > (before.time_s or 0)
    explorer.shows(after)
    explorer.tab_to("button", "Whole sentence")
    page.keyboard.press("Enter")
    explorer.shows(state)


def _ask_by_keys(explorer: ExplorerPage) -> None:
    page = explorer.page
    explorer.tab_to(".egma-patch input")
    for number in ("2", "1"):
        page.keyboard.press("Control+A")
        page.keyboard.type(number)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")


def case_id(explorer: ExplorerPage, row: int) -> str:
    """Return the id of a case in the list, counted from 0."""
    return str(explorer.session.cases("gaze")["case_id"].iloc[row])


def _fade(explorer: ExplorerPage, state: ViewState) -> ViewState:
    """Move the opacity of attention with the pointer, and return the state at the number beside it."""
    track = explorer.page.locator(".egma-layer-attention .noUi-target")
    box = track.bounding_box()
    assert box is not None
    track.click(position={"x": 0.3 * box["width"], "y": box["height"] / 2})
    number = explorer.page.locator(".egma-layer-attention .widget-readout")
    expect(number).not_to_have_text(f"{state.attention.opacity:.2f}")
    return but(state, attention=Layer(opacity=float(number.inner_text())))


def _place(explorer: ExplorerPage, x: float, y: float) -> dict[str, float]:
    box = explorer.page.locator(PICTURE).bounding_box()
    assert box is not None
    return {"x": x * box["width"], "y": y * box["height"]}
