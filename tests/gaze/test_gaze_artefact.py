"""The gaze artefact, from tree to tables and back."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from gaze_trees import DICOM, DICOM_EGD, FRAME, READING, make_recording, write_reflacx_reading, write_tree

from egma_lib.errors import ArtefactError, GazeError
from egma_lib.gaze import build_gaze_artefact, gaze_similarity, load_gaze_artefact, preprocess_recording
from egma_lib.gaze.preprocess import gaze_folder
from egma_lib.settings import GazeSettings, load_settings

VENDOR = ("gaze.method_high_rate=vendor", "gaze.method_low_rate=vendor", "gaze.lead_s=0")


def build(tree, parent, *overrides, jobs=1):
    settings = load_settings("smoke", [*VENDOR, *overrides])
    return build_gaze_artefact(tree, settings, parent, "data", jobs=jobs, progress=False)


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    root = tmp_path_factory.mktemp("tree")
    write_tree(root)
    return root


@pytest.fixture(scope="module")
def artefact(tree, tmp_path_factory):
    return build(tree, tmp_path_factory.mktemp("results"))


def test_both_readings_come_out_alike(artefact):
    assert artefact.readings["reading_id"].tolist() == [READING, DICOM_EGD]
    assert artefact.readings["reason"].tolist() == ["", ""]
    assert artefact.readings["sampling_hz"].to_numpy() == pytest.approx([1000, 60], rel=1e-3)
    assert artefact.excluded.empty
    for reading_id in (READING, DICOM_EGD):
        sentences = artefact.sentences_of(reading_id)
        assert sentences["text"].tolist() == ["lungs clear", "heart big"]
        assert sentences["has_gaze"].tolist() == [True, True]
        # Words from .5 to .95 and from 1.5 to 1.9 s: the second and the fourth fixation.
        index = artefact.fixations_of(reading_id)["sentence_index"]
        assert index.isna().tolist() == [True, False, True, False]
        assert index.dropna().tolist() == [0, 1]
        assert artefact.words_of(reading_id)["word"].tolist() == ["lungs", "clear", "heart", "big"]


def test_contract_columns(artefact):
    assert list(artefact.sentences) == [
        "reading_id",
        "sentence_index",
        "text",
        "start_s",
        "end_s",
        "has_gaze",
    ]
    assert list(artefact.words) == ["reading_id", "word", "start_s", "end_s", "sentence_index"]
    assert list(artefact.fixations) == [
        "reading_id", "order", "onset_s", "duration_s", "x", "y", "sigma_x", "sigma_y",
        "on_image", "sentence_index", "weight_s",
    ]  # fmt: skip
    assert list(artefact.excluded) == ["reading_id", "file", "reason"]
    assert list(artefact.readings)[:6] == [
        "reading_id", "dicom_id", "subject_id", "reader", "source", "sampling_hz",
    ]  # fmt: skip


def test_loading_gives_what_was_built(artefact):
    again = load_gaze_artefact(artefact.folder)
    for name in ("readings", "words", "sentences", "fixations", "excluded"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(artefact, name))


def test_the_same_inputs_are_not_processed_twice(artefact, tmp_path):
    # The tree named here does not exist, so only the stored artefact can answer.
    again = build(tmp_path / "absent", artefact.folder.parents[1])
    assert again.folder == artefact.folder


def test_other_settings_and_data_go_to_other_folders(tmp_path):
    settings, other = load_settings("smoke"), load_settings("smoke", ["gaze.lead_s=0.5"])
    folders = {gaze_folder(s, tmp_path, data) for s in (settings, other) for data in ("a", "b")}
    assert len(folders) == 4


def test_workers_change_nothing(tree, artefact, tmp_path):
    parallel = build(tree, tmp_path, jobs=2)
    pd.testing.assert_frame_equal(parallel.fixations, artefact.fixations)
    pd.testing.assert_frame_equal(parallel.readings, artefact.readings)


def test_broken_readings_are_listed_with_file_and_reason(tmp_path):
    patient = write_tree(tmp_path)
    (patient / "EyeGaze" / "eye_gaze.csv").unlink()
    artefact = build(tmp_path, tmp_path / "results")
    assert artefact.readings["reading_id"].tolist() == [READING]
    assert artefact.excluded.to_numpy().tolist() == [
        [DICOM_EGD, "patient_10000001/EyeGaze/eye_gaze.csv", "not found"]
    ]


def test_a_reading_without_a_sentence_is_measured_but_not_used(tmp_path):
    write_reflacx_reading(write_tree(tmp_path) / "REFLACX", READING, words=((".", 1.0, 1.1),))
    artefact = build(tmp_path, tmp_path / "results")
    assert artefact.readings["reason"].tolist() == ["the transcript has no sentence", ""]
    transcript = f"patient_10000001/REFLACX/main_data/{READING}/timestamps_transcription.csv"
    assert artefact.excluded.to_numpy().tolist() == [[READING, transcript, "the transcript has no sentence"]]
    assert set(artefact.fixations["reading_id"]) == {DICOM_EGD}
    with pytest.raises(GazeError, match=f"reading '{READING}' is not in the gaze artefact"):
        artefact.fixations_of(READING)


def test_a_recording_with_too_few_samples_is_measured_but_not_used(tmp_path):
    write_tree(tmp_path)
    artefact = build(tmp_path, tmp_path / "results", "gaze.minimum_valid_share=0.98")
    reasons = artefact.readings.set_index("reading_id")["reason"]
    assert reasons[READING] == "valid samples 97.0%, below minimum_valid_share 98.0%"
    files = dict(zip(artefact.excluded["reading_id"], artefact.excluded["file"], strict=True))
    assert files[READING] == f"patient_10000001/REFLACX/gaze_data/{READING}/gaze.csv"


def test_a_tree_without_one_usable_reading_is_an_error(tmp_path):
    patient = write_tree(tmp_path)
    (patient / "CXR-JPG" / "cxr_meta.csv").unlink()
    with pytest.raises(
        GazeError, match=r"none of 2 readings can be used; the first, patient_10000001/REFLACX: not"
    ):
        build(tmp_path, tmp_path / "results")
    assert not list((tmp_path / "results").rglob("*.parquet"))


def damage(artefact, target, name, change):
    target.mkdir()
    for path in artefact.folder.iterdir():
        (target / path.name).write_bytes(path.read_bytes())
    path = target / f"{name}.parquet"
    change(pd.read_parquet(path)).to_parquet(path, index=False)
    return target


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        pytest.param("fixations", lambda t: t.drop(columns="x"), "table fixations", id="column_missing"),
        pytest.param("fixations", lambda t: t.assign(sigma_x=-1.0), "sigma_x, row 0", id="negative_sigma"),
        pytest.param("sentences", lambda t: t.assign(has_gaze="yes"), "column has_gaze", id="wrong_type"),
        pytest.param("sentences", lambda t: pd.concat([t, t]), "table sentences", id="sentence_twice"),
        pytest.param("readings", lambda t: t.assign(reading_id="a"), "column reading_id", id="id_twice"),
        pytest.param("words", lambda t: t.assign(reading_id="b"), "'b' is not among", id="unknown_reading"),
    ],
)
def test_damaged_tables_are_named(artefact, tmp_path, name, change, message):
    with pytest.raises(ArtefactError, match=message):
        load_gaze_artefact(damage(artefact, tmp_path / "copy", name, change))


def test_missing_and_unreadable_tables_are_named(artefact, tmp_path):
    with pytest.raises(ArtefactError, match=r"readings\.parquet: not found; run stage 01"):
        load_gaze_artefact(tmp_path)
    copy = damage(artefact, tmp_path / "copy", "words", lambda t: t)
    (copy / "words.parquet").write_bytes(b"half a file")
    with pytest.raises(ArtefactError, match=r"words\.parquet: cannot be read"):
        load_gaze_artefact(copy)


def test_gaze_similarity_has_a_row_per_sentence_and_a_column_per_patch(artefact):
    ids = [DICOM_EGD, READING]
    maps = gaze_similarity(artefact, ids, (7, 7), artefact.frames_of(ids), GazeSettings())
    for rows in maps:
        assert rows.shape == (2, 49)
        assert rows.dtype == np.float32
        np.testing.assert_allclose(rows.max(axis=1), 1)
        assert rows[rows > 0].min() >= 0.05
        # The image is padded left and right by 256 of 3056: (1900, 900) px -> (.705, .294), row 2, column 4.
        assert rows[0].argmax() == 2 * 7 + 4
        # (700, 2300) px -> (.313, .753): row 5, column 2.
        assert rows[1].argmax() == 5 * 7 + 2


def test_a_sentence_without_gaze_may_take_the_whole_report(tmp_path):
    words = (("early", 0.5, 0.9), (".", 0.9, 0.9), ("late", 50.0, 51.0))
    write_reflacx_reading(write_tree(tmp_path) / "REFLACX", READING, words=words)
    artefact = build(tmp_path, tmp_path / "results")
    (plain,) = gaze_similarity(artefact, [READING], (7, 7), [FRAME], GazeSettings())
    (whole,) = gaze_similarity(artefact, [READING], (7, 7), [FRAME], GazeSettings(whole_report_fallback=True))
    assert artefact.sentences_of(READING)["has_gaze"].tolist() == [True, False]
    assert not plain[1].any()
    np.testing.assert_array_equal(whole[0], plain[0])
    # All four fixations, about equally long, show in four corners.
    assert (whole[1].reshape(7, 7)[[2, 2, 5, 5], [1, 4, 2, 4]] > 0.3).all()


def test_readings_and_frames_must_pair_up(artefact):
    with pytest.raises(GazeError, match="1 readings but 2 frames"):
        gaze_similarity(artefact, [READING], (7, 7), [FRAME, FRAME], GazeSettings())


@pytest.mark.parametrize("hz", [1000.0, 60.0])
def test_detected_fixations_find_the_planned_ones(hz):
    rng = np.random.default_rng(0)
    clean = make_recording(hz)
    noise = rng.normal(0, 3, (2, len(clean.time_s)))
    recording = make_recording(hz, x_px=clean.x_px + noise[0], y_px=clean.y_px + noise[1])
    done = preprocess_recording(recording, GazeSettings(lead_s=0))
    assert done.reading["method"] == ("adaptive" if hz == 1000 else "ivt")
    assert len(done.fixations) == 4
    np.testing.assert_allclose(done.fixations["x"] * 2544, [600, 1900, 1900, 700], atol=60)
    assert done.fixations["sentence_index"].dropna().tolist() == [0, 1]
    assert done.reading["reading_id"] == READING
    assert done.reading["dicom_id"] == DICOM
