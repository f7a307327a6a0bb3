"""Phrases and regions on films written by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from egma_lib.datasets.contract import REGION_COLUMNS, ReportCorpus
from egma_lib.datasets.phrases import PHRASE_COLUMNS, PhraseTable
from egma_lib.errors import DataError
from egma_lib.evaluation.evaluation_sets import EvaluationSet
from egma_lib.evaluation.pointing import REGION_RASTER
from egma_lib.experiments.corpora import Corpora
from egma_lib.experiments.grounding_ms_cxr import ms_cxr_set, phrase_set, unseen_phrases
from egma_lib.experiments.grounding_sets import (
    on_named_side,
    prompt_set,
    reflacx_set,
    region_sides,
    with_regions,
)
from egma_lib.experiments.phrase_pairs import PhrasePairs, findings_named, place_group, sides_named
from egma_lib.experiments.reading_sentences import sentence_pairs
from egma_lib.settings import load_settings
from egma_lib.study import open_study
from egma_lib.training.data import TrainingData

SENTENCES = (
    ("edema", "heart is normal"), ("left pneumothorax",), ("pneumothorax", "no edema"), ("edema",)
)  # fmt: skip
READERS = ("a", "b", "a", "a")
FILMS = ("d0", "d0", "d1", "d2")
LEFT_OF_FILM, RIGHT_OF_FILM = (0.1, 0.1, 0.3, 0.3), (0.7, 0.1, 0.9, 0.3)


def make_data(sentences=SENTENCES):
    """Two readers of d0, one of d1 (held out) and of d2; 2 x 2 patches."""
    n = len(sentences)
    return TrainingData(
        images=np.zeros((3, 4, 4), np.uint8), image_index=np.array([0, 0, 1, 2][:n]), sentences=sentences,
        gaze_similarity=[np.eye(4, dtype=np.float32)[: len(s)] for s in sentences],
        has_gaze=[np.ones(len(s), bool) for s in sentences],
        is_validation=np.array([False, False, True, False][:n]), patient_ids=("p0", "p0", "p1", "p2")[:n],
        sample_ids=("r0", "r1", "r2", "r3")[:n], data_hash="0123abcd",
    )  # fmt: skip


def make_corpus(boxes=()):
    samples = pd.DataFrame(
        {
            "sample_id": ["r0", "r1", "r2", "r3"], "dicom_id": FILMS, "patient_id": ["p0", "p0", "p1", "p2"],
            "reader": READERS, "rows": 100, "columns": 100,
        }
    )  # fmt: skip
    regions = pd.DataFrame([(*box[:2], "ellipse", *box[2]) for box in boxes], columns=list(REGION_COLUMNS))
    return ReportCorpus("gaze", samples, SENTENCES, regions)


@pytest.fixture
def pairs():
    return sentence_pairs(make_data(), make_corpus())


def test_sentences_of_held_out_films_and_of_films_with_several_readers(pairs):
    assert pairs.table["case_id"].tolist() == ["r0/0", "r0/1", "r1/0", "r2/0", "r2/1"]
    assert pairs.table["held_out"].tolist() == [False, False, False, True, True]
    assert pairs.table["group"].tolist() == ["side_free", "no_finding", "sided", "side_free", "no_finding"]
    assert pairs.table["finding"].tolist() == ["Edema", "", "Pneumothorax", "Pneumothorax", ""]
    assert pairs.table["sides"].tolist() == ["", "", "left", "", ""]


def test_another_corpus_is_refused():
    with pytest.raises(DataError, match="other readings"):
        sentence_pairs(make_data(SENTENCES[:2]), make_corpus())


@pytest.mark.parametrize(
    ("text", "group", "sides"),
    [
        pytest.param("edema", "side_free", set(), id="no_place"),
        pytest.param("left effusion", "sided", {"left"}, id="one_side"),
        pytest.param("bilateral effusions", "sided", {"left", "right"}, id="bilateral"),
        pytest.param("bibasilar atelectasis", "sided", {"left", "right"}, id="both_bases"),
        pytest.param("opacity at the right base, left is clear", "sided", {"left", "right"}, id="two_sides"),
        pytest.param("apical pneumothorax", "sided", set(), id="a_zone_without_side"),
    ],
)
def test_places_that_a_phrase_names(text, group, sides):
    assert place_group(text) == group
    assert sides_named(text) == sides


def test_findings_are_those_said_to_be_present():
    texts = pd.Series(["edema and a small effusion", "no edema", "heart size is normal"])
    assert findings_named(texts) == [("Edema", "Pleural Effusion"), (), ()]


def test_ellipses_of_the_same_reader_finding_and_side(pairs):
    boxes = [
        ("r1", "Pneumothorax", LEFT_OF_FILM), ("r1", "Pneumothorax", RIGHT_OF_FILM),
        ("r2", "Edema", LEFT_OF_FILM), ("r0", "Edema", LEFT_OF_FILM),
    ]  # fmt: skip
    found = reflacx_set(pairs, make_corpus(boxes))
    # r2 names a pneumothorax that has no ellipse, and denies the edema that has one.
    assert found.pairs.table["case_id"].tolist() == ["r0/0", "r1/0"]
    assert region_sides(found.regions[0]) == {"right"}
    # The patient's left is on the right of the film.
    assert region_sides(found.regions[1]) == {"left"}
    assert not found.regions[1][:, : REGION_RASTER // 2].any()


def test_regions_without_a_named_side_are_all_kept():
    boxes = pd.DataFrame([("c", "f", "box", *box) for box in (LEFT_OF_FILM, RIGHT_OF_FILM)],
                         columns=list(REGION_COLUMNS))  # fmt: skip
    assert len(on_named_side(boxes, "")) == len(on_named_side(boxes, "left right")) == 2
    assert on_named_side(boxes, "right")["x_min"].tolist() == [0.1]


def test_empty_and_full_regions_are_left_out(pairs):
    full = np.ones((REGION_RASTER, REGION_RASTER), bool)
    some = full.copy()
    some[0] = False
    drawn = [("a", full), ("b", ~full), ("c", some), None, None]
    assert with_regions("x", pairs, drawn).pairs.table["finding"].tolist() == ["c"]


def labelled_set(name, class_names, prompts, prompt_class, regions):
    n = len(regions)
    return EvaluationSet(
        name=name, class_names=class_names, case_ids=np.array([f"c{i}" for i in range(n)]),
        patient_ids=np.array([f"p{i}" for i in range(n)]), labels=np.ones(n, int),
        images=np.zeros((n, 4, 4), np.uint8), prompts=prompts, prompt_class=np.array(prompt_class),
        pointing_prompts=("pneumonia",), pointing_class=np.array([1]), region_case=np.arange(n),
        region_class=np.ones(n, int), regions=regions, paired_case_ids=np.array([f"c{i}" for i in range(n)]),
    )  # fmt: skip


def test_prompts_are_put_to_regions_on_the_sides_they_name():
    regions = np.zeros((2, REGION_RASTER, REGION_RASTER), bool)
    regions[0, 5:9, 100:] = True
    regions[1, 5:9, :] = True
    rsna = labelled_set("rsna", ("Normal", "Pneumonia"), ("clear",), [0], regions)
    texts = ("pneumonia", "left lower pneumonia", "right pneumonia", "bilateral pneumonia")
    queries = labelled_set("chexpert_8x200", ("Edema", "Pneumonia"), texts, [1, 1, 1, 1], regions)
    found = prompt_set(rsna, queries).pairs
    assert found.table["case_id"].tolist() == ["c0/side_free", "c0/sided", "c1/side_free", "c1/sided"]
    assert found.phrases == (
        ("pneumonia",), ("left lower pneumonia",), ("pneumonia",), ("bilateral pneumonia",)
    )  # fmt: skip
    assert prompt_set(rsna, None).pairs.table["group"].tolist() == ["side_free"] * 2


@pytest.fixture
def phrase_table():
    rows = [("f0/1", "f0", "p0", "x.jpg", 100, 200, "left effusion", "Pleural Effusion"),
            ("f1/1", "f1", "p9", "y.jpg", 100, 100, "pneumonia", "Pneumonia")]  # fmt: skip
    boxes = [("f0/1", "Pleural Effusion", "box", *RIGHT_OF_FILM), ("f1/1", "Pneumonia", "box", *LEFT_OF_FILM)]
    return PhraseTable(
        "ms_cxr", pd.DataFrame(rows, columns=list(PHRASE_COLUMNS)),
        pd.DataFrame(boxes, columns=list(REGION_COLUMNS)),
    )  # fmt: skip


def test_published_phrases_on_films_that_were_trained_on_are_left_out(phrase_table, caplog):
    assert unseen_phrases(phrase_table, [make_data()]).phrases["case_id"].tolist() == ["f1/1"]
    assert "1 of 2 phrases left out" in caplog.text


def test_published_phrases_keep_their_boxes(phrase_table):
    found = phrase_set(phrase_table, np.zeros((2, 4, 4), np.uint8), np.array([1, 0]))
    assert found.name == "ms_cxr"
    assert found.pairs.table["group"].tolist() == ["sided", "side_free"]
    assert found.pairs.table["image_index"].tolist() == [1, 0]
    # A film twice as wide as high fills half of the padded square: a fifth of its height is 11 rows.
    assert found.regions[0].any(axis=1).sum() == pytest.approx(0.2 * REGION_RASTER / 2, abs=1)
    assert found.regions[1].mean() == pytest.approx(0.04, rel=0.1)


def test_a_pair_without_phrase_is_refused(pairs):
    with pytest.raises(DataError, match="without a phrase"):
        PhrasePairs("x", pairs.images, pairs.table, ((),) * len(pairs))
    with pytest.raises(DataError, match="lacks the columns"):
        PhrasePairs("x", pairs.images, pairs.table.drop(columns="group"), pairs.phrases)


def write_ms_cxr(root):
    """Write two sentences of two patients with their films."""
    rows = []
    for patient, phrase in (("10000001", "left effusion"), ("10000002", "pneumonia")):
        film = f"00000000-{patient}"
        path = f"files/p10/p{patient}/s5/{film}.jpg"
        target = root / "mimic-cxr-jpg" / path
        target.parent.mkdir(parents=True)
        Image.fromarray(np.full((40, 40), 90, np.uint8)).save(target)
        rows.append(f"{film},Pneumonia,{phrase},{path},4,4,12,12,40,40")
    header = "dicom_id,category_name,label_text,path,x,y,w,h,image_width,image_height"
    table = root / "ms-cxr" / "MS_CXR_Local_Alignment_v1.1.0.csv"
    table.parent.mkdir()
    table.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")


def corpora_with(root, patients):
    """Save training data of four samples as both corpora."""
    make = replace(make_data(), patient_ids=patients, is_validation=np.zeros(4, bool))
    for name in ("base", "gaze"):
        make.save(root / name)
    return Corpora(root / "base", root / "gaze", root / "tokenizer", root / "evaluation", "0123abcd")


def test_ms_cxr_is_read_from_a_study(tmp_path):
    settings = load_settings("smoke", {"data.image_size": 32, "experiments.jobs": 1})
    root = tmp_path / "root"
    root.mkdir()
    study = open_study(settings, root, tmp_path / "results")
    corpora = corpora_with(tmp_path, ("p0", "p1", "p2", "10000001"))
    assert ms_cxr_set(study, settings, corpora, progress=False) is None
    write_ms_cxr(root)
    found = ms_cxr_set(study, settings, corpora, progress=False)
    assert found.pairs.phrases == (("pneumonia",),)
    assert found.pairs.images.shape == (1, 32, 32)
    assert found.regions.mean() == pytest.approx(0.09, rel=0.1)


def test_ms_cxr_of_patients_that_were_all_trained_on_gives_no_set(tmp_path):
    settings = load_settings("smoke", {"data.image_size": 32, "experiments.jobs": 1})
    write_ms_cxr(tmp_path)
    study = open_study(settings, tmp_path, tmp_path / "results")
    corpora = corpora_with(tmp_path / "made", ("p0", "p1", "10000002", "10000001"))
    assert ms_cxr_set(study, settings, corpora, progress=False) is None
