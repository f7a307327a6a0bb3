"""Deviations that are accepted: the result is that of the untouched files, or differs as documented."""

from __future__ import annotations

import gzip
import json
import logging
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from real_tree_common import dicom, study, subject
from real_tree_edits import (
    cell,
    content,
    drop,
    empty,
    records,
    rename,
    repeat_row,
    swap,
    whole_column,
)
from real_tree_kaggle import siim_uids

from egma_lib.datasets.chexpert import load_chexpert_8x200
from egma_lib.datasets.mimic_cxr import load_report_corpus
from egma_lib.datasets.mimic_eye import require_shape
from egma_lib.datasets.reflacx_labels import read_ellipses
from egma_lib.datasets.rsna import load_rsna
from egma_lib.datasets.siim import load_siim
from egma_lib.gaze.preprocess import preprocess_recording
from egma_lib.gaze.recordings import find_readings, read_recording
from egma_lib.settings import GazeSettings

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "data-tolerances.md"
ROOT = "mimic-eye/1.0.0"
REFLACX, EGD, SILENT = (f"{ROOT}/patient_{subject(number)}" for number in (10, 11, 20))
GAZE = f"{REFLACX}/REFLACX/gaze_data/P300R000010/gaze.csv"
WORDS = f"{REFLACX}/REFLACX/main_data/P300R000010/timestamps_transcription.csv"
SAMPLES = f"{EGD}/EyeGaze/eye_gaze.csv"
SPOKEN = f"{EGD}/EyeGaze/audio_segmentation_transcripts/{dicom(11)}/transcript.json"
LABELS, RLE = "rsna/stage_2_train_labels.csv", "siim/train-rle.csv"
META = "mimic-cxr-jpg/2.1.0/mimic-cxr-2.0.0-metadata.csv.gz"
ELLIPSES = "REFLACX/main_data/P102R000001/anomaly_location_ellipses.csv"


def the_reading(root, patient):
    (reference,) = find_readings(root / patient.rpartition("/")[0])
    return read_recording(reference, GazeSettings())


@pytest.fixture
def changed(part_of, plant):
    """Link parts of the tree and plant one edit; return the data root."""

    def change(file, edit, *parts):
        root = part_of(*(parts or (file.partition("/")[0],)))
        plant(root / file, edit)
        return root

    return change


def same_labels(first, second):
    assert first.cases["case_id"].tolist() == second.cases["case_id"].tolist()
    assert first.cases["split"].tolist() == second.cases["split"].tolist()
    np.testing.assert_array_equal(first.labels, second.labels)


def spaced(table):
    table[:] = [[f" {one} " for one in record] for record in table]


def indexed(table):
    table[:] = [["" if i == 0 else str(900 - i), *record] for i, record in enumerate(table)]


TABLES = {
    "header_and_cells_have_spaces": records(spaced),
    "an_unnamed_index_column_stands_first": records(indexed),
    "other_columns_are_there_or_missing": records(lambda t: [r.append("note") for r in t]),
    "lines_end_in_carriage_returns": content(lambda data: data.replace(b"\n", b"\r\n")),
    "the_file_begins_with_a_byte_order_mark": content(lambda data: b"\xef\xbb\xbf" + data),
    "the_last_line_has_no_end": content(lambda data: data.rstrip(b"\n")),
    "rows_are_in_another_order": records(lambda t: t.__setitem__(slice(1, None), t[:0:-1])),
}


@pytest.mark.parametrize("edit", [pytest.param(edit, id=name) for name, edit in TABLES.items()])
def test_a_table_in_another_dress_reads_the_same(changed, untouched, edit):
    same_labels(load_rsna(changed(LABELS, edit) / "rsna"), load_rsna(untouched / "rsna"))


def test_a_table_ends_at_a_row(changed, untouched):
    root = changed(LABELS, records(lambda table: table.pop()))
    assert len(load_rsna(root / "rsna")) == len(load_rsna(untouched / "rsna")) - 1


def test_the_table_is_not_compressed(part_of, untouched):
    root = part_of("mimic-cxr-jpg", "mimic-cxr")
    for path in (root / META).parent.glob("*.csv.gz"):
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    corpora = [load_report_corpus(one / "mimic-cxr-jpg", one / "mimic-cxr", 0.1) for one in (root, untouched)]
    assert corpora[0].sentences == corpora[1].sentences


def double_and_reversed(table):
    table[100][0] = table[99][0]
    table[200], table[201] = table[201], table[200]


