"""Marks: one per finding, outside the lungs, visible, and the only thing that a mark changes."""

import itertools

import numpy as np
import pytest

from egma_lib.phantom.case import MARK_FINDINGS, CasePlan, Finding
from egma_lib.phantom.film import draw_film
from egma_lib.phantom.film.marks import mark_box

SIZES = [pytest.param(336, 280, id="portrait"), pytest.param(112, 112, id="encoder_size")]
FINDINGS = (Finding("Edema", "bilateral", "none", "moderate", 0.5),)


def draw(mark: str | None, rows: int, columns: int, seed: int = 0, view: str = "PA") -> np.ndarray:
    plan = CasePlan("test", 0, FINDINGS, mark=mark, view=view)
    return draw_film(plan, np.random.default_rng(seed), rows, columns).image


@pytest.mark.parametrize("mark", MARK_FINDINGS)
@pytest.mark.parametrize(("rows", "columns"), SIZES)
def test_a_mark_changes_its_box_and_not_one_bit_elsewhere(mark, rows, columns):
    plain, marked = draw(None, rows, columns), draw(mark, rows, columns)
    left, top, right, bottom = mark_box(mark, rows, columns)
    changed = np.argwhere(plain != marked)
    assert len(changed)
    assert (changed.min(axis=0) >= (top, left)).all()
    assert (changed.max(axis=0) < (bottom, right)).all()
    assert (right - left) / min(rows, columns) < 0.09


@pytest.mark.parametrize("mark", MARK_FINDINGS)
def test_a_mark_stands_out_at_the_size_the_encoder_sees(mark):
    left, top, right, bottom = mark_box(mark, 112, 112)
    patch = draw(mark, 112, 112)[top:bottom, left:right]
    assert patch.max() - patch.min() > 0.45
    assert patch.max() > 0.8


@pytest.mark.parametrize("mark", MARK_FINDINGS)
def test_marks_lie_outside_the_lungs_of_every_patient(mark):
    for seed, view in itertools.product(range(12), ("PA", "AP")):
        film = draw_film(CasePlan("t", 0, (), view=view), np.random.default_rng(seed), 112, 112)
        left, top, right, bottom = (edge / 112 for edge in mark_box(mark, 112, 112))
        for region in (name for name in film.regions if name.endswith(("lung zone", "apical zone"))):
            x_min, y_min, x_max, y_max = film.regions[region]
            apart = right <= x_min or left >= x_max or bottom <= y_min or top >= y_max
            assert apart, (region, seed, view)


def test_no_two_marks_share_place_or_shape():
    boxes = [mark_box(name, 336, 280) for name in MARK_FINDINGS]
    for a, b in itertools.combinations(boxes, 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
    glyphs = []
    for name, (left, top, right, bottom) in zip(MARK_FINDINGS, boxes, strict=True):
        glyphs.append(draw(name, 336, 280)[top:bottom, left:right] > 0.75)
    for a, b in itertools.combinations(glyphs, 2):
        assert np.mean(a != b) > 0.05
