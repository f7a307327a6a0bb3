"""Single faults in REFLACX readings: excluded by file and cause, and every other reading is kept."""

from __future__ import annotations

import shutil

import pytest
from mutation_outcomes import BYSTANDER, ROOT, excluded, milliseconds, require_excluded
from real_tree_common import dicom, subject, write_csv
from real_tree_edits import (
    cell,
    cut_mid_row,
    drop,
    empty,
    encode,
    header_only,
    remove,
    rename,
    repeat_row,
    separator,
    swap,
    whole_column,
)

READING = "P300R000010"
PATIENT = f"patient_{subject(10)}"
GAZE, MAIN = f"REFLACX/gaze_data/{READING}/gaze.csv", f"REFLACX/main_data/{READING}"
WORDS, FIXATIONS = f"{MAIN}/timestamps_transcription.csv", f"{MAIN}/fixations.csv"
META, FRAMES = "REFLACX/metadata.csv", "CXR-JPG/cxr_meta.csv"


def fraction(text):
    return str(float(text) / 382)


def both_axes_as_fractions(path):
    whole_column("x_position", fraction)(path)
    whole_column("y_position", fraction)(path)


REFLACX = [
    ("gaze_lacks_a_column", GAZE, drop("x_position"), "lacks the columns x_position"),
    (
        "gaze_has_a_column_renamed",
        GAZE,
        rename("timestamp_sample", "timestamp"),
        "lacks the columns timestamp_sample",
    ),
    (
        "gaze_has_the_draft_names",
        GAZE,
        rename("x_position", "average_x_position"),
        "lacks the columns x_position",
    ),
    (
        "gaze_has_a_column_twice",
        GAZE,
        rename("window_width", "x_position"),
        "column 'x_position' occurs twice",
    ),
    ("gaze_is_cut_mid_row", GAZE, cut_mid_row(), "8 fields and the header 16; the file is cut short"),
    ("gaze_is_separated_by_semicolons", GAZE, separator(";"), "lacks the columns"),
    (
        "gaze_has_text_for_a_number",
        GAZE,
        cell("x_position", "left", 1500),
        "column x_position: 'left' is not a number",
    ),
    (
        "gaze_is_infinite",
        GAZE,
        cell("y_position", "inf", 300),
        "record 300, column y_position: .*not a number",
    ),
    ("gaze_has_no_byte", GAZE, empty, "not a readable csv"),
    ("gaze_has_no_row", GAZE, header_only(), "0 samples with a time stamp"),
    ("gaze_is_missing", GAZE, remove, "not found"),
    ("gaze_is_utf_16", GAZE, encode("utf-16"), "not a readable csv"),
    (
        "gaze_times_are_milliseconds",
        GAZE,
        whole_column("timestamp_sample", milliseconds),
        "are these milliseconds",
    ),
    ("gaze_positions_are_fractions", GAZE, both_axes_as_fractions, "must be pixels, no fractions"),
    (
        "gaze_is_of_another_image",
        GAZE,
        whole_column("x_position", lambda t: str(float(t) + 9000)),
        "lies on the image",
    ),
    (
        "gaze_states_no_resolution",
        GAZE,
        whole_column("angular_resolution_x_pixels_per_degree", lambda t: "0"),
        "holds no usable value",
    ),
    (
        "word_times_are_milliseconds",
        WORDS,
        whole_column("timestamp_start_word", milliseconds),
        "must be seconds of one clock",
    ),
    ("a_word_has_no_time", WORDS, cell("timestamp_start_word", ""), "record 1, word 'the': no time"),
    ("a_word_has_text_for_a_time", WORDS, cell("timestamp_end_word", "1:02"), "'1:02' is not a number"),
    ("words_lack_a_column", WORDS, rename("word", "token"), "lacks the columns word"),
    ("words_are_cut_mid_row", WORDS, cut_mid_row(), "fields and the header 3"),
    ("words_are_missing", WORDS, remove, "not found"),
    ("fixations_are_cut_mid_row", FIXATIONS, cut_mid_row(), "fields and the header 17"),
    ("fixations_are_missing", FIXATIONS, remove, "not found"),
    (
        "fixation_times_are_milliseconds",
        FIXATIONS,
        whole_column("timestamp_start_fixation", milliseconds),
        "seconds of one clock",
    ),
    (
        "the_sizes_are_swapped",
        META,
        swap("318,382", "382,318"),
        "image_size_y are 382, 318, but Columns, Rows",
    ),
    ("the_image_is_unknown", META, swap(dicom(10), dicom(99)), "not listed in CXR-JPG/cxr_meta.csv"),
    (
        "the_patient_is_unknown",
        META,
        cell("subject_id", "99999999"),
        "its patient is '99999999', but it lies",
    ),
    ("the_reading_is_listed_twice", META, repeat_row(dicom_id=dicom(99)), "listed more than once|not listed"),
    ("metadata_lack_a_column", META, drop("eye_tracking_data_discarded"), "lacks the columns"),
    ("metadata_have_no_row", META, header_only(), "metadata.csv has no row for it"),
    (
        "metadata_hold_no_truth_value",
        META,
        cell("eye_tracking_data_discarded", "perhaps"),
        "neither True nor False",
    ),
    ("metadata_hold_a_blank_id", META, cell("id", ""), "1 rows without id or dicom_id"),
    ("metadata_are_missing", META, remove, "not found"),
    ("frames_lack_rows", FRAMES, drop("Rows"), "lacks the columns Rows"),
    ("frames_are_zero", FRAMES, cell("Rows", "0"), "without positive Rows and Columns"),
    ("frames_are_blank", FRAMES, cell("Columns", ""), "without positive Rows and Columns"),
    ("frames_disagree", FRAMES, repeat_row(Rows="100"), "two rows with different sizes"),
]


