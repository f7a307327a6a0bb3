"""The drawing of the coordinate frames, and the page that shows it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from egma_lib.figures.coordinates import coordinate_example, plot_coordinates, save_coordinates

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = (REPOSITORY / "docs" / "coordinates.md").read_text(encoding="utf-8")


def test_the_example_is_the_one_worked_by_hand():
    table = coordinate_example().set_index(["frame", "unit"])[["x", "y"]]
    by_hand = {
        ("screen", "screen pixels"): (1956, 1260),
        ("image", "pixels of the original"): (1864, 1628),
        ("image", "0-1"): (1864 / 2544, 1628 / 3056),
        ("padded square", "0-1"): (2120 / 3056, 1628 / 3056),
        ("patch grid", "column, row"): (4, 3),
        ("centre of the patch", "0-1 of the square"): (4.5 / 7, 0.5),
    }
    assert table.index.tolist() == list(by_hand)
    np.testing.assert_allclose(table.to_numpy(), list(by_hand.values()), rtol=1e-12)


def test_the_page_states_the_numbers_of_the_example():
    stated = [float(one) for pair in re.findall(r"\((\d[\d.]*), (\d[\d.]*)\)", PAGE) for one in pair]
    points = coordinate_example().loc[[0, 1, 2, 3, 5], ["x", "y"]].to_numpy()
    assert stated == pytest.approx(points.ravel(), abs=5e-5)
    assert "25 (row 3, column 4)" in PAGE


def test_every_function_that_the_page_names_exists():
    from egma_lib.gaze import frames
    from egma_lib.gaze.frames import ImageFrame

    names = set(re.findall(r"`(?:ImageFrame\.)?((?:to|from|sigma_to)_\w+)`", PAGE))
    assert {"to_fraction", "to_pixels", "to_padded", "from_padded", "sigma_to_padded"} <= names
    assert all(hasattr(ImageFrame, name) for name in names)
    others = {"screen_to_image", "image_to_screen", "patch_of", "patch_centre", "screen_px_per_image_px"}
    assert all(f"`{name}`" in PAGE and callable(getattr(frames, name)) for name in others)


def test_each_panel_marks_the_sample_in_its_own_frame():
    axes = plot_coordinates().axes
    assert [ax.get_title(loc="left")[0] for ax in axes] == ["1", "2", "3", "4"]
    points = coordinate_example()[["x", "y"]].to_numpy()
    for ax, point in zip(axes, points[[0, 1, 3, 3]], strict=True):
        marks = [line for line in ax.lines if line.get_marker() == "+"]
        assert np.ravel([mark.get_data() for mark in marks]) == pytest.approx(point)
        low, high = sorted(ax.get_ylim())
        assert low <= point[1] <= high
        assert ax.yaxis_inverted()


def test_the_picture_is_small_and_the_same_each_time(tmp_path):
    first = save_coordinates(tmp_path / "first.png").read_bytes()
    assert first == save_coordinates(tmp_path / "second.png").read_bytes()
    assert len(first) < 200_000
    assert 10_000 < (REPOSITORY / "docs" / "images" / "coordinates.png").stat().st_size < 200_000
