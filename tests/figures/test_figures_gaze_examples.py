"""Readings are chosen for the gaze figures by the rules stated."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from egma_lib.datasets.contract import ReportCorpus
from egma_lib.datasets.mimic_eye import load_gaze_labels
from egma_lib.errors import DataError
from egma_lib.figures.gaze_examples import (
    FILM_SIZE,
    denoised_examples,
    film_of,
    frame_of,
    normal_abnormal_example,
    readers_example,
    spoken_example,
)
from egma_lib.figures.normal_abnormal import MEASURES
from egma_lib.figures.sentence_heatmaps import DISPLAY_GRID
from egma_lib.gaze.artefact import GazeArtefact


def artefact_of(sentences, at=(0.5, 0.5)):
    """Return an artefact of readings of 100 x 50 films, one fixation per sentence, all at the same place.

    Sentences are (reading, text); words are the sentence's, 1 s each.
    """
    texts = pd.DataFrame(sentences, columns=["reading_id", "text"])
    texts["sentence_index"] = texts.groupby("reading_id").cumcount()
    texts["start_s"], texts["end_s"] = 10.0 * texts["sentence_index"], 10.0 * texts["sentence_index"] + 9
    texts["has_gaze"] = True
    words = [
        (row.reading_id, word, row.start_s + index, row.start_s + index + 1, row.sentence_index)
        for row in texts.itertuples()
        for index, word in enumerate(row.text.split())
    ]
    fixations = texts[["reading_id", "sentence_index"]].assign(
        order=texts["sentence_index"], onset_s=texts["start_s"], duration_s=0.5, weight_s=0.5,
        x=at[0], y=at[1], sigma_x=0.1, sigma_y=0.1, on_image=True,
    )  # fmt: skip
    readings = texts[["reading_id"]].drop_duplicates().assign(reason="", rows=100, columns=50)
    return GazeArtefact(
        readings.reset_index(drop=True),
        pd.DataFrame(words, columns=["reading_id", "word", "start_s", "end_s", "sentence_index"]),
        texts,
        fixations.astype({"sentence_index": "Int64"}),
        pd.DataFrame(columns=["reading_id", "file", "reason"]),
        Path("gaze"),
    )


def corpus_of(films, regions=()):
    """Return a corpus of readings, {reading: image}, of 100 x 50 films; regions are (reading, finding)."""
    samples = pd.DataFrame({"sample_id": list(films), "dicom_id": list(films.values())})
    samples = samples.assign(rows=100, columns=50, patient_id=samples["dicom_id"])
    boxes = pd.DataFrame(regions, columns=["case_id", "finding"])
    boxes = boxes.assign(kind="box", x_min=0.25, x_max=0.75, y_min=0.25, y_max=0.75)
    return ReportCorpus("mimic_eye", samples, (("clear",),) * len(samples), regions=boxes)


def test_films_and_frames_are_the_sample_s(trained_study):
    sample = trained_study.corpus.samples.iloc[3]
    frame = frame_of(trained_study.corpus, sample["sample_id"])
    assert (frame.rows, frame.columns) == (sample["rows"], sample["columns"])
    film = film_of(trained_study.corpus, sample["sample_id"])
    assert (film.shape, film.dtype) == ((FILM_SIZE, FILM_SIZE), np.uint8)


def test_the_reading_of_median_length_is_spoken():
    sentences = [("r1", "one two three"), ("r1", "one"), ("r1", "one two")]
    sentences += [("r0", "clear")] * 5 + [("r2", "clear")]
    corpus = corpus_of({"r0": "d0", "r1": "d1", "r2": "d2"})
    chosen, spoken = spoken_example(artefact_of(sentences), corpus, n_sentences=2)
    assert chosen == "r1"
    assert [item.sentence for item in spoken] == ["one two three", "one two"]
    assert spoken[0].word_maps.shape == (3, *DISPLAY_GRID)


def test_a_sentence_said_twice_is_spoken_twice():
    artefact = artefact_of([("r0", "heart is normal")] * 3)
    _, spoken = spoken_example(artefact, corpus_of({"r0": "d0"}), n_sentences=2)
    assert [item.sentence for item in spoken] == ["heart is normal"] * 2


def test_each_device_shows_its_recording_of_median_noise(trained_study):
    gaze = trained_study.gaze
    examples = denoised_examples(trained_study.study, gaze, trained_study.corpus, trained_study.settings.gaze)
    assert [item.label for item in examples] == ["REFLACX (EyeLink)", "EYE GAZE (Gazepoint)"]
    for item, source in zip(examples, ("reflacx", "eye_gaze"), strict=True):
        noise = gaze.readings.loc[
            (gaze.readings["source"] == source) & (gaze.readings["reason"] == ""), "rms_s2s_deg"
        ].sort_values()
        middle = gaze.readings.loc[gaze.readings["rms_s2s_deg"] == noise.iloc[len(noise) // 2]]
        assert item.sampling_hz == middle["sampling_hz"].iloc[0]
        assert len(item.x) == gaze.fixations_of(middle["reading_id"].iloc[0])["order"].nunique()
        assert len(item.time_s) == len(item.x_deg) == len(item.raw_x)


def test_the_finding_that_most_readers_marked_and_named_is_shown():
    sentences = [
        ("r0", "small effusion"), ("r0", "mild edema"), ("r1", "no effusion"), ("r1", "edema"),
        ("r2", "left effusion"), ("r2", "edema"), ("r3", "right effusion"),
    ]  # fmt: skip
    films = {"r0": "d0", "r1": "d0", "r2": "d1", "r3": "d1"}
    # Effusion is first in order, but on d0 one of its two readers denies it.
    regions = [(r, f) for r in ("r0", "r1") for f in ("Edema", "Pleural Effusion")]
    corpus = corpus_of(films, [*regions, ("r2", "Edema"), ("r3", "Pleural Effusion")])
    sample, finding, readers = readers_example(artefact_of(sentences), corpus)
    assert (sample, finding) == ("r0", "Edema")
    assert [reader.reading_id for reader in readers] == ["r0", "r1"]
    assert [reader.sentence for reader in readers] == ["mild edema", "edema"]
    # The film is 50 wide in a square of 100: what is central stays so, widths halve.
    assert readers[0].x.tolist() == [0.5]
    assert readers[0].regions[["x_min", "x_max", "y_min", "y_max"]].to_numpy().tolist() == [
        [0.375, 0.625, 0.25, 0.75]
    ]
    assert readers[0].share_on_region() == 1


def test_a_reader_who_denies_the_finding_is_not_shown():
    artefact = artefact_of([("r0", "small effusion"), ("r1", "lungs without effusion")])
    marked = [("r0", "Pleural Effusion"), ("r1", "Pleural Effusion")]
    corpus = corpus_of({"r0": "d0", "r1": "d0"}, marked)
    _, _, readers = readers_example(artefact, corpus)
    assert [reader.reading_id for reader in readers] == ["r0"]


def test_without_regions_figure_7_says_what_it_needs():
    corpus = replace(corpus_of({"r0": "d0"}), regions=None)
    with pytest.raises(DataError, match="Figure 7 needs REFLACX readings"):
        readers_example(artefact_of([("r0", "edema")]), corpus)


@pytest.fixture(scope="module")
def labels(trained_study):
    return load_gaze_labels(trained_study.study.dataset("mimic-eye"), trained_study.corpus)


def test_normal_is_the_label_no_finding(trained_study, labels):
    films, heat, measures = normal_abnormal_example(
        trained_study.gaze, trained_study.corpus, labels, max_films=2
    )
    normal = labels.labels[:, labels.class_names.index("No Finding")] == 1
    assert measures["group"].value_counts().to_dict() == {"normal": normal.sum(), "abnormal": (~normal).sum()}
    assert set(MEASURES) <= set(measures.columns)
    first = trained_study.corpus.samples["sample_id"][normal][:2]
    expected = np.mean([film_of(trained_study.corpus, sample) for sample in first], axis=0)
    np.testing.assert_array_equal(films["normal"], expected)
    assert heat["abnormal"].shape == DISPLAY_GRID


def test_readings_of_unknown_label_are_in_neither_group(trained_study, labels):
    values = labels.labels.copy()
    values[:3, labels.class_names.index("No Finding")] = np.nan
    measures = normal_abnormal_example(
        trained_study.gaze, trained_study.corpus, replace(labels, labels=values), max_films=1
    )[2]
    assert len(measures) == len(labels) - 3


def test_a_group_without_readings_is_refused(trained_study, labels):
    values = np.zeros_like(labels.labels)
    with pytest.raises(DataError, match="no normal reading; Figure 8 needs both groups"):
        normal_abnormal_example(
            trained_study.gaze, trained_study.corpus, replace(labels, labels=values), max_films=1
        )