@pytest.mark.parametrize(
    ("file", "edit", "message"), [pytest.param(*rest, id=name) for name, *rest in REFLACX]
)
def test_a_single_fault_excludes_its_reading_with_file_and_cause(part_of, plant, file, edit, message):
    folder = part_of(f"{ROOT}/{PATIENT}", f"{ROOT}/{BYSTANDER}") / ROOT
    plant(folder / PATIENT / file, edit)
    require_excluded(folder, PATIENT, file, message)


def test_the_untouched_tree_excludes_what_its_authors_discarded_and_nothing_else(untouched):
    refused, used = excluded(untouched / "mimic-eye")
    assert [reference.reading_id for reference, _, _ in refused] == ["P103R000004"]
    assert len(used) == 11


def test_one_id_in_two_patients_excludes_both(part_of, plant):
    folder = part_of(f"{ROOT}/{PATIENT}", f"{ROOT}/{BYSTANDER}") / ROOT
    shutil.copytree(folder / PATIENT / "REFLACX", folder / BYSTANDER / "REFLACX")
    plant(folder / BYSTANDER / META, swap(f"{subject(10)},318,382", f"{subject(13)},318,382"))
    plant(folder / BYSTANDER / META, swap(f"{dicom(10)},{subject(13)}", f"{dicom(13)},{subject(13)}"))
    refused, used = excluded(folder)
    assert used == [dicom(13)]
    assert [reason.split(", ")[0] for _, _, reason in refused] == [
        f"reading {READING} is listed more than once"
    ] * 2


def test_a_folder_of_a_reading_that_no_table_lists_is_excluded(part_of):
    folder = part_of(f"{ROOT}/{PATIENT}") / ROOT
    write_csv(folder / PATIENT / "REFLACX/main_data/P300R000777/chest_bounding_box.csv", ("xmin",), [(1,)])
    refused, used = excluded(folder)
    assert used == [READING]
    assert [(reference.reading_id, reason) for reference, _, reason in refused] == [
        ("P300R000777", "metadata.csv has no row for it")
    ]
