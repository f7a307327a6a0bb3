"""Screens: the data sets' published geometry, zooming, and calibration offsets in degrees."""

import numpy as np
import pytest
from test_phantom_reading import COLUMNS, ROWS, read, read_at_60

from egma_lib.phantom.reading.screen import Views, full_view, screen_px_per_deg, zoomed_view

SHOWN = ["x_min_px", "y_min_px", "x_max_px", "y_max_px"]
SCREEN = ["screen_x_min", "screen_y_min", "screen_x_max", "screen_y_max"]


@pytest.fixture(scope="module")
def eyelink():
    return [read(seed) for seed in range(16)]


def test_a_portrait_film_stands_where_reflacx_shows_it():
    # The example row of the data set's description: 1021, 0, 2819, 2160.
    assert np.round(full_view("eyelink", ROWS, COLUMNS)[4:]).tolist() == [1021, 0, 2819, 2160]


def test_a_landscape_film_fills_the_width_between_the_strips():
    view = full_view("eyelink", 2544, 3056)
    assert view[[4, 6]].tolist() == pytest.approx([660, 3180])
    assert (view[7] - view[5]) / (view[6] - view[4]) == pytest.approx(2544 / 3056)


@pytest.mark.parametrize(
    ("rows", "columns", "pads"),
    [
        pytest.param(3056, 2544, (0, 0, 534, 534), id="portrait"),
        pytest.param(2544, 3056, (86, 86, 448, 448), id="landscape"),
    ],
)
def test_gazepoint_screens_have_the_published_padding(rows, columns, pads):
    top, bottom, left, right = pads
    assert full_view("gazepoint", rows, columns)[4:].tolist() == [left, top, 1920 - right, 1080 - bottom]


def test_gazepoint_positions_map_as_the_data_set_maps_them():
    views = Views(np.array([-np.inf]), full_view("gazepoint", ROWS, COLUMNS)[None], 41.0)
    screen_x, screen_y = 0.5 * 1920, 0.25 * 1080
    x_px, y_px = views.to_frame(np.zeros(1, int), np.array([screen_x / 41.0]), np.array([screen_y / 41.0]))
    assert x_px[0] == pytest.approx(2544 / (1920 - 534 - 534) * (screen_x - 534))
    assert y_px[0] == pytest.approx(3056 / 1080 * screen_y)


def test_gazepoint_degrees_follow_from_width_and_distance():
    # One degree at 65 cm is 1.1346 cm, of which the 52.7 cm wide screen has 1920 / 52.7 pixels each.
    assert screen_px_per_deg("gazepoint", np.random.default_rng(0)) == pytest.approx(
        1.13458 * 36.4326, rel=1e-4
    )


def test_frame_pixels_per_degree_are_the_data_sets(eyelink):
    full = [reading.samples["px_per_deg"].max() for reading in eyelink]
    assert 100 < min(full) < max(full) < 120
    assert 110 < read_at_60().samples["px_per_deg"].iloc[0] < 130


def test_views_convert_there_and_back():
    full = full_view("eyelink", ROWS, COLUMNS)
    views = Views(np.array([-np.inf, 2.0]), np.array([full, zoomed_view(full, 1.8, 900, 700)]), 77.7)
    view = views.index_at(np.array([0.0, 1.999, 2.0, 9.0]))
    assert view.tolist() == [0, 0, 1, 1]
    x_px, y_px = np.array([10.0, 500.0, 700.0, 1200.0]), np.array([5.0, 3000.0, 400.0, 900.0])
    back = views.to_frame(view, *views.to_degrees(view, x_px, y_px))
    assert np.allclose(back, (x_px, y_px))


@pytest.mark.parametrize("center", [(0, 0), (2544, 3056), (1272, 1528), (2500, 100)])
def test_zoomed_views_stay_within_film_and_screen(center):
    view = zoomed_view(full_view("eyelink", ROWS, COLUMNS), 2.0, *center)
    assert view[:2].min() >= 0
    assert view[2] <= COLUMNS
    assert view[3] <= ROWS
    assert view[4] >= 660 - 1e-6
    assert view[6] <= 3180 + 1e-6
    scale_x, scale_y = (view[6] - view[4]) / (view[2] - view[0]), (view[7] - view[5]) / (view[3] - view[1])
    assert scale_x == pytest.approx(scale_y)


def test_some_eyelink_readings_zoom_and_gazepoint_never_does(eyelink):
    zooms = [reading.samples["px_per_deg"].nunique() > 1 for reading in eyelink]
    assert 0.2 < np.mean(zooms) < 0.8
    assert read_at_60().samples[SHOWN].nunique().max() == 1


def test_zooming_shrinks_the_degree_and_the_part_shown(eyelink):
    for reading in eyelink:
        samples = reading.samples
        magnification = (samples["screen_x_max"] - samples["screen_x_min"]) / (
            samples["x_max_px"] - samples["x_min_px"]
        )
        product = samples["px_per_deg"] * magnification
        assert np.ptp(product.to_numpy()) < 1e-6 * product.iloc[0]


def test_aimed_fixations_lie_in_the_part_shown(eyelink):
    for reading in eyelink:
        samples = reading.samples.set_index("time_s")
        fixations = reading.true_fixations[reading.true_fixations["target"] != "off target"]
        shown = samples.loc[fixations["onset_s"], SHOWN].to_numpy()
        inside = (
            (fixations["x_px"] > shown[:, 0]) & (fixations["x_px"] < shown[:, 2])
            & (fixations["y_px"] > shown[:, 1]) & (fixations["y_px"] < shown[:, 3])
        )  # fmt: skip
        assert inside.mean() > 0.97


def test_recorded_gaze_is_off_by_one_calibration_offset(eyelink):
    sizes = []
    for reading in eyelink:
        samples = reading.samples[reading.samples["event"] == "fixation"]
        rows = reading.true_fixations
        number = np.searchsorted(rows["onset_s"], samples["time_s"], side="right") - 1
        error = np.stack([
            (samples[axis].to_numpy() - rows[axis].to_numpy()[number]) / samples["px_per_deg"].to_numpy()
            for axis in ("x_px", "y_px")
        ])  # fmt: skip
        sizes.append(np.hypot(*np.median(error, axis=1)))
    assert 0.2 < min(sizes) < max(sizes) < 1.65
    assert np.std(sizes) > 0.15


def test_screen_rectangles_are_filled_throughout(eyelink):
    for reading in eyelink:
        assert reading.samples[SHOWN + SCREEN].notna().all().all()
