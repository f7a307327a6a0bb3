"""REFLACX and EGD-CXR on their own, and no reading twice where MIMIC-EYE holds it too."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from gaze_trees import (
    DICOM,
    DICOM_EGD,
    READING,
    write_csv,
    write_eye_gaze,
    write_meta,
    write_reflacx,
    write_tree,
)  # fmt: skip

from egma_lib.errors import DataError, GazeError
from egma_lib.gaze.frames import ImageFrame
from egma_lib.gaze.recordings import find_readings, read_recording
from egma_lib.gaze.study_readings import (
    build_study_gaze,
    find_egd_readings,
    find_reflacx_readings,
    find_study_readings,
    jpg_frames,
)
from egma_lib.gaze.tables import RecordingError
from egma_lib.settings import GazeSettings, load_settings
from egma_lib.study import open_study

SETTINGS = GazeSettings()
HEADER = ("id", "split", "eye_tracking_data_discarded", "image", "dicom_id", "subject_id", "image_size_x",
          "image_size_y", "Other")  # fmt: skip
FRAMES = {DICOM_EGD: ImageFrame(rows=3056, columns=2544)}


def write_reflacx_alone(root, version="1.0.0", phases=({"id": READING, "dicom_id": DICOM},)):
    """The tree of the release; the reading folders are those of a MIMIC-EYE patient, copied unchanged."""
    patient = root.parent / "scratch" / "patient_10000001"
    write_reflacx(patient)
    target = root / version
    shutil.copytree(patient / "REFLACX", target)
    (target / "metadata.csv").unlink()
    for number, row in enumerate(phases, start=1):
        cells = {"split": "train", "eye_tracking_data_discarded": False, "image": "x",
                 "subject_id": 10000001, "image_size_x": 2544, "image_size_y": 3056} | row  # fmt: skip
        write_csv(
            target / "main_data" / f"metadata_phase_{number}.csv",
            HEADER,
            [[cells.get(name, "") for name in HEADER]],
            newline="\r\n",
        )
    return target


def write_egd_alone(root, version="1.0.0"):
    patient = root.parent / "scratch" / "patient_10000001"
    write_eye_gaze(patient)
    shutil.copytree(patient / "EyeGaze", root / version)
    return root / version


def write_jpg_metadata(root, dicoms, name="2.1.0/mimic-cxr-2.0.0-metadata.csv"):
    rows = [(dicom, 10000001, 50000001, "AP", 3056, 2544) for dicom in dicoms]
    write_csv(root / name, ("dicom_id", "subject_id", "study_id", "ViewPosition", "Rows", "Columns"), rows)


def study_of(root, tmp_path):
    settings = load_settings("smoke")
    return open_study(settings, root, tmp_path / "results"), settings


def samples_of(reference):
    recording = read_recording(reference, SETTINGS)
    columns = (
        recording.time_s,
        recording.x_px,
        recording.y_px,
        recording.px_per_deg_x,
        recording.px_per_deg_y,
    )
    words, shipped = recording.words.to_csv(index=False), recording.vendor_fixations.to_csv(index=False)
    return np.stack(columns), recording.frame, words, shipped


def test_reflacx_alone_gives_the_recording_that_mimic_eye_gives(tmp_path):
    write_tree(tmp_path / "mimic-eye")
    write_reflacx_alone(tmp_path / "reflacx")
    (alone,) = find_reflacx_readings(tmp_path / "reflacx")
    within = next(one for one in find_readings(tmp_path / "mimic-eye") if one.source == "reflacx")
    for name in ("reading_id", "dicom_id", "subject_id", "source", "reader", "frame", "problem"):
        assert getattr(alone, name) == getattr(within, name)
    ours, theirs = samples_of(alone), samples_of(within)
    np.testing.assert_array_equal(ours[0], theirs[0])
    assert ours[1:] == theirs[1:]


def test_egd_alone_gives_the_recording_that_mimic_eye_gives(tmp_path):
    write_tree(tmp_path / "mimic-eye")
    write_egd_alone(tmp_path / "egd-cxr")
    (alone,) = find_egd_readings(tmp_path / "egd-cxr", FRAMES)
    within = next(one for one in find_readings(tmp_path / "mimic-eye") if one.source == "eye_gaze")
    for name in ("reading_id", "dicom_id", "subject_id", "source", "reader", "frame", "problem"):
        assert getattr(alone, name) == getattr(within, name)
    ours, theirs = samples_of(alone), samples_of(within)
    np.testing.assert_array_equal(ours[0], theirs[0])
    assert ours[1:] == theirs[1:]


def test_readings_of_an_image_are_numbered_over_the_phases(tmp_path):
    rows = ({"id": "P200R000009", "dicom_id": DICOM}, {"id": "P100R000001", "dicom_id": DICOM})
    write_reflacx_alone(tmp_path / "reflacx", phases=rows)
    found = find_reflacx_readings(tmp_path / "reflacx")
    assert {one.reading_id: one.reader for one in found} == {
        "P100R000001": "reflacx_1", "P200R000009": "reflacx_2",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        pytest.param({"eye_tracking_data_discarded": True}, "discarded by the authors", id="discarded"),
        pytest.param({"image_size_x": ""}, "nan, 3056, which is no size in pixels", id="no_width"),
        pytest.param({"image_size_y": 0}, "2544, 0, which is no size in pixels", id="no_height"),
    ],
)
def test_an_unusable_reading_is_found_and_names_its_phase_table(tmp_path, cells, message):
    target = write_reflacx_alone(tmp_path / "reflacx", phases=({"id": READING, "dicom_id": DICOM} | cells,))
    (reference,) = find_reflacx_readings(tmp_path / "reflacx")
    with pytest.raises(RecordingError, match=message) as caught:
        read_recording(reference, SETTINGS)
    assert caught.value.file == target / "main_data" / "metadata_phase_1.csv"


def test_raw_gaze_that_was_not_downloaded_is_named(tmp_path):
    target = write_reflacx_alone(tmp_path / "reflacx")
    shutil.rmtree(target / "gaze_data")
    (reference,) = find_reflacx_readings(tmp_path / "reflacx")
    with pytest.raises(RecordingError, match="not found") as caught:
        read_recording(reference, SETTINGS)
    assert caught.value.file == target / "gaze_data" / READING / "gaze.csv"


@pytest.mark.parametrize(
    ("find", "message"),
    [
        pytest.param(find_reflacx_readings, "no main_data here or two levels down", id="reflacx"),
        pytest.param(lambda root: find_egd_readings(root, {}), "no master_sheet.csv here", id="egd"),
    ],
)
def test_a_folder_of_something_else_is_refused(tmp_path, find, message):
    with pytest.raises(DataError, match=message):
        find(tmp_path)


def test_two_versions_of_a_collection_are_refused(tmp_path):
    write_egd_alone(tmp_path / "egd-cxr", "1.0.0")
    shutil.copytree(tmp_path / "egd-cxr" / "1.0.0", tmp_path / "egd-cxr" / "copy")
    with pytest.raises(DataError, match="in several folders"):
        find_egd_readings(tmp_path / "egd-cxr", FRAMES)


def test_main_data_without_metadata_is_refused(tmp_path):
    (tmp_path / "main_data").mkdir()
    with pytest.raises(DataError, match=r"no metadata_phase_1\.csv"):
        find_reflacx_readings(tmp_path)


@pytest.mark.parametrize("name", ["mimic-cxr-2.0.0-metadata.csv.gz", "2.1.0/mimic-cxr-2.0.0-metadata.csv"])
def test_image_sizes_come_from_the_metadata_of_mimic_cxr_jpg(tmp_path, name):
    if name.endswith(".gz"):
        import gzip

        text = f"dicom_id,Rows,Columns\n{DICOM},3056,2544\n{DICOM_EGD},,2544\n"
        (tmp_path / name).write_bytes(gzip.compress(text.encode()))
    else:
        write_jpg_metadata(tmp_path, [DICOM], name)
    assert jpg_frames(tmp_path) == {DICOM: ImageFrame(rows=3056, columns=2544)}


def test_without_image_sizes_an_egd_reading_says_what_it_needs(tmp_path):
    write_egd_alone(tmp_path / "egd-cxr")
    assert jpg_frames(tmp_path / "mimic-cxr-jpg") == {}
    (reference,) = find_egd_readings(tmp_path / "egd-cxr", {})
    with pytest.raises(RecordingError, match="metadata table of mimic-cxr-jpg is absent or lacks it"):
        read_recording(reference, SETTINGS)


def test_a_reading_in_two_collections_counts_once_and_mimic_eye_goes_first(tmp_path):
    root = tmp_path / "data"
    patient = write_tree(root / "mimic-eye")
    write_reflacx_alone(root / "reflacx")
    write_egd_alone(root / "egd-cxr")
    write_jpg_metadata(root / "mimic-cxr-jpg", [DICOM, DICOM_EGD])
    study, _ = study_of(root, tmp_path)
    found = find_study_readings(study)
    assert sorted(one.reading_id for one in found) == sorted([READING, DICOM_EGD])
    assert all(one.folder == patient for one in found)


def test_a_copy_with_nothing_against_it_replaces_one_with_a_problem(tmp_path):
    root = tmp_path / "data"
    patient = root / "mimic-eye" / "patient_10000001"
    write_meta(patient, [DICOM_EGD])
    write_reflacx(patient)
    write_reflacx_alone(root / "reflacx")
    study, _ = study_of(root, tmp_path)
    (reference,) = find_study_readings(study)
    assert (reference.problem, reference.tables) == ("", root / "reflacx" / "1.0.0")


def test_a_study_without_gaze_is_refused(tmp_path):
    (tmp_path / "data").mkdir()
    study, _ = study_of(tmp_path / "data", tmp_path)
    with pytest.raises(DataError, match="no gaze here; put MIMIC-EYE, REFLACX or EGD-CXR"):
        find_study_readings(study)


def test_the_artefact_of_two_collections_names_excluded_files_from_the_data_root(tmp_path):
    root = tmp_path / "data"
    discarded = {"id": "P200R000009", "dicom_id": DICOM, "eye_tracking_data_discarded": True}
    write_reflacx_alone(root / "reflacx", phases=({"id": READING, "dicom_id": DICOM}, discarded))
    write_egd_alone(root / "egd-cxr")
    write_jpg_metadata(root / "mimic-cxr-jpg", [DICOM_EGD])
    study, settings = study_of(root, tmp_path)
    gaze = build_study_gaze(study, settings, jobs=1, progress=False)
    assert gaze.readings["reading_id"].tolist() == [READING, DICOM_EGD]
    assert gaze.readings["source"].tolist() == ["reflacx", "eye_gaze"]
    assert gaze.excluded.iloc[0].tolist() == [
        "P200R000009", "reflacx/1.0.0/main_data/metadata_phase_2.csv",
        "eye-tracking data discarded by the authors of the data",
    ]  # fmt: skip
    assert build_study_gaze(study, settings, jobs=1, progress=False).folder == gaze.folder


def test_tables_that_name_no_reading_are_refused(tmp_path):
    root = tmp_path / "data"
    write_csv(root / "reflacx/main_data/metadata_phase_1.csv", HEADER, [])
    study, settings = study_of(root, tmp_path)
    with pytest.raises(GazeError, match="name no reading"):
        build_study_gaze(study, settings, jobs=1, progress=False)
