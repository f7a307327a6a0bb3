"""The page stands alone, names what is missing, and says what kind of study it is."""

from __future__ import annotations

import base64
import io
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from egma_lib.report.captions import FIGURES, TABLES, figure_caption
from egma_lib.report.claims import COLUMNS, write_claims
from egma_lib.report.html import write_report
from egma_lib.settings import load_settings
from egma_lib.study import Study

VOID = {"meta", "img"}


class Page(HTMLParser):
    """The elements of a page, and whether each is closed by its own tag."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.text, self.balanced = [], [], "", True
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        self.balanced &= bool(self.open) and self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def settings():
    return load_settings("smoke")


def study(folder, kind="synthetic", note="phantom study, synthetic", name="phantom-main"):
    return Study(name, kind, note, folder, folder, "0123abcd", {})


def made(folder, settings, **about):
    path = write_report(study(folder, **about), settings)
    assert path == folder / "report.html"
    return path.read_text(encoding="utf-8")


def write_table(folder, name, title="T"):
    (folder / "tables").mkdir(exist_ok=True)
    text = f"# {title}\n\n### Block\n\n| method | x |\n|---|---|\n| EGMA | 1.5 |\n\nOver 12 cases.\n"
    (folder / "tables" / f"{name}.md").write_text(text)


def picture(side, rng):
    """Return a figure with the texture of films: smooth shapes under fine grain."""
    smooth = Image.fromarray(rng.integers(0, 256, (12, 12, 3), dtype=np.uint8)).resize((side, side))
    grain = rng.normal(0, 4, (side, side, 1))
    return Image.fromarray(np.clip(np.asarray(smooth) + grain, 0, 255).astype(np.uint8))


def test_page_refers_to_nothing_outside_itself(tmp_path, settings):
    for name in TABLES:
        write_table(tmp_path, name)
    (tmp_path / "figures").mkdir()
    Image.new("RGBA", (40, 30), (200, 10, 10, 255)).save(tmp_path / "figures" / "figure_4_tsne.png")
    text = made(tmp_path, settings)
    assert not re.search(r"https?:|src=\"(?!data:)|@import|url\(", text)
    page = Page(text)
    assert page.balanced
    assert page.open == []
    assert not {tag for tag, _ in page.elements} & {"script", "link", "iframe", "a", "object"}
    assert not any(key.startswith("on") for _, attributes in page.elements for key in attributes)


def test_tables_are_tables_without_their_title(tmp_path, settings):
    for name in TABLES:
        write_table(tmp_path, name, title="Title of the file")
    page = Page(made(tmp_path, settings))
    assert [tag for tag, _ in page.elements].count("table") == len(TABLES)
    assert page.text.count("Over 12 cases.") == len(TABLES)
    assert "Title of the file" not in page.text
    for heading in TABLES.values():
        assert heading in page.text


def test_what_has_not_been_made_is_named(tmp_path, settings):
    write_table(tmp_path, "table_2_zero_shot")
    text = Page(made(tmp_path, settings)).text
    missing = re.findall(r"(\w+\.\w+) has not been made yet", text)
    assert missing == [
        *(f"{name}.md" for name in TABLES if name != "table_2_zero_shot"),
        *(f"{name}.png" for name in FIGURES),
    ]
    assert "Table 4 has not been made yet; run notebook 05." in text


def test_pictures_carry_their_caption(tmp_path, settings):
    (tmp_path / "figures").mkdir()
    Image.new("RGB", (3000, 1500), "white").save(tmp_path / "figures" / "figure_3_attention.png")
    page = Page(made(tmp_path, settings))
    (image,) = [attributes for tag, attributes in page.elements if tag == "img"]
    assert image["alt"] == figure_caption("figure_3_attention", settings)
    kind, data = image["src"].split(",", 1)
    assert kind == "data:image/webp;base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as shown:
        assert shown.size == (1300, 650)


def test_finished_models_have_their_own_part_and_only_where_there_are_some(tmp_path, settings):
    assert "Finished model" not in Page(made(tmp_path, settings)).text
    model = tmp_path / "external" / "Tiny_CLIP"
    model.mkdir(parents=True)
    write_table(model, "table_2_zero_shot")
    (model / "figures").mkdir()
    Image.new("RGB", (40, 30), "white").save(model / "figures" / "figure_4_tsne.png")
    page = Page(made(tmp_path, settings))
    assert page.balanced
    own = page.text.split("Finished model Tiny_CLIP")[1]
    assert "Table 2: zero-shot classification, with Tiny_CLIP" in own
    assert "Over 12 cases." in own
    assert "has not been made yet" not in own
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {"Tiny_CLIP-table_2_zero_shot", "Tiny_CLIP-figure_4_tsne"} <= set(ids)


def test_page_stays_small_with_big_pictures(tmp_path, settings):
    (tmp_path / "figures").mkdir()
    big = picture(1800, np.random.default_rng(0))
    first = tmp_path / "figures" / f"{next(iter(FIGURES))}.png"
    big.save(first, compress_level=1)
    for name in list(FIGURES)[1:]:
        (first.parent / f"{name}.png").hardlink_to(first)
    write_report(study(tmp_path), settings)
    assert first.stat().st_size * len(FIGURES) > 40e6
    assert (tmp_path / "report.html").stat().st_size < 4e6


def test_a_synthetic_study_says_so_and_what_it_cannot_show(tmp_path, settings):
    page = Page(made(tmp_path, settings))
    assert ("p", {"class": "note"}) in page.elements
    assert "phantom study, synthetic: a simulated study" in page.text
    assert "no evidence about radiologists" in page.text


def test_a_real_study_has_no_such_note(tmp_path, settings):
    page = Page(made(tmp_path, settings, kind="real", note="", name="real"))
    assert ("p", {"class": "note"}) not in page.elements
    assert "simulated" not in page.text
    assert "not a medical device" in page.text


def test_claims_stand_near_the_top_with_their_verdicts(tmp_path, settings):
    assert "The claims of the paper have not been judged yet" in Page(made(tmp_path, settings)).text
    values = [
        "phantom-main",
        "x",
        "Gaze <b>helps</b>.",
        "Table 4",
        "EGMA minus Start",
        "siim",
        "",
        "accuracy",
    ]
    values += [
        "63.62 against 58.40",
        np.nan,
        5.25,
        1.5,
        9.5,
        0.01,
        600,
        5,
        "reproduced",
        "in a simulation: sign",
    ]
    write_claims(pd.DataFrame([dict(zip(COLUMNS, values, strict=True))]), tmp_path)
    page = Page(made(tmp_path, settings))
    assert page.balanced
    assert "Gaze <b>helps</b>." in page.text
    assert "SIIM, accuracy (n = 600, 5 seeds) +5.2 [1.5, 9.5]" in page.text
    assert "1 reproduced, 0 not reproduced, 0 undecided, 0 not testable here." in page.text
    assert page.text.index("Gaze <b>helps</b>.") < page.text.index(next(iter(TABLES.values())))


def test_names_and_notes_are_text_and_not_markup(tmp_path, settings):
    text = made(tmp_path, settings, note="<script>alert(1)</script> & more", name="a <b>bold</b> study")
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in text
    page = Page(text)
    assert "EGMA suite: a <b>bold</b> study" in page.text
    assert page.balanced


def test_page_states_what_it_was_made_from(tmp_path):
    settings = load_settings("smoke", {"experiments.seeds": [0, 1, 2], "model.patch_grid": 5})
    text = Page(made(tmp_path, settings)).text
    assert "Profile smoke, 3 seed(s)" in text
    assert "5 x 5 patches" in text
    assert "data 0123abcd" in text
