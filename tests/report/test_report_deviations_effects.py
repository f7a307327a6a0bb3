"""The measured effects in docs/deviations.md: what the script writes, and which row takes which arm."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from shareable_results import long_row

from egma_lib.errors import ArtefactError
from egma_lib.experiments.arms import Arm
from egma_lib.experiments.comparison_arms import switch_arms
from egma_lib.report.deviations_effects import (
    EFFECT,
    NOT_MEASURED,
    SHOWN,
    SWITCH,
    arms_of_switch,
    read_effects,
    with_measured_effects,
)
from egma_lib.settings import load_settings
from egma_lib.study import REPOSITORY

ARMS = switch_arms(load_settings("phantom").experiments)
TABLE = REPOSITORY / "results" / "phantom" / "tables" / "deviations_effect.csv"
DOCUMENT = (REPOSITORY / "docs" / "deviations.md").read_text(encoding="utf-8")
FLOOR = Arm("switch_floor", "a floor", "egma", overrides=(("losses.egm_floor", 0.01),))
PAIR = Arm("pair", "a pair", "egma", overrides=(("losses.egm_threshold", 3 / 7), ("losses.egm_gaze", "mean")))
ALONE = Arm("mlce_alone", "MLCE alone", "mlce_alone")


def document(switch, effect="to be filled"):
    table = f"| Point | {SWITCH} | {EFFECT} |\n|---|---|---|\n| floor | {switch} | {effect} |"
    return f"# Title\n\n{table}\n\nThe end.\n"


def effects_of(folder, *arms, columns=None, n_seeds=3, **more):
    """Return the effects of a csv with three differences per arm: 1.25 [0.5, 2] unless told otherwise."""
    numbers = {"value": 1.25, "ci_low": 0.5, "ci_high": 2.0, "n_seeds": n_seeds} | more
    rows = [
        long_row(dataset, arm.label, metric, setting=setting, comparison="minus EGMA", **numbers)
        for arm in arms
        for dataset, setting, metric in SHOWN
    ]
    rows.append(long_row(method="EGMA"))
    path = folder / "deviations_effect.csv"
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False)
    return read_effects(path)


def cell(text):
    return (
        next(line for line in text.splitlines() if line.startswith("| floor")).split(" | ")[-1].rstrip(" |")
    )


def test_the_committed_document_is_what_the_script_writes():
    expected = with_measured_effects(DOCUMENT, read_effects(TABLE), ARMS)
    assert expected == DOCUMENT, "run `python scripts/deviations_effects.py`"


def test_every_arm_of_the_committed_table_stands_in_a_row():
    named = [arm.name for line in DOCUMENT.splitlines() for arm in arms_of_switch(line, ARMS)]
    assert set(named) == {arm.name for arm in ARMS}


def test_the_switches_that_the_document_calls_without_effect_are_those_of_the_table():
    effects = read_effects(TABLE)
    none = effects.groupby("method")["value"].agg(lambda values: bool((values == 0).all()))
    said = re.search(r"Two of the switches, (.+), change nothing on the\s+phantom", DOCUMENT)
    assert said is not None
    arms = [arm for name in said[1].split(" and ") for arm in arms_of_switch(name, ARMS)]
    assert {arm.label for arm in arms} == set(none[none].index)


def test_only_the_last_cell_of_a_row_with_an_arm_is_written(tmp_path):
    text = document("`losses.egm_floor=0.01`")
    written = with_measured_effects(text, effects_of(tmp_path, FLOOR), [FLOOR])
    assert cell(written) == (
        "CheXpert 5x200 accuracy +1.2 [0.5, 2.0], RSNA AUROC +1.2 [0.5, 2.0], "
        "RSNA pointing hit +1.2 [0.5, 2.0] (3 seeds)"
    )
    assert written.replace(cell(written), "to be filled") == text
    assert with_measured_effects(written, effects_of(tmp_path, FLOOR), [FLOOR]) == written


@pytest.mark.parametrize(
    "switch",
    [
        pytest.param("none", id="no_setting"),
        pytest.param("`losses.egm_floor`", id="a_setting_without_its_value"),
        pytest.param("`losses.egm_floor=0.02`", id="another_value"),
        pytest.param("`losses.egm_floor=0.01`, `losses.egm_gaze=mean`", id="more_than_the_arm_changes"),
        pytest.param("arm `egma`", id="the_paper_s_form"),
    ],
)
def test_a_row_without_an_arm_keeps_its_text(switch, tmp_path):
    text = document(switch)
    assert with_measured_effects(text, effects_of(tmp_path, ALONE), [ALONE, FLOOR]) == text


def test_an_arm_that_changes_more_than_the_row_says_so(tmp_path):
    written = with_measured_effects(
        document("`losses.egm_threshold=3/7`"), effects_of(tmp_path, PAIR), [PAIR]
    )
    assert cell(written).endswith("(3 seeds), changed together with `losses.egm_gaze`")


def test_two_arms_of_a_row_are_told_apart(tmp_path):
    other = Arm("egm_alone", "EGM alone", "egm_alone")
    text = document("`mlce_alone`, `egm_alone`")
    written = with_measured_effects(text, effects_of(tmp_path, ALONE, other), [ALONE, other])
    assert cell(written).startswith("MLCE alone: CheXpert 5x200 accuracy")
    assert "; EGM alone: CheXpert 5x200 accuracy" in cell(written)


def test_no_difference_at_all_is_said_in_words(tmp_path):
    nothing = effects_of(tmp_path, FLOOR, value=0.0, ci_low=0.0, ci_high=0.0)
    written = with_measured_effects(document("`losses.egm_floor=0.01`"), nothing, [FLOOR])
    assert cell(written) == "none: every difference is 0 (3 seeds)"


def test_an_arm_that_the_study_lacks_is_not_measured(tmp_path):
    written = with_measured_effects(document("`losses.egm_floor=0.01`"), effects_of(tmp_path, PAIR), [FLOOR])
    assert cell(written) == NOT_MEASURED


def test_an_arm_without_the_shown_differences_is_refused(tmp_path):
    effects = effects_of(tmp_path, FLOOR)
    with pytest.raises(ArtefactError, match="0 rows of a floor, rsna, fine_grained, auroc"):
        with_measured_effects(
            document("`losses.egm_floor=0.01`"), effects[effects["metric"] != "auroc"], [FLOOR]
        )


def test_a_table_without_an_interval_is_refused(tmp_path):
    with pytest.raises(ArtefactError, match=r"deviations_effect\.csv: no column ci_high"):
        effects_of(tmp_path, FLOOR, columns=[name for name in long_row() if name != "ci_high"])
    with pytest.raises(ArtefactError, match="not found"):
        read_effects(tmp_path / "nowhere.csv")
