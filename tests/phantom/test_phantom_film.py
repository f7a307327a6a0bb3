"""The drawn film as a whole: reproducible, well formed, and anatomy where its regions say."""

import itertools

import numpy as np
import pytest

from egma_lib.errors import DataError
from egma_lib.phantom.case import REGION_NAMES, CasePlan, Film, Finding
from egma_lib.phantom.film import draw_film

SIZES = [
    pytest.param(336, 280, id="portrait_jpg"),
    pytest.param(256, 256, id="square_dicom"),
    pytest.param(112, 112, id="size_the_encoder_sees"),
]


def healthy(seed: int = 0, rows: int = 336, columns: int = 280, **plan: str) -> Film:
    return draw_film(CasePlan("test", seed, (), **plan), np.random.default_rng(seed), rows, columns)


def grey_in(film: Film, region: str) -> float:
    x_min, y_min, x_max, y_max = film.regions[region]
    rows, columns = film.image.shape
    window = film.image[
        int(y_min * rows) : int(y_max * rows) + 1, int(x_min * columns) : int(x_max * columns) + 1
    ]
    return float(np.median(window))


@pytest.mark.parametrize(("rows", "columns"), SIZES)
def test_film_is_finite_grey_between_0_and_1(rows, columns):
    film = healthy(3, rows, columns)
    assert film.image.shape == (rows, columns)
    assert film.image.dtype == np.float32
    assert np.isfinite(film.image).all()
    assert film.image.min() >= 0
    assert film.image.max() <= 1
    assert film.finding_masks == ()


def test_same_plan_and_seed_give_the_same_bits():
    plan = CasePlan("test", 5, (Finding("Pneumonia", "left", "mid", "moderate", 0.4),), mark="Pneumonia")
    first = draw_film(plan, np.random.default_rng(5), 336, 280)
    healthy(99)
    second = draw_film(plan, np.random.default_rng(5), 336, 280)
    np.testing.assert_array_equal(first.image, second.image)
    np.testing.assert_array_equal(first.finding_masks[0], second.finding_masks[0])
    assert first.regions == second.regions


def test_other_seed_gives_another_patient():
    assert np.abs(healthy(1).image - healthy(2).image).mean() > 0.02


def test_a_finding_that_moves_nothing_leaves_the_patient_as_he_was():
    ill = CasePlan("test", 7, (Finding("Pneumonia", "right", "upper", "severe", 1.0),))
    film = draw_film(ill, np.random.default_rng(7), 336, 280)
    left_half = np.s_[:, 190:]
    np.testing.assert_allclose(film.image[left_half], healthy(7).image[left_half], atol=0.01)


@pytest.mark.parametrize("seed", range(4))
def test_all_regions_are_boxes_inside_the_film(seed):
    regions = healthy(seed).regions
    assert set(regions) == set(REGION_NAMES)
    for name, (x_min, y_min, x_max, y_max) in regions.items():
        assert 0 <= x_min < x_max <= 1, name
        assert 0 <= y_min < y_max <= 1, name


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("side", ["right", "left"])
def test_zones_follow_one_another_down_the_lung(seed, side):
    regions = healthy(seed).regions
    lung = regions[f"{side} lung"]
    zones = [regions[f"{side} {name}"] for name in (
        "apical zone", "upper lung zone", "mid lung zone", "lower lung zone",
    )]  # fmt: skip
    tilt_allowance = 0.03
    assert zones[0][1] == pytest.approx(lung[1], abs=tilt_allowance)
    assert zones[-1][3] == pytest.approx(lung[3], abs=tilt_allowance)
    for above, below in itertools.pairwise(zones):
        assert above[3] == pytest.approx(below[1], abs=tilt_allowance)
        assert above[1] < below[1]


@pytest.mark.parametrize("seed", range(4))
def test_patient_right_lies_on_the_image_left(seed):
    regions = healthy(seed).regions
    for part in ("lung", "hilar structures", "costophrenic angle", "clavicle", "mid lung zone"):
        assert regions[f"right {part}"][2] < regions[f"left {part}"][0] + 0.01
    heart = regions["cardiac silhouette"]
    assert heart[2] - 0.5 > 0.5 - heart[0], "most of the heart is on the patient's left"
    assert regions["right hemidiaphragm"][1] < regions["left hemidiaphragm"][1]


@pytest.mark.parametrize("scanner", ["mimic", "chexpert", "rsna", "siim"])
@pytest.mark.parametrize("view", ["PA", "AP"])
def test_lungs_are_darker_than_heart_and_spine(scanner, view):
    film = healthy(11, view=view, scanner=scanner)
    for side in ("right", "left"):
        lung = grey_in(film, f"{side} upper lung zone")
        assert 0.15 < lung < 0.55
        assert lung + 0.2 < grey_in(film, "cardiac silhouette")
        assert lung + 0.2 < grey_in(film, "spine")


@pytest.mark.parametrize("seed", range(6))
def test_regions_of_the_lungs_fit_the_drawn_lungs(seed):
    film = healthy(seed)
    rows, columns = film.image.shape
    y = int(rows * np.mean(film.regions["right mid lung zone"][1::2]))
    x_min = film.regions["right lung"][0]
    inside = film.image[y - 12 : y + 12, int((x_min + 0.05) * columns) : int((x_min + 0.12) * columns)].mean()
    outside = film.image[
        y - 12 : y + 12, int((x_min - 0.05) * columns) : int((x_min - 0.02) * columns)
    ].mean()
    assert outside - inside > 0.15


def heart_to_chest(film: Film) -> float:
    heart = film.regions["cardiac silhouette"]
    return (heart[2] - heart[0]) / (film.regions["left lung"][2] - film.regions["right lung"][0])


@pytest.mark.parametrize("view", ["PA", "AP"])
def test_healthy_hearts_are_narrower_than_half_the_chest(view):
    ratios = [heart_to_chest(healthy(seed, view=view)) for seed in range(30)]
    assert min(ratios) > 0.39
    assert max(ratios) <= 0.51


@pytest.mark.parametrize("scanner", ["chexpert", "rsna", "siim"])
def test_scanners_differ_modestly(scanner):
    reference, other = healthy(8).image, healthy(8, scanner=scanner).image
    assert 0.01 < np.abs(reference - other).mean() < 0.12


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        pytest.param(CasePlan("t", 0, (), scanner="ge"), "scanner 'ge'", id="unknown_scanner"),
        pytest.param(CasePlan("t", 0, (), mark="Nodule"), "mark 'Nodule'", id="unknown_mark"),
        pytest.param(
            CasePlan("t", 0, (Finding("Nodule", "left", "mid", "mild", 0.5),)),
            "finding 'Nodule'",
            id="unknown_finding",
        ),
    ],
)
def test_unknown_names_are_refused_by_name(plan, message):
    with pytest.raises(DataError, match=message):
        draw_film(plan, np.random.default_rng(0), 128, 128)


def test_a_film_too_small_to_draw_is_refused():
    with pytest.raises(DataError, match="at least 64"):
        healthy(0, 40, 40)
