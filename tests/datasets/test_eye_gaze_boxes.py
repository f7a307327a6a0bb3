"""Boxes of structures in EYE GAZE: what a sentence names, and what the table says."""

import pytest

from egma_lib.datasets.contract import REGION_COLUMNS
from egma_lib.datasets.eye_gaze_boxes import load_structure_boxes, named_structures
from egma_lib.errors import DataError
from egma_lib.gaze.frames import ImageFrame
from egma_lib.settings import load_settings
from egma_lib.study import open_study

HEADER = ",dicom_id,bbox_name,x1,x2,y1,y2\n"
ROW = "7,d0,cardiac silhouette,100.0,300.0,50.0,100.0\n"
FRAMES = {"d0": ImageFrame(200, 400)}


@pytest.mark.parametrize(
    ("text", "sides", "expected"),
    [
        pytest.param("the heart is enlarged", (), ("cardiac silhouette",), id="heart"),
        pytest.param(
            "hila are normal",
            (),
            ("left hilar structures", "right hilar structures"),
            id="a_pair_without_side_is_both" ,
        ),
        pytest.param("left clavicle fracture", ("left",), ("left clavicle",), id="one_side"),
        pytest.param(
            "opacity in the right upper lung zone", ("right",), ("right upper lung zone",), id="zone_not_lung"
        ),
        pytest.param("atelectasis at the left base", ("left",), ("left lower lung zone",), id="base"),
        pytest.param("lungs are clear", (), ("left lung", "right lung"), id="lungs"),
        pytest.param("low lung volumes", (), (), id="volumes_are_no_structure"),
        pytest.param("no pneumothorax", (), (), id="no_structure"),
    ],
)  # fmt: skip
def test_structures_that_a_sentence_names(text, sides, expected):
    assert named_structures(text, frozenset(sides)) == expected


def study_with(root, text, place="mimic-eye/spreadsheets/EyeGaze"):
    path = root / place / "bounding_boxes.csv"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    return open_study(load_settings("smoke", {}), root, root / "results")


@pytest.mark.parametrize(
    "place",
    [
        pytest.param("mimic-eye/spreadsheets/EyeGaze", id="in_mimic_eye"),
        pytest.param("mimic-eye/1.0.0/spreadsheets/EyeGaze", id="in_a_version_folder"),
        pytest.param("egd-cxr/1.0.0", id="in_egd_cxr_on_its_own"),
    ],
)
def test_boxes_are_shares_of_the_image(tmp_path, place):
    other_film = ROW.replace("d0", "d1")
    boxes = load_structure_boxes(study_with(tmp_path, HEADER + ROW + other_film, place), FRAMES)
    assert boxes.to_dict("records") == [
        {"case_id": "d0", "finding": "cardiac silhouette", "kind": "box",
         "x_min": 0.25, "y_min": 0.25, "x_max": 0.75, "y_max": 0.5}
    ]  # fmt: skip


def test_a_study_without_the_table_has_no_boxes(tmp_path):
    study = open_study(load_settings("smoke", {}), tmp_path, tmp_path / "results")
    assert load_structure_boxes(study, FRAMES) is None


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        pytest.param(HEADER + ROW.replace("300.0", "90.0"), "data row 1: x2, y2 must be", id="swapped_ends"),
        pytest.param(HEADER + ROW.replace("50.0", "high"), "column 'y1'", id="not_a_number"),
        pytest.param(
            HEADER.replace(",y2", "") + "7,d0,trachea,1,2,3\n", "lacks the column 'y2'", id="no_column"
        ),
    ],
)  # fmt: skip
def test_a_damaged_table_is_refused(tmp_path, table, fault):
    with pytest.raises(DataError, match=fault):
        load_structure_boxes(study_with(tmp_path, table), FRAMES)


def test_a_table_of_other_films_gives_no_box(tmp_path):
    boxes = load_structure_boxes(study_with(tmp_path, HEADER + ROW.replace("d0", "d1")), FRAMES)
    assert len(boxes) == 0
    assert list(boxes.columns) == list(REGION_COLUMNS)
