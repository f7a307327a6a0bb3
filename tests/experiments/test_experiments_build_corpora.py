"""What `build_corpora` makes, and what it leaves alone because it is there, on the tiny phantom."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from tiny_studies import one_step_settings

from egma_lib.datasets.mimic_eye import CLASSES_CHEXPERT_14
from egma_lib.experiments import corpora
from egma_lib.gaze.artefact import GazeArtefact
from egma_lib.gaze.preprocess import build_gaze_artefact
from egma_lib.settings import Settings
from egma_lib.study import Study, open_study
from egma_lib.training.data import TrainingData

STEPS = (
    "load_report_corpus", "load_study_gaze_corpus", "load_study_labels", "build_image_cache",
    "save_tokenizer", "base_training_data", "gaze_training_data", "load_evaluation_tables",
    "save_evaluation_sets",
)  # fmt: skip
EVALUATION = ["load_evaluation_tables", "build_image_cache", "save_evaluation_sets"]


class Built(NamedTuple):
    study: Study
    settings: Settings
    gaze: GazeArtefact
    corpora: corpora.Corpora


@pytest.fixture(scope="module")
def built(tiny_study, tmp_path_factory) -> Built:
    settings = one_step_settings()
    study = open_study(settings, tiny_study.folder, tmp_path_factory.mktemp("results"))
    readings = study.dataset("mimic-eye")
    gaze = build_gaze_artefact(readings, settings, study.results, study.data_hash, jobs=1, progress=False)
    return Built(study, settings, gaze, corpora.build_corpora(study, settings, gaze, progress=False))


@pytest.fixture
def calls(monkeypatch) -> list[str]:
    """Names of the steps of a build, in the order in which they run."""
    made: list[str] = []

    def counted(name):
        step = getattr(corpora, name)

        def call(*args, **kwargs):
            made.append(name)
            return step(*args, **kwargs)

        return call

    for name in STEPS:
        monkeypatch.setattr(corpora, name, counted(name))
    return made


def written(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in sorted(folder.rglob("*")) if path.is_file()}


def rebuild(built: Built, **overrides) -> corpora.Corpora:
    settings = one_step_settings(**overrides) if overrides else built.settings
    return corpora.build_corpora(built.study, settings, built.gaze, progress=False)


def table_of(study: Study, name: str) -> pd.DataFrame:
    return pd.read_csv(next(path for path in study.data_root.rglob("*") if str(path).endswith(f"/{name}")))


def test_a_finished_build_does_nothing(built, calls):
    before = written(built.study.results)
    assert rebuild(built) == built.corpora
    assert calls == []
    assert written(built.study.results) == before


def test_other_evaluation_sets_leave_training_data_alone(built, calls):
    training = written(built.corpora.base.parent)
    caches = written(built.study.folder("image_cache"))
    split = "all" if built.settings.evaluation.zero_shot_split == "test" else "test"
    other = rebuild(built, **{"evaluation.zero_shot_split": split})
    assert other.evaluation != built.corpora.evaluation
    assert other.complete
    assert calls == EVALUATION
    assert written(built.corpora.base.parent) == training
    assert caches.items() <= written(built.study.folder("image_cache")).items()


def test_lost_training_data_come_back_alone(built, calls):
    sets = written(built.corpora.evaluation)
    before = TrainingData.load(built.corpora.gaze)
    report_corpus = written(built.corpora.base)
    built.corpora.gaze.rename(built.corpora.gaze.with_name("put-away"))
    assert not built.corpora.complete
    rebuild(built)
    assert calls == [
        "load_report_corpus",
        "load_study_gaze_corpus",
        "build_image_cache",
        "load_study_labels",
        "gaze_training_data",
    ]
    after = TrainingData.load(built.corpora.gaze)
    assert after.data_hash == before.data_hash
    assert written(built.corpora.base) == report_corpus
    assert written(built.corpora.evaluation) == sets


def test_both_corpora_read_the_films_of_one_cache(built):
    base, gaze = (TrainingData.load(folder) for folder in (built.corpora.base, built.corpora.gaze))
    assert base.images.filename == gaze.images.filename
    assert len(base.images) == len({*base.image_index.tolist(), *gaze.image_index.tolist()})
    assert not {*base.image_index.tolist()} & {*gaze.image_index.tolist()}


@pytest.mark.parametrize(
    ("corpus", "films", "labels"),
    [
        pytest.param(
            "base", "mimic-cxr-2.0.0-metadata.csv.gz", "mimic-cxr-2.0.0-chexpert.csv.gz", id="report_corpus"
        ),
        pytest.param(
            "gaze", "spreadsheets/cxr_meta.csv", "spreadsheets/CXR-JPG/cxr_chexpert.csv", id="gaze_corpus"
        ),
    ],
)
def test_both_corpora_know_the_labels_of_their_studies(built, corpus, films, labels):
    data = TrainingData.load(getattr(built.corpora, corpus))
    studies = table_of(built.study, films).set_index("dicom_id")["study_id"]
    edema = table_of(built.study, labels).set_index("study_id")["Edema"]
    film_of = dict(zip(built.gaze.readings["reading_id"], built.gaze.readings["dicom_id"], strict=True))
    coded = [edema[studies[film_of.get(sample, sample)]] for sample in data.sample_ids]
    expected = [0 if np.isnan(value) else np.nan if value == -1 else value for value in coded]
    assert data.labels.shape == (len(data), 14)
    np.testing.assert_array_equal(data.labels[:, CLASSES_CHEXPERT_14.index("Edema")], expected)
