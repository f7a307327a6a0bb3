from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from egma_lib.datasets.contract import CaseTable, ReportCorpus
from egma_lib.datasets.image_cache import ImageCache
from egma_lib.errors import ArtefactError
from egma_lib.evaluation.evaluation_sets import CLASS_ORDERS, load_evaluation_set
from egma_lib.experiments import corpora
from egma_lib.experiments.evaluate_run import is_evaluated
from egma_lib.settings import load_settings
from egma_lib.study import Study
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


def test_each_sample_has_its_film_and_each_film_is_stored_once(corpus, cache, tokenizer):
    data = corpora.base_training_data(corpus, cache, tokenizer)
    assert len(data.images) == 2
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

    monkeypatch.setattr(corpora, "gaze_similarity", similarity)
    gaze = SimpleNamespace(frames_of=lambda ids: {})
    data = corpora.gaze_training_data(corpus, cache, gaze, settings, tokenizer)
    assert [flags.tolist() for flags in data.has_gaze] == [[True], [False, True], [False]]


def test_training_data_come_back_from_disk(corpus, cache, tokenizer, tmp_path):
    data = corpora.base_training_data(corpus, cache, tokenizer)
    loaded = TrainingData.load(data.save(tmp_path / "saved"))
    assert loaded.sentences == data.sentences
    assert loaded.data_hash == data.data_hash
    np.testing.assert_array_equal(loaded.images, data.images)


@pytest.mark.parametrize("change", ["film", "sentence", "split", "tokenizer"])
def test_hash_follows_what_is_trained_on(corpus, cache, tokenizer, change):
    before = corpora.base_training_data(corpus, cache, tokenizer).data_hash
    assert corpora.base_training_data(corpus, cache, tokenizer).data_hash == before
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
    assert corpora.base_training_data(changed, cache, tokenizer).data_hash != before


def study_at(folder):
    return Study("toy", "synthetic", "", folder, folder / "results", "0123", {})


def test_place_of_the_corpora_depends_on_what_they_are_made_from(tmp_path):
    study, gaze = study_at(tmp_path), tmp_path / "gaze" / "abcd"
    settings = load_settings("smoke", {"evaluation.zero_shot_split": "all"})
    here = corpora.corpora_location(study, settings, gaze)
    assert not here.complete
    larger = corpora.corpora_location(study, load_settings("smoke", {"data.image_size": 64}), gaze)
    assert larger.base != here.base
    other = load_settings("smoke", {"evaluation.zero_shot_split": "test"})
    scored = corpora.corpora_location(study, other, gaze)
    # Which cases are scored does not make training anew.
    assert scored.base == here.base
    assert scored.evaluation != here.evaluation


def test_missing_gaze_artefact_says_what_to_run(tmp_path):
    with pytest.raises(ArtefactError, match="run notebook 01 first"):
        corpora.find_gaze(study_at(tmp_path), load_settings("smoke"))


def test_evaluation_sets_take_their_prompts_by_name(cache, tmp_path):
    queries = pd.DataFrame(
        [{"class_name": name, "text": f"there is {name.lower()}"} for name in CLASS_ORDERS["chexpert_8x200"]]
    )
    tables = []
    for name in ("chexpert_8x200", "siim"):
        classes = CLASS_ORDERS[name]
        cases = pd.DataFrame(
            {
                "case_id": ["a", "b"],
                "patient_id": ["p", "q"],
                "image_path": ["/films/0.jpg", "/films/1.jpg"],
                "rows": 4,
                "columns": 4,
                "split": "test",
            }
        )
        tables.append(CaseTable(name, cases, classes, np.eye(len(classes))[[1, 0]]))
    corpora.save_evaluation_sets(tables, queries, cache, tmp_path / "sets")
    eight = load_evaluation_set(tmp_path / "sets" / "chexpert_8x200")
    assert eight.prompts == tuple(queries["text"])
    siim = load_evaluation_set(tmp_path / "sets" / "siim")
    assert siim.prompts == ("there is no finding", "there is pneumothorax")


def test_predictions_on_other_evaluation_sets_do_not_count(tmp_path):
    sets = tmp_path / "sets"
    assert not is_evaluated(tmp_path, sets)
    (tmp_path / "evaluated.json").write_text('{"evaluation": "older", "sets": []}')
    assert not is_evaluated(tmp_path, sets)
    (tmp_path / "evaluated.json").write_text('{"evaluation": "sets", "sets": []}')
    assert is_evaluated(tmp_path, sets)
