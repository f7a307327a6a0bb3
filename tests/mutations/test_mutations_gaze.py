"""Single faults in readings: the reading is excluded by file and cause, and every other one is kept."""

from __future__ import annotations

import json
import re
import shutil

import pytest
from real_tree_common import dicom, subject, write_csv
from real_tree_edits import (
    cell,
    content,
    cut_bytes,
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

from egma_lib.gaze.recordings import find_readings, read_recording
from egma_lib.gaze.tables import RecordingError
from egma_lib.settings import GazeSettings

READING, IMAGE = "P300R000010", dicom(11)
PATIENT, EGD = f"patient_{subject(10)}", f"patient_{subject(11)}"
GAZE, MAIN = f"REFLACX/gaze_data/{READING}/gaze.csv", f"REFLACX/main_data/{READING}"
WORDS, FIXATIONS = f"{MAIN}/timestamps_transcription.csv", f"{MAIN}/fixations.csv"
META, SHEET = "REFLACX/metadata.csv", "EyeGaze/master_sheet.csv"
SAMPLES, SHIPPED = "EyeGaze/eye_gaze.csv", "EyeGaze/fixations.csv"
SPOKEN = f"EyeGaze/audio_segmentation_transcripts/{IMAGE}/transcript.json"
FRAMES = "CXR-JPG/cxr_meta.csv"


def milliseconds(text):
    return str(float(text) * 1000)


def fraction(text):
    return str(float(text) / 382)


def fixations_for_samples(path):
    shutil.copyfile(path.parent / "fixations.csv", path)


def phrases(change):
    """Edit the list of phrases of a transcript in place."""

    def edit(data):
        spoken = json.loads(data)
        change(spoken["time_stamped_text"])
        return json.dumps(spoken).encode()

    return content(edit)


def both_axes_as_fractions(path):
    whole_column("x_position", fraction)(path)
    whole_column("y_position", fraction)(path)


def screen_pixels(path):
    whole_column("BPOGX", lambda text: str(float(text) * 1920))(path)
    whole_column("BPOGY", lambda text: str(float(text) * 1080))(path)


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
]
EYE_GAZE = [
    ("samples_lack_a_column", SAMPLES, drop("BPOGX"), "lacks the columns BPOGX"),
    ("samples_have_the_other_id_name", SAMPLES, rename("DICOM_ID", "dicom_id"), "lacks the columns DICOM_ID"),
    ("samples_are_cut_mid_row", SAMPLES, cut_mid_row(), "19 fields and the header 38"),
    ("samples_have_text_for_a_number", SAMPLES, cell("BPOGY", "n/a"), "'n/a' is not a number"),
    ("samples_are_of_another_image", SAMPLES, swap(IMAGE, IMAGE[:-5]), "0 samples; at least 2"),
    ("samples_are_the_fixations", SAMPLES, fixations_for_samples, "holds fixations, not samples"),
    (
        "samples_are_milliseconds",
        SAMPLES,
        whole_column("Time (in secs)", milliseconds),
        "are these milliseconds",
    ),
    ("samples_are_screen_pixels", SAMPLES, screen_pixels, "lies on the image"),
    ("shipped_fixations_are_missing", SHIPPED, remove, "not found"),
    ("shipped_fixations_lack_a_column", SHIPPED, drop("FPOGD"), "lacks the columns FPOGD"),
    ("the_pads_leave_no_picture", SHEET, cell("image_left_pad", "1900"), "leaves no picture on the screen"),
    ("a_pad_is_blank", SHEET, cell("image_top_pad", ""), "leaves no picture on the screen"),
    ("the_pads_are_renamed", SHEET, rename("image_left_pad", "left"), "lacks the columns image_left_pad"),
    ("the_image_is_unknown", SHEET, cell("patient_id", "99999999"), "its patient is '99999999', but it lies"),
    ("the_transcript_is_cut", SPOKEN, cut_bytes(), "not valid JSON"),
    ("the_transcript_has_no_byte", SPOKEN, empty, "not valid JSON"),
    ("the_transcript_is_missing", SPOKEN, remove, "not found"),
    (
        "the_transcript_has_other_keys",
        SPOKEN,
        swap("time_stamped_text", "phrases"),
        "lacks the list 'time_stamped_text'",
    ),
    (
        "a_phrase_has_no_time",
        SPOKEN,
        phrases(lambda all: all[1].pop("end_time")),
        "phrase 2: expected phrase, begin_time",
    ),
    (
        "a_phrase_time_is_text",
        SPOKEN,
        phrases(lambda all: all[1].update(end_time="soon")),
        "phrase 2: expected",
    ),
    (
        "a_phrase_time_is_nan",
        SPOKEN,
        phrases(lambda all: all[1].update(end_time=float("nan"))),
        "not a finite number",
    ),
    (
        "a_phrase_is_null",
        SPOKEN,
        phrases(lambda all: all[1].update(phrase=None)),
        "phrase 2: expected phrase",
    ),
    (
        "phrase_times_are_milliseconds",
        SPOKEN,
        phrases(
            lambda all: [
                one.update(begin_time=float(one["begin_time"]) * 1000, end_time=one["end_time"] * 1000)
                for one in all
            ]
        ),
        "seconds of one clock",
    ),
]
WHOLE_PATIENT = [
    ("metadata_lack_a_column", PATIENT, META, drop("eye_tracking_data_discarded"), "lacks the columns"),
    ("metadata_have_no_row", PATIENT, META, header_only(), "metadata.csv has no row for it"),
    (
        "metadata_hold_no_truth_value",
        PATIENT,
        META,
        cell("eye_tracking_data_discarded", "perhaps"),
        "neither True nor False",
    ),
    ("metadata_hold_a_blank_id", PATIENT, META, cell("id", ""), "1 rows without id or dicom_id"),
    ("metadata_are_missing", PATIENT, META, remove, "not found"),
    ("frames_lack_rows", PATIENT, FRAMES, drop("Rows"), "lacks the columns Rows"),
    ("frames_are_zero", PATIENT, FRAMES, cell("Rows", "0"), "without positive Rows and Columns"),
    ("frames_are_blank", PATIENT, FRAMES, cell("Columns", ""), "without positive Rows and Columns"),
    ("frames_disagree", PATIENT, FRAMES, repeat_row(Rows="100"), "two rows with different sizes"),
    ("master_sheet_has_no_row", EGD, SHEET, header_only(), "master_sheet.csv has no row for it"),
    ("master_sheet_is_cut_mid_row", EGD, SHEET, cut_mid_row(), "the file is cut|not a readable csv"),
    ("master_sheet_lists_another_image", EGD, SHEET, swap(IMAGE, dicom(98)), "not listed|no row for it"),
]
CASES = [
    *(
        pytest.param(PATIENT, file, edit, message, id=f"reflacx_{name}")
        for name, file, edit, message in REFLACX
    ),
    *(
        pytest.param(EGD, file, edit, message, id=f"eye_gaze_{name}")
        for name, file, edit, message in EYE_GAZE
    ),
    *(pytest.param(*rest, id=name) for name, *rest in WHOLE_PATIENT),
]
BYSTANDER = f"patient_{subject(13)}"


