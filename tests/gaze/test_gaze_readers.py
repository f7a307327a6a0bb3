"""Readers of both data sets on hand-written trees in their real layouts."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from gaze_trees import (
    DICOM,
    DICOM_EGD,
    FIXATIONS,
    PLACE,
    READING,
    WHOLE,
    write_csv,
    write_eye_gaze,
    write_meta,
    write_reflacx,
    write_reflacx_reading,
    write_tree,
)  # fmt: skip

from egma_lib.errors import DataError
from egma_lib.gaze.eye_gaze import screen_px_per_deg
from egma_lib.gaze.recordings import find_readings, read_recording
from egma_lib.gaze.tables import RecordingError, read_table
from egma_lib.settings import GazeSettings

SETTINGS = GazeSettings()


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    root = tmp_path_factory.mktemp("mimic_eye")
    write_tree(root)
    return root


def reading(root, source):
    return next(reference for reference in find_readings(root) if reference.source == source)


def test_both_readings_of_a_patient_are_found(tree):
    found = find_readings(tree)
    assert [(r.reading_id, r.dicom_id, r.subject_id, r.source, r.reader) for r in found] == [
        (READING, DICOM, "10000001", "reflacx", "reflacx_1"),
        (DICOM_EGD, DICOM_EGD, "10000001", "eye_gaze", "egd"),
    ]
    assert all((r.frame.rows, r.frame.columns, r.problem) == (3056, 2544, "") for r in found)


@pytest.mark.parametrize("levels", ["1.0.0", "1.0.0/mimic-eye"])
def test_version_folders_are_looked_through(tmp_path, levels):
    write_tree(tmp_path / levels)
    assert len(find_readings(tmp_path)) == 2


def test_a_folder_without_patients_is_refused(tmp_path):
    with pytest.raises(DataError, match="no patient_"):
        find_readings(tmp_path)


def test_readings_of_one_image_are_numbered_by_their_ids(tmp_path):
    patient = tmp_path / "patient_10000001"
    write_meta(patient, [DICOM, DICOM_EGD])
    names = ("P102R000003", "P102R000001", "P102R000002")
    write_reflacx(patient, [(name, DICOM, True) for name in names] + [("P300R000009", DICOM_EGD, True)])
    readers = {r.reading_id: r.reader for r in find_readings(tmp_path)}
    assert readers == {
        "P102R000001": "reflacx_1", "P102R000002": "reflacx_2", "P102R000003": "reflacx_3",
        "P300R000009": "reflacx_1",
    }  # fmt: skip


def test_a_row_that_stands_twice_is_one_reading(tmp_path):
    patient = tmp_path / "patient_10000001"
    write_meta(patient, [DICOM])
    write_reflacx(patient, [(READING, DICOM, True), (READING, DICOM, True)])
    assert [reference.reading_id for reference in find_readings(tmp_path)] == [READING]


@pytest.mark.parametrize(
    ("discarded", "size", "listed", "message"),
    [
        pytest.param(True, (2544, 3056), [DICOM], "discarded by the authors", id="discarded"),
        pytest.param(False, (3056, 2544), [DICOM], "image_size_y are 3056, 2544", id="sides_swapped"),
        pytest.param(False, (2544, 3056), [DICOM_EGD], "not listed in CXR-JPG", id="image_not_listed"),
    ],
)
def test_what_is_known_against_a_reading_is_said(tmp_path, discarded, size, listed, message):
    patient = tmp_path / "patient_10000001"
    write_meta(patient, listed)
    write_reflacx(patient, [(READING, DICOM, discarded)], size)
    (reference,) = find_readings(tmp_path)
    assert message in reference.problem
    with pytest.raises(RecordingError, match=message) as caught:
        read_recording(reference, SETTINGS)
    assert caught.value.file == patient / "REFLACX" / "metadata.csv"


def test_a_patient_whose_tables_are_broken_is_found_with_the_problem(tmp_path):
    patient = write_tree(tmp_path)
    (patient / "EyeGaze" / "master_sheet.csv").write_text("dicom_id\n", encoding="utf-8")
    broken = reading(tmp_path, "eye_gaze")
    assert broken.reading_id == "patient_10000001/EyeGaze"
    assert broken.problem == "lacks the columns patient_id"
    assert reading(tmp_path, "reflacx").problem == ""


def test_reflacx_samples_come_as_written(tree):
    recording = read_recording(reading(tree, "reflacx"), SETTINGS)
    assert recording.sampling_hz == pytest.approx(1000.0)
    assert len(recording.time_s) == 2000
    assert np.flatnonzero(~recording.valid).tolist() == list(range(200, 260))
    assert (recording.px_per_deg_x == 110).all()
    assert recording.shown_px[0].tolist() == list(WHOLE)
    assert recording.screen_px[0].tolist() == list(PLACE)
    assert (recording.x_px[100], recording.y_px[100]) == (600, 900)
    assert recording.words["word"].tolist() == ["lungs", "clear", ".", "heart", "big"]
    shipped = recording.vendor_fixations.to_numpy()
    np.testing.assert_allclose(shipped, [(a, b - a, x, y) for a, b, x, y in FIXATIONS], atol=1e-9)


def damage_gaze(root, change):
    """Rewrite the REFLACX samples, split into cells, after `change` has edited the list in place."""
    path = root / "patient_10000001" / "REFLACX" / "gaze_data" / READING / "gaze.csv"
    header, *lines = [line.split(",") for line in path.read_text(encoding="utf-8").split()]
    change(lines)
    write_csv(path, header, lines, "\r\n")
    return reading(root, "reflacx")


def test_gaze_off_the_image_is_not_clipped(tmp_path):
    write_tree(tmp_path)

    def move(lines):
        lines[3][1:3] = ["-900", "4000"]

    recording = read_recording(damage_gaze(tmp_path, move), SETTINGS)
    assert (recording.x_px[3], recording.y_px[3]) == (-900, 4000)


def test_double_and_reversed_time_stamps_are_repaired_and_counted(tmp_path):
    write_tree(tmp_path)

    def disturb(lines):
        lines[5][0] = lines[4][0]
        lines[10], lines[11] = lines[11], lines[10]

    recording = read_recording(damage_gaze(tmp_path, disturb), SETTINGS)
    assert recording.n_repaired_times == 2
    assert len(recording.time_s) == 1999
    assert (np.diff(recording.time_s) > 0).all()


def test_samples_without_a_pupil_are_counted_and_change_nothing_else(tmp_path):
    """The blink of 60 samples has no pupil; nor have 40 samples that keep their position."""
    write_tree(tmp_path)
    whole = read_recording(reading(tmp_path, "reflacx"), SETTINGS)
    assert whole.pupil_lost_share == pytest.approx(60 / 2000)

    def hide(lines):
        for line in lines[500:540]:
            line[3] = ""

    recording = read_recording(damage_gaze(tmp_path, hide), SETTINGS)
    assert recording.pupil_lost_share == pytest.approx(100 / 2000)
    np.testing.assert_array_equal(recording.x_px, whole.x_px)


def test_without_a_pupil_column_the_share_is_unknown(tmp_path):
    write_tree(tmp_path)
    path = tmp_path / "patient_10000001" / "REFLACX" / "gaze_data" / READING / "gaze.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("pupil_area_normalized", "other"), "utf-8")
    assert np.isnan(read_recording(reading(tmp_path, "reflacx"), SETTINGS).pupil_lost_share)
    # The hand-written table of EYE GAZE has none of its pupil columns.
    assert np.isnan(read_recording(reading(tmp_path, "eye_gaze"), SETTINGS).pupil_lost_share)


def test_a_pupil_of_either_eye_is_enough_for_eye_gaze(tmp_path):
    write_tree(tmp_path)
    path = tmp_path / "patient_10000001" / "EyeGaze" / "eye_gaze.csv"
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    valid = {0: ",0,0", 1: ",0,1", 2: ",1,0", 3: ",0,0"}
    lines = [line + valid.get(number, ",1,1") for number, line in enumerate(lines)]
    path.write_text("\n".join([f"{header},LPMMV,RPMMV", *lines]) + "\n", encoding="utf-8")
    recording = read_recording(reading(tmp_path, "eye_gaze"), SETTINGS)
    assert recording.pupil_lost_share == pytest.approx(2 / len(recording.time_s))


def test_a_rectangle_without_area_is_carried_over_from_the_sample_before(tmp_path):
    write_tree(tmp_path)

    def flatten(lines):
        lines[7][8:12] = ["5", "5", "5", "5"]

    recording = read_recording(damage_gaze(tmp_path, flatten), SETTINGS)
    assert recording.shown_px[7].tolist() == list(WHOLE)


def test_a_recording_that_is_one_blink_is_refused(tmp_path):
    write_tree(tmp_path)

    def shut(lines):
        for line in lines:
            line[1:6] = [""] * 5

    reference = damage_gaze(tmp_path, shut)
    with pytest.raises(RecordingError, match="angular_resolution_x_pixels_per_degree holds no usable value"):
        read_recording(reference, SETTINGS)


def test_a_cell_that_is_no_number_is_named(tmp_path):
    write_tree(tmp_path)

    def spoil(lines):
        lines[2][1] = "left"

    reference = damage_gaze(tmp_path, spoil)
    with pytest.raises(RecordingError, match="record 3, column x_position: 'left' is not a number"):
        read_recording(reference, SETTINGS)


@pytest.mark.parametrize(
    "name",
    [
        f"REFLACX/gaze_data/{READING}/gaze.csv",
        f"REFLACX/main_data/{READING}/fixations.csv",
        f"REFLACX/main_data/{READING}/timestamps_transcription.csv",
        "EyeGaze/eye_gaze.csv",
        "EyeGaze/fixations.csv",
        f"EyeGaze/audio_segmentation_transcripts/{DICOM_EGD}/transcript.json",
    ],
)
def test_a_missing_file_is_named(tmp_path, name):
    path = write_tree(tmp_path) / name
    path.unlink()
    with pytest.raises(RecordingError, match="not found") as caught:
        read_recording(reading(tmp_path, "reflacx" if "REFLACX" in name else "eye_gaze"), SETTINGS)
    assert caught.value.file == path


def test_a_reflacx_reading_without_words_is_read(tmp_path):
    write_reflacx_reading(write_tree(tmp_path) / "REFLACX", READING, words=())
    assert read_recording(reading(tmp_path, "reflacx"), SETTINGS).words.empty


def test_eye_gaze_samples_are_mapped_by_the_publishers_formula(tree):
    recording = read_recording(reading(tree, "eye_gaze"), SETTINGS)
    assert recording.sampling_hz == pytest.approx(60.0, abs=0.1)
    assert np.flatnonzero(~recording.valid).tolist() == [10, 11]
    assert (recording.x_px[3], recording.y_px[3]) == pytest.approx((600, 900))
    assert recording.words["word"].tolist() == ["lungs", "clear", ".", "heart", "big"]
    np.testing.assert_allclose(
        recording.vendor_fixations.to_numpy(), [(a, b - a, x, y) for a, b, x, y in FIXATIONS], atol=1e-6
    )


def test_eye_gaze_off_the_image_stays_outside(tmp_path):
    patient = write_tree(tmp_path)
    path = patient / "EyeGaze" / "eye_gaze.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    cells = lines[4].split(",")
    cells[10] = "0.1"  # 192 of 1920 screen pixels, left of the picture that begins at 534
    lines[4] = ",".join(cells)
    path.write_text("\n".join(lines), encoding="utf-8")
    recording = read_recording(reading(tmp_path, "eye_gaze"), SETTINGS)
    assert recording.x_px[3] == pytest.approx((192 - 534) * 2544 / 852)


def test_eye_gaze_degrees_follow_from_width_and_distance(tree):
    # At 57.3 cm a degree is one centimetre wide; 48 cm over 1920 pixels are 40 pixels a centimetre.
    settings = GazeSettings(egd_screen_width_cm=48, egd_viewing_distance_cm=57.29)
    assert screen_px_per_deg(settings) == pytest.approx(40, rel=1e-3)
    recording = read_recording(reading(tree, "eye_gaze"), settings)
    assert recording.px_per_deg_x[0] == pytest.approx(40 * 2544 / 852, rel=1e-3)
    assert recording.px_per_deg_y[0] == pytest.approx(40 * 3056 / 1080, rel=1e-3)
    x_deg, _ = recording.to_degrees()
    # From 600 to 1900 image pixels are 435.4 screen pixels.
    assert x_deg[40] - x_deg[3] == pytest.approx(1300 * 852 / 2544 / 40, rel=1e-3)


def test_the_older_names_of_the_padding_are_read(tmp_path):
    patient = write_tree(tmp_path)
    write_eye_gaze(patient, pad_names=("image_left", "image_right", "image_top", "image_bottom"))
    assert read_recording(reading(tmp_path, "eye_gaze"), SETTINGS).screen_px[0].tolist() == [
        534,
        0,
        1386,
        1080,
    ]


def test_a_fixation_table_under_the_samples_name_is_refused(tmp_path):
    folder = write_tree(tmp_path) / "EyeGaze"
    (folder / "fixations.csv").replace(folder / "eye_gaze.csv")
    with pytest.raises(RecordingError, match="holds fixations, not samples"):
        read_recording(reading(tmp_path, "eye_gaze"), SETTINGS)


def test_padding_that_leaves_no_picture_is_refused(tmp_path):
    folder = write_tree(tmp_path) / "EyeGaze"
    names = (
        "dicom_id",
        "patient_id",
        "image_left_pad",
        "image_right_pad",
        "image_top_pad",
        "image_bottom_pad",
    )
    write_csv(folder / "master_sheet.csv", names, [(DICOM_EGD, 10000001, 1000, 1000, 0, 0)])
    with pytest.raises(RecordingError, match="leaves no picture"):
        read_recording(reading(tmp_path, "eye_gaze"), SETTINGS)


def test_tables_are_known_by_their_stripped_columns(tmp_path):
    path = write_csv(
        tmp_path / "t.csv", ("", " b ", "Unnamed: 1", "a"), [(7, "1.5", "x", " none "), (7, "", "y", "nan")]
    )
    table = read_table(path, numbers=("b",), texts=("a",))
    assert list(table.columns) == ["a", "b"]
    assert table["a"].tolist() == ["none", "nan"]
    assert np.isnan(table["b"].iloc[1])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "not a readable csv", id="empty_file"),
        pytest.param(b"a,b\n\xff\xfe,1\n", "not a readable csv", id="not_text"),
        pytest.param(b"a\n1\n", "lacks the columns b", id="column_missing"),
    ],
)
def test_unreadable_tables_are_named(tmp_path, content, message):
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=message):
        read_table(path, numbers=("b",), texts=("a",))


def test_the_error_survives_the_way_home_from_a_worker(tmp_path):
    error = pickle.loads(pickle.dumps(RecordingError("not found", tmp_path / "x.csv")))
    assert (error.reason, error.file, str(error)) == (
        "not found",
        tmp_path / "x.csv",
        f"{tmp_path / 'x.csv'}: not found",
    )
