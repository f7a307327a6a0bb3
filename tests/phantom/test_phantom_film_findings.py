"""Each finding's truth lies where the plan says, and the film shows it there."""

import numpy as np
import pytest

from egma_lib.phantom.case import FINDINGS, CasePlan, Film, Finding
from egma_lib.phantom.film import draw_film

SEVERITIES = ("mild", "moderate", "severe")
ZONED = ("Atelectasis", "Consolidation", "Pneumonia", "Fracture")


def film_with(*findings: Finding, seed: int = 0, size: int = 144, view: str = "PA") -> Film:
    return draw_film(CasePlan("test", seed, findings, view=view), np.random.default_rng(seed), size, size)


def share_in_box(mask: np.ndarray, box: tuple[float, float, float, float]) -> float:
    y, x = np.nonzero(mask)
    rows, columns = mask.shape
    x, y = (x + 0.5) / columns, (y + 0.5) / rows
    return float(np.mean((x >= box[0]) & (x <= box[2]) & (y >= box[1]) & (y <= box[3])))


@pytest.mark.parametrize("name", FINDINGS)
@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize("side", ["right", "left", "bilateral", "none"])
def test_every_finding_has_a_mask_of_pixels(name, severity, side):
    for seed, size in ((1, 0.0), (2, 1.0)):
        film = film_with(Finding(name, side, "none", severity, size), seed=seed)
        (mask,) = film.finding_masks
        assert mask.dtype == bool
        assert mask.shape == film.image.shape
        assert 0.0005 < mask.mean() < 0.35


@pytest.mark.parametrize(
    "name", [name for name in FINDINGS if name not in ("Cardiomegaly", "Support Devices")]
)
@pytest.mark.parametrize("side", ["right", "left"])
def test_one_sided_findings_stay_on_their_side(name, side):
    for seed in range(4):
        film = film_with(Finding(name, side, "none", "severe", 1.0), seed=seed)
        columns = np.nonzero(film.finding_masks[0])[1] / film.image.shape[1]
        on_side = columns < 0.53 if side == "right" else columns > 0.47
        assert on_side.all()


@pytest.mark.parametrize(
    "name", ["Atelectasis", "Consolidation", "Edema", "Pleural Effusion", "Pneumothorax"]
)
def test_bilateral_findings_show_on_both_sides(name):
    (mask,) = film_with(Finding(name, "bilateral", "lower", "moderate", 0.5)).finding_masks
    middle = mask.shape[1] // 2
    assert mask[:, : middle - 10].any()
    assert mask[:, middle + 10 :].any()


@pytest.mark.parametrize("name", ZONED)
@pytest.mark.parametrize("zone", ["upper", "mid", "lower"])
@pytest.mark.parametrize("side", ["right", "left"])
def test_zoned_findings_lie_in_their_zone(name, zone, side):
    for seed in range(4):
        film = film_with(Finding(name, side, zone, "moderate", 0.5), seed=seed)
        x_min, y_min, x_max, y_max = film.regions[f"{side} {zone} lung zone"]
        with_margin = (x_min - 0.02, y_min - 0.05, x_max + 0.02, y_max + 0.05)
        assert share_in_box(film.finding_masks[0], with_margin) > 0.7


def test_effusion_fills_the_costophrenic_angle():
    for side in ("right", "left"):
        for severity in SEVERITIES:
            film = film_with(Finding("Pleural Effusion", side, "lower", severity, 0.3), seed=4)
            x_min, y_min, x_max, y_max = film.regions[f"{side} costophrenic angle"]
            mask, size = film.finding_masks[0], film.image.shape[0]
            corner = mask[int(y_min * size) : int(y_max * size), int(x_min * size) : int(x_max * size)]
            assert corner.mean() > 0.15


@pytest.mark.parametrize("view", ["PA", "AP"])
@pytest.mark.parametrize("severity", SEVERITIES)
def test_large_hearts_are_wider_than_55_percent_of_the_chest(view, severity):
    for seed in range(6):
        finding = Finding("Cardiomegaly", "none", "none", severity, 0.1 * seed)
        film = film_with(finding, seed=seed, view=view)
        columns = np.nonzero(film.finding_masks[0].any(axis=0))[0]
        chest = film.regions["left lung"][2] - film.regions["right lung"][0]
        drawn = (columns[-1] + 1 - columns[0]) / film.image.shape[1] / chest
        assert drawn > 0.54
        assert drawn < 0.74


def contrast(name: str, severity: str, seed: int, side: str = "right", zone: str = "none") -> float:
    """Mean change of grey within the truth, against the same patient in health."""
    film = film_with(Finding(name, side, zone, severity, 0.5), seed=seed)
    change = film.image - film_with(seed=seed).image
    return float(change[film.finding_masks[0]].mean())


@pytest.mark.parametrize("name", ["Consolidation", "Pneumonia", "Edema", "Pleural Effusion"])
def test_opacities_are_brighter_than_health_and_grow_with_severity(name):
    mean = [np.mean([contrast(name, severity, seed) for seed in range(5)]) for severity in SEVERITIES]
    assert mean[0] > 0.04
    assert mean[1] > 0.08
    assert mean[2] > mean[1] > mean[0] or name == "Pleural Effusion"


def test_pneumothorax_is_darker_than_health():
    for severity in SEVERITIES:
        assert np.mean([contrast("Pneumothorax", severity, seed) for seed in range(4)]) < -0.015


def test_consolidation_is_denser_than_pneumonia_at_each_severity():
    for severity in SEVERITIES:
        dense = np.mean([contrast("Consolidation", severity, seed) for seed in range(5)])
        faint = np.mean([contrast("Pneumonia", severity, seed) for seed in range(5)])
        assert dense > faint


@pytest.mark.parametrize("name", ["Consolidation", "Pneumonia", "Pleural Effusion", "Fracture"])
def test_the_film_changes_where_the_truth_is_and_hardly_elsewhere(name):
    film = film_with(Finding(name, "right", "mid", "moderate", 0.5), seed=6)
    change = np.abs(film.image - film_with(seed=6).image)
    mask = film.finding_masks[0]
    assert change[mask].mean() > 8 * change[~mask].mean()


def test_atelectasis_is_a_band_wider_than_high_and_lifts_the_diaphragm():
    from scipy import ndimage

    film = film_with(Finding("Atelectasis", "right", "lower", "mild", 0.5), seed=3)
    labels, _ = ndimage.label(film.finding_masks[0])
    rows, columns = ndimage.find_objects(labels)[0]
    assert columns.stop - columns.start > 2.5 * (rows.stop - rows.start)
    lifted = film.regions["right hemidiaphragm"][1]
    assert lifted < film_with(seed=3).regions["right hemidiaphragm"][1] - 0.01


def test_several_findings_give_one_mask_each_in_the_order_of_the_plan():
    findings = (
        Finding("Pleural Effusion", "left", "lower", "moderate", 0.5),
        Finding("Pneumothorax", "right", "upper", "moderate", 0.5),
    )
    left, right = film_with(*findings).finding_masks
    assert np.nonzero(left)[1].min() > np.nonzero(right)[1].max()
