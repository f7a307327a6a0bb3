from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from dataset_layouts import write_dicom
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image
from pydicom.uid import JPEGLSLossless

from egma_lib.datasets.pixels import (
    film_shape,
    film_to_uint8_square,
    read_dicom_header,
    read_film,
    resize,
    square,
)
from egma_lib.errors import DataError

REAL_FILMS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "real-films"
real_films = pytest.mark.skipif(not REAL_FILMS.is_dir(), reason=f"no real films at {REAL_FILMS.name}")
GREY = np.array([[0, 51, 102], [153, 204, 255]], dtype=np.uint8)
IN_0_1 = np.array([[0, 0.2, 0.4], [0.6, 0.8, 1]])


def save(path: Path, image: Image.Image, **options: object) -> Path:
    image.save(path, **options)
    return path


@pytest.mark.parametrize(
    ("name", "image"),
    [
        pytest.param("a.png", Image.fromarray(GREY), id="8_bit_grey"),
        pytest.param("a.png", Image.fromarray(np.repeat(GREY[..., None], 3, axis=2)), id="8_bit_colour"),
        pytest.param("a.png", Image.fromarray(GREY.astype(np.uint16) * 257), id="16_bit_grey"),
        pytest.param("a.tiff", Image.fromarray(IN_0_1.astype(np.float32)), id="float"),
    ],
)
def test_pictures_of_any_depth_give_the_same_film(tmp_path, name, image):
    path = save(tmp_path / name, image)
    film = read_film(path)
    assert film.dtype == np.float32
    np.testing.assert_allclose(film, IN_0_1, atol=1e-6)
    assert film_shape(path) == (2, 3)


def test_colour_becomes_itu_601_luminance(tmp_path):
    path = save(tmp_path / "a.png", Image.fromarray(np.array([[[255, 0, 0], [0, 255, 0]]], dtype=np.uint8)))
    np.testing.assert_allclose(read_film(path), [[0.299, 0.587]], atol=0.5 / 255)


def test_an_exif_rotation_is_carried_out(tmp_path):
    exif = Image.Exif()
    exif[274] = 6  # stored lying on its left side: shown after a quarter turn clockwise
    path = save(tmp_path / "a.png", Image.fromarray(GREY), exif=exif)
    np.testing.assert_allclose(read_film(path), np.rot90(IN_0_1, -1), atol=1e-6)
    assert film_shape(path) == (3, 2)


