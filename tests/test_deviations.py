"""docs/deviations.md: its tables are whole, and every setting that they name exists and takes the value."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest
import yaml

from egma_lib import setting_groups
from egma_lib.settings import Settings, load_settings
from egma_lib.study import REPOSITORY

DOCUMENT = (REPOSITORY / "docs" / "deviations.md").read_text(encoding="utf-8")
GROUPS = "|".join(name for name in Settings.model_fields if name != "profile")
SETTING = re.compile(rf"((?:{GROUPS})\.[\w.*]+)(?:=(.+))?")


def rows():
    """Yield the cells of every row of the tables with a Switch column, by column name."""
    head: list[str] = []
    for line in DOCUMENT.splitlines():
        if not line.startswith("|"):
            head = []
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not head:
            head = cells
        elif "Switch" in head and not set(line) <= set("|-"):
            yield head, cells


ROWS = [pytest.param(head, cells, id=cells[0].replace(" ", "_")) for head, cells in rows()]


def named_settings(cells):
    """Yield (name, value or None) of everything in backticks that looks like a setting."""
    for text in re.findall(r"`([^`]+)`", " ".join(cells)):
        if found := SETTING.fullmatch(text):
            yield found.groups()


def exists(name: str) -> bool:
    model = Settings
    for part in name.split("."):
        if part == "*":
            return True
        if model is None or part not in model.model_fields:
            return False
        kind = model.model_fields[part].annotation
        model = kind if hasattr(kind, "model_fields") else None
    return True


def test_the_tables_are_found():
    assert len(ROWS) > 50
    named = {name for row in ROWS for name, _ in named_settings(row.values[1])}
    assert {"losses.t2i_axis", "model.patch_grid", "gaze.lead_s", "evaluation.siim_prevalence"} <= named


@pytest.mark.parametrize(("head", "cells"), ROWS)
def test_every_cell_of_a_row_is_filled(head, cells):
    assert len(cells) == len(head)
    assert all(cells)


@pytest.mark.parametrize(("head", "cells"), ROWS)
def test_every_setting_that_a_row_names_exists_and_takes_its_value(head, cells):
    for name, text in named_settings(cells):
        assert exists(name), f"no setting {name}"
        if text is not None and text.isupper():
            continue  # a placeholder such as FILE
        if text is not None:
            value = float(Fraction(text)) if re.fullmatch(r"\d+/\d+", text) else yaml.safe_load(text)
            load_settings("paper", {name: value})


def test_a_setting_that_does_not_exist_would_be_noticed():
    assert not exists("losses.t2i")
    assert not exists("training.continued.epochs")
    assert not exists("losses.t2i_axis.more")
    assert exists("probe.*")


def test_every_default_that_the_document_states_is_the_paper_profile_s():
    """`name=value` in the column Ours is what the paper profile holds."""
    paper = load_settings("paper")
    stated = 0
    for head, cells in rows():
        ours = next(i for i, name in enumerate(head) if name.startswith("Ours"))
        for name, text in named_settings([cells[ours]]):
            # What smoke and phantom do otherwise is no default.
            if text is None or f"`phantom`, `smoke`: all (`{name}" in cells[ours]:
                continue
            value = paper
            for part in name.split("."):
                value = getattr(value, part)
            wanted = float(Fraction(text)) if re.fullmatch(r"\d+/\d+", text) else yaml.safe_load(text)
            # YAML reads 1e-6 as a text, as the command line does.
            number = isinstance(value, int | float) and not isinstance(value, bool)
            assert value == (pytest.approx(float(wanted)) if number else wanted), name
            stated += 1
    assert stated > 20


def test_every_switch_of_the_released_code_has_a_row():
    """A field whose sentence speaks of released or published code is named in the document."""
    groups = sorted(Path(setting_groups.__file__).parent.glob("*.py"))
    source = "".join(path.read_text(encoding="utf-8") for path in groups)
    fields = re.findall(r'\n    (\w+): [^\n]*(?:\n    [^"\n][^\n]*)*\n    """([^"]*)"""', source)
    switches = {name for name, about in fields if re.search(r"(released|published) code", about)}
    assert len(switches) >= 15
    # The batch of the probe's head is named with all of `probe.*`.
    lacking = {name for name in switches - {"switches"} if f".{name}" not in DOCUMENT}
    assert not lacking


def test_paper_s_text_is_the_paper_profile():
    paper = load_settings("paper")
    stage = paper.training.continued
    assert (paper.data.image_size, paper.model.image_encoder, paper.model.text_layers) == (224, "swin_t", 6)
    assert (stage.image_passes, stage.learning_rate, stage.weight_decay) == (50 * 3695, 1e-6, 1e-4)
    assert stage.warmup_share == 10 / 50
    assert (paper.training.brightness, paper.training.contrast) == (0.2, 0.2)
    losses = paper.losses.model_dump()
    assert losses["t2i_axis"] == "paper"
    assert {losses[f"mlce_weight_{way}"] for way in ("sentence_to_patch", "patch_to_sentence")} == {0.5}
    assert {losses["egm_weight_image"], losses["egm_weight_text"]} == {0.5}
    assert losses["egm_floor"] == 0
