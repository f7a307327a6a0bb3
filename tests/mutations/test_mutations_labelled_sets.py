"""Single faults in the labelled sets: each is refused with the file's name, the fault and what to do."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from real_tree_common import film, write_dicom, write_jpg
from real_tree_edits import (
    cell,
    cut_bytes,
    cut_mid_row,
    drop,
    empty,
    encode,
    header_only,
    records,
    remove,
    rename,
    repeat_row,
    separator,
    swap,
)

from egma_lib.datasets.chexpert import (
    load_chexpert_5x200,
    load_chexpert_8x200,
    load_chexpert_train,
    load_chexpert_valid,
)
from egma_lib.datasets.pixels import read_film
from egma_lib.datasets.rsna import load_rsna
from egma_lib.datasets.siim import load_siim
from egma_lib.errors import EgmaError
from egma_lib.settings import DataSettings

FIVE, TRAIN = "chexpert_5x200.csv", "CheXpert-v1.0-small/train.csv"
QUERY, CANDIDATE = "chexpert_8x200/text-retrieval/query.csv", "chexpert_8x200/text-retrieval/candidate.csv"
FILM = "CheXpert-v1.0-small/train/patient90000/study1/view1_frontal.jpg"
LABELS, RLE = "stage_2_train_labels.csv", "train-rle.csv"
BOXED, CLEAR = "00000000-0000-4000-8000-000000000000", "00000000-0000-4000-8000-000000000001"
RSNA_FILM = f"stage_2_train_images/{BOXED}.dcm"
SIIM_FOLDER = "dicom-images-train/1.2.276.0.7230010.3.1.2.8323329.99999.1517875299.100000/"
SIIM_FOLDER += "1.2.276.0.7230010.3.1.3.8323329.99999.1517875299.100000"
SIIM_FILM = f"{SIIM_FOLDER}/1.2.276.0.7230010.3.1.4.8323329.99999.1517875299.100000.dcm"
FIRST_PATH = "CheXpert-v1.0/train/patient90000/study1/view1_frontal.jpg"


def load_chexpert(folder):
    tables = [load_chexpert_5x200(folder), load_chexpert_8x200(folder)[0]]
    return [*tables, load_chexpert_train(folder, DataSettings()), load_chexpert_valid(folder)]


LOADERS = {"chexpert": load_chexpert, "rsna": lambda f: [load_rsna(f)], "siim": lambda f: [load_siim(f)]}


def load_with_films(name, folder):
    """Everything that is read before training: tables, films, and the masks that are decoded late."""
    tables = LOADERS[name](folder)
    for table in tables:
        for path in table.cases["image_path"]:
            read_film(path)
        for case_id in table.masks or ():
            table.masks[case_id]
    return tables


def one_film_twice(path):
    write_dicom(path.parents[1] / "9" / path.name, np.zeros((64, 64), np.uint8), "x", "PA")


def picture_for_dicom(path):
    write_jpg(path.with_suffix(".jpg"), film(1, 64, 64)).rename(path)


def absolute_starts(table):
    """Each start counted from the film's first pixel, as other packagings of the masks do."""
    numbers = np.array(table[1][1].split(), dtype=int).reshape(-1, 2)
    ends = numbers.sum(axis=1).cumsum()
    table[1][1] = " ".join(
        f"{end - length} {length}" for end, length in zip(ends, numbers[:, 1], strict=True)
    )


