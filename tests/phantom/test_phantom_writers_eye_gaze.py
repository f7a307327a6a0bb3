"""EYE GAZE (EGD-CXR) files against their documented format; lists and formulas are typed from the notes."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from egma_lib.phantom.writers.gazepoint import ScreenPicture

GAZE = [
    "SESSION_ID", "MEDIA_ID", "DICOM_ID", "CNT", "Time (in secs)", "TIMETICK(f=10000000)", "FPOGX", "FPOGY",
    "FPOGS", "FPOGD", "FPOGID", "FPOGV", "BPOGX", "BPOGY", "BPOGV", "LPCX", "LPCY", "LPD", "LPS", "LPV",
    "RPCX", "RPCY", "RPD", "RPS", "RPV", "BKID", "BKDUR", "BKPMIN", "LPMM", "LPMMV", "RPMM", "RPMMV",
    "SACCADE_MAG", "SACCADE_DIR", "VID_FRAME", "X_ORIGINAL", "Y_ORIGINAL",
]  # fmt: skip
MASTER_START = [
    "dicom_id", "path", "study_id", "patient_id", "stay_id", "gender", "anchor_age", "image_top_pad",
    "image_bottom_pad", "image_left_pad", "image_right_pad", "dx1", "dx1_icd",
]  # fmt: skip
MASTER_END = [
    "dx9", "dx9_icd", "normal_reports", "Normal", "CHF", "pneumonia", "consolidation",
    "enlarged_cardiac_silhouette", "linear__patchy_atelectasis", "lobar__segmental_collapse",
    "not_otherwise_specified_opacity___pleural__parenchymal_opacity__", "pleural_effusion_or_thickening",
    "pulmonary_edema__hazy_opacity", "normal_anatomically", "elevated_hemidiaphragm", "hyperaeration",
    "vascular_redistribution", "atelectasis__chx", "cardiomegaly__chx", "consolidation__chx", "edema__chx",
    "enlarged_cardiomediastinum__chx", "fracture__chx", "lung_lesion__chx", "lung_opacity__chx",
    "no_finding__chx", "pleural_effusion__chx", "pleural_other__chx", "pneumonia__chx", "pneumothorax__chx",
    "support_devices__chx", "cxr_exam_indication",
]  # fmt: skip


@pytest.fixture(scope="module")
def root(tiny_study) -> Path:
    return tiny_study.folder / "mimic-eye"


@pytest.fixture(scope="module")
def films(root) -> list[tuple[Path, pd.Series, pd.Series]]:
    """Return (EyeGaze folder, master sheet row, film table row) of every image read."""
    meta = pd.read_csv(root / "spreadsheets/cxr_meta.csv").set_index("dicom_id")
    found = []
    for path in sorted(root.glob("patient_*/EyeGaze/master_sheet.csv")):
        for _, row in pd.read_csv(path).iterrows():
            found.append((path.parent, row, meta.loc[row["dicom_id"]]))
    assert len(found) == 16
    return found


def published_mapping(fpog_x, fpog_y, sheet, film):
    """Map screen fractions to image pixels, one point at a time, as the notes give the formula."""
    left, right, top, bottom = (sheet[f"image_{side}_pad"] for side in ("left", "right", "top", "bottom"))
    ex, ey = fpog_x * 1920, fpog_y * 1080
    even_w, even_h = film["Columns"] + film["Columns"] % 2, film["Rows"] + film["Rows"] % 2
    if not (left < ex < 1920 - right and top < ey < 1080 - bottom):
        return int(even_w / (1920 - left - right) * -1), int(even_h / (1080 - top - bottom) * -1)
    return int(even_w / (1920 - left - right) * (ex - left)), int(even_h / (1080 - top - bottom) * (ey - top))


def test_master_sheet_has_59_columns_and_line_breaks_in_quotes(root, films):
    path = root / "spreadsheets/EyeGaze/master_sheet_with_updated_stayId.csv"
    with path.open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0][0] == ""
    assert len(rows[0]) == 60
    assert rows[0][1:14] == MASTER_START
    assert rows[0][-len(MASTER_END) :] == MASTER_END
    assert len(rows) == 1 + len(films)
    assert path.read_text().count("\n") > len(rows)
    patient = (films[0][0] / "master_sheet.csv").read_text().splitlines()[0]
    assert patient.split(",") == rows[0]


def test_master_sheet_cells_follow_the_notes(films):
    for _, sheet, film in films:
        assert sheet["Normal"] + sheet["CHF"] + sheet["pneumonia"] == 1
        assert sheet["path"] == (
            f"files/p{str(sheet['patient_id'])[:2]}/p{sheet['patient_id']}/s{sheet['study_id']}/"
            f"{sheet['dicom_id']}.dcm"
        )
        assert sheet["study_id"] == film["study_id"]
        low, _, high = sheet["anchor_age"].partition(" - ")
        assert int(high) == int(low) + 10


def test_padding_is_that_of_the_picture_shown(films):
    for _, sheet, film in films:
        pads = [sheet[f"image_{side}_pad"] for side in ("top", "bottom", "left", "right")]
        if (film["Rows"], film["Columns"]) == (3056, 2544):
            assert pads == [0, 0, 534, 534]
        elif (film["Rows"], film["Columns"]) == (2544, 3056):
            assert pads == [86, 86, 448, 448]
        longer = max(1024 - pads[0] - pads[1], 1920 - pads[2] - pads[3])
        assert longer == pytest.approx(1024, abs=1)


def test_gaze_tables_have_an_index_and_37_columns(root, films):
    paths = [films[0][0] / "eye_gaze.csv", films[0][0] / "fixations.csv"]
    paths += [root / f"spreadsheets/EyeGaze/{name}.csv" for name in ("fixations", "eye_gaze")]
    for path in paths:
        assert path.read_bytes().split(b"\n", 1)[0].decode().split(",") == ["", *GAZE]


def test_fixation_positions_follow_the_published_mapping(films):
    for folder, sheet, film in films:
        table = pd.read_csv(folder / "fixations.csv")
        table = table[table["DICOM_ID"] == sheet["dicom_id"]]
        expected = [published_mapping(*pair, sheet, film) for pair in table[["FPOGX", "FPOGY"]].to_numpy()]
        assert table[["X_ORIGINAL", "Y_ORIGINAL"]].to_numpy().tolist() == [list(pair) for pair in expected]


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        pytest.param(0.5, 0.5, (1272, 1528), id="the_example_row_of_the_notes"),
        pytest.param(0.1, 0.5, (-2, -2), id="left_of_the_film"),
        pytest.param(0.5, 1.2, (-2, -2), id="below_the_screen"),
        pytest.param(534 / 1920, 0.5, (-2, -2), id="the_edge_is_outside"),
    ],
)
def test_mapping_by_hand_for_a_portrait_film(x, y, expected):
    picture = ScreenPicture.of_frame(3056, 2544)
    assert tuple(int(v) for v in picture.to_original(np.float64(x), np.float64(y))) == expected


def test_small_films_give_minus_one_off_the_image():
    picture = ScreenPicture.of_frame(1500, 1300)
    assert tuple(int(v) for v in picture.to_original(np.float64(0.0), np.float64(0.5))) == (-1, -1)


def test_screen_and_film_mapping_undo_each_other():
    picture = ScreenPicture.of_frame(2701, 2333)
    x_px, y_px = np.array([10.0, 1200.0, 2300.0]), np.array([5.0, 1300.0, 2690.0])
    back = picture.to_original(*picture.to_screen(x_px, y_px))
    assert np.abs(back[0] - x_px).max() <= 1
    assert np.abs(back[1] - y_px).max() <= 1


def test_time_is_that_of_60_hz_and_restarts_for_every_film(films):
    for folder, sheet, _ in films:
        table = pd.read_csv(folder / "eye_gaze.csv")
        one = table[table["DICOM_ID"] == sheet["dicom_id"]]
        time_s = one["Time (in secs)"].to_numpy()
        assert (np.diff(time_s) > 0).all()
        assert np.median(np.diff(time_s)) == pytest.approx(1 / 60, rel=0.02)
        assert time_s[0] < 0.1
        assert (np.diff(one["TIMETICK(f=10000000)"]) > 0).all()
        assert one["SESSION_ID"].nunique() == one["MEDIA_ID"].nunique() == 1
        assert one["CNT"].is_monotonic_increasing
        assert set(one["BPOGV"]) <= {0, 1}


def test_the_clock_is_written_as_plain_decimal_text(films):
    with (films[0][0] / "eye_gaze.csv").open(newline="") as file:
        ticks = [row["TIMETICK(f=10000000)"] for row in csv.DictReader(file)]
    assert all(tick.endswith(".0") and tick[:-2].isdigit() for tick in ticks)


def test_fixations_end_at_their_time_and_repeat_the_running_fixation(films):
    for folder, sheet, _ in films:
        fixations = pd.read_csv(folder / "fixations.csv")
        fixations = fixations[fixations["DICOM_ID"] == sheet["dicom_id"]]
        assert 6 <= len(fixations) <= 151
        ends = fixations["FPOGS"] + fixations["FPOGD"]
        assert np.allclose(ends, fixations["Time (in secs)"], atol=1.5e-5)
        assert (fixations["FPOGV"] == 1).all()
        assert fixations["FPOGID"].tolist() == list(range(1, len(fixations) + 1))
        samples = pd.read_csv(folder / "eye_gaze.csv")
        number = fixations["FPOGID"].iloc[3]
        held = samples[(samples["DICOM_ID"] == sheet["dicom_id"]) & (samples["FPOGID"] == number)]
        valid = held[(held["FPOGV"] == 1) & (held["BPOGV"] == 1)]
        assert valid["BPOGX"].mean() == pytest.approx(fixations["FPOGX"].iloc[3], abs=2e-5)
        assert valid["BPOGY"].mean() == pytest.approx(fixations["FPOGY"].iloc[3], abs=2e-5)


def test_saccade_size_is_the_step_between_fixations(films):
    folder, sheet, _ = films[0]
    table = pd.read_csv(folder / "fixations.csv")
    table = table[table["DICOM_ID"] == sheet["dicom_id"]]
    for before, after in zip(table.iloc[2:6].itertuples(), table.iloc[3:7].itertuples(), strict=True):
        # The step is measured when the new fixation begins, so its later drift is not in it.
        step = math.hypot((after.FPOGX - before.FPOGX) * 1920, (after.FPOGY - before.FPOGY) * 1080)
        assert abs(after.SACCADE_MAG - step) < 60
        assert 0 <= after.SACCADE_DIR < 360


def test_spreadsheets_hold_the_fixations_twice_and_calibration_rows(root, films):
    sheets = root / "spreadsheets/EyeGaze"
    assert (sheets / "fixations.csv").read_bytes() == (sheets / "eye_gaze.csv").read_bytes()
    table = pd.read_csv(sheets / "fixations.csv")
    known = {sheet["dicom_id"] for _, sheet, _ in films}
    strange = set(table["DICOM_ID"]) - known
    assert len(strange) == 1
    assert all(name[:39] in {one[:39] for one in known} for name in strange)
    for folder in {folder for folder, _, _ in films}:
        assert set(pd.read_csv(folder / "eye_gaze.csv")["DICOM_ID"]) <= known
        assert set(pd.read_csv(folder / "fixations.csv")["DICOM_ID"]) <= known


def test_boxes_have_both_x_before_both_y(films):
    for folder, sheet, film in films:
        table = pd.read_csv(folder / "bounding_boxes.csv")
        assert list(table.columns[1:]) == ["dicom_id", "bbox_name", "x1", "x2", "y1", "y2"]
        table = table[table["dicom_id"] == sheet["dicom_id"]]
        assert len(table) == 17
        assert (table["x1"] < table["x2"]).all()
        assert (table["y1"] < table["y2"]).all()
        assert table["x2"].max() <= film["Columns"] * 1.01
        assert table["y2"].max() <= film["Rows"] * 1.01
        heart = table.set_index("bbox_name").loc["cardiac silhouette"]
        assert heart["x2"] > film["Columns"] / 2 > heart["x1"]


def transcripts(root):
    return {
        path.parent.name: json.loads(path.read_text())
        for path in root.glob("patient_*/EyeGaze/audio_segmentation_transcripts/*/transcript.json")
    }


def test_transcripts_have_two_and_three_keys_and_periods_on_words(root, films):
    found = transcripts(root)
    assert set(found) == {sheet["dicom_id"] for _, sheet, _ in films}
    several, total = 0, 0
    for content in found.values():
        assert set(content) == {"full_text", "time_stamped_text"}
        phrases = content["time_stamped_text"]
        assert content["full_text"] == "".join(f" {one['phrase']}" for one in phrases)
        assert content["full_text"] == content["full_text"].lower()
        assert content["full_text"].isascii()
        assert " ." not in content["full_text"]
        for one in phrases:
            assert set(one) == {"begin_time", "end_time", "phrase"}
            assert float(one["begin_time"]) <= float(one["end_time"])
            assert round(float(one["begin_time"]) * 10) == pytest.approx(float(one["begin_time"]) * 10)
        several += sum(" " in one["phrase"] for one in phrases)
        total += len(phrases)
    assert 0 < several / total < 0.12


def test_one_time_is_text_one_is_whole_and_one_transcript_is_empty(root):
    found = transcripts(root).values()
    times = [
        one[key]
        for content in found
        for one in content["time_stamped_text"]
        for key in ("begin_time", "end_time")
    ]
    assert sum(isinstance(value, str) for value in times) == 1
    assert sum(isinstance(value, int) for value in times) == 1
    empty = [content for content in found if not content["time_stamped_text"]]
    assert empty == [{"full_text": "", "time_stamped_text": []}]
