"""Single faults in what the two pretraining corpora are read from: films, reports, tables and ellipses."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from real_tree_common import dicom, study, subject
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
)

from egma_lib.datasets.image_cache import build_image_cache
from egma_lib.datasets.mimic_cxr import load_report_corpus
from egma_lib.datasets.mimic_eye import load_gaze_corpus, load_gaze_labels
from egma_lib.errors import EgmaError
from egma_lib.gaze import build_gaze_artefact
from egma_lib.settings import load_settings

JPG, REPORTS, EYE = "mimic-cxr-jpg/2.1.0", "mimic-cxr/2.0.0", "mimic-eye/1.0.0"
PLACE = f"files/p99/p{subject(2001)}"
META, SPLIT = f"{JPG}/mimic-cxr-2.0.0-metadata.csv.gz", f"{JPG}/mimic-cxr-2.0.0-split.csv.gz"
REPORT, FILM = f"{REPORTS}/{PLACE}/s{study(2001)}.txt", f"{JPG}/{PLACE}/s{study(2001)}/{dicom(2001)}.jpg"
EYE_META, EYE_LABELS = f"{EYE}/spreadsheets/cxr_meta.csv", f"{EYE}/spreadsheets/CXR-JPG/cxr_chexpert.csv"
EYE_FILM = f"{EYE}/patient_{subject(10)}/CXR-JPG/s{study(10)}/{dicom(10)}.jpg"
ELLIPSES = f"{EYE}/patient_{subject(1)}/REFLACX/main_data/P102R000001/anomaly_location_ellipses.csv"

REPORT_SETS = [
    ("metadata_lack_a_column", META, drop("ViewPosition"), "lacks the column 'ViewPosition'"),
    ("metadata_have_a_column_renamed", META, rename("dicom_id", "DicomID"), "lacks the column 'dicom_id'"),
    ("metadata_are_cut_mid_row", META, cut_mid_row(), "fields and the header 12; the file is cut short"),
    ("metadata_are_a_broken_archive", META, cut_bytes(), "not a readable csv table.*download it again"),
    (
        "metadata_are_no_archive",
        META,
        lambda path: path.write_bytes(b"dicom_id\n"),
        "not a readable csv table",
    ),
    ("metadata_have_no_byte", META, empty, "not a readable csv table"),
    ("metadata_have_no_row", META, header_only(), "a header and no row"),
    ("metadata_hold_text_for_rows", META, cell("Rows", "tall"), "column 'Rows': got tall, must be a number"),
    ("metadata_hold_zero_rows", META, cell("Rows", "0"), "column 'Rows': got 0.0, must be positive"),
    ("metadata_list_a_film_twice", META, repeat_row(), "dicom_id .* occurs twice; keep one"),
    (
        "metadata_name_an_unknown_patient",
        META,
        cell("subject_id", "99999999"),
        "p99999999.*complete the download",
    ),
    ("metadata_are_separated_by_semicolons", META, separator(";"), "lacks the column 'dicom_id'"),
    ("split_lacks_a_film", SPLIT, cell("dicom_id", dicom(77)), "no row for film"),
    ("split_names_another_part", SPLIT, cell("split", "valid"), "column 'split': got valid, must be one of"),
    ("split_lists_a_film_twice", SPLIT, repeat_row(split="validate"), "dicom_id .* occurs twice; keep one"),
    ("split_is_cut_mid_row", SPLIT, cut_mid_row(), "fields and the header 4"),
    ("a_report_is_missing", REPORT, remove, "report not found.*mimic-cxr-reports.zip"),
    ("a_report_is_utf_16", REPORT, encode("utf-16"), "report is not UTF-8 text"),
    (
        "a_report_is_latin_1",
        REPORT,
        content(lambda data: data + "\n 5 \u00b5m".encode("latin-1")),
        "not UTF-8 text",
    ),
    ("a_film_is_missing", FILM, remove, "file not found, though.*complete the download"),
    ("a_film_has_no_byte", FILM, empty, "not a readable picture.*fetch it again"),
    ("a_film_is_cut_short", FILM, cut_bytes(0.5), "not a readable picture.*fetch it again"),
]
EYE_SETS = [
    ("frames_lack_a_column", EYE_META, drop("study_id"), "lacks the column 'study_id'"),
    ("frames_lack_an_image", EYE_META, swap(dicom(10), dicom(77)), "no row for image .*complete the table"),
    ("frames_disagree", EYE_META, repeat_row(Rows="100"), "dicom_id .* occurs twice; keep one"),
    ("frames_are_cut_mid_row", EYE_META, cut_mid_row(), "fields and the header 17"),
    (
        "the_patient_is_unknown",
        EYE_META,
        cell("subject_id", "99999999"),
        "patient_99999999.*complete the download",
    ),
    ("the_film_is_missing", EYE_FILM, remove, "file not found, though cxr_meta.csv lists it"),
    ("the_film_has_no_byte", EYE_FILM, empty, "not a readable picture.*fetch it again"),
    (
        "the_film_is_of_another_shape",
        EYE_FILM,
        lambda path: shutil.copyfile(
            path.parents[3] / f"patient_{subject(11)}/CXR-JPG/s{study(11)}/{dicom(11)}.jpg", path
        ),
        "382 x 318|318 x 382",
    ),
    ("the_ellipses_are_missing", ELLIPSES, remove, "file not found"),
    ("the_ellipses_have_no_byte", ELLIPSES, empty, "not a readable csv table"),
    ("the_ellipses_lack_the_certainty", ELLIPSES, drop("certainty"), "lacks the column 'certainty'"),
    (
        "a_certainty_is_9",
        ELLIPSES,
        cell("certainty", "9"),
        "column 'certainty': got 9.0, must be within 0 to 5",
    ),
    ("an_ellipse_has_a_blank_end", ELLIPSES, cell("xmin", ""), "column 'xmin': got an empty cell"),
    ("an_ellipse_is_inside_out", ELLIPSES, cell("xmin", "999"), "xmax, ymax must be greater than xmin, ymin"),
    (
        "an_ellipse_label_is_a_word",
        ELLIPSES,
        cell("Pleural effusion", "yes"),
        "got 'yes', must be True or False",
    ),
    (
        "the_ellipses_have_no_label",
        ELLIPSES,
        content(lambda data: b"xmin,ymin,xmax,ymax,certainty\r\n1,1,9,9,5\r\n"),
        "none of its columns is a label",
    ),
    ("labels_lack_a_class", EYE_LABELS, rename("Edema", "Oedema"), "lacks the column 'Edema'"),
    ("labels_hold_3", EYE_LABELS, cell("Edema", "3.0"), "column 'Edema': got 3.0, must be one of 1, 0, -1"),
    ("labels_disagree", EYE_LABELS, repeat_row(Fracture="1.0"), "two rows with different labels; keep one"),
]


@pytest.fixture(scope="session")
def gaze(untouched, tmp_path_factory):
    settings, results = load_settings("smoke", {}), tmp_path_factory.mktemp("gaze")
    return build_gaze_artefact(
        untouched / "mimic-eye", settings, results, "untouched", jobs=1, progress=False
    )


def load_reports(root: Path, cache: Path):
    corpus = load_report_corpus(root / "mimic-cxr-jpg", root / "mimic-cxr", 0.1)
    build_image_cache(corpus.samples["image_path"].tolist(), 32, cache, jobs=1, progress=False)
    return corpus


def load_eye(root: Path, cache: Path, gaze):
    corpus = load_gaze_corpus(root / "mimic-eye", gaze, 0.1)
    build_image_cache(corpus.samples["image_path"].tolist(), 32, cache, jobs=1, progress=False)
    return corpus, load_gaze_labels(root / "mimic-eye", corpus)


@pytest.mark.parametrize(
    ("file", "edit", "message"), [pytest.param(*rest, id=name) for name, *rest in REPORT_SETS]
)
def test_a_single_fault_in_the_reports_or_their_films_is_refused(part_of, plant, file, edit, message):
    root = part_of("mimic-cxr-jpg", "mimic-cxr")
    plant(root / file, edit)
    with pytest.raises(EgmaError, match=f"(?s){message}") as caught:
        load_reports(root, root / "cache")
    assert Path(file).name in str(caught.value)


@pytest.mark.parametrize(
    ("file", "edit", "message"), [pytest.param(*rest, id=name) for name, *rest in EYE_SETS]
)
def test_a_single_fault_in_what_belongs_to_the_readings_is_refused(part_of, plant, gaze, file, edit, message):
    root = part_of("mimic-eye")
    plant(root / file, edit)
    with pytest.raises(EgmaError, match=f"(?s){message}") as caught:
        load_eye(root, root / "cache", gaze)
    assert Path(file).name in str(caught.value)


def test_the_untouched_corpora_load_whole(untouched, tmp_path, gaze):
    reports = load_reports(untouched, tmp_path / "reports")
    assert (len(reports), reports.samples["split"].value_counts().to_dict()) == (
        9,
        {"train": 8, "validation": 1},
    )
    corpus, labels = load_eye(untouched, tmp_path / "eye", gaze)
    assert len(corpus) == len(labels) == 10
    assert set(corpus.samples["source"]) == {"reflacx", "eye_gaze"}
    assert gaze.excluded["reason"].tolist() == [
        "eye-tracking data discarded by the authors of the data", "the transcript has no sentence",
    ]  # fmt: skip


def test_the_tree_may_lie_two_levels_down(untouched, tmp_path, gaze):
    shutil.copytree(untouched / EYE, tmp_path / "mimic-eye/1.0.0/mimic-eye")
    corpus, _ = load_eye(tmp_path, tmp_path / "cache", gaze)
    assert len(corpus) == 10
