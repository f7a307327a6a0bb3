"""The explorer without a browser: change what a user changes, look at what is drawn."""

from __future__ import annotations

import io
from threading import Thread

import numpy as np
import pytest
from explorer_widgets import caption, notices, picture, pointer
from PIL import Image

from egma_lib.errors import DataError
from egma_lib.explorer.session import ExplorerSession
from egma_lib.explorer.state import Layer, ViewState, load_state
from egma_lib.explorer.views import film_layout
from egma_lib.explorer.widgets import Explorer, build_explorer
from egma_lib.explorer.widgets.player import FRAME_S


@pytest.fixture(scope="module")
def session(trained_study) -> ExplorerSession:
    return ExplorerSession(trained_study.study, trained_study.settings)


@pytest.fixture
def explorer(session):
    made = build_explorer(session)
    assert isinstance(made, Explorer), made.children[1].value
    assert notices(made) == {}
    return made


def _set_layer(name, shown=None, opacity=None):
    def change(explorer):
        switch, slider = explorer.panels["layers"].layers[name]
        if shown is not None:
            switch.value = shown
        if opacity is not None:
            slider.value = opacity

    return change


def _click_sentence(explorer):
    explorer.panels["report"].sentences.children[1].click()


def _set(panel, widget, value):
    return lambda explorer: setattr(getattr(explorer.panels[panel], widget), "value", value)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param(_click_sentence, "sentence 2", id="click_a_sentence"),
        pytest.param(
            _set("report", "typed", "large effusion"), "typed “large effusion”", id="type_a_sentence"
        ),
        pytest.param(_set_layer("attention", opacity=0.2), "attention 0.20", id="opacity"),
        pytest.param(_set_layer("attention", shown=False), "attention off", id="layer_off"),
        pytest.param(_set_layer("fixations", shown=False), "fixations off", id="fixations_off"),
        pytest.param(_set("layers", "style", "grid"), "sentence 1", id="raw_patches"),
        pytest.param(_set("layers", "window_width", 0.3), "sentence 1", id="window"),
        pytest.param(_set("layers", "checkpoint", "Start"), "· Start ·", id="another_model"),
        pytest.param(_set("layers", "beside", "Start"), "EGMA beside Start", id="two_models"),
        pytest.param(_set("player", "moment", 50), "at 4.0 s", id="scrub"),
        pytest.param(lambda e: e.panels["image"].buttons[0].click(), "zoomed", id="zoom_button"),
        pytest.param(lambda e: e.panels["browser"].next.click(), "sentence 1", id="next_case"),
        pytest.param(lambda e: e.panels["report"].whole.click(), "gaze ·", id="no_sentence"),
    ],
)
def test_a_change_changes_picture_and_caption(explorer, change, says):
    before, said = picture(explorer), caption(explorer)

    change(explorer)

    assert picture(explorer) != before
    assert says in caption(explorer)
    assert says in said or caption(explorer) != said
    assert notices(explorer) == {}


def test_the_picture_is_a_png_that_shows_the_film(explorer):
    shown = np.asarray(Image.open(io.BytesIO(explorer.panels["image"].picture.value)).convert("RGB"))
    layout = film_layout(1)

    assert shown.shape[1] / shown.shape[0] == pytest.approx(layout.width / layout.height, rel=0.01)
    assert shown.std() > 20


def test_difference_needs_a_second_model(explorer):
    layers = explorer.panels["layers"]
    assert layers.difference.disabled

    layers.beside.value = "Start"
    two = picture(explorer)
    layers.difference.value = True

    assert not layers.difference.disabled
    assert picture(explorer) != two


