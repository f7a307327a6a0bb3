"""A data root with REFLACX, EGD-CXR or both and no MIMIC-EYE serves everything that MIMIC-EYE serves."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from egma_lib.datasets.check import check_data
from egma_lib.datasets.contract import ReportCorpus
from egma_lib.datasets.gaze_corpus import load_study_gaze_corpus
from egma_lib.datasets.gaze_labels import load_study_gaze_labels
from egma_lib.datasets.mimic_eye import load_gaze_corpus, load_gaze_labels
from egma_lib.datasets.reading_films import film_of_reading
from egma_lib.errors import DataError
from egma_lib.experiments.evaluation_tables import require_datasets
from egma_lib.experiments.geometry_effect import geometry_effect
from egma_lib.figures.gaze_examples import denoised_examples
from egma_lib.figures.readers_figure import readers_figure
from egma_lib.figures.start_case import start_case
from egma_lib.gaze.artefact import GazeArtefact
from egma_lib.gaze.study_readings import build_study_gaze, find_study_readings
from egma_lib.settings import load_settings
from egma_lib.study import Study, open_study

SETTINGS = load_settings("smoke")
BOTH = ("reflacx", "egd-cxr")
TREES = [
    pytest.param(BOTH, id="both"),
    pytest.param(("reflacx",), id="reflacx_alone"),
    pytest.param(("egd-cxr",), id="egd_cxr_alone"),
]
COLUMNS_OF_FIGURE_7 = [
    "reading_id", "sentence", "share_on_region", "kind", "x", "y", "duration_s", "x_min", "y_min", "x_max",
    "y_max",
]  # fmt: skip
DEVICES = {"reflacx": "REFLACX (EyeLink)", "egd-cxr": "EYE GAZE (Gazepoint)"}


@dataclass(frozen=True)
class Read:
    study: Study
    gaze: GazeArtefact
    corpus: ReportCorpus


def read(root, results) -> Read:
    study = open_study(SETTINGS, root, results)
    gaze = build_study_gaze(study, SETTINGS, jobs=1, progress=False)
    return Read(study, gaze, load_study_gaze_corpus(study, gaze, SETTINGS.data.validation_share))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Both collections; the roots with one are links to it."""
    from real_tree_without_mimic_eye import write_tree_without_mimic_eye

    folder = tmp_path_factory.mktemp("alone") / "both"
    return write_tree_without_mimic_eye(folder, n=10, mimic_rows=382, kaggle_side=64)


@pytest.fixture(scope="module")
def root_with(whole):
    def root(collections):
        if collections == BOTH:
            return whole
        folder = whole.parent / collections[0]
        folder.mkdir(exist_ok=True)
        for path in whole.iterdir():
            if path.name not in BOTH or path.name in collections:
                link = folder / path.name
                link.unlink(missing_ok=True)
                link.symlink_to(path)
        return folder

    return root


@pytest.fixture(scope="module")
def reading_of(root_with, tmp_path_factory):
    made: dict[tuple[str, ...], Read] = {}

    def get(collections):
        if collections not in made:
            made[collections] = read(root_with(collections), tmp_path_factory.mktemp("results"))
        return made[collections]

    return get


@pytest.mark.parametrize("collections", TREES)
def test_the_first_case_is_shown_on_its_film(collections, reading_of):
    found = reading_of(collections)
    case = start_case(found.study, SETTINGS)
    source = found.gaze.readings.set_index("reading_id").loc[case.reading_id, "source"]
    assert source == ("reflacx" if "reflacx" in collections else "eye_gaze")
    assert case.gaze_labels.sum() > 0
    assert case.film.std() > 0


@pytest.mark.parametrize("collections", TREES)
def test_every_device_there_is_shown_once(collections, reading_of):
    found = reading_of(collections)
    shown = denoised_examples(found.study, found.gaze, found.corpus, SETTINGS.gaze)
    assert [item.label for item in shown] == [DEVICES[key] for key in collections]