CHEXPERT = [
    ("a_column_is_missing", FIVE, drop("Edema"), "lacks the column 'Edema'.*download"),
    ("a_column_is_renamed", FIVE, rename("Pleural Effusion", "Effusion"), "lacks the column 'Pleural Eff"),
    ("path_has_lower_case", TRAIN, rename("Path", "path"), "lacks the column 'Path'"),
    ("a_column_stands_twice", TRAIN, rename("Fracture", "Edema"), "column 'Edema' occurs twice; keep one"),
    ("the_table_is_cut_mid_row", TRAIN, cut_mid_row(), "fields and the header 19; the file is cut"),
    ("the_5x200_table_is_cut_mid_row", FIVE, cut_mid_row(), "fields and the header 20; the file is cut"),
    ("semicolons_separate", FIVE, separator(";"), "lacks the column 'Path'"),
    ("tabs_separate", TRAIN, separator("\t"), "lacks the column 'Path'"),
    (
        "every_row_has_a_field_more",
        FIVE,
        records(lambda t: [r.append("") for r in t[1:]]),
        "21 fields and the header 20",
    ),
    ("the_file_has_no_byte", FIVE, empty, "not a readable csv table.*download it again"),
    ("there_is_no_row", FIVE, header_only(), "a header and no row; download it again"),
    ("valid_has_no_row", "CheXpert-v1.0-small/valid.csv", header_only(), "a header and no row"),
    (
        "text_stands_for_a_label",
        FIVE,
        cell("Edema", "yes"),
        "row 1, column 'Edema': got yes, must be a number",
    ),
    ("a_label_is_2", TRAIN, cell("Edema", "2.0"), "column 'Edema': got 2.0, must be one of 1, 0, -1"),
    ("a_label_is_not_a_number", TRAIN, cell("Edema", "nan;"), "must be a number"),
    ("two_labels_are_1", FIVE, cell("Edema", "1.0"), "data row 1.*exactly one label.*correct it or remove"),
    ("no_label_is_1", FIVE, cell("Atelectasis", "0.0"), "data row 1.*does not have exactly one label"),
    ("a_row_stands_twice", FIVE, repeat_row(), f"Path {FIRST_PATH} occurs twice; keep one"),
    ("a_train_row_stands_twice", TRAIN, repeat_row(27), "occurs twice; keep one of the rows"),
    ("a_lateral_film_is_listed", FIVE, cell("Frontal/Lateral", "Lateral"), "row 1 is a lateral view"),
    ("the_view_is_unknown", TRAIN, cell("Frontal/Lateral", "front"), "must be one of Frontal, Lateral"),
    (
        "the_patient_is_unknown",
        FIVE,
        cell("Path", FIRST_PATH.replace("90000", "99999")),
        "patient99999.*film not found",
    ),
    (
        "the_path_names_no_patient",
        FIVE,
        cell("Path", "a/b.jpg"),
        "column 'Path': got a/b.jpg, must hold a folder",
    ),
    ("bytes_are_utf_16", FIVE, encode("utf-16"), "not a readable csv table"),
    (
        "a_quote_is_never_closed",
        TRAIN,
        swap("Sex", '"Sex'),
        "csv table|lacks the column|fields and the header",
    ),
    ("a_class_has_no_query", QUERY, swap("Fracture,", "Edema,"), "no text query for Fracture"),
    ("a_query_names_another_class", QUERY, cell("Variable", "Nodule"), "got Nodule, must be one of"),
    ("a_query_is_blank", QUERY, cell("Text", " "), "column 'Text': got an empty cell, must not be empty"),
    ("the_queries_are_missing", QUERY, remove, "none of text-retrieval/query.csv found"),
    ("a_candidate_has_no_class", CANDIDATE, cell("No Finding", "0.0"), "does not have exactly one label"),
]
FILMS = [
    ("a_jpg_has_no_byte", "chexpert", FILM, empty, "not a readable picture.*fetch it again"),
    ("a_jpg_is_cut_short", "chexpert", FILM, cut_bytes(0.4), "not a readable picture.*fetch it again"),
    (
        "a_jpg_is_a_web_page",
        "chexpert",
        FILM,
        lambda p: p.write_text("<html>log in</html>"),
        "not a readable picture",
    ),
    ("a_film_is_missing", "chexpert", FILM, remove, "film not found; complete the data set"),
    ("a_dicom_has_no_byte", "rsna", RSNA_FILM, empty, "not a DICOM film.*fetch it again"),
    ("a_dicom_is_cut_in_its_pixels", "rsna", RSNA_FILM, cut_bytes(0.7), "DICOM film.*fetch it again"),
    ("a_dicom_is_cut_in_its_header", "rsna", RSNA_FILM, cut_bytes(0.2), "DICOM.*fetch it again"),
    ("a_dicom_is_a_jpg", "rsna", RSNA_FILM, picture_for_dicom, "not a DICOM film.*fetch it again"),
    ("a_dicom_is_missing", "rsna", RSNA_FILM, remove, "file not found, though.*complete the download"),
    ("a_siim_dicom_is_cut_short", "siim", SIIM_FILM, cut_bytes(0.7), "DICOM film.*fetch it again"),
    ("a_siim_film_is_missing", "siim", SIIM_FILM, remove, "no film .*complete the download"),
    ("a_siim_film_lies_there_twice", "siim", SIIM_FILM, one_film_twice, "a second film .*keep one"),
]
KAGGLE = [
    ("a_column_is_missing", "rsna", LABELS, drop("Target"), "lacks the column 'Target'"),
    ("the_id_is_renamed", "rsna", LABELS, rename("patientId", "PatientID"), "lacks the column 'patientId'"),
    ("the_table_is_cut_mid_row", "rsna", LABELS, cut_mid_row(), "fields and the header 6"),
    ("text_stands_for_x", "rsna", LABELS, cell("x", "left"), "column 'x': got left, must be a number"),
    ("x_is_nan", "rsna", LABELS, cell("x", ""), "Target 1 with 3 of 4 box numbers.*correct the row"),
    ("x_is_infinite", "rsna", LABELS, cell("x", "inf"), "reaches beyond its DICOM.*correct the row"),
    ("x_is_negative", "rsna", LABELS, cell("x", "-5"), "column 'x': got -5.0, must not be negative"),
    ("a_box_has_no_width", "rsna", LABELS, cell("width", "0"), "column 'width': got 0.0, must be positive"),
    (
        "a_box_leaves_its_film",
        "rsna",
        LABELS,
        cell("width", "60"),
        "reaches beyond its DICOM's Rows x Columns",
    ),
    ("target_is_2", "rsna", LABELS, cell("Target", "2"), "column 'Target': got 2.0, must be one of 0, 1"),
    ("target_contradicts_the_box", "rsna", LABELS, cell("Target", "0"), "Target 0 with 4 of 4 box numbers"),
    ("a_film_is_both", "rsna", LABELS, cell("patientId", BOXED, 3), "has rows of Target 0 and 1; keep one"),
    ("an_id_is_unknown", "rsna", LABELS, cell("patientId", "x" * 36, 3), "xxx.dcm: file not found, though"),
    ("an_id_is_blank", "rsna", LABELS, cell("patientId", ""), "column 'patientId': got an empty cell"),
    (
        "runs_leave_the_film",
        "siim",
        RLE,
        cell("EncodedPixels", "4000 200"),
        "runs reach pixel 4200 of a film of 64 x 64",
    ),
    ("runs_have_an_odd_count", "siim", RLE, cell("EncodedPixels", "4 5 6"), "must be -1 or pairs of whole"),
    ("runs_go_backwards", "siim", RLE, cell("EncodedPixels", "100 5 -3 5"), "must be -1 or pairs of whole"),
    ("runs_hold_text", "siim", RLE, cell("EncodedPixels", "100 five"), "must be -1 or pairs of whole"),
    ("runs_hold_fractions", "siim", RLE, cell("EncodedPixels", "100.5 5"), "must be -1 or pairs of whole"),
    ("a_run_has_no_length", "siim", RLE, cell("EncodedPixels", "100 0"), "or one has no length"),
    ("starts_are_counted_from_the_first_pixel", "siim", RLE, records(absolute_starts), "another packaging"),
    ("runs_are_blank", "siim", RLE, cell("EncodedPixels", ""), "column 'EncodedPixels': got an empty cell"),
    ("a_film_has_a_mask_and_none", "siim", RLE, cell("EncodedPixels", "-1"), "rows with and without a mask"),
    (
        "a_siim_film_is_unknown",
        "siim",
        RLE,
        cell("ImageId", "1.2.3", 3),
        "no film 1.2.3.dcm, but train-rle.csv",
    ),
    ("siim_is_separated_by_semicolons", "siim", RLE, separator(";"), "lacks the column 'ImageId'"),
    ("siim_is_cut_mid_row", "siim", RLE, cut_mid_row(), "1 fields and the header 2"),
]
CASES = [
    *(pytest.param("chexpert", *rest, id=f"chexpert_{name}") for name, *rest in CHEXPERT),
    *(pytest.param(*rest, id=name) for name, *rest in FILMS),
    *(pytest.param(*rest, id=f"{rest[0]}_{name}") for name, *rest in KAGGLE),
]


@pytest.mark.parametrize(("name", "file", "edit", "message"), CASES)
@pytest.mark.filterwarnings("ignore:End of file reached before delimiter")  # pydicom's, beside the error
def test_a_single_fault_is_refused_by_file_and_cause(part_of, plant, name, file, edit, message):
    folder = part_of(name) / name
    plant(folder / file, edit)
    read = LOADERS[name] if file.endswith(".csv") else partial(load_with_films, name)
    with pytest.raises(EgmaError, match=f"(?s){message}") as caught:
        read(folder)
    named = file.rpartition("/")[2]
    assert any(
        one in str(caught.value) for one in (named, named.removesuffix(".csv"), "patient99999", "xxx.dcm")
    )


@pytest.mark.parametrize("name", LOADERS)
def test_the_untouched_set_loads_whole(untouched, name):
    counts = [len(table) for table in load_with_films(name, untouched / name)]
    assert counts == {"chexpert": [10, 16, 10, 2], "rsna": [10], "siim": [10]}[name]
