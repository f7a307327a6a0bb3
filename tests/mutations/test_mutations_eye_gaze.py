"""Single faults in EYE GAZE readings: excluded by file and cause, and every other reading is kept."""

from __future__ import annotations

import json
import shutil

import pytest
from mutation_outcomes import BYSTANDER, ROOT, milliseconds, require_excluded
from real_tree_common import dicom, subject
from real_tree_edits import (
    cell,
    content,
    cut_bytes,
    cut_mid_row,
    drop,
    empty,
    header_only,
    remove,
    rename,
    swap,
    whole_column,
)

IMAGE, PATIENT = dicom(11), f"patient_{subject(11)}"
SHEET = "EyeGaze/master_sheet.csv"
SAMPLES, SHIPPED = "EyeGaze/eye_gaze.csv", "EyeGaze/fixations.csv"
SPOKEN = f"EyeGaze/audio_segmentation_transcripts/{IMAGE}/transcript.json"


def fixations_for_samples(path):
    shutil.copyfile(path.parent / "fixations.csv", path)


def phrases(change):
    """Edit the list of phrases of a transcript in place."""

    def edit(data):
        spoken = json.loads(data)
        change(spoken["time_stamped_text"])
        return json.dumps(spoken).encode()

    return content(edit)


def screen_pixels(path):
    whole_column("BPOGX", lambda text: str(float(text) * 1920))(path)
    whole_column("BPOGY", lambda text: str(float(text) * 1080))(path)


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
    (
        "the_patient_is_unknown",
        SHEET,
        cell("patient_id", "99999999"),
        "its patient is '99999999', but it lies",
    ),
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
    ("master_sheet_has_no_row", SHEET, header_only(), "master_sheet.csv has no row for it"),
    ("master_sheet_is_cut_mid_row", SHEET, cut_mid_row(), "the file is cut|not a readable csv"),
    ("master_sheet_lists_another_image", SHEET, swap(IMAGE, dicom(98)), "not listed|no row for it"),
]


@pytest.mark.parametrize(
    ("file", "edit", "message"), [pytest.param(*rest, id=name) for name, *rest in EYE_GAZE]
)
def test_a_single_fault_excludes_its_reading_with_file_and_cause(part_of, plant, file, edit, message):
    folder = part_of(f"{ROOT}/{PATIENT}", f"{ROOT}/{BYSTANDER}") / ROOT
    plant(folder / PATIENT / file, edit)
    require_excluded(folder, PATIENT, file, message)
