from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest

from egma_lib.datasets.contract import CaseTable
from egma_lib.datasets.image_cache import ImageCache
from egma_lib.errors import ArtefactError, DataError
from egma_lib.evaluation.evaluation_sets import (
    CLASS_ORDERS,
    load_evaluation_set,
    make_evaluation_set,
    save_evaluation_set,
)
from egma_lib.evaluation.pointing import REGION_RASTER

QUERIES = {
    "Pneumonia": ("Pneumonia in the left lower lobe.", "There is pneumonia.", "Right upper zone pneumonia."),
    "Pneumothorax": ("A pneumothorax is seen.",),
}
RSNA_PROMPTS = {"Normal": ("no finding", "clear lungs"), "Pneumonia": ("pneumonia",)}


def cases(n=3, rows=100, columns=100, **extra):
    """Return n cases; films are listed against the order of the cache."""
    return pd.DataFrame(
        {
            "case_id": [f"c{i}" for i in range(n)],
            "patient_id": [f"p{i // 2}" for i in range(n)],
            "image_path": [f"/films/{i}.jpg" for i in range(n)],
            "rows": rows,
            "columns": columns,
            "split": "test",
            **extra,
        }
    )


def one_hot(classes, n_classes):
    return np.eye(n_classes)[list(classes)]


@pytest.fixture
def cache(tmp_path):
    images = np.stack([np.full((4, 4), 10 * (8 - row), np.uint8) for row in range(8)])
    # Row 0 of the cache is the last film.
    return ImageCache(tmp_path, images, {f"/films/{7 - row}.jpg": row for row in range(8)})


@pytest.fixture
def rsna():
    boxes = pd.DataFrame(
        [
            {"case_id": "c2", "finding": "Pneumonia", "kind": "box"}
            | {"x_min": 0.5, "y_min": 0.5, "x_max": 1.0, "y_max": 1.0},
            {"case_id": "c1", "finding": "Pneumonia", "kind": "box"}
            | {"x_min": 0.0, "y_min": 0.0, "x_max": 0.5, "y_max": 0.5},
            {"case_id": "c1", "finding": "Pneumonia", "kind": "box"}
            | {"x_min": 0.5, "y_min": 0.0, "x_max": 1.0, "y_max": 0.5},
        ]
    )
    return CaseTable("rsna", cases(), ("Normal", "Pneumonia"), one_hot([0, 1, 1], 2), regions=boxes)


def test_class_orders_are_the_contract_s():
    five = ("Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Pleural Effusion")
    eight = (
        "No Finding", "Cardiomegaly", "Edema", "Pneumonia", "Atelectasis", "Pneumothorax",
        "Pleural Effusion", "Fracture",
    )  # fmt: skip
    assert {
        "chexpert_5x200": five,
        "chexpert_5x200_marked": five,
        "chexpert_8x200": eight,
        "rsna": ("Normal", "Pneumonia"),
        "siim": ("Normal", "Pneumothorax"),
    } == CLASS_ORDERS


def test_images_labels_and_prompts_belong_to_their_cases(rsna, cache):
    made = make_evaluation_set(rsna, RSNA_PROMPTS, QUERIES, cache)
    assert len(made) == 3
    assert made.labels.tolist() == [0, 1, 1]
    # Film i is grey level 10 (i + 1).
    assert made.images[:, 0, 0].tolist() == [10, 20, 30]
    assert made.prompts == ("no finding", "clear lungs", "pneumonia")
    assert made.prompt_class.tolist() == [0, 0, 1]
    assert made.paired_case_ids.tolist() == made.case_ids.tolist()


def test_boxes_of_one_case_make_one_region_of_its_class(rsna, cache):
    made = make_evaluation_set(rsna, RSNA_PROMPTS, QUERIES, cache)
    assert made.region_case.tolist() == [1, 2]
    assert made.region_class.tolist() == [1, 1]
    half = REGION_RASTER // 2
    assert made.regions[0, :half].all()
    assert not made.regions[0, half:].any()
    assert made.regions[1].sum() == half * half
    assert made.regions[1, half:, half:].all()