def test_a_click_asks_the_patch_under_it_and_a_second_one_takes_it_back(explorer):
    left, bottom, width, height = film_layout(1).films[0]
    # Three eighths from the left, an eighth from below: the middle of patch (3, 1) of the 4 x 4 grid.
    x, y = left + width * 0.375, 1 - (bottom + height * 0.125)
    image = explorer.panels["image"]

    for expected in ((3, 1), None):
        image.on_pointer(pointer("mousedown", x, y))
        image.on_pointer(pointer("mouseup", x, y))
        assert explorer.viewing.state.patch == expected

    explorer.panels["patch"].row.value, explorer.panels["patch"].column.value = 2, 0
    explorer.panels["patch"].ask.click()
    assert explorer.viewing.state.patch == (2, 0)
    assert explorer.panels["patch"].picture.value


def test_wheel_zooms_around_the_pointer_and_a_drag_moves_the_film(explorer):
    image, state = explorer.panels["image"], lambda: explorer.viewing.state
    left, bottom, width, height = film_layout(1).films[0]
    middle = left + width / 2, 1 - (bottom + height / 2)

    image.on_wheel(pointer("wheel", *middle, deltaY=-1.0))
    assert state().zoom == pytest.approx((0.1, 0.1, 0.9, 0.9))
    image.on_pointer(pointer("mousedown", *middle))
    image.on_pointer(pointer("mouseup", middle[0] + width / 16, middle[1]))
    assert state().zoom == pytest.approx((0.05, 0.1, 0.85, 0.9))
    assert state().patch is None
    image.buttons[-1].click()
    assert state().zoom == (0, 0, 1, 1)


def test_a_release_without_a_press_and_a_click_beside_the_film_do_nothing(explorer):
    before = explorer.viewing.state
    image = explorer.panels["image"]

    image.on_pointer(pointer("mouseup", 0.5, 0.5))
    image.on_pointer(pointer("mousedown", 0.999, 0.001))
    image.on_pointer(pointer("mouseup", 0.999, 0.001))

    assert explorer.viewing.state == before


def test_words_the_model_does_not_know_are_named(explorer):
    explorer.panels["report"].typed.value = "zebra in the left lung"
    assert "<b>zebra</b>" in explorer.panels["report"].unknown.value

    explorer.panels["report"].typed.value = ""
    assert explorer.viewing.state.sentence_index == 0
    assert explorer.panels["report"].unknown.value == ""


def test_bars_are_drawn_per_class_or_per_prompt(explorer, session):
    classes = explorer.panels["classes"]
    per_class = classes.picture.value

    classes.bars.value = "per prompt"

    assert notices(explorer) == {}
    table = session.prompt_similarity("large effusion", "EGMA", "chexpert_8x200")
    means = table.groupby("class", sort=False)["similarity"].mean()
    assert means.to_dict() == pytest.approx(
        session.class_similarity("large effusion", "EGMA", "chexpert_8x200"), abs=1e-5
    )
    assert classes.picture.value != per_class
    classes.bars.value = "per class"
    assert classes.picture.value == per_class


def test_the_sentence_that_is_being_dictated_lights_up(explorer, session):
    case = explorer.viewing.case
    spoken = case.sentences.iloc[1]
    explorer.panels["player"].moment.value = int((spoken["start_s"] + spoken["end_s"]) / 2 / FRAME_S)

    lit = ["egma-spoken" in one._dom_classes for one in explorer.panels["report"].sentences.children]
    assert lit == [index == 1 for index in range(len(case.sentences))]
    explorer.panels["player"].leave.click()
    assert explorer.viewing.state.time_s is None
    assert not any("egma-spoken" in one._dom_classes for one in explorer.panels["report"].sentences.children)


@pytest.mark.parametrize(
    "choose",
    [
        pytest.param(_click_sentence, id="click_a_sentence"),
        pytest.param(_set("report", "typed", "large effusion"), id="type_a_sentence"),
        pytest.param(lambda e: e.panels["browser"].next.click(), id="next_case"),
    ],
)
def test_a_choice_during_playback_stays_when_frames_on_their_way_arrive(explorer, choose):
    player = explorer.panels["player"]
    player.play.playing = True
    player.play.value = 40
    assert explorer.viewing.state.time_s == pytest.approx(3.2)

    choose(explorer)
    chosen = explorer.viewing.state
    player.play.value = 41

    assert not player.play.playing
    assert chosen.time_s is None
    assert explorer.viewing.state == chosen
    assert player.moment.value == player.play.value == 0
    player.moment.value = 10
    assert explorer.viewing.state.time_s == pytest.approx(0.8)