@pytest.mark.parametrize("collections", TREES)
def test_geometry_is_compared_where_it_is_assumed(collections, reading_of):
    found = reading_of(collections)
    table = geometry_effect(found.study, found.gaze, SETTINGS, factors=(1.0,), max_readings=2)
    assert table["n_readings"].tolist() == ([2] if "egd-cxr" in collections else [])


@pytest.mark.parametrize("collections", TREES)
def test_figure_7_needs_readers_who_mark(collections, reading_of):
    found = reading_of(collections)
    figure, rows = readers_figure(found.gaze, found.corpus, "note")
    if "reflacx" in collections:
        assert {"fixation", "ellipse"} <= set(rows["kind"])
        assert rows.columns.tolist() == COLUMNS_OF_FIGURE_7
    else:
        assert figure.get_suptitle().startswith("Not available: only readers of REFLACX mark findings")
        assert rows.empty
        assert rows.columns.tolist() == COLUMNS_OF_FIGURE_7


@pytest.mark.parametrize("collections", TREES)
def test_training_may_start(collections, root_with, tmp_path):
    require_datasets(open_study(SETTINGS, root_with(collections), tmp_path))


@pytest.mark.parametrize("collections", TREES)
def test_the_check_says_that_every_notebook_runs(collections, root_with):
    outcomes = check_data(root_with(collections)).outcomes
    assert [one.name[:2] for one in outcomes] == ["00", "01", "02", "03", "03", "03", "04", "05", "05", "06"]
    assert all(one.runs and not one.not_available for one in outcomes), outcomes


def test_the_corpus_is_that_of_mimic_eye_on_other_paths(reading_of, untouched, tmp_path):
    alone = reading_of(BOTH)
    study = open_study(SETTINGS, untouched, tmp_path)
    gaze = build_study_gaze(study, SETTINGS, jobs=1, progress=False)
    within = load_gaze_corpus(study.dataset("mimic-eye"), gaze, SETTINGS.data.validation_share)
    columns = ["dicom_id", "patient_id", "study_id", "rows", "columns", "source", "reader", "split"]
    pd.testing.assert_frame_equal(by_id(alone.corpus)[columns], by_id(within)[columns])
    assert said(alone.corpus) == said(within)
    labels = load_study_gaze_labels(alone.study, alone.corpus)
    first = alone.corpus.samples["dicom_id"].str.endswith("-00000001").to_numpy()
    of_eye = load_gaze_labels(study.dataset("mimic-eye"), within)
    order = [of_eye.cases["case_id"].tolist().index(one) for one in labels.cases["case_id"]]
    np.testing.assert_array_equal(labels.labels[~first], of_eye.labels[order][~first])
    # The writer makes the Edema of the first study uncertain in MIMIC-CXR-JPG alone.
    assert np.isnan(labels.labels[first, labels.class_names.index("Edema")]).all()


def by_id(corpus):
    return corpus.samples.set_index("sample_id").sort_index()


def said(corpus):
    return dict(zip(corpus.samples["sample_id"], corpus.sentences, strict=True))


def test_a_film_that_mimic_cxr_jpg_lacks_is_named_for_the_first_case(reading_of, tmp_path):
    found = reading_of(BOTH)
    (tmp_path / "reflacx").symlink_to(found.study.dataset("reflacx"))
    study = open_study(SETTINGS, tmp_path, tmp_path / "results")
    reference = next(one for one in find_study_readings(study) if not one.problem)
    with pytest.raises(
        DataError, match=rf"mimic-cxr-jpg: no film {reference.dicom_id}\.jpg of reading P102R"
    ):
        film_of_reading(study, reference)


def test_without_films_the_check_lets_only_preprocessing_of_reflacx_run(whole, tmp_path):
    for name in (*BOTH, "mimic-cxr", "chexpert", "rsna", "siim"):
        (tmp_path / name).symlink_to(whole / name)
    found = check_data(tmp_path)
    assert [one.name[:2] for one in found.outcomes if one.runs] == ["01"]
    notes = {one.key: one.inventory.notes for one in found.datasets}
    assert (
        notes["reflacx"] == notes["egd-cxr"] == ("its films are those of mimic-cxr-jpg, which is not there",)
    )
    (tmp_path / "reflacx").unlink()
    first, second = check_data(tmp_path).outcomes[:2]
    assert not first.runs
    assert second.lacking == (
        "MIMIC-EYE, or REFLACX or EGD-CXR (which needs the image sizes of MIMIC-CXR-JPG)",
    )


