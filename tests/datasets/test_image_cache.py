from __future__ import annotations

import os

import numpy as np
import pytest
from PIL import Image

from egma_lib.datasets import image_cache
from egma_lib.datasets.image_cache import build_image_cache, open_image_cache
from egma_lib.datasets.pixels import film_to_uint8_square
from egma_lib.errors import ArtefactError, DataError


@pytest.fixture
def films(tmp_path):
    paths = []
    for number in range(5):
        path = tmp_path / f"film_{number}.png"
        Image.fromarray(np.random.default_rng(number).integers(0, 256, (9, 7), dtype=np.uint8)).save(path)
        paths.append(str(path))
    return paths


@pytest.fixture
def decoded(monkeypatch):
    """Paths in the order in which the cache decoded them."""
    calls = []

    def note(path, size):
        calls.append(path)
        return film_to_uint8_square(path, size)

    monkeypatch.setattr(image_cache, "film_to_uint8_square", note)
    return calls


def build(paths, folder, jobs=1):
    return build_image_cache(paths, 4, folder, jobs=jobs, progress=False)


def test_every_film_is_stored_once_and_found_by_its_path(films, tmp_path):
    cache = build([*films, films[0]], tmp_path / "cache")
    assert (len(cache), cache.size, cache.images.dtype) == (5, 4, np.uint8)
    rows = cache.rows([films[3], films[0], films[3]])
    assert rows.tolist() == [3, 0, 3]
    np.testing.assert_array_equal(cache.images[rows[0]], film_to_uint8_square(films[3], 4))


def test_the_result_does_not_depend_on_jobs(films, tmp_path):
    one, three = (build(films, tmp_path / f"cache{jobs}", jobs) for jobs in (1, 3))
    np.testing.assert_array_equal(one.images, three.images)


def test_a_second_call_decodes_nothing_and_a_changed_film_is_decoded_again(films, tmp_path, decoded):
    build(films, tmp_path / "cache")
    decoded.clear()
    build(films, tmp_path / "cache")
    assert decoded == []
    Image.fromarray(np.zeros((9, 7), dtype=np.uint8)).save(films[2])
    os.utime(films[2], ns=(1, 1))
    cache = build(films, tmp_path / "cache")
    assert decoded == [films[2]]
    assert cache.images[2].max() == 0


def test_a_larger_set_takes_over_what_is_there(films, tmp_path, decoded):
    small = build(films[:3], tmp_path / "cache")
    decoded.clear()
    large = build(films[::-1], tmp_path / "cache")
    assert sorted(decoded) == films[3:]
    np.testing.assert_array_equal(large.images[large.rows(films[:3])], small.images)
    build_image_cache(films[:3], 5, tmp_path / "cache", jobs=1, progress=False)
    assert len(decoded) == 5  # another size shares nothing


def test_an_interrupted_build_goes_on_where_it_stopped(films, tmp_path, monkeypatch, decoded):
    monkeypatch.setattr(image_cache, "BLOCK", 2)
    whole = build(films, tmp_path / "undisturbed")
    decoded.clear()
    noting = image_cache.film_to_uint8_square

    def stop(path, size):
        if path == films[4]:
            raise KeyboardInterrupt
        return noting(path, size)

    monkeypatch.setattr(image_cache, "film_to_uint8_square", stop)
    with pytest.raises(KeyboardInterrupt):
        build(films, tmp_path / "cache")
    monkeypatch.setattr(image_cache, "film_to_uint8_square", noting)
    decoded.clear()
    cache = build(films, tmp_path / "cache")
    assert decoded == [films[4]]
    np.testing.assert_array_equal(cache.images, whole.images)
    assert not list((tmp_path / "cache").glob("*.partial"))


def test_missing_and_damaged_films_are_named(films, tmp_path):
    with pytest.raises(DataError, match="no films"):
        build([], tmp_path / "cache")
    with pytest.raises(DataError, match=r"gone.png: film not found"):
        build([*films, str(tmp_path / "gone.png")], tmp_path / "cache")
    (tmp_path / "film_1.png").write_bytes(b"broken")
    with pytest.raises(DataError, match=r"film_1.png: not a readable picture"):
        build(films, tmp_path / "cache")


def test_unknown_films_and_damaged_caches_are_refused(films, tmp_path):
    cache = build(films, tmp_path / "cache")
    with pytest.raises(ArtefactError, match=r"film other.png is not in this cache"):
        cache.rows(["other.png"])
    np.save(cache.folder / "images.npy", np.zeros((2, 4, 4), dtype=np.uint8))
    with pytest.raises(ArtefactError, match="2 squares for 5 films; delete it"):
        open_image_cache(cache.folder)
    (cache.folder / "images.npy").write_bytes(b"")
    with pytest.raises(ArtefactError, match="no readable image cache"):
        open_image_cache(cache.folder)