def test_a_choice_made_in_another_thread_while_panels_are_drawn_is_not_lost(explorer, monkeypatch):
    numbers, clicks = explorer.panels["numbers"], []
    draw = numbers.show

    def click_meanwhile(state):
        if not clicks:
            clicks.append(Thread(target=lambda: _set_layer("attention", opacity=0.2)(explorer)))
            clicks[0].start()
        draw(state)

    monkeypatch.setattr(numbers, "show", click_meanwhile)
    _click_sentence(explorer)
    clicks[0].join()

    assert explorer.viewing.state.sentence_index == 1
    assert explorer.viewing.state.attention.opacity == pytest.approx(0.2)
    assert "attention 0.20" in caption(explorer)


def test_nothing_listens_for_keys_and_the_hint_follows_the_replay(explorer):
    image = explorer.panels["image"]

    assert not [kind for one in image.events for kind in one.watched_events if kind.startswith("key")]
    assert "click: ask a patch" in image.hint.value
    explorer.panels["player"].moment.value = 40
    assert "leave it with Whole sentence" in image.hint.value


def test_moments_of_the_replay_differ(explorer):
    pictures = set()
    for frame in range(20, 60, 10):
        explorer.panels["player"].moment.value = frame
        pictures.add(picture(explorer))

    assert len(pictures) == 4
    assert explorer.panels["image"].picture.format == "jpeg"


def test_search_narrows_the_list_and_an_empty_one_says_what_to_do(explorer, session):
    browser = explorer.panels["browser"]
    word = explorer.viewing.case.sentences["text"].iloc[0].split()[-1]

    browser.words.value = word
    found = session.cases("gaze", words=word)["case_id"].tolist()
    assert [value for _, value in browser.cases.options] == found
    assert browser.count.value == f"{len(found)} cases"
    before = explorer.viewing.state
    browser.words.value = "xylophone"
    assert "No case fits" in browser.count.value
    assert explorer.viewing.state == before


def test_next_and_previous_walk_the_list_and_stop_at_its_ends(explorer, session):
    browser, ids = explorer.panels["browser"], session.cases("gaze")["case_id"].tolist()

    browser.previous.click()
    assert explorer.viewing.state.case_id == ids[0]
    browser.next.click()
    assert explorer.viewing.state.case_id == ids[1]
    browser.previous.click()
    assert explorer.viewing.state.case_id == ids[0]
    browser.cases.value = ids[-1]
    browser.next.click()
    assert explorer.viewing.state.case_id == ids[-1]


def test_a_test_set_has_prompts_for_a_report_and_no_replay(explorer):
    explorer.panels["browser"].corpus.value = "rsna"

    assert notices(explorer) == {}
    assert explorer.viewing.state.corpus == "rsna"
    assert explorer.panels["player"].controls.layout.display == "none"
    assert "no gaze belongs to this sentence" in explorer.panels["image"].seen.value
    assert "test set has no recording" in explorer.panels["numbers"].table.value


def test_a_saved_view_is_restored_and_its_code_names_it(explorer, session, trained_study):
    save = explorer.panels["save"]
    explorer.viewing.change(sentence_index=1, gaze=Layer(shown=False), patch=(1, 2))
    saved, before = explorer.viewing.state, picture(explorer)

    for button in (save.png, save.pdf, save.json):
        button.click()
    folder = trained_study.study.results / "explorer"
    assert {path.suffix for path in folder.glob("view.*")} == {".png", ".pdf", ".json"}
    assert load_state(folder / "view.json") == saved
    explorer.panels["browser"].next.click()
    assert picture(explorer) != before
    save.restore.click()
    assert explorer.viewing.state == saved
    assert picture(explorer) == before
    save.as_code.click()
    assert f"case_id='{saved.case_id}'" in save.code.value