@pytest.mark.parametrize(
    ("stored", "bits", "elements", "expected"),
    [
        pytest.param(GREY, 8, {}, IN_0_1, id="8_bit_uses_its_full_range"),
        pytest.param(
            GREY, 8, {"PhotometricInterpretation": "MONOCHROME1"}, 1 - IN_0_1, id="monochrome1_is_inverted"
        ),
        pytest.param(
            GREY // 2,
            8,
            {},
            (GREY // 2) / 255,
            id="8_bit_is_not_stretched",
        ),
        pytest.param(
            (GREY.astype(np.uint16) * 10 + 100),
            12,
            {},
            IN_0_1,
            id="12_bit_without_window_is_minimum_to_maximum",
        ),
        pytest.param(
            np.array([[0, 1000], [1500, 4000]], dtype=np.uint16),
            12,
            {"WindowCenter": 1500.5, "WindowWidth": 1001},
            [[0, 0], [0.5, 1]],
            id="12_bit_with_linear_window",
        ),
        pytest.param(
            np.array([[0, 1000], [1500, 2000]], dtype=np.uint16),
            16,
            {"WindowCenter": 1500, "WindowWidth": 1000, "VOILUTFunction": "LINEAR_EXACT"},
            [[0, 0], [0.5, 1]],
            id="16_bit_with_exact_window",
        ),
        pytest.param(
            np.array([[0, 1000]], dtype=np.uint16),
            16,
            {"WindowCenter": [1000, 5], "WindowWidth": [500, 5], "VOILUTFunction": "SIGMOID"},
            [[1 / (1 + np.exp(8)), 0.5]],
            id="sigmoid_window_the_first_of_two",
        ),
        pytest.param(
            np.array([[-100, 0], [50, 100]], dtype=np.int16),
            16,
            {"RescaleSlope": 2, "RescaleIntercept": 200, "WindowCenter": 200.5, "WindowWidth": 401},
            [[0, 0.5], [0.75, 1]],
            id="signed_values_are_rescaled_before_the_window",
        ),
        pytest.param(
            np.array([[7, 7]], dtype=np.uint16), 12, {}, [[0, 0]], id="a_constant_deep_film_is_black"
        ),
    ],
)
def test_dicom_values_come_out_as_shown(tmp_path, stored, bits, elements, expected):
    path = write_dicom(tmp_path / "a.dcm", stored, bits, **elements)
    film = read_film(path)
    assert film.dtype == np.float32
    np.testing.assert_allclose(film, expected, atol=1e-6)
    assert film_shape(path) == stored.shape


def test_a_voi_lookup_table_wins_over_range(tmp_path):
    table = pydicom.Dataset()
    table.LUTDescriptor, table.LUTData = [4, 0, 8], [0, 255, 51, 102]
    path = write_dicom(tmp_path / "a.dcm", np.array([[0, 1], [2, 3]], dtype=np.uint8))
    film = pydicom.dcmread(path)
    table["LUTDescriptor"].VR = table["LUTData"].VR = "US"
    film.VOILUTSequence = [table]
    film.save_as(path)
    np.testing.assert_allclose(read_film(path), [[0, 1], [0.2, 0.4]], atol=1e-6)


def test_a_compression_that_nothing_here_reads_names_the_package(tmp_path):
    path = write_dicom(tmp_path / "a.dcm", GREY)
    film = pydicom.dcmread(path)
    film.file_meta.TransferSyntaxUID = JPEGLSLossless
    film.PixelData = pydicom.encaps.encapsulate([b"\xff\xd8\xff\xd9"])
    film["PixelData"].is_undefined_length = True
    film.save_as(path)
    if pydicom.pixels.get_decoder(JPEGLSLossless).is_available:
        pytest.skip("a JPEG-LS decoder is installed")
    with pytest.raises(DataError, match=r"JPEG-LS Lossless.*pip install pylibjpeg"):
        read_film(path)


@pytest.mark.parametrize("name", [pytest.param("a.png", id="png"), pytest.param("a.dcm", id="dicom")])
def test_missing_and_damaged_films_are_named(tmp_path, name):
    path = tmp_path / name
    for read in (read_film, film_shape):
        with pytest.raises(DataError, match=f"{name}: film not found"):
            read(path)
    path.write_bytes(b"no film at all")
    for read in (read_film, film_shape):
        with pytest.raises(DataError, match=rf"{name}: not a (readable )?(picture|DICOM film)"):
            read(path)


def test_a_cut_off_picture_is_refused(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    path = save(tmp_path / "a.jpg", Image.fromarray(noise))
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(DataError, match="not a readable picture"):
        read_film(path)


def test_a_film_of_several_frames_is_refused(tmp_path):
    path = write_dicom(tmp_path / "a.dcm", GREY)
    film = pydicom.dcmread(path)
    film.NumberOfFrames, film.PixelData = 2, GREY.tobytes() * 2
    film.save_as(path)
    with pytest.raises(DataError, match="2 frames; expected a film of one frame"):
        read_film(path)


def test_a_header_without_size_is_refused(tmp_path):
    path = write_dicom(tmp_path / "a.dcm", GREY)
    film = pydicom.dcmread(path)
    del film.Rows
    film.save_as(path)
    with pytest.raises(DataError, match="lacks Rows or Columns"):
        read_dicom_header(path)


def test_padding_centres_the_film():
    film = np.ones((2, 5))
    assert square(film).tolist() == [[0] * 5, [1] * 5, [1] * 5, [0] * 5, [0] * 5]
    assert square(film.T).tolist() == np.array(square(film)).T.tolist()


@pytest.mark.parametrize(
    ("film", "size", "expected"),
    [
        pytest.param([[1, 3], [5, 7]], 1, [[4]], id="mean_of_four"),
        # New pixels are 1.5 old ones wide: 1/1.5 (1 + 0.5 * 4) and 1/1.5 (0.5 * 4 + 7) along either axis.
        pytest.param([[1, 4, 7]] * 3, 2, [[2, 6], [2, 6]], id="shares_of_the_middle_pixel"),
        pytest.param(
            [[1, 2], [3, 4]], 4, [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]], id="enlarged"
        ),
    ],
)
def test_resizing_averages_over_area(film, size, expected):
    np.testing.assert_allclose(resize(np.array(film, dtype=np.float32), size), expected, atol=1e-6)


@settings(max_examples=50, deadline=None)
@given(
    film=hnp.arrays(
        np.float32, st.tuples(st.integers(1, 40), st.integers(1, 40)), elements=st.floats(0, 1, width=32)
    ),
    size=st.integers(1, 50),
)
def test_resizing_keeps_mean_and_range(film, size):
    small = resize(film, size)
    assert small.shape == (size, size)
    assert small.dtype == np.float32
    assert small.mean() == pytest.approx(film.mean(), abs=1e-4)
    assert film.min() - 1e-5 <= small.min() <= small.max() <= film.max() + 1e-5


def test_resizing_equals_averaging_of_an_enlarged_copy():
    # Independent oracle: repeat every pixel `size` times, then average whole blocks.
    film = np.random.default_rng(1).random((7, 11)).astype(np.float32)
    size = 5
    enlarged = film.repeat(size, axis=0).repeat(size, axis=1)
    blocks = enlarged.reshape(size, 7, size, 11).mean(axis=(1, 3))
    np.testing.assert_allclose(resize(film, size), blocks, atol=1e-6)


def test_golden_square_of_a_tiny_film(tmp_path):
    path = save(
        tmp_path / "a.png", Image.fromarray(np.array([[0, 40], [80, 120], [160, 200], [240, 255]], np.uint8))
    )
    # 4 x 2 is padded by one column on each side, then 2 x 2 blocks are averaged.
    assert film_to_uint8_square(path, 2).tolist() == [[20, 40], [100, 114]]
    assert film_to_uint8_square(path, 4).tolist() == [
        [0, 0, 40, 0],
        [0, 80, 120, 0],
        [0, 160, 200, 0],
        [0, 240, 255, 0],
    ]


@real_films
@pytest.mark.real_files
def test_a_real_monochrome1_film_equals_its_inverted_twin():
    plain = read_film(next(REAL_FILMS.glob("1.2.276*.dcm")))
    twin = read_film(REAL_FILMS / "monochrome1.dcm")
    np.testing.assert_allclose(twin, 1 - plain, atol=1e-6)
    assert plain.shape == (1024, 1024)


@real_films
@pytest.mark.real_files
@pytest.mark.parametrize("name", ["00000001_000.png", "00027426_000.png"])
def test_real_films_are_bone_bright(name):
    film = film_to_uint8_square(REAL_FILMS / name, 64)
    # The mediastinum in the middle column is brighter than the lung beside it.
    assert film[24:40, 30:36].mean() > film[24:40, 14:20].mean() + 20
