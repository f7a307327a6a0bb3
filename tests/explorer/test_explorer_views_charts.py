"""Bars of classes and sentences, the reading over time, and the sheet of cases."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from view_cases import GRID, artists, made_case, square_region

from egma_lib.errors import DataError
from egma_lib.explorer.views import (
    draw_class_bars,
    draw_contact_sheet,
    draw_prompt_bars,
    draw_sentence_ranking,
    draw_timeline,
    pixels,
)
from egma_lib.explorer.views.rankings import MOST_PROMPTS


def bars(figure) -> list[float]:
    return [bar.get_width() for bar in figure.axes[0].patches]


def labels(figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].get_yticklabels()]


def test_class_bars_keep_the_order_and_light_up_the_largest():
    figure = draw_class_bars({"Edema": -0.25, "Atelectasis": 0.5, "Fracture": 0.125}, "Heart is large")
    ax = figure.axes[0]
    assert labels(figure) == ["Edema", "Atelectasis", "Fracture"]
    assert bars(figure) == [-0.25, 0.5, 0.125]
    colours = [bar.get_facecolor() for bar in ax.patches]
    assert colours[0] == colours[2] != colours[1]
    assert [text.get_text() for text in ax.texts] == ["-0.25", "0.50", "0.12"]
    assert ax.get_title() == "Heart is large"
    assert ax.yaxis_inverted()


def test_sentences_are_ranked_from_the_most_similar_and_ties_keep_their_order():
    table = pd.DataFrame({"text": ["a", "b", "c", "d"], "similarity": [0.1, 0.3, 0.3, 0.2]})
    figure = draw_sentence_ranking(table)
    assert labels(figure) == ["b", "c", "d", "a"]
    assert bars(figure) == [0.3, 0.3, 0.2, 0.1]


def test_prompts_are_ranked_with_their_class_and_of_many_the_most_similar_are_drawn():
    count = MOST_PROMPTS + 5
    table = pd.DataFrame(
        {
            "class": ["Edema", "Fracture", "Edema"] + ["Edema"] * (count - 3),
            "prompt": ["mild", "rib", "severe"] + ["word " * 40] * (count - 3),
            "similarity": [0.2, 0.4, 0.3] + [-0.1] * (count - 3),
        }
    )
    figure = draw_prompt_bars(table, "Similarity to prompts: EGMA")
    assert labels(figure)[:3] == ["Fracture: rib", "Edema: severe", "Edema: mild"]
    assert bars(figure)[:3] == [0.4, 0.3, 0.2]
    assert len(bars(figure)) == MOST_PROMPTS
    assert not [label for label in labels(figure) if "\n" in label]
    assert figure.axes[0].get_title() == f"Similarity to prompts: EGMA ({MOST_PROMPTS} of {count} prompts)"


def test_a_long_sentence_is_cut_after_two_lines():
    table = pd.DataFrame({"text": ["word " * 50], "similarity": [0.1]})
    (label,) = labels(draw_sentence_ranking(table))
    assert label.count("\n") == 1
    assert label.endswith("…")


def test_nothing_to_rank_and_a_missing_column_are_said_in_words():
    with pytest.raises(DataError, match="nothing to rank"):
        draw_class_bars({}, "empty")
    with pytest.raises(DataError, match="column 'similarity' is missing"):
        draw_sentence_ranking(pd.DataFrame({"text": ["a"]}))


@pytest.mark.parametrize(
    ("time_s", "lit"),
    [
        pytest.param(1.0, 0, id="in a sentence"),
        pytest.param(2.5, None, id="in a pause"),
        pytest.param(5.0, 2, id="at the end of one and the start of the next"),
        pytest.param(6.0, None, id="at the end of the last"),
        pytest.param(None, None, id="without a time"),
    ],
)
def test_the_sentence_being_dictated_is_lit_up(time_s, lit):
    figure = draw_timeline(made_case(), time_s)
    drawn = figure.axes[0].patches
    assert [(bar.get_x(), bar.get_width()) for bar in drawn] == [(0.0, 2.0), (3.0, 2.0), (5.0, 1.0)]
    colours = [bar.get_facecolor() for bar in drawn]
    assert [colour != (0.75, 0.75, 0.75, 1.0) for colour in colours] == [index == lit for index in range(3)]
    now = artists(figure, "now")
    assert [line.get_xdata()[0] for line in now] == ([] if time_s is None else [time_s])


def test_fixations_are_ticks_at_their_onsets_each_once():
    table = made_case().fixations
    figure = draw_timeline(made_case(fixations=pd.concat([table, table.tail(1)])), None)
    (ticks,) = artists(figure, "fixation_ticks")
    np.testing.assert_allclose([line[0, 0] for line in ticks.get_segments()], [0.2, 0.8, 3.1, 4.0])
    assert labels(figure) == [*made_case().sentences["text"], "fixations"]
    assert figure.axes[0].get_xlim() == (0, 6.0)


def test_a_film_without_a_recording_says_so():
    case = made_case()
    still = replace(case, sentences=case.sentences.assign(start_s=np.nan, end_s=np.nan))
    (text,) = draw_timeline(still, 1.0).texts
    assert "no recording" in text.get_text()


def sheet_maps():
    generator = np.random.default_rng(1)
    return {name: [generator.random((GRID, GRID)) for _ in range(2)] for name in ("CLIP", "EGMA")}


def test_a_contact_sheet_has_a_row_a_case_and_a_column_a_picture():
    anatomy = replace(square_region("left lung"), source="structures")
    cases = [made_case(regions=[square_region(), anatomy]), replace(made_case(), case_id="r2")]
    figure = draw_contact_sheet(cases, [0, 2], sheet_maps(), "a made-up study")
    assert len(figure.axes) == 8
    assert [ax.get_title() for ax in figure.axes[:4]] == ["film", "gaze while dictated", "CLIP", "EGMA"]
    assert figure.axes[0].get_xlabel().replace("\n", " ") == "r1: “The heart is enlarged.”"
    assert figure.axes[4].get_xlabel().replace("\n", " ") == "r2: “No pneumothorax.”"
    assert "a made-up study" in figure.get_suptitle()
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["Edema"]
    assert len(artists(figure, "region", 0)) == 1
    assert not artists(figure, "region", 4)
    assert pixels(figure).min() < 255


def test_a_finding_marked_twice_has_one_colour_and_a_long_id_is_cut():
    marked = [square_region(), replace(square_region(), source="truth"), square_region("Fracture", top=0.5)]
    case = replace(made_case(regions=marked), case_id="0138e8a3-fb6924c2-8bed41a3")
    figure = draw_contact_sheet([case], [0], {})
    colours = [tuple(one.get_edgecolor()[0]) for one in artists(figure, "region", 0)]
    assert colours[0] == colours[1] != colours[2]
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["Edema", "Fracture"]
    assert figure.axes[0].get_xlabel().startswith("0138e8a3-fb6…")


def test_models_of_a_row_share_a_scale_and_gaze_is_the_sentences():
    maps = sheet_maps()
    figure = draw_contact_sheet([made_case(), made_case()], [1, 0], maps)
    for row in (0, 1):
        limits = [artists(figure, "attention", 4 * row + column)[0].get_clim() for column in (2, 3)]
        both = np.concatenate([maps["CLIP"][row], maps["EGMA"][row]])
        assert limits == [(both.min(), both.max())] * 2
    (gaze,) = artists(figure, "gaze", 1)
    np.testing.assert_array_equal(gaze.get_array(), made_case().heatmaps[1])


def test_a_sentence_nobody_looked_at_is_said_to_have_no_gaze():
    figure = draw_contact_sheet([made_case(), made_case()], [2, 1], {})
    assert [figure.axes[ax].get_xlabel() for ax in (1, 3)] == ["(no gaze)", ""]
    assert not artists(figure, "gaze", 1)


@pytest.mark.parametrize(
    ("cases", "sentences", "maps", "message"),
    [
        pytest.param(0, [], {}, "no case", id="no case"),
        pytest.param(2, [0], {}, "sentence_indices has 1 entries for 2 cases", id="a sentence too few"),
        pytest.param(1, [3], {}, "sentence 3 of case r1, which has 3", id="a sentence that is not there"),
        pytest.param(1, [0], {"EGMA": []}, "EGMA has 0 entries for 1 cases", id="a map too few"),
        pytest.param(1, [0], {"EGMA": [np.zeros(3)]}, "EGMA, case r1: shape", id="a map that is none"),
    ],
)
def test_a_sheet_that_cannot_be_drawn_says_why(cases, sentences, maps, message):
    with pytest.raises(DataError, match=message):
        draw_contact_sheet([made_case()] * cases, sentences, maps)