def test_masks_are_regions_of_the_positive_class(cache):
    mask = np.zeros((100, 100), dtype=bool)
    mask[:, :50] = True
    empty = np.zeros((100, 100), dtype=bool)
    table = CaseTable(
        "siim",
        cases(),
        ("Normal", "Pneumothorax"),
        one_hot([0, 0, 1], 2),
        masks={"c2": mask, "c0": empty},
    )
    prompts = {"Normal": ("clear",), "Pneumothorax": ("pneumothorax",)}
    made = make_evaluation_set(table, prompts, QUERIES, cache)
    assert (made.region_case.tolist(), made.region_class.tolist()) == ([2], [1])
    assert made.regions[0, :, :56].all()
    assert not made.regions[0, :, 56:].any()


def test_no_region_vanishes_however_small(rsna, cache):
    small = {"x_min": 0.5, "y_min": 0.25, "x_max": 0.501, "y_max": 0.251}
    regions = rsna.regions[rsna.regions["case_id"] == "c2"].assign(**small)
    made = make_evaluation_set(replace(rsna, regions=regions), RSNA_PROMPTS, QUERIES, cache)
    assert made.region_case.tolist() == [2]
    assert np.argwhere(made.regions[0]).tolist() == [[REGION_RASTER // 4, REGION_RASTER // 2]]


def test_pointing_prompts_name_neither_side_nor_zone(rsna, cache):
    made = make_evaluation_set(rsna, RSNA_PROMPTS, QUERIES, cache)
    assert made.pointing_prompts == ("There is pneumonia.",)
    assert made.pointing_class.tolist() == [1]


def test_pointing_without_a_side_free_query_is_refused(rsna, cache):
    with pytest.raises(DataError, match="no text query of Pneumonia is free of side and zone"):
        make_evaluation_set(rsna, RSNA_PROMPTS, {"Pneumonia": ("left lower lobe pneumonia",)}, cache)


@pytest.mark.parametrize(
    ("changed", "prompts", "message"),
    [
        pytest.param(
            {"class_names": ("Pneumonia", "Normal")}, RSNA_PROMPTS, "rsna labels.*order counts", id="labels"
        ),
        pytest.param({}, dict(reversed(RSNA_PROMPTS.items())), "rsna prompts.*order counts", id="prompts"),
        pytest.param({}, {"Normal": ("clear",)}, "rsna prompts", id="a_class_without_prompts"),
        pytest.param({"labels": np.ones((3, 2))}, RSNA_PROMPTS, "exactly one label", id="two_labels"),
    ],
)
def test_classes_in_another_order_are_refused(rsna, cache, changed, prompts, message):
    with pytest.raises(DataError, match=message):
        make_evaluation_set(replace(rsna, **changed), prompts, QUERIES, cache)


@pytest.mark.parametrize(
    "wrong", [pytest.param({"finding": "Edema"}, id="finding"), pytest.param({"case_id": "c9"}, id="case")]
)
def test_region_of_no_case_or_class_is_refused(rsna, cache, wrong):
    table = replace(rsna, regions=rsna.regions.assign(**wrong))
    with pytest.raises(DataError, match="rsna: region of"):
        make_evaluation_set(table, RSNA_PROMPTS, QUERIES, cache)


def test_marked_copies_name_their_mark_free_case(cache):
    classes = CLASS_ORDERS["chexpert_5x200"]
    table = CaseTable(
        "chexpert_5x200_marked",
        cases(2, unmarked_case_id=["plain/7", "plain/3"]),
        classes,
        one_hot([4, 0], 5),
    )
    made = make_evaluation_set(table, {name: (name.lower(),) for name in classes}, {}, cache)
    assert made.paired_case_ids.tolist() == ["plain/7", "plain/3"]
    assert len(made.regions) == len(made.pointing_prompts) == 0


def test_saved_set_comes_back_equal(rsna, cache, tmp_path):
    made = make_evaluation_set(rsna, RSNA_PROMPTS, QUERIES, cache)
    folder = save_evaluation_set(made, tmp_path / "sets")
    assert folder == tmp_path / "sets" / "rsna"
    loaded = load_evaluation_set(folder)
    for field in fields(made):
        ours, theirs = getattr(made, field.name), getattr(loaded, field.name)
        if isinstance(ours, np.ndarray):
            assert ours.dtype == theirs.dtype, field.name
            np.testing.assert_array_equal(ours, theirs, err_msg=field.name)
        else:
            assert ours == theirs, field.name


def test_missing_set_says_what_to_run(tmp_path):
    with pytest.raises(ArtefactError, match="no test set here; run notebook 02 first"):
        load_evaluation_set(tmp_path / "rsna")
