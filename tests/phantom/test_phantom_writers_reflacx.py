"""REFLACX readings against their documented format; column lists are typed from docs/data-formats.md."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

LEADING = [
    "id", "split", "eye_tracking_data_discarded", "image", "dicom_id", "subject_id", "image_size_x",
    "image_size_y",
]  # fmt: skip
PHASE_1 = [
    "Airway wall thickening", "Atelectasis", "Consolidation", "Emphysema", "Enlarged cardiac silhouette",
    "Fibrosis", "Fracture", "Groundglass opacity", "Mass", "Nodule", "Other", "Pleural effusion",
    "Pleural thickening", "Pneumothorax", "Pulmonary edema", "Quality issue", "Support devices",
    "Wide mediastinum",
]  # fmt: skip
LATER = [
    "Abnormal mediastinal contour", "Acute fracture", "Atelectasis", "Consolidation",
    "Enlarged cardiac silhouette", "Enlarged hilum", "Groundglass opacity", "Hiatal hernia",
    "High lung volume / emphysema", "Interstitial lung disease", "Lung nodule or mass", "Other",
    "Pleural abnormality", "Pneumothorax", "Pulmonary edema", "Support devices",
]  # fmt: skip
SHARED = [
    "x_position", "y_position", "pupil_area_normalized", "angular_resolution_x_pixels_per_degree",
    "angular_resolution_y_pixels_per_degree", "window_width", "window_level", "xmin_shown_from_image",
    "ymin_shown_from_image", "xmax_shown_from_image", "ymax_shown_from_image", "xmin_in_screen_coordinates",
    "ymin_in_screen_coordinates", "xmax_in_screen_coordinates", "ymax_in_screen_coordinates",
]  # fmt: skip
DISPLAY = SHARED[5:]


@pytest.fixture(scope="module")
def root(tiny_study) -> Path:
    return tiny_study.folder / "mimic-eye"


@pytest.fixture(scope="module")
def metadata(root) -> pd.DataFrame:
    return pd.read_csv(root / "spreadsheets/REFLACX/metadata.csv")


@pytest.fixture(scope="module")
def usable(root, metadata) -> list[tuple[Path, Path, object]]:
    """Return (main folder, gaze file, metadata row) of every usable reading."""
    return [
        (
            root / f"patient_{row.subject_id}/REFLACX/main_data/{row.id}",
            root / f"patient_{row.subject_id}/REFLACX/gaze_data/{row.id}/gaze.csv",
            row,
        )
        for row in metadata[~metadata["eye_tracking_data_discarded"]].itertuples()
    ]


def lines(path: Path) -> list[str]:
    content = path.read_bytes().decode()
    assert content.endswith("\r\n")
    assert content.count("\n") == content.count("\r\n"), f"{path.name} has bare line feeds"
    return content.split("\r\n")[:-1]


def test_metadata_has_34_columns_after_the_index_and_blanks_per_phase(metadata):
    only_later = [name for name in LATER if name not in PHASE_1]
    assert list(metadata.columns) == ["Unnamed: 0", *LEADING, *PHASE_1, *only_later]
    assert len(metadata.columns) == 35
    phase = metadata["id"].str[1].astype(int)
    only_phase_1 = [name for name in PHASE_1 if name not in LATER]
    assert metadata.loc[phase == 1, only_later].isna().all(axis=None)
    assert metadata.loc[phase > 1, only_phase_1].isna().all(axis=None)
    assert metadata.loc[phase == 1, [n for n in PHASE_1 if n != "Other"]].notna().all(axis=None)
    assert metadata.loc[phase > 1, [n for n in LATER if n != "Other"]].notna().all(axis=None)


def test_readings_phases_and_index_follow_the_real_tables(metadata):
    assert metadata["id"].str.fullmatch(r"P[123]\d\dR\d{6}").all()
    assert metadata["id"].is_unique
    phase = metadata["id"].str[1].astype(int)
    assert (metadata.loc[phase == 3, "id"].str[2:4] == "00").all()
    assert phase.is_monotonic_increasing
    for number in (1, 2, 3):
        assert metadata.loc[phase == number, "Unnamed: 0"].tolist() == list(range((phase == number).sum()))
    readers = metadata.groupby("dicom_id").size()
    assert readers[readers > 1].between(3, 5).all()
    assert (readers > 1).sum() == 2
    assert metadata["eye_tracking_data_discarded"].groupby(phase).sum().tolist() == [1, 1, 0]


def test_image_path_and_sizes_agree_with_the_film_table(root, metadata):
    meta = pd.read_csv(root / "spreadsheets/cxr_meta.csv").set_index("dicom_id")
    for row in metadata.itertuples():
        film = meta.loc[row.dicom_id]
        assert row.image == (
            f"physionet.org/files/mimic-cxr/2.0.0/files/p{str(row.subject_id)[:2]}/p{row.subject_id}/"
            f"s{film.study_id}/{row.dicom_id}.dcm"
        )
        assert (row.image_size_x, row.image_size_y) == (film.Columns, film.Rows)


def test_discarded_readings_have_box_and_ellipses_only(root, metadata):
    for row in metadata[metadata["eye_tracking_data_discarded"]].itertuples():
        folder = root / f"patient_{row.subject_id}/REFLACX"
        assert {path.name for path in (folder / "main_data" / row.id).iterdir()} == {
            "chest_bounding_box.csv", "anomaly_location_ellipses.csv",
        }  # fmt: skip
        assert not (folder / "gaze_data" / row.id).exists()


def test_gaze_has_16_columns_even_time_steps_and_blank_blinks(tiny_study, usable):
    step = round(1 / tiny_study.settings.sampling_hz_reflacx, 3)
    missing = 0
    for _, path, _ in usable:
        text = lines(path)
        assert text[0].split(",") == ["timestamp_sample", *SHARED]
        table = pd.read_csv(io.StringIO("\n".join(text)))
        assert np.allclose(np.diff(table["timestamp_sample"]), step)
        assert 15 < table["timestamp_sample"].iloc[-1] < 40
        blank = table["x_position"].isna()
        missing += blank.sum()
        measured = SHARED[:5]
        assert (table[measured].isna().all(axis=1) == blank).all()
        assert table[DISPLAY].notna().all(axis=None)
    assert missing > 0


def test_gaze_cells_have_the_published_decimals(usable):
    _, path, _ = usable[0]
    for line in lines(path)[1:200]:
        cells = line.split(",")
        assert [len(cells[i].partition(".")[2]) for i in (0, 6, 7)] == [3, 5, 5]
        if cells[1]:
            assert len(cells[3].partition(".")[2]) == 3
            assert all(cells[i].lstrip("-").isdigit() for i in (1, 2, 4, 5, *range(8, 16)))


def test_vendor_fixations_follow_the_samples(usable):
    for main, path, _ in usable:
        text = lines(main / "fixations.csv")
        assert text[0].split(",") == ["timestamp_start_fixation", "timestamp_end_fixation", *SHARED]
        fixations = pd.read_csv(io.StringIO("\n".join(text)))
        assert len(fixations) > 20
        assert (fixations["timestamp_end_fixation"] - fixations["timestamp_start_fixation"] >= 0.049).all()
        assert fixations["timestamp_start_fixation"].is_monotonic_increasing
        samples = pd.read_csv(path)
        one = fixations.iloc[len(fixations) // 2]
        inside = samples["timestamp_sample"].between(one.iloc[0], one.iloc[1])
        resolution = one["angular_resolution_x_pixels_per_degree"]
        for axis in ("x_position", "y_position"):
            assert abs(samples.loc[inside, axis].mean() - one[axis]) < 0.35 * resolution


def test_true_fixations_and_events_are_kept_aside(tiny_study, usable):
    for _, path, row in usable[:2]:
        events = pd.read_parquet(tiny_study.folder / f"truth/events/{row.id}.parquet")
        samples = pd.read_csv(path)
        assert len(events) == len(samples)
        assert set(events["event"]) <= {"fixation", "saccade", "pso", "blink", "lost"}
        unseen = events["event"].isin(["blink", "lost"]).to_numpy()
        assert (samples["x_position"].isna().to_numpy() <= unseen).all()
        fixations = pd.read_parquet(tiny_study.folder / f"truth/events/{row.id}_fixations.parquet")
        assert list(fixations.columns[:5]) == ["onset_s", "offset_s", "x_px", "y_px", "target"]


def test_transcription_is_the_words_joined(usable):
    for main, _, _ in usable:
        rows = list(csv.reader(lines(main / "timestamps_transcription.csv")))
        assert rows[0] == ["word", "timestamp_start_word", "timestamp_end_word"]
        words = [row[0] for row in rows[1:]]
        assert words[-1] == "."
        assert all(word == word.lower() and " " not in word for word in words)
        assert not any(len(word) > 1 and word[-1] in ".," for word in words)
        starts, ends = (np.array([float(row[i]) for row in rows[1:]]) for i in (1, 2))
        assert (starts <= ends).all()
        assert (np.diff(starts) >= 0).all()
        assert all(len(row[1].partition(".")[2]) == 2 for row in rows[1:])
        text = (main / "transcription.txt").read_bytes().decode()
        assert not text.endswith("\n")
        assert text.replace(".", " .").replace(",", " ,") == " ".join(words)


def test_ellipses_and_chest_box_lie_in_the_frame(root, metadata):
    boxes = 0
    for row in metadata.itertuples():
        main = root / f"patient_{row.subject_id}/REFLACX/main_data/{row.id}"
        table = pd.read_csv(io.StringIO("\n".join(lines(main / "anomaly_location_ellipses.csv"))))
        labels = PHASE_1 if row.id[1] == "1" else LATER
        assert list(table.columns) == ["xmin", "ymin", "xmax", "ymax", "certainty", *labels]
        boxes += len(table)
        assert table["certainty"].between(1, 5).all()
        assert (table["xmin"] < table["xmax"]).all()
        assert (table["ymin"] < table["ymax"]).all()
        assert table[["xmin", "ymin"]].ge(0).all(axis=None)
        assert table["xmax"].le(row.image_size_x).all()
        assert table["ymax"].le(row.image_size_y).all()
        assert table[labels].any(axis=1).all(), "each ellipse has a label"
        chest = pd.read_csv(io.StringIO("\n".join(lines(main / "chest_bounding_box.csv"))))
        assert list(chest.columns) == ["xmin", "ymin", "xmax", "ymax"]
        assert len(chest) == 1
    assert boxes > 0


def test_certainty_in_metadata_is_the_readers_largest(root, metadata):
    for index, row in metadata.iterrows():
        main = root / f"patient_{row['subject_id']}/REFLACX/main_data/{row['id']}"
        table = pd.read_csv(main / "anomaly_location_ellipses.csv")
        for label in ("Atelectasis", "Pneumothorax", "Pulmonary edema", "Enlarged cardiac silhouette"):
            drawn = table.loc[table[label], "certainty"]
            assert metadata.loc[index, label] == (drawn.max() if len(drawn) else 0.0)
