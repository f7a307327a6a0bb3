"""Marks on a film: fixations as large as they were long, outlines of regions, and the clicked patch."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from view_cases import artists, at, bare_state, film_pixels, made_case, square_region

from egma_lib.explorer.state import Layer
from egma_lib.explorer.views import draw_film, pixels, shown_fixations
from egma_lib.explorer.views.layers import AREA_PT2_PER_S, MOST_NUMBERED

OPAQUE = Layer(opacity=1.0)


def test_circles_have_areas_as_the_durations_and_numbers_as_the_order():
    figure = draw_film(made_case(), bare_state(fixations=OPAQUE, sentence_index=0), None)
    (circles,) = artists(figure, "fixations")
    np.testing.assert_allclose(circles.get_offsets(), [[0.25, 0.25], [0.5, 0.5]])
    np.testing.assert_allclose(circles.get_sizes(), AREA_PT2_PER_S * np.array([0.1, 0.4]))
    assert [text.get_text() for text in artists(figure, "fixation_number")] == ["1", "2"]
    (path,) = artists(figure, "scanpath")
    np.testing.assert_allclose(path.get_xydata(), [[0.25, 0.25], [0.5, 0.5]])


def test_the_disc_on_the_picture_is_as_large_as_its_duration_says():
    table = made_case().fixations.assign(sentence_index=0.0, y=0.5, x=[0.2, 0.4, 0.6, 0.8])
    table = table.assign(duration_s=[0.2, 0.8, 0.2, 0.8])
    figure = draw_film(made_case(fixations=table), bare_state(fixations=OPAQUE), None)
    for gid in ("scanpath", "fixation_number"):
        for artist in artists(figure, gid):
            artist.set_visible(False)
    film = film_pixels(figure, dpi=200)
    changed = np.abs(film - 100).max(axis=2) > 3
    quarters = [
        changed[:, int(c * len(film)) : int((c + 0.2) * len(film))].sum() for c in (0.1, 0.3, 0.5, 0.7)
    ]
    assert quarters[0] == pytest.approx(quarters[2], rel=0.05)
    # Edges of the same width on both weigh more on the small one, so a little less than four times.
    assert 3 < quarters[1] / quarters[0] < 4.1


def test_of_many_fixations_the_first_and_the_last_have_a_number():
    count = MOST_NUMBERED + 1
    table = pd.DataFrame(
        {
            "order": range(count), "onset_s": np.arange(count), "duration_s": 0.1, "x": 0.5, "y": 0.5,
            "sentence_index": 0.0,
        }
    )  # fmt: skip
    figure = draw_film(made_case(fixations=table), bare_state(fixations=OPAQUE), None)
    assert [text.get_text() for text in artists(figure, "fixation_number")] == ["1", str(count)]


@pytest.mark.parametrize(
    ("fields", "orders"),
    [
        pytest.param({"sentence_index": 1}, [2], id="of the chosen sentence"),
        pytest.param({"sentence_index": None}, [0, 1, 2, 3], id="of the whole reading for a typed sentence"),
        pytest.param({"sentence_index": 0, "time_s": 3.1}, [0, 1, 2], id="all that began by a time"),
        pytest.param({"time_s": 0.0}, [], id="none before the first"),
    ],
)
def test_fixations_shown(fields, orders):
    assert shown_fixations(made_case(), bare_state(**fields))["order"].tolist() == orders


def test_a_fixation_of_two_sentences_is_drawn_once():
    table = made_case().fixations
    shared = pd.concat([table, table.iloc[[1]].assign(sentence_index=1.0)])
    case = made_case(fixations=shared)
    assert shown_fixations(case, bare_state(sentence_index=None))["order"].tolist() == [0, 1, 2, 3]
    assert shown_fixations(case, bare_state(sentence_index=1))["order"].tolist() == [1, 2]


def test_regions_are_outlined_and_labelled_at_their_place():
    regions = [square_region("Edema"), square_region("Fracture", top=0.75, left=0.0)]
    figure = draw_film(made_case(regions=regions), bare_state(regions=OPAQUE), None)
    labels = artists(figure, "region_label")
    assert [label.get_text() for label in labels] == ["Edema", "Fracture"]
    assert [label.get_position() for label in labels] == [(0.5, 0.25), (0.0, 0.75)]
    film = film_pixels(figure)
    for x, y in ((0.5, 0.4), (0.75, 0.4), (0.6, 0.5)):
        column, row = int(x * film.shape[1]), int(y * film.shape[0])
        assert np.abs(film[row - 4 : row + 5, column - 4 : column + 5] - 100).max() > 40
    np.testing.assert_allclose(at(film, 0.65, 0.4), 100, atol=1)
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["regions: reader A"]


def test_sources_differ_in_colour_and_structures_are_thin_and_lie_lowest():
    marks = [square_region("Edema"), square_region("left lung"), square_region("Fracture")]
    regions = [
        replace(region, source=source)
        for region, source in zip(marks, ["reader", "structures", "truth"], strict=True)
    ]
    figure = draw_film(made_case(regions=regions), bare_state(regions=OPAQUE), None)
    labels = artists(figure, "region_label")
    assert [label.get_text() for label in labels] == ["Edema", "Fracture", "left lung"]
    assert len({label.get_bbox_patch().get_facecolor() for label in labels}) == 3
    widths = [outline.get_linewidth()[0] for outline in artists(figure, "region")]
    assert widths[0] < widths[1] == widths[2]
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["regions: reader", "regions: structures", "regions: truth"]


def test_names_of_regions_at_one_place_stand_below_one_another_and_what_has_no_place_is_left_out():
    names = [f"structure {index}" for index in range(60)]
    regions = [replace(square_region(name), source="structures") for name in names]
    figure = draw_film(made_case(regions=regions), bare_state(regions=OPAQUE), None)
    pixels(figure)
    boxes = [label.get_window_extent() for label in artists(figure, "region_label")]
    assert 10 < len(boxes) < 60
    tops = [box.y0 for box in boxes]
    assert tops == sorted(tops, reverse=True)
    assert not [1 for one, other in combinations(boxes, 2) if one.overlaps(other)]


def test_a_region_at_the_border_is_closed_and_its_label_stays_inside():
    figure = draw_film(made_case(regions=[square_region(top=0.0)]), bare_state(regions=OPAQUE), None)
    (outline,) = artists(figure, "region")
    corners = outline.get_paths()[0].vertices
    np.testing.assert_array_equal(corners[0], corners[-1])
    np.testing.assert_allclose(corners.min(axis=0), [0.5, 0.0], atol=1 / 64)
    np.testing.assert_allclose(corners.max(axis=0), [0.75, 0.25], atol=1 / 64)
    (label,) = artists(figure, "region_label")
    assert label.get_va() == "top"


def test_the_label_of_a_region_comes_along_into_a_zoom():
    state = bare_state(regions=OPAQUE, zoom=(0.6, 0.3, 0.9, 0.6))
    figure = draw_film(made_case(regions=[square_region()]), state, None)
    assert artists(figure, "region_label")[0].get_position() == (0.6, 0.3)
    away = bare_state(regions=OPAQUE, zoom=(0.0, 0.0, 0.2, 0.2))
    assert not artists(draw_film(made_case(regions=[square_region()]), away, None), "region_label")


def test_an_empty_region_is_left_out():
    empty = square_region(side=0.0)
    figure = draw_film(made_case(regions=[empty]), bare_state(regions=OPAQUE), None)
    assert not artists(figure, "region_label")


def test_the_clicked_patch_is_outlined():
    figure = draw_film(made_case(), bare_state(patch=(1, 2)), None)
    (patch,) = artists(figure, "patch")
    assert patch.get_bbox().bounds == (0.5, 0.25, 0.25, 0.25)
    film = film_pixels(figure)
    column, row = film.shape[1] // 2, int(0.375 * film.shape[0])
    assert film[row, column - 4 : column + 5].max() > 240
    assert "row 1, column 2" in figure.legends[0].get_texts()[0].get_text()
