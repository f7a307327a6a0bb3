"""REFLACX and EGD-CXR on their own, MS-CXR and other packagings: whole, and with single faults."""

from __future__ import annotations

import json
import shutil

import pandas as pd
import pytest
from real_tree_common import dicom
from real_tree_edits import cell, cut_mid_row, drop, remove, swap
from real_tree_standalone import write_egd, write_reflacx

from egma_lib.datasets.chexpert import load_chexpert_5x200, load_chexpert_train
from egma_lib.datasets.ms_cxr import load_ms_cxr
from egma_lib.errors import EgmaError
from egma_lib.gaze.frames import ImageFrame
from egma_lib.gaze.recordings import find_readings, read_recording
from egma_lib.gaze.study_readings import find_egd_readings, find_reflacx_readings
from egma_lib.gaze.tables import RecordingError
from egma_lib.settings import DataSettings, GazeSettings

N, ROWS = 10, 382


@pytest.fixture(scope="module")
def in_mimic_eye(untouched):
    return {item.reading_id: item for item in find_readings(untouched / "mimic-eye") if not item.problem}


def frames():
    return {dicom(number): ImageFrame(ROWS, ROWS * 5 // 6) for number in range(10, 30)} | {
        dicom(11): ImageFrame(ROWS * 5 // 6, ROWS)
    }


def compare(references, in_mimic_eye, source):
    """Samples and words are those that MIMIC-EYE holds of the same reading."""
    expected = {name for name, item in in_mimic_eye.items() if item.source == source}
    assert {item.reading_id for item in references if not item.problem} == expected
    for reference in [item for item in references if not item.problem][:3]:
        mine = read_recording(reference, GazeSettings())
        other = read_recording(in_mimic_eye[reference.reading_id], GazeSettings())
        pd.testing.assert_frame_equal(mine.words, other.words)
        pd.testing.assert_series_equal(pd.Series(mine.x_px), pd.Series(other.x_px))
        assert mine.frame == other.frame


def test_reflacx_on_its_own_gives_the_readings_of_mimic_eye(tmp_path, in_mimic_eye):
    references = find_reflacx_readings(write_reflacx(tmp_path / "1.0.0", N, ROWS).parent)
    compare(references, in_mimic_eye, "reflacx")
    assert [item.reading_id for item in references if item.problem] == ["P103R000004"]


def test_egd_cxr_on_its_own_gives_the_readings_of_mimic_eye(tmp_path, in_mimic_eye):
    write_egd(tmp_path / "1.0.0", N, ROWS)
    compare(find_egd_readings(tmp_path, frames()), in_mimic_eye, "eye_gaze")


@pytest.mark.parametrize(
    ("file", "edit", "message"),
    [
        pytest.param(
            "metadata_phase_3.csv", drop("image_size_x"), "lacks the columns image_size_x", id="size"
        ),
        pytest.param("metadata_phase_1.csv", cut_mid_row(), "fields and the header 26", id="cut_mid_row"),
        pytest.param("metadata_phase_1.csv", cell("id", ""), "without id or dicom_id", id="blank_id"),
    ],
)
def test_a_fault_in_the_metadata_of_reflacx_is_refused(tmp_path, file, edit, message):
    path = write_reflacx(tmp_path, 5, ROWS) / "main_data" / file
    edit(path)
    with pytest.raises(RecordingError, match=f"{file}.*{message}"):
        find_reflacx_readings(tmp_path)


def test_an_egd_table_cut_mid_row_excludes_every_reading_by_name(tmp_path):
    path = write_egd(tmp_path, 5, ROWS) / "eye_gaze.csv"
    cut_mid_row()(path)
    for reference in find_egd_readings(tmp_path, frames()):
        with pytest.raises(RecordingError, match=r"eye_gaze.csv: record \d+ has 18 fields and the header 37"):
            read_recording(reference, GazeSettings())


MS = "ms-cxr/1.1.0/MS_CXR_Local_Alignment_v1.1.0.csv"


def test_ms_cxr_groups_the_boxes_of_a_sentence(untouched):
    table = load_ms_cxr(untouched / "ms-cxr", untouched / "mimic-cxr-jpg")
    assert (len(table), len(table.regions)) == (7, 8)
    assert table.regions["x_max"].max() == 1.0


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        pytest.param(drop("w"), "lacks the column 'w'", id="width_missing"),
        pytest.param(cell("x", "left"), "column 'x': got left, must be a number", id="text_for_x"),
        pytest.param(cell("w", "0"), "column 'w': got 0.0, must be positive", id="no_width"),
        pytest.param(cell("x", "9000"), "lies beyond its", id="beyond_the_image"),
        pytest.param(cell("dicom_id", dicom(1)), "does not belong to dicom_id", id="another_film"),
        pytest.param(swap(f"/{dicom(2003)}.jpg", f"/{dicom(3)}.jpg"), "does not belong", id="another_path"),
        pytest.param(cut_mid_row(), "fields and the header 11", id="cut_mid_row"),
        pytest.param(remove, "none of MS_CXR_Local_Alignment", id="missing"),
    ],
)
def test_a_fault_in_ms_cxr_is_refused(part_of, plant, edit, message):
    root = part_of("ms-cxr", "mimic-cxr-jpg")
    plant(root / MS, edit)
    with pytest.raises(EgmaError, match=message):
        load_ms_cxr(root / "ms-cxr", root / "mimic-cxr-jpg")


def test_the_full_size_and_the_batch_packaging_of_chexpert_read_the_same(part_of, untouched):
    folder = part_of("chexpert") / "chexpert"
    expected = load_chexpert_train(untouched / "chexpert", DataSettings()).cases["case_id"].tolist()
    (folder / "CheXpert-v1.0-small").rename(folder / "CheXpert-v1.0")
    assert load_chexpert_train(folder, DataSettings()).cases["case_id"].tolist() == expected
    first, last = (
        folder / "CheXpert-v1.0 batch 1 (validate & csv)",
        folder / "CheXpert-v1.0 batch 4 (train 3)",
    )
    (folder / "CheXpert-v1.0").rename(first)
    shutil.move(first / "train", last)
    assert load_chexpert_train(folder, DataSettings()).cases["case_id"].tolist() == expected
    assert len(load_chexpert_5x200(folder)) == 10


def test_phrases_hold_what_the_full_text_says(untouched):
    for path in (untouched / "mimic-eye").rglob("transcript.json"):
        spoken = json.loads(path.read_text())
        assert spoken["full_text"] == "".join(f" {one['phrase']}" for one in spoken["time_stamped_text"])
