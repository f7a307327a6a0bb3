"""Bytes and files of a view, and pictures that only speak."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from view_cases import bare_state, made_case

from egma_lib.errors import ArtefactError
from egma_lib.explorer.views import draw_film, draw_message, pixels, png_bytes, save_view


@pytest.fixture
def figure():
    return draw_film(made_case(), bare_state(), None, title="A film")


def opened(content) -> np.ndarray:
    with Image.open(BytesIO(content)) as picture:
        return np.asarray(picture)


def test_png_holds_the_pixels_of_the_canvas(figure):
    content = png_bytes(figure)
    assert content.startswith(b"\x89PNG")
    np.testing.assert_array_equal(opened(content), pixels(figure))


def test_png_is_what_matplotlib_itself_saves(figure):
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=100, facecolor="white")
    saved = opened(buffer.getvalue())[..., :3].astype(int)
    np.testing.assert_allclose(pixels(figure), saved, atol=1)


@pytest.mark.parametrize("dpi", [50, 100, 150])
def test_dpi_is_pixels_an_inch_and_is_not_kept(figure, dpi):
    before = figure.dpi
    height, width = pixels(figure, dpi).shape[:2]
    assert (width, height) == pytest.approx(figure.get_size_inches() * dpi, abs=1)
    assert figure.dpi == before


def test_the_same_view_gives_the_same_bytes_and_files(tmp_path):
    made = [draw_film(made_case(), bare_state(), None, title="A film") for _ in range(2)]
    assert png_bytes(made[0]) == png_bytes(made[1])
    for suffix in (".png", ".pdf"):
        one, other = (
            save_view(figure, tmp_path / f"{index}{suffix}").read_bytes() for index, figure in enumerate(made)
        )
        assert one == other


def test_no_figure_is_left_with_a_global_backend(figure):
    from matplotlib import pyplot

    png_bytes(figure)
    assert pyplot.get_fignums() == []


@pytest.mark.parametrize(("name", "start"), [("a.png", b"\x89PNG"), ("b.PDF", b"%PDF"), ("c/d.pdf", b"%PDF")])
def test_a_view_is_saved_by_its_suffix(figure, tmp_path, name, start):
    path = save_view(figure, tmp_path / name)
    assert path == tmp_path / name
    assert path.read_bytes().startswith(start)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("name", ["view.svg", "view"])
def test_another_suffix_is_refused_before_anything_is_written(figure, tmp_path, name):
    with pytest.raises(ArtefactError, match=r"\.png or \.pdf"):
        save_view(figure, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_failed_save_leaves_the_file_of_before(figure, tmp_path, monkeypatch):
    path = save_view(figure, tmp_path / "view.png")
    before = path.read_bytes()

    def fail(temporary, **_):
        temporary.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(figure, "savefig", fail)
    with pytest.raises(OSError, match="disk full"):
        save_view(figure, path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["view.png"]


def test_a_message_is_seen_whole_in_the_picture():
    figure = draw_message("No checkpoint yet.\n\n" + "Run this command first. " * 12)
    (text,) = figure.texts
    assert text.get_text().startswith("No checkpoint yet.\n\nRun")
    ink = np.argwhere(pixels(figure).min(axis=2) < 128)
    height, width = pixels(figure).shape[:2]
    assert ink.min() > 5
    assert ink[:, 0].max() < height - 5
    assert ink[:, 1].max() < width - 5


def test_an_empty_message_is_an_empty_picture():
    assert pixels(draw_message("")).min() == 255