GAZE_EDITS = [
    ("time_stamps_are_double_or_reversed", records(double_and_reversed), 2),
    ("positions_are_nan", cell("x_position", "NaN", 300), 0),
    ("pupil_columns_are_missing", drop("pupil_area_normalized"), 0),
    ("gaze_leaves_the_image", cell("x_position", "-5000", 400), 0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("edit", "repaired"), [pytest.param(edit, count, id=name) for name, edit, count in GAZE_EDITS]
)
def test_samples_with_a_blemish_are_kept_or_counted(changed, edit, repaired):
    recording = the_reading(changed(GAZE, edit, REFLACX), REFLACX)
    assert recording.n_repaired_times == repaired
    fixations = preprocess_recording(recording, GazeSettings()).fixations
    assert len(fixations) >= 6


def test_calibration_rows_are_in_the_tables(changed):
    def calibrate(table):
        table += [[dicom(11)[:-5] if one == dicom(11) else one for one in record] for record in table[1:20]]

    root = changed(SAMPLES, records(calibrate), EGD)
    assert len(the_reading(root, EGD).time_s) == len((root / SAMPLES).read_text().splitlines()) - 20


def test_words_have_no_length(changed):
    root = changed(
        WORDS, whole_column("timestamp_end_word", lambda text: "2.30" if text == "2.60" else text), REFLACX
    )
    assert (the_reading(root, REFLACX).words["end_s"] == 2.3).sum() == 2


def test_a_word_ends_before_it_begins(changed):
    root = changed(WORDS, cell("timestamp_end_word", "1.50"), REFLACX)
    assert the_reading(root, REFLACX).words.iloc[0].tolist() == ["the", 1.5, 2.0]


def test_a_time_is_text(untouched, part_of):
    assert isinstance(json.loads((untouched / SPOKEN).read_text())["time_stamped_text"][0]["begin_time"], str)
    words = the_reading(part_of(EGD), EGD).words
    assert words.iloc[0].tolist()[1] == 2.0


def test_the_transcript_is_empty(part_of):
    processed = preprocess_recording(the_reading(part_of(SILENT), SILENT), GazeSettings())
    assert processed.reading["reason"] == "the transcript has no sentence"
    assert processed.file_at_fault.name == "transcript.json"


def test_a_metadata_row_stands_twice(changed):
    root = changed(f"{REFLACX}/REFLACX/metadata.csv", repeat_row(), REFLACX)
    assert the_reading(root, REFLACX).reading_id == "P300R000010"


def test_the_spreadsheet_holds_fixations(untouched, part_of):
    sheets = untouched / ROOT / "spreadsheets" / "EyeGaze"
    assert (sheets / "eye_gaze.csv").read_bytes() == (sheets / "fixations.csv").read_bytes()
    root = part_of(EGD, f"{ROOT}/spreadsheets")
    assert the_reading(root, EGD).sampling_hz == pytest.approx(60, rel=0.01)


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(content(lambda data: data.replace(b", -1", b",-1")), id="no_mask_is_written_both_ways"),
        pytest.param(rename("EncodedPixels", "EncodedPixels"), id="header_and_cells_have_spaces"),
        pytest.param(records(lambda t: t.append([siim_uids(1)[2], "-1"])), id="a_negative_row_stands_twice"),
        pytest.param(records(lambda t: t.append(list(t[1]))), id="masks_of_one_film_overlap"),
    ],
)
def test_masks_written_otherwise_are_the_same(changed, untouched, edit):
    tables = [load_siim(root / "siim") for root in (changed(RLE, edit), untouched)]
    same_labels(*tables)
    for case_id in tables[1].masks:
        np.testing.assert_array_equal(tables[0].masks[case_id], tables[1].masks[case_id])


def test_a_candidate_is_uncertain_elsewhere(changed, untouched):
    file = "chexpert/chexpert_8x200/text-retrieval/candidate.csv"
    root = changed(file, cell("Edema", "-1.0"))
    same_labels(load_chexpert_8x200(root / "chexpert")[0], load_chexpert_8x200(untouched / "chexpert")[0])


def test_a_lateral_film_lies_beside(untouched):
    folder = untouched / ROOT / f"patient_{subject(10)}" / "CXR-JPG" / f"s{study(10)}"
    assert len(list(folder.glob("*.jpg"))) == 2
    found = [item for item in find_readings(untouched / ROOT) if item.subject_id == subject(10)]
    assert [item.dicom_id for item in found] == [dicom(10)]


def test_the_view_is_lower_case(changed, untouched):
    root = changed(META, swap(",PA,", ",pa,"), "mimic-cxr-jpg", "mimic-cxr")
    corpora = [load_report_corpus(one / "mimic-cxr-jpg", one / "mimic-cxr", 0.1) for one in (root, untouched)]
    assert len(corpora[0]) == len(corpora[1]) == 9


def test_a_report_is_empty(changed, caplog):
    report = f"mimic-cxr/2.0.0/files/p99/p{subject(2001)}/s{study(2001)}.txt"
    root = changed(report, empty, "mimic-cxr-jpg", "mimic-cxr")
    with caplog.at_level(logging.WARNING):
        corpus = load_report_corpus(root / "mimic-cxr-jpg", root / "mimic-cxr", 0.1)
    assert len(corpus) == 8
    assert "1 films left out, no sentence in their report" in caplog.text


def test_an_ellipse_label_is_unknown(changed):
    patient = f"{ROOT}/patient_{subject(1)}"
    root = changed(f"{patient}/{ELLIPSES}", rename("Pleural effusion", "Effusion, large"), patient)
    assert read_ellipses(root / patient / ELLIPSES, "P102R000001", 382, 318).empty


def test_a_smaller_copy_of_the_film(tmp_path):
    path = tmp_path / "film.jpg"
    Image.new("L", (159, 191)).save(path)
    require_shape(str(path), 3056, 2544, "cxr_meta.csv")


def test_every_documented_tolerance_has_a_test_and_no_other():
    documented = set(re.findall(r"^\| `(\w+)`", DOCUMENT.read_text(encoding="utf-8"), flags=re.MULTILINE))
    source = Path(__file__).read_text(encoding="utf-8")
    tested = set(re.findall(r"def test_(a_\w+|an_\w+|the_\w+|words_\w+|calibration_\w+)\(", source))
    tested |= set(re.findall(r'id="(\w+)"', source)) | set(TABLES) | {name for name, *_ in GAZE_EDITS}
    tested -= {"a_table_in_another_dress_reads_the_same"}
    assert documented == tested
