import tracemalloc
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from egma_lib.artefacts import content_hash
from egma_lib.datasets.contract import ReportCorpus
from egma_lib.datasets.image_cache import ImageCache
from egma_lib.experiments import corpus_data
from egma_lib.settings import load_settings
from egma_lib.training.data import TrainingData


@pytest.fixture
def tokenizer(tmp_path):
    folder = tmp_path / "tokenizer"
    folder.mkdir()
    (folder / "tokenizer.json").write_text("{}")
    return folder


@pytest.fixture
def cache(tmp_path):
    images = np.arange(6, dtype=np.uint8)[:, None, None].repeat(4, 1).repeat(4, 2)
    return ImageCache(tmp_path, images, {f"/films/{row}.jpg": row for row in range(6)})


@pytest.fixture
def corpus():
    """Three readings of two films; the second and third show the same film."""
    samples = pd.DataFrame(
        {
            "sample_id": ["r0", "r1", "r2"],
            "dicom_id": ["d0", "d1", "d1"],
            "patient_id": ["p0", "p1", "p1"],
            "image_path": ["/films/5.jpg", "/films/2.jpg", "/films/2.jpg"],
            "rows": 4,
            "columns": 4,
            "split": ["validation", "train", "train"],
            "source": ["eye_gaze", "reflacx", "reflacx"],
            "reader": ["0", "1", "2"],
        }
    )
    return ReportCorpus("mimic_eye", samples, (("clear",), ("edema", "no effusion"), ("edema",)))


def test_each_sample_has_its_film_and_no_film_is_stored_again(corpus, cache, tokenizer):
    data = corpus_data.base_training_data(corpus, cache, tokenizer)
    assert data.images is cache.images
    assert len(np.unique(data.image_index)) == 2
    assert data.images[data.image_index][:, 0, 0].tolist() == [5, 2, 2]
    assert data.is_validation.tolist() == [True, False, False]
    assert data.strata == ("eye_gaze/0", "reflacx/1", "reflacx/2")
    assert all(gaze is None for gaze in data.gaze_similarity)
    assert not any(flags.any() for flags in data.has_gaze)


def test_sentence_has_gaze_where_its_heatmap_is_not_empty(corpus, cache, tokenizer, monkeypatch):
    settings = load_settings("smoke", {"model.patch_grid": 2})
    maps = [np.ones((1, 4)), np.array([[0, 0, 0, 0], [0, 1, 0, 0.0]]), np.zeros((1, 4))]

    def similarity(gaze, ids, grid, frames, gaze_settings):
        assert (ids, grid) == (["r0", "r1", "r2"], (2, 2))
        return [one.astype(np.float32) for one in maps]

    monkeypatch.setattr(corpus_data, "gaze_similarity", similarity)
    gaze = SimpleNamespace(frames_of=lambda ids: {})
    data = corpus_data.gaze_training_data(corpus, cache, gaze, settings, tokenizer)
    assert [flags.tolist() for flags in data.has_gaze] == [[True], [False, True], [False]]


def test_training_data_come_back_from_disk(corpus, cache, tokenizer, tmp_path):
    data = corpus_data.base_training_data(corpus, cache, tokenizer)
    loaded = TrainingData.load(data.save(tmp_path / "saved"))
    assert loaded.sentences == data.sentences
    assert loaded.data_hash == data.data_hash
    np.testing.assert_array_equal(loaded.images, data.images)


@pytest.mark.parametrize("change", ["film", "sentence", "split", "tokenizer"])
def test_hash_follows_what_is_trained_on(corpus, cache, tokenizer, change):
    before = corpus_data.base_training_data(corpus, cache, tokenizer).data_hash
    assert corpus_data.base_training_data(corpus, cache, tokenizer).data_hash == before
    samples, sentences = corpus.samples, corpus.sentences
    if change == "film":
        cache.images[5, 0, 0] = 77
    elif change == "sentence":
        sentences = (("opaque",), *sentences[1:])
    elif change == "split":
        samples = samples.assign(split="train")
    else:
        (tokenizer / "tokenizer.json").write_text('{"a": 1}')
    changed = ReportCorpus("mimic_eye", samples, sentences)
    assert corpus_data.base_training_data(changed, cache, tokenizer).data_hash != before


def test_hash_is_that_of_the_films_joined_in_memory(corpus, cache, tokenizer, monkeypatch):
    monkeypatch.setattr(corpus_data, "CHUNK_BYTES", 20)
    films, position = cache.images[[2, 5]], np.array([1, 0, 0])
    columns = corpus.samples[["sample_id", "patient_id", "split", "source", "reader"]].to_dict("list")
    parts = (tokenizer / "tokenizer.json", columns, corpus.sentences, films.tobytes(), position.tobytes())
    expected = content_hash(*parts, b"", b"", b"")
    assert corpus_data.base_training_data(corpus, cache, tokenizer).data_hash == expected


def test_hash_counts_labels_where_there_are_some(corpus, cache, tokenizer):
    labels = np.zeros((3, 14), dtype=np.float32)
    plain = corpus_data.base_training_data(corpus, cache, tokenizer)
    absent = corpus_data.base_training_data(corpus, cache, tokenizer, labels)
    present = corpus_data.base_training_data(corpus, cache, tokenizer, labels + 1)
    assert plain.labels is None
    assert present.labels.tolist() == (labels + 1).tolist()
    assert len({plain.data_hash, absent.data_hash, present.data_hash}) == 3


@pytest.mark.parametrize(
    ("films", "chunk_bytes", "sizes"),
    [
        pytest.param(5, 32, [32, 32, 16], id="two_films_a_part"),
        pytest.param(2, 1, [16, 16], id="a_film_larger_than_a_part"),
        pytest.param(0, 32, [], id="no_film"),
    ],
)
def test_parts_join_to_the_chosen_films(films, chunk_bytes, sizes, monkeypatch):
    monkeypatch.setattr(corpus_data, "CHUNK_BYTES", chunk_bytes)
    images = np.random.default_rng(0).integers(0, 256, (9, 4, 4), dtype=np.uint8)
    rows = np.array([7, 0, 3, 3, 8])[:films]
    chunks = list(corpus_data.film_chunks(images, rows))
    assert [len(chunk) for chunk in chunks] == sizes
    assert b"".join(chunks) == images[rows].tobytes()


def test_memory_does_not_grow_with_the_films(tokenizer, tmp_path):
    """A cache of 201 MB is hashed, saved and read back with less than 60 MB, and stored once."""
    n_films, side = 4000, 224
    file = tmp_path / "images.npy"
    images = np.lib.format.open_memmap(file, mode="w+", dtype=np.uint8, shape=(n_films, side, side))
    images.flush()
    names = [f"d{number}" for number in range(n_films)]
    samples = pd.DataFrame(
        {
            "sample_id": names,
            "patient_id": names,
            "image_path": names,
            "split": "train",
            "source": "mimic_cxr",
            "reader": "",
        }
    )
    samples = samples.assign(dicom_id=names, rows=side, columns=side)
    corpus = ReportCorpus("mimic_cxr", samples, (("clear",),) * n_films)
    cache = ImageCache(tmp_path, np.load(file, mmap_mode="r"), dict(zip(names, range(n_films), strict=True)))
    tracemalloc.start()
    try:
        data = corpus_data.base_training_data(corpus, cache, tokenizer)
        loaded = TrainingData.load(data.save(tmp_path / "base"))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 60e6
    assert loaded.images.shape == (n_films, side, side)
    assert sum(path.stat().st_size for path in (tmp_path / "base").iterdir()) < 2e6
