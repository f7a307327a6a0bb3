"""Near copies are found, other films are not, and the banded look-up misses nothing."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from scipy.fft import dctn

from egma_lib.datasets.perceptual_hash import (
    MAXIMUM_DISTANCE,
    Fingerprints,
    _candidates,
    fingerprints,
    near_pairs,
)
from egma_lib.datasets.pixels import resize

SIZE = 64


def film(seed):
    """A smooth random picture with a bright rim, 8 bits: blobs of several widths."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIZE, :SIZE] / SIZE
    picture = np.zeros((SIZE, SIZE))
    for _ in range(60):
        cx, cy, width = rng.uniform(0, 1), rng.uniform(0, 1), rng.uniform(0.02, 0.2)
        picture += rng.normal() * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * width**2))
    picture -= picture.min()
    return np.rint(30 + 190 * picture / picture.max()).astype(np.uint8)


def films(*seeds):
    return np.stack([film(seed) for seed in seeds])


def jpeg(picture, quality):
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


def smaller_and_back(picture):
    small = resize(picture.astype(np.float32), 40)
    return np.rint(resize(small, SIZE)).astype(np.uint8)


COPIES = [
    pytest.param(lambda picture: picture, id="identical"),
    pytest.param(lambda picture: jpeg(picture, 50), id="recompressed_as_jpeg_50"),
    pytest.param(lambda picture: jpeg(picture, 75), id="recompressed_as_jpeg_75"),
    pytest.param(smaller_and_back, id="resized_to_40_and_back"),
    pytest.param(lambda picture: picture[:, ::-1], id="mirrored_left_to_right"),
    pytest.param(lambda picture: jpeg(np.ascontiguousarray(picture[:, ::-1]), 50), id="mirrored_and_jpeg"),
    pytest.param(lambda picture: 255 - picture, id="negative"),
    pytest.param(lambda picture: 255 - picture[:, ::-1], id="mirrored_negative"),
    pytest.param(lambda picture: np.rint(picture * 0.8 + 20).astype(np.uint8), id="less_contrast"),
    pytest.param(lambda picture: np.rint(255 * (picture / 255) ** 0.9).astype(np.uint8), id="gamma"),
]


@pytest.mark.parametrize("change", COPIES)
def test_a_changed_copy_is_found_among_other_films(change):
    known = fingerprints(films(*range(20)))
    copies = fingerprints(np.stack([change(film(7)), change(film(30)), change(film(3))]))
    assert near_pairs(known, copies).tolist() == [[3, 2], [7, 0]]


def test_different_films_are_not_near():
    assert near_pairs(fingerprints(films(*range(60))), fingerprints(films(*range(60, 120)))).shape == (0, 2)


def test_alike_hashes_alone_do_not_make_a_near_copy():
    """Two films that share their coarse structure and differ in detail, as chest films do."""
    rng = np.random.default_rng(5)
    grain = np.kron(rng.normal(0, 40, (2, SIZE // 4, SIZE // 4)), np.ones((4, 4)))
    coarse = resize(resize(film(1).astype(np.float32), 8), SIZE)
    pair = np.clip(coarse * 2 - 130 + grain, 0, 255).astype(np.uint8)
    marks = fingerprints(pair)
    other = Fingerprints(marks.hashes[:1], marks.detail[1:], marks.is_blank[1:])
    assert np.array_equal(marks.hashes[:1], other.hashes)
    assert len(near_pairs(fingerprints(pair[:1]), other)) == 0


def test_blank_films_are_no_copies_of_each_other():
    blank = np.full((2, SIZE, SIZE), 7, dtype=np.uint8)
    marks = fingerprints(blank)
    assert marks.is_blank.all()
    assert len(near_pairs(marks, marks)) == 0


def test_hash_holds_the_signs_of_scipys_dct():
    picture = film(4)
    wanted = dctn(picture.astype(float), norm="ortho")[1:9, 1:9].ravel() > 0
    number = int(fingerprints(picture[None]).hashes[0])
    assert [bool(number >> bit & 1) for bit in range(64)] == wanted.tolist()


def test_detail_has_unit_length_and_leaves_the_lowest_frequencies_out():
    marks = fingerprints(films(1, 2))
    assert marks.detail.shape == (2, 24 * 24 - 16)
    assert np.linalg.norm(marks.detail.astype(float), axis=1) == pytest.approx(1, abs=1e-3)


def test_fingerprints_do_not_depend_on_the_block_they_are_made_in():
    many = np.concatenate([np.repeat(films(1), 1030, axis=0), films(2)])
    marks = fingerprints(many)
    assert marks.hashes[-1] == fingerprints(films(2)).hashes[0]
    assert len(set(marks.hashes[:-1].tolist())) == 1


@pytest.mark.parametrize("seed", range(3))
def test_banded_lookup_gives_every_pair_within_the_distance_once(seed):
    """Against comparing all with all; half of the hashes are neighbours of a few centres."""
    rng = np.random.default_rng(seed)
    centres = rng.integers(0, 2**64, 5, dtype=np.uint64)
    hashes = rng.integers(0, 2**64, 300, dtype=np.uint64)
    for row in range(150):
        flips = rng.choice(64, rng.integers(0, 7), replace=False)
        hashes[row] = centres[row % 5] ^ np.uint64(sum(1 << int(bit) for bit in flips))
    first, second = hashes[::2], hashes[1::2]
    found = [pair for a, b in _candidates(first, second) for pair in zip(a.tolist(), b.tolist(), strict=True)]
    distance = [[bin(int(a) ^ int(b)).count("1") for b in second] for a in first]
    wanted = [tuple(pair) for pair in np.argwhere(np.array(distance) <= MAXIMUM_DISTANCE).tolist()]
    assert len(wanted) > 100
    assert sorted(found) == sorted(wanted)


def test_nothing_to_compare_gives_no_pairs():
    none = fingerprints(np.zeros((0, SIZE, SIZE), dtype=np.uint8))
    assert near_pairs(none, fingerprints(films(1))).shape == (0, 2)