@pytest.mark.parametrize("name", ["", "../elsewhere", "a/b", ".hidden"])
def test_a_file_name_stays_in_its_folder(explorer, name):
    save = explorer.panels["save"]
    save.file_name.value = name

    save.json.click()

    assert "expected letters, digits" in save.notice.value


def test_an_error_stands_in_words_where_the_picture_was_and_goes_with_its_cause(
    explorer, monkeypatch, session
):
    before = picture(explorer)

    def breaks(*_):
        raise ZeroDivisionError("a fault of the library")

    with monkeypatch.context() as patched:
        patched.setattr(session, "attention", breaks)
        explorer.panels["report"].sentences.children[1].click()
        assert "ZeroDivisionError: a fault of the library" in explorer.panels["image"].notice.value
        assert "a fault of the library" in explorer.panels["numbers"].notice.value
        assert picture(explorer) != before
    explorer.panels["report"].sentences.children[0].click()
    assert notices(explorer) == {}
    assert picture(explorer) == before


def test_a_case_that_cannot_be_read_is_said_in_every_panel_that_shows_it(explorer, monkeypatch, session):
    before, read = picture(explorer), session.case
    lost = explorer.panels["browser"].cases.options[1][1]

    def case(corpus, case_id):
        if case_id == lost:
            raise DataError("film.dcm: no such file; fetch it again")
        return read(corpus, case_id)

    monkeypatch.setattr(session, "case", case)
    explorer.panels["browser"].next.click()
    said = notices(explorer)
    assert {"image", "facts", "report", "player", "patch", "classes", "numbers"} <= set(said)
    assert all("film.dcm: no such file" in words for words in said.values())
    assert picture(explorer) != before
    explorer.panels["layers"].style.value = "grid"
    assert "film.dcm" in explorer.panels["numbers"].notice.value
    explorer.panels["layers"].style.value = "interpolated"
    explorer.panels["browser"].previous.click()
    assert notices(explorer) == {}
    assert picture(explorer) == before


def test_an_error_of_a_button_stays_on_its_panel(explorer, monkeypatch, session):
    def breaks(*_):
        raise DataError("no ranking today")

    monkeypatch.setattr(session, "ranked_sentences", breaks)
    explorer.panels["patch"].ask.click()

    assert "no ranking today" in explorer.panels["patch"].notice.value


def test_a_patch_that_the_grid_does_not_have_is_an_error_in_words(explorer):
    explorer.viewing.change(patch=(9, 0))

    assert "patch" in explorer.panels["image"].notice.value


def test_without_a_trained_model_the_widget_says_which_command_makes_one(trained_study, tmp_path):
    from dataclasses import replace

    bare = replace(trained_study.study, results=tmp_path)
    shown = build_explorer(ExplorerSession(bare, trained_study.settings))

    words, shown_picture = shown.children[1:]
    assert "./run_all.sh --profile smoke --only 01" in words.value
    assert "--data-root, --results and --set" in words.value
    assert Image.open(io.BytesIO(shown_picture.value)).size[0] > 100


@pytest.mark.parametrize(
    "state",
    [
        pytest.param(ViewState(corpus="nowhere"), id="corpus"),
        pytest.param(ViewState(case_id="nobody"), id="case"),
        pytest.param(ViewState(checkpoint="GPT"), id="model"),
        pytest.param(ViewState(beside="GPT"), id="second_model"),
    ],
)
def test_a_state_that_the_study_does_not_have_is_refused_in_words(session, state):
    shown = build_explorer(session, state)

    assert "egma-error" in shown.children[1].value
    assert any(name in shown.children[1].value for name in ("nowhere", "nobody", "GPT"))
