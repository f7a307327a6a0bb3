"""RSNA and SIIM files against their documented formats, with decoders of the tests' own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pydicom
import pytest

from egma_lib.phantom.writers.images import component_boxes
from egma_lib.phantom.writers.siim import encode_runs


def decode(text: str, rows: int, columns: int) -> np.ndarray:
    """Decode "gap length" pairs pixel by pixel, down the columns."""
    mask = np.zeros((rows, columns), dtype=bool)
    position = 0
    numbers = [int(number) for number in text.split()]
    for gap, length in zip(numbers[0::2], numbers[1::2], strict=True):
        position += gap
        for _ in range(length):
            mask[position % rows, position // rows] = True
            position += 1
    return mask


@pytest.fixture(scope="module")
def rsna(tiny_study) -> Path:
    return tiny_study.folder / "rsna"


@pytest.fixture(scope="module")
def siim(tiny_study) -> Path:
    return tiny_study.folder / "siim"


def truth_masks(tiny_study, corpus, name, case_id):
    with np.load(tiny_study.folder / f"truth/masks/{corpus}/{case_id}.npz") as stored:
        return stored["coverage"][list(stored["names"]).index(name)] / 255


def test_rsna_labels_have_boxes_or_blanks(rsna):
    lines = (rsna / "stage_2_train_labels.csv").read_text().splitlines()
    assert lines[0] == "patientId,x,y,width,height,Target"
    assert any(line.endswith(",,,,,0") for line in lines)
    table = pd.read_csv(rsna / "stage_2_train_labels.csv", dtype=str)
    assert table["patientId"].nunique() == 40
    positive = table[table["Target"] == "1"]
    assert positive["patientId"].nunique() == 9
    assert positive[["x", "y", "width", "height"]].map(lambda cell: cell.endswith(".0")).all(axis=None)
    boxes = positive[["x", "y", "width", "height"]].astype(float)
    assert (boxes["x"] + boxes["width"] <= 96).all()
    assert (boxes["y"] + boxes["height"] <= 96).all()
    assert positive.groupby("patientId").size().max() <= 4
    assert not set(positive["patientId"]) & set(table.loc[table["Target"] == "0", "patientId"])


def test_rsna_classes_repeat_per_box_row_and_agree_with_the_target(rsna):
    labels = pd.read_csv(rsna / "stage_2_train_labels.csv")
    classes = pd.read_csv(rsna / "stage_2_detailed_class_info.csv")
    assert list(classes.columns) == ["patientId", "class"]
    assert classes["patientId"].tolist() == labels["patientId"].tolist()
    assert set(classes["class"]) == {"Normal", "No Lung Opacity / Not Normal", "Lung Opacity"}
    assert ((classes["class"] == "Lung Opacity") == (labels["Target"] == 1)).all()


def test_rsna_boxes_hold_the_true_mask(tiny_study, rsna):
    labels = pd.read_csv(rsna / "stage_2_train_labels.csv")
    for patient, rows in labels[labels["Target"] == 1].groupby("patientId"):
        coverage = truth_masks(tiny_study, "rsna", "Pneumonia", patient)
        inside = np.zeros((96, 96))
        for row in rows.itertuples():
            inside[int(row.y) : int(row.y + row.height), int(row.x) : int(row.x + row.width)] = 1
        centres = ((np.arange(56) + 0.5) * 96 / 56).astype(int)
        assert (coverage * inside[np.ix_(centres, centres)]).sum() > 0.85 * coverage.sum()


def test_rsna_test_films_are_listed_without_labels(rsna):
    table = pd.read_csv(rsna / "stage_2_sample_submission.csv")
    assert list(table.columns) == ["patientId", "PredictionString"]
    assert set(table["patientId"]) == {path.stem for path in (rsna / "stage_2_test_images").iterdir()}
    train = {path.stem for path in (rsna / "stage_2_train_images").iterdir()}
    assert train == set(pd.read_csv(rsna / "stage_2_train_labels.csv")["patientId"])


def test_dicom_files_are_square_eight_bit_and_of_several_kinds(rsna, siim):
    kinds = set()
    for path in [*rsna.rglob("*.dcm"), *siim.rglob("*.dcm")]:
        film = pydicom.dcmread(path)
        assert (film.Rows, film.Columns, film.BitsStored) == (96, 96, 8)
        assert film.ViewPosition in {"PA", "AP"}
        assert len(film.PatientID) == 36
        pixels = film.pixel_array
        assert pixels.dtype == np.uint8
        assert pixels.std() > 10
        kinds.add((film.PhotometricInterpretation, film.file_meta.TransferSyntaxUID.name))
    assert {kind for kind, _ in kinds} == {"MONOCHROME1", "MONOCHROME2"}
    assert {syntax for _, syntax in kinds} == {"JPEG Baseline (Process 1)", "Explicit VR Little Endian"}


def test_inverted_films_are_bright_where_the_others_are_dark(rsna, siim):
    corners = {"MONOCHROME1": [], "MONOCHROME2": []}
    for path in [*rsna.rglob("*.dcm"), *siim.rglob("*.dcm")]:
        film = pydicom.dcmread(path)
        # Lung against mediastinum at half height.
        pixels = film.pixel_array.astype(float)
        corners[film.PhotometricInterpretation].append(
            pixels[40:55, 44:52].mean() - pixels[30:45, 26:34].mean()
        )
    assert np.median(corners["MONOCHROME2"]) > 20
    assert np.median(corners["MONOCHROME1"]) < -20


def test_siim_header_and_negatives_keep_their_leading_space(siim):
    lines = (siim / "train-rle.csv").read_text().splitlines()
    assert lines[0] == "ImageId, EncodedPixels"
    values = {line.partition(",")[2] for line in lines[1:]}
    assert " -1" in values
    assert all(value.startswith(" ") for value in values)


def test_siim_tree_is_study_series_image(siim):
    table = pd.read_csv(siim / "train-rle.csv")
    paths = list((siim / "dicom-images-train").glob("*/*/*.dcm"))
    assert {path.stem for path in paths} == set(table["ImageId"])
    assert len(paths) == 40
    for path in paths[:5]:
        film = pydicom.dcmread(path, stop_before_pixels=True)
        assert (film.StudyInstanceUID, film.SeriesInstanceUID, film.SOPInstanceUID) == (
            path.parent.parent.name, path.parent.name, path.stem,
        )  # fmt: skip


def test_siim_masks_decode_to_the_true_ones(tiny_study, siim):
    table = pd.read_csv(siim / "train-rle.csv")
    table.columns = table.columns.str.strip()
    positive = table[table["EncodedPixels"].str.strip() != "-1"]
    assert positive["ImageId"].nunique() == 8
    for image, rows in positive.groupby("ImageId"):
        mask = np.any([decode(text, 96, 96) for text in rows["EncodedPixels"]], axis=0)
        coverage = truth_masks(tiny_study, "siim", "Pneumothorax", image)
        assert mask.mean() == pytest.approx(coverage.mean(), rel=0.05)
        rows_of_mask, columns_of_mask = np.nonzero(mask)
        y, x = np.indices(coverage.shape) + 0.5
        assert rows_of_mask.mean() / 96 == pytest.approx((y * coverage).sum() / coverage.sum() / 56, abs=0.02)
        assert columns_of_mask.mean() / 96 == pytest.approx(
            (x * coverage).sum() / coverage.sum() / 56, abs=0.02
        )


def test_runs_by_hand():
    mask = np.array([[0, 1, 0], [1, 1, 0]], dtype=bool)
    # Down the columns: 0 1 | 1 1 | 0 0, so one run of three after a gap of one.
    assert encode_runs(mask) == "1 3"
    mask = np.array([[1, 0, 0], [0, 0, 1]], dtype=bool)
    assert encode_runs(mask) == "0 1 4 1"


@pytest.mark.parametrize("seed", range(5))
def test_any_mask_survives_encoding(seed):
    mask = np.random.default_rng(seed).random((7, 5)) < 0.5
    assert np.array_equal(decode(encode_runs(mask), 7, 5), mask)


def test_boxes_of_parts_are_largest_first_without_specks():
    mask = np.zeros((10, 12), dtype=bool)
    mask[1:3, 1:4] = True
    mask[5:9, 4:10] = True
    mask[0, 11] = True
    assert component_boxes(mask) == [(4, 5, 10, 9), (1, 1, 4, 3)]
    assert component_boxes(np.zeros((4, 4), dtype=bool)) == []
