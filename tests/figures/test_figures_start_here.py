import dataclasses

import numpy as np
import pytest

from egma_lib.errors import DataError
from egma_lib.figures.start_case import MINIMUM_FIXATIONS, start_case
from egma_lib.figures.start_here import plot_start_case, plot_way_of_the_data, start_case_data
from egma_lib.gaze import build_gaze_artefact, gaze_similarity
from egma_lib.phantom.writers.mimic_eye import write_patient
from egma_lib.phantom.writers.readings import in_eye_gaze, in_reflacx
from egma_lib.settings import load_settings
from egma_lib.study import Study

SETTINGS = load_settings("smoke")


def study_at(root):
    return Study("toy", "synthetic", "", root, root / "results", "0123", {})


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """One patient with a REFLACX reading."""
    folder = tmp_path_factory.mktemp("phantom")
    write_patient(SETTINGS.phantom, folder, [next(i for i in range(12, 40) if in_reflacx(i))])
    return folder


@pytest.fixture(scope="module")
def case(root):
    return start_case(study_at(root), SETTINGS)


def test_the_sentence_is_the_most_focused_of_those_with_enough_fixations(root, case):
    artefact = build_gaze_artefact(root / "mimic-eye", SETTINGS, root, "x", jobs=1, progress=False)
    grid = (SETTINGS.model.patch_grid,) * 2
    maps = gaze_similarity(
        artefact, [case.reading_id], grid, artefact.frames_of([case.reading_id]), SETTINGS.gaze
    )[0]
    fixations = artefact.fixations_of(case.reading_id)
    positive = {
        text: int((maps[index] > 0).sum())
        for index, text in enumerate(artefact.sentences_of(case.reading_id)["text"])
        if (fixations["sentence_index"] == index).sum() >= MINIMUM_FIXATIONS
    }
    assert positive[case.sentence] == min(positive.values()) == case.gaze_labels.sum()
    assert case.fixations["chosen"].sum() >= MINIMUM_FIXATIONS


def test_gaze_similarity_peaks_where_most_time_was_spent_looking(case):
    side = len(case.gaze_similarity)
    mine = case.fixations[case.fixations["chosen"]]
    row, column = np.unravel_index(case.gaze_similarity.argmax(), case.gaze_similarity.shape)
    distance = np.hypot(mine["x"] * side - column - 0.5, mine["y"] * side - row - 0.5)
    assert case.gaze_similarity.max() == 1
    assert distance.min() < 1
    fine = np.unravel_index(case.heatmap.argmax(), case.heatmap.shape)
    assert abs(fine[0] * side / len(case.heatmap) - row - 0.5) <= 1


def test_words_and_samples_are_those_of_the_sentence(case):
    assert " ".join(case.words["word"]).lower() == case.sentence.replace(",", "")
    assert case.words["start_s"].min() == case.start_s
    assert case.words["end_s"].max() == case.end_s
    assert len(case.time_s) == len(case.x) == len(case.x_deg)


def test_the_figure_shows_six_steps_and_counts_what_it_shows(case):
    figure = plot_start_case(case, "phantom study, synthetic")
    assert [ax.get_title(loc="left")[0] for ax in figure.axes] == list("123456")
    finding = figure.get_suptitle()
    assert f"{case.gaze_labels.sum()} of {case.gaze_labels.size} patches" in finding
    assert finding.endswith("phantom study, synthetic")
    cells = [text.get_text() for text in figure.axes[5].texts]
    assert cells.count("1") == case.gaze_labels.sum()


def test_the_data_behind_the_figure_have_a_row_per_patch(case):
    made = dataclasses.replace(case, gaze_similarity=np.array([[0.0, 0.25], [1.0, 0.0]]))
    data = start_case_data(made)
    assert data["gaze_similarity"].tolist() == [0.0, 0.25, 1.0, 0.0]
    assert data["gaze_label"].tolist() == [0, 1, 1, 0]
    assert data.loc[2, ["row", "column"]].tolist() == [1, 0]


def test_the_way_of_the_data_draws_every_box():
    texts = [text.get_text() for text in plot_way_of_the_data().axes[0].texts]
    assert {"gaze samples", "film", "text encoder"} <= set(texts)


def test_without_reflacx_a_reading_of_eye_gaze_is_shown(tmp_path):
    write_patient(
        SETTINGS.phantom,
        tmp_path,
        [next(i for i in range(12, 40) if in_eye_gaze(i) and not in_reflacx(i))],
    )
    case = start_case(study_at(tmp_path), SETTINGS)
    assert case.sampling_hz == pytest.approx(60, abs=3)
    assert case.gaze_labels.sum() > 0


def test_a_study_without_a_usable_reading_is_refused(root):
    strict = SETTINGS.model_copy(
        update={"gaze": SETTINGS.gaze.model_copy(update={"minimum_valid_share": 1.0})}
    )
    with pytest.raises(DataError, match="none of 1 readings has a sentence with 3 fixations"):
        start_case(study_at(root), strict)


def test_a_missing_film_is_named(tmp_path):
    write_patient(SETTINGS.phantom, tmp_path, [next(i for i in range(12, 40) if in_reflacx(i))])
    for film in tmp_path.rglob("*.jpg"):
        film.unlink()
    with pytest.raises(DataError, match=r"no film .*\.jpg of reading P300R"):
        start_case(study_at(tmp_path), SETTINGS)
