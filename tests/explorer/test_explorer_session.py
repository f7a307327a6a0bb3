"""The session of a tiny trained study: its cases, and what its models make of films and texts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

from egma_lib.datasets.mimic_eye import CLASSES_CHEXPERT_14
from egma_lib.errors import ArtefactError, DataError
from egma_lib.evaluation.evaluation_sets import CLASS_ORDERS
from egma_lib.experiments.pretraining import arm_job
from egma_lib.explorer.session import ExplorerSession
from egma_lib.gaze.heatmaps import whole_report_heatmap
from egma_lib.models.build import load_dual_encoder
from egma_lib.training.data import TrainingData


@pytest.fixture(scope="module")
def session(trained_study) -> ExplorerSession:
    return ExplorerSession(trained_study.study, trained_study.settings)


@pytest.fixture(scope="module")
def reading(session):
    return session.case("gaze", "")


@pytest.fixture(scope="module")
def egma(trained_study):
    study, settings = trained_study.study, trained_study.settings
    job = arm_job(study, settings, trained_study.corpora, trained_study.arms[-1], 0)
    return load_dual_encoder(study.runs / job.run_id, settings), job.run_id


def test_making_a_session_reads_and_writes_nothing(trained_study, tmp_path):
    ExplorerSession(replace(trained_study.study, results=tmp_path / "none"), trained_study.settings)

    assert not (tmp_path / "none").exists()


def test_corpora_are_the_readings_and_every_test_set(session):
    assert session.corpora() == ("gaze", *CLASS_ORDERS)
    assert session.prompt_sets() == ("chexpert_5x200", "chexpert_8x200")


def test_every_reading_is_listed_once_held_out_ones_first(session, trained_study):
    cases, corpus = session.cases("gaze"), trained_study.corpus.samples

    assert sorted(cases["case_id"]) == sorted(corpus["sample_id"])
    held_out = (cases["split"] == "validation").tolist()
    assert held_out == sorted(held_out, reverse=True)
    assert set(cases.loc[cases["split"] == "validation", "case_id"]) == set(
        corpus.loc[corpus["split"] == "validation", "sample_id"]
    )
    assert set(session.choices("gaze")["reader"]) == set(corpus["reader"])


def test_findings_of_a_reading_are_its_labels(session, trained_study):
    data = TrainingData.load(trained_study.corpora.gaze)
    cases = session.cases("gaze").set_index("case_id")

    for sample, labels in zip(data.sample_ids, data.labels, strict=True):
        expected = [name for name, label in zip(CLASSES_CHEXPERT_14, labels, strict=True) if label == 1]
        assert cases.loc[sample, "findings"].split(", ") == (expected or [""])


def test_a_reading_brings_its_report_gaze_and_film(reading, session, trained_study):
    artefact = trained_study.gaze
    sentences = artefact.sentences_of(reading.case_id)

    assert reading.sentences["text"].tolist() == sentences["text"].tolist()
    assert len(reading.words) == len(artefact.words_of(reading.case_id))
    assert reading.heatmaps.shape == (len(sentences), 4, 4)
    gazed = reading.sentences["has_gaze"].to_numpy(dtype=bool)
    np.testing.assert_array_equal(reading.heatmaps.any(axis=(1, 2)), gazed)
    assert reading.fixations[["x", "y"]].to_numpy().min() >= 0
    assert reading.fixations[["x", "y"]].to_numpy().max() <= 1
    row = trained_study.corpus.samples.set_index("sample_id").loc[reading.case_id]
    with Image.open(row["image_path"]) as stored:
        assert reading.film.shape == (max(stored.size),) * 2
    assert reading.model_input.shape == (32, 32)
    assert reading.facts["Patient"] == row["patient_id"]
    assert session.case("gaze", reading.case_id) is reading


def test_what_a_reader_marked_is_a_region(session, trained_study):
    marked = trained_study.corpus.regions.groupby("case_id")["finding"].unique()
    case_id = marked.index[0]

    case = session.case("gaze", case_id)

    found = {region.finding for region in case.regions if region.source == "reader"}
    assert found == set(marked.iloc[0])
    for region in case.regions:
        assert region.mask.dtype == bool
        assert region.mask.any()


def test_true_masks_are_regions_where_the_root_states_them(session, trained_study):
    films = trained_study.corpus.samples.set_index("sample_id")["dicom_id"]
    masks = trained_study.study.data_root / "truth" / "masks" / "gaze"
    stated = {path.stem for path in masks.glob("*.npz")}
    assert stated

    for case_id in session.cases("gaze")["case_id"].head(8):
        expected: list[str] = []
        if films[case_id] in stated:
            with np.load(masks / f"{films[case_id]}.npz") as stored:
                expected = stored["names"][stored["coverage"].any(axis=(1, 2))].tolist()
        shown = [one.finding for one in session.case("gaze", case_id).regions if one.source == "truth"]
        assert shown == expected


def test_a_test_film_has_one_prompt_per_class_and_no_recording(session):
    cases = session.cases("siim", finding="Pneumothorax")
    case = session.case("siim", cases["case_id"].iloc[0])

    assert len(case.sentences) == 2
    assert "pneumothorax" in case.sentences["text"].iloc[1].lower()
    assert case.duration_s == 0
    assert case.fixations.empty
    assert [region.finding for region in case.regions] == ["Pneumothorax"]
    assert session.spoken_at(case, 1.0) is None
    assert session.fixations_until(case, 1.0).empty
    assert not session.gaze_until(case, 1.0).any()
    assert session.gaze_until(case, 1.0).shape == (4, 4)


def test_gaze_until_the_end_is_the_gaze_of_the_whole_reading(session, reading, trained_study):
    frame = trained_study.gaze.frames_of([reading.case_id])[0]
    whole = whole_report_heatmap(trained_study.gaze.fixations_of(reading.case_id), (4, 4), frame)

    np.testing.assert_allclose(session.gaze_until(reading, reading.duration_s + 1), whole, atol=1e-6)
    assert (
        len(session.fixations_until(reading, reading.duration_s + 1)) == reading.fixations["order"].nunique()
    )


def test_checkpoints_are_the_trained_arms_in_order(session):
    assert session.checkpoints() == ("Start", "Continued, no gaze", "EGMA")


def test_attention_is_the_cosine_of_patches_and_sentence(session, reading, egma, trained_study):
    model, data = egma[0], trained_study.settings.data
    pixels = torch.tensor(reading.model_input / 255.0, dtype=torch.float32)
    pixels = ((pixels - data.pixel_mean) / data.pixel_std).expand(1, 3, -1, -1)
    tokens = model.tokenizer(["no effusion"], return_tensors="pt")
    with torch.no_grad():
        patches = model.map_images(pixels)[0]
        sentence = model.map_sentences(tokens["input_ids"], tokens["attention_mask"])
        expected = F.cosine_similarity(patches, sentence).reshape(4, 4).numpy()

    np.testing.assert_allclose(session.attention(reading, "no effusion", "EGMA"), expected, atol=1e-5)


@pytest.mark.parametrize("typed", ["  no   effusion ", "No effusion."])
def test_spaces_capitals_and_a_full_stop_change_no_attention(session, reading, typed):
    expected = session.attention(reading, "no effusion", "EGMA")

    np.testing.assert_allclose(session.attention(reading, typed, "EGMA"), expected, atol=1e-6)


def test_a_film_and_a_sentence_are_encoded_once(session, reading, monkeypatch):
    first = session.attention(reading, "small effusion", "EGMA")
    monkeypatch.setattr("egma_lib.explorer.models.encode_images", None)
    monkeypatch.setattr("egma_lib.explorer.models.encode_prompts", None)

    np.testing.assert_array_equal(session.attention(reading, "small effusion", "EGMA"), first)


def test_similarity_to_a_class_is_the_mean_over_its_prompts(session, egma):
    model = egma[0]
    prompts = session._sources.evaluation_set("chexpert_8x200")
    texts = ["large effusion", *prompts.prompts]
    with torch.no_grad():
        features = [model.encode_texts([text]).sentence_features[0] for text in texts]
    cosines = np.array([float(features[0] @ other) for other in features[1:]])

    found = session.class_similarity("large effusion", "EGMA", "chexpert_8x200")

    assert tuple(found) == prompts.class_names
    for index, name in enumerate(prompts.class_names):
        assert found[name] == pytest.approx(cosines[prompts.prompt_class == index].mean(), abs=1e-5)


def test_scores_of_a_film_are_those_the_tables_use(session, egma, trained_study):
    stored = pd.read_parquet(trained_study.study.results / "predictions" / egma[1] / "chexpert_8x200.parquet")
    row = stored.iloc[3]

    found = session.film_scores(session.case("chexpert_8x200", row["case_id"]), "EGMA", "chexpert_8x200")

    assert found == pytest.approx({name: row[f"global|{name}"] for name in found}, abs=1e-5)


def test_sentences_are_ranked_by_the_attention_of_the_patch(session, reading):
    ranked = session.ranked_sentences(reading, (1, 2), "EGMA")

    similarity = [session.attention(reading, text, "EGMA")[1, 2] for text in reading.sentences["text"]]
    order = np.argsort(-np.array(similarity), kind="stable")
    assert ranked["sentence_index"].tolist() == order.tolist()
    np.testing.assert_allclose(ranked["similarity"], np.array(similarity)[order], atol=1e-5)


def test_sentences_of_all_readings_are_ranked_and_counted(session, reading, trained_study):
    spoken = pd.Series([text for report in trained_study.corpus.sentences for text in report]).value_counts()

    ranked = session.ranked_corpus_sentences(reading, (0, 0), "EGMA", top=5)

    assert len(ranked) == 5
    assert ranked["similarity"].is_monotonic_decreasing
    assert ranked["n_said"].tolist() == spoken[ranked["text"]].tolist()
    best = max(spoken.index, key=lambda text: session.attention(reading, text, "EGMA")[0, 0])
    assert ranked["text"].iloc[0] == best


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        pytest.param(
            lambda s, c: s.attention(c, " . ", "EGMA"), "the sentence is empty", id="empty_sentence"
        ),
        pytest.param(
            lambda s, c: s.ranked_sentences(c, (4, 0), "EGMA"), "4 x 4 patches", id="patch_off_grid"
        ),
        pytest.param(lambda s, c: s.case("gaze", "nobody"), "no case 'nobody'", id="unknown_case"),
    ],
)
def test_a_wrong_question_is_answered_in_words(session, reading, ask, message):
    with pytest.raises(DataError, match=message):
        ask(session, reading)


def test_unknown_corpus_and_checkpoint_list_what_there_is(session, reading):
    with pytest.raises(
        ArtefactError, match=r"corpus 'padchest' is not in this study; there are gaze, chexpert"
    ):
        session.cases("padchest")
    with pytest.raises(
        ArtefactError, match=r"no trained model 'GPT'; there are Start, Continued, no gaze, EGMA"
    ):
        session.attention(reading, "no effusion", "GPT")


@pytest.mark.parametrize(
    ("made", "command"),
    [
        pytest.param((), "--only 01", id="nothing_has_been_run"),
        pytest.param(("gaze",), "--only 01,02", id="gaze_alone"),
        pytest.param(("gaze", "corpora", "evaluation_sets"), "--only 01,02", id="no_model_trained"),
    ],
)
def test_what_is_missing_comes_with_the_command_that_makes_it(trained_study, tmp_path, made, command):
    for name in made:
        (tmp_path / name).symlink_to(trained_study.study.results / name)
    bare = ExplorerSession(replace(trained_study.study, results=tmp_path), trained_study.settings)

    with pytest.raises(ArtefactError, match=rf"run_all\.sh --profile smoke {command}`"):
        bare.checkpoints()


def test_a_film_that_the_data_set_no_longer_lists_is_named(session):
    with pytest.raises(DataError, match=r"rsna no longer lists case gone; run `\./run_all\.sh .*--only 02`"):
        session._sources.film_path("rsna", "gone")


def test_other_settings_have_no_corpora_yet(trained_study):
    settings = trained_study.settings.changed({"data.validation_share": 0.4})
    other = ExplorerSession(trained_study.study, settings)

    with pytest.raises(ArtefactError, match="no corpora of these settings"):
        other.cases("gaze")