@pytest.fixture
def own_jpg(whole, tmp_path):
    """The root with a copy of MIMIC-CXR-JPG of the test's own."""
    for path in whole.iterdir():
        if path.name == "mimic-cxr-jpg":
            shutil.copytree(path, tmp_path / path.name)
        else:
            (tmp_path / path.name).symlink_to(path)
    return tmp_path


def test_a_reading_without_its_film_stops_training_and_not_preprocessing(own_jpg):
    next((own_jpg / "mimic-cxr-jpg").rglob("*-0000000a.jpg")).unlink()
    found = check_data(own_jpg)
    assert [one.name[:2] for one in found.outcomes if one.runs] == ["01"]
    reflacx = next(one for one in found.datasets if one.key == "reflacx")
    assert reflacx.inventory.notes[-1].endswith("films are not in mimic-cxr-jpg")


def test_figures_need_the_labels_of_mimic_cxr_jpg(own_jpg, reading_of, tmp_path):
    next((own_jpg / "mimic-cxr-jpg").rglob("*chexpert.csv.gz")).unlink()
    lacking = {one.name[:2]: one.lacking for one in check_data(own_jpg).outcomes if not one.runs}
    assert lacking == {"06": ("the CheXpert labels of MIMIC-EYE or of MIMIC-CXR-JPG",)}
    study = open_study(SETTINGS, own_jpg, tmp_path / "results")
    with pytest.raises(DataError, match=r"mimic-cxr-2\.0\.0-chexpert\.csv"):
        load_study_gaze_labels(study, reading_of(BOTH).corpus)


def test_an_incomplete_collection_is_not_trained_on(whole, tmp_path):
    for path in whole.iterdir():
        if path.name != "reflacx":
            (tmp_path / path.name).symlink_to(path)
    shutil.copytree(whole / "reflacx", tmp_path / "reflacx")
    next((tmp_path / "reflacx").rglob("gaze.csv")).unlink()
    assert not any(one.runs for one in check_data(tmp_path).outcomes)


def test_an_empty_folder_is_no_collection(whole, tmp_path):
    for path in whole.iterdir():
        (tmp_path / path.name).symlink_to(path)
    for name in ("mimic-eye", "egd-cxr"):
        (tmp_path / name).unlink(missing_ok=True)
        (tmp_path / name).mkdir()
    assert all(one.runs for one in check_data(tmp_path).outcomes)
    found = read(tmp_path, tmp_path / "results")
    assert set(found.corpus.samples["source"]) == {"reflacx"}


def test_labels_of_readings_in_two_places_come_from_both(own_jpg, untouched, tmp_path):
    """MIMIC-EYE without the films of one patient; the label of the rest is MIMIC-EYE's."""
    found = read(own_jpg, tmp_path / "results")
    eye = tmp_path / "mimic-eye"
    shutil.copytree(untouched / "mimic-eye", eye)
    number = found.corpus.samples["dicom_id"].iloc[-1]
    table = next(eye.rglob("spreadsheets/cxr_meta.csv"))
    rows = table.read_text().splitlines(keepends=True)
    table.write_text("".join(row for row in rows if number not in row))
    study = open_study(SETTINGS, own_jpg, tmp_path / "other")
    corpus = load_study_gaze_corpus(study, found.gaze, SETTINGS.data.validation_share)
    outside = ~corpus.samples["image_path"].str.contains("mimic-eye").to_numpy()
    assert corpus.samples.loc[outside, "dicom_id"].unique().tolist() == [number]
    labels = load_study_gaze_labels(study, corpus)
    assert labels.name == "gaze_labels"
    assert len(labels) == len(corpus)
    assert (np.nansum(labels.labels, axis=1) == 1).all()
