from dataclasses import replace

import numpy as np
import pytest
from training_cases import tiny_data

from egma_lib.errors import ArtefactError, DataError
from egma_lib.training import TrainingData


def test_a_saved_folder_reads_back_the_same_and_stays_on_disk(tmp_path):
    data = tiny_data()
    loaded = TrainingData.load(data.save(tmp_path / "data"))
    assert isinstance(loaded.images, np.memmap)
    np.testing.assert_array_equal(loaded.images, data.images)
    np.testing.assert_array_equal(loaded.image_index, data.image_index)
    np.testing.assert_array_equal(loaded.is_validation, data.is_validation)
    for name in ("sentences", "patient_ids", "sample_ids", "data_hash", "strata"):
        assert getattr(loaded, name) == getattr(data, name)
    for ours, theirs in zip(loaded.gaze_similarity, data.gaze_similarity, strict=True):
        assert (ours is None) == (theirs is None)
        if theirs is not None:
            np.testing.assert_array_equal(ours, theirs)
    assert all((a == b).all() for a, b in zip(loaded.has_gaze, data.has_gaze, strict=True))
    assert repr(loaded) == "TrainingData(12 samples, 12 images, 9 with gaze, 4 held out)"


def test_a_corpus_without_gaze_is_kept(tmp_path):
    data = tiny_data()
    none = replace(
        data,
        gaze_similarity=[None] * 12,
        has_gaze=[np.zeros(len(r), dtype=bool) for r in data.sentences],
        strata=(),
    )
    loaded = TrainingData.load(none.save(tmp_path / "data"))
    assert loaded.gaze_similarity == [None] * 12
    assert loaded.strata == ()


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(ArtefactError, match=r"nowhere: no training data, about\.json, gaze\.npy"):
        TrainingData.load(tmp_path / "nowhere")


def films_of(data):
    return data.images[data.image_index]


def cached_data(folder):
    """Data whose films are a memory map of 15 films, of which the samples show the last 12."""
    data = tiny_data()
    folder.mkdir()
    films = np.concatenate([np.zeros_like(data.images[:3]), data.images])
    np.save(folder / "images.npy", films)
    mapped = np.load(folder / "images.npy", mmap_mode="r")
    return replace(data, images=mapped, image_index=data.image_index + 3)


def test_mapped_films_are_referred_to_and_not_copied(tmp_path):
    data = cached_data(tmp_path / "image_cache")
    folder = data.save(tmp_path / "corpora" / "data")
    assert not (folder / "images.npy").exists()
    loaded = TrainingData.load(folder)
    assert str(loaded.images.filename) == str((tmp_path / "image_cache" / "images.npy").resolve())
    np.testing.assert_array_equal(films_of(loaded), films_of(tiny_data()))
    assert repr(loaded) == "TrainingData(12 samples, 12 images, 9 with gaze, 4 held out)"


def test_a_moved_results_folder_still_finds_its_films(tmp_path):
    (tmp_path / "here").mkdir()
    cached_data(tmp_path / "here" / "image_cache").save(tmp_path / "here" / "corpora" / "data")
    (tmp_path / "here").rename(tmp_path / "there")
    loaded = TrainingData.load(tmp_path / "there" / "corpora" / "data")
    np.testing.assert_array_equal(films_of(loaded), films_of(tiny_data()))


@pytest.mark.parametrize(
    "part",
    [
        pytest.param(lambda images: images[3:], id="first_films_cut_off"),
        pytest.param(lambda images: images[:, ::-1], id="upside_down"),
        pytest.param(lambda images: images[np.arange(15)], id="copied_by_index"),
    ],
)
def test_a_part_of_a_map_is_written_out(part, tmp_path):
    data = cached_data(tmp_path / "image_cache")
    films = part(data.images)
    index = data.image_index - (len(data.images) - len(films))
    folder = replace(data, images=films, image_index=index).save(tmp_path / "data")
    assert (folder / "images.npy").is_file()
    np.testing.assert_array_equal(TrainingData.load(folder).images, films)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda file: file.unlink(), id="deleted"),
        pytest.param(lambda file: file.write_bytes(file.read_bytes()[:200]), id="cut_short"),
        pytest.param(lambda file: file.write_bytes(b""), id="empty"),
    ],
)
def test_a_spoilt_image_cache_says_what_to_delete(spoil, tmp_path):
    folder = cached_data(tmp_path / "image_cache").save(tmp_path / "data")
    spoil(tmp_path / "image_cache" / "images.npy")
    with pytest.raises(ArtefactError, match=r"data: its images lie in .*image_cache.*delete .*data and run"):
        TrainingData.load(folder)


def test_labels_come_back_with_their_unknown_values(tmp_path):
    labels = np.zeros((12, 14), dtype=np.float32)
    labels[3, 2], labels[5, 13] = 1, np.nan
    loaded = TrainingData.load(replace(tiny_data(), labels=labels).save(tmp_path / "data"))
    assert loaded.labels.dtype == np.float32
    np.testing.assert_array_equal(loaded.labels, labels)
    assert TrainingData.load(tiny_data().save(tmp_path / "plain")).labels is None


def changed_first(values, value):
    return [value, *values[1:]]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"image_index": np.arange(3)}, "image_index has 3 entries for 12 samples", id="length"),
        pytest.param({"image_index": np.full(12, 12)}, "leaves the 12 images", id="image_index"),
        pytest.param({"images": np.zeros((12, 32, 32))}, "uint8", id="float_images"),
        pytest.param({"strata": ("a",)}, "strata has 1 entries", id="strata"),
        pytest.param({"patient_ids": ("p",) * 12}, "patient p is in both", id="leak"),
    ],
)
def test_arrays_that_do_not_belong_together_are_named(changes, words):
    with pytest.raises(DataError, match=words):
        replace(tiny_data(), **changes)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        pytest.param("sentences", (), "r000: no sentence", id="empty_report"),
        pytest.param("has_gaze", np.ones(9, dtype=bool), r"r000: has_gaze \(9,\)", id="flags"),
        pytest.param("gaze_similarity", np.zeros((9, 16)), "r000: gaze_similarity", id="heatmaps"),
        pytest.param("gaze_similarity", None, "r000: has_gaze without", id="flag_without_heatmap"),
    ],
)
def test_samples_that_contradict_themselves_are_named(field, value, words):
    data = tiny_data()
    values = changed_first(getattr(data, field), value)
    with pytest.raises(DataError, match=words):
        replace(data, **{field: tuple(values) if field == "sentences" else values})