def excluded(folder):
    """Read every reading; return (reading, file, reason) of each unusable one, and the ids of the others."""
    refused, used = [], []
    for reference in find_readings(folder):
        try:
            read_recording(reference, GazeSettings())
        except RecordingError as error:
            refused.append((reference, error.file, error.reason))
        else:
            used.append(reference.reading_id)
    return refused, used


@pytest.mark.parametrize(("patient", "file", "edit", "message"), CASES)
def test_a_single_fault_excludes_its_reading_with_file_and_cause(
    part_of, plant, patient, file, edit, message
):
    root = "mimic-eye/1.0.0"
    folder = part_of(f"{root}/{patient}", f"{root}/{BYSTANDER}") / root
    plant(folder / patient / file, edit)
    refused, used = excluded(folder)
    assert used == [dicom(13)]
    assert {reference.folder.name for reference, _, _ in refused} == {patient}
    reasons = [(file, reason) for _, file, reason in refused]
    assert any(re.search(message, reason) for _, reason in reasons), reasons
    assert folder / patient / file in [file for file, _ in reasons]


def test_the_untouched_tree_excludes_what_its_authors_discarded_and_nothing_else(untouched):
    refused, used = excluded(untouched / "mimic-eye")
    assert [reference.reading_id for reference, _, _ in refused] == ["P103R000004"]
    assert len(used) == 11


def test_one_id_in_two_patients_excludes_both(part_of, plant):
    root = "mimic-eye/1.0.0"
    folder = part_of(f"{root}/{PATIENT}", f"{root}/{BYSTANDER}") / root
    shutil.copytree(folder / PATIENT / "REFLACX", folder / BYSTANDER / "REFLACX")
    plant(folder / BYSTANDER / META, swap(f"{subject(10)},318,382", f"{subject(13)},318,382"))
    plant(folder / BYSTANDER / META, swap(f"{dicom(10)},{subject(13)}", f"{dicom(13)},{subject(13)}"))
    refused, used = excluded(folder)
    assert used == [dicom(13)]
    assert [reason.split(", ")[0] for _, _, reason in refused] == [
        f"reading {READING} is listed more than once"
    ] * 2


def test_a_folder_of_a_reading_that_no_table_lists_is_excluded(part_of):
    root = "mimic-eye/1.0.0"
    folder = part_of(f"{root}/{PATIENT}") / root
    write_csv(folder / PATIENT / "REFLACX/main_data/P300R000777/chest_bounding_box.csv", ("xmin",), [(1,)])
    refused, used = excluded(folder)
    assert used == [READING]
    assert [(reference.reading_id, reason) for reference, _, reason in refused] == [
        ("P300R000777", "metadata.csv has no row for it")
    ]
