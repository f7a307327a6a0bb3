"""The common form of a recording: times and degrees."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from gaze_trees import make_recording

from egma_lib.errors import GazeError
from egma_lib.gaze.recording import increasing_times, measured_rate


def test_degrees_are_screen_pixels_over_one_resolution():
    recording = make_recording()
    x_deg, y_deg = recording.to_degrees()
    # One degree is 110 image pixels, whatever the screen shows them as.
    np.testing.assert_allclose(np.diff(x_deg), np.diff(recording.x_px) / 110, atol=1e-9)
    np.testing.assert_allclose(np.diff(y_deg), np.diff(recording.y_px) / 110, atol=1e-9)


def test_a_zoom_under_a_resting_eye_moves_nothing():
    recording = make_recording()
    n, half = len(recording.time_s), len(recording.time_s) // 2
    # The eye rests on one screen position; at half time the view zooms in twofold around another point.
    shown = recording.shown_px.copy()
    shown[half:] = (500, 400, 500 + 1272, 400 + 1528)
    scale = (recording.screen_px[:, 2:] - recording.screen_px[:, :2]) / (shown[:, 2:] - shown[:, :2])
    screen = np.array([1900.0, 1000.0])
    image = shown[:, :2] + (screen - recording.screen_px[:, :2]) / scale
    per_deg = np.where(np.arange(n) < half, 110.0, 55.0)
    zoomed = replace(
        recording,
        x_px=image[:, 0],
        y_px=image[:, 1],
        shown_px=shown,
        px_per_deg_x=per_deg,
        px_per_deg_y=per_deg,
    )
    assert np.ptp(zoomed.x_px) > 100
    for degrees in zoomed.to_degrees():
        assert np.ptp(degrees) < 1e-9


def test_missing_samples_stay_missing():
    recording = make_recording()
    x_px = recording.x_px.copy()
    x_px[5] = np.nan
    damaged = replace(recording, x_px=x_px)
    assert np.flatnonzero(np.isnan(damaged.to_degrees()[0])).tolist() == [5]
    assert damaged.valid.sum() == len(x_px) - 1


@pytest.mark.parametrize(
    ("times", "order", "repaired"),
    [
        pytest.param([0.0, 0.1, 0.2], [0, 1, 2], 0, id="in_order"),
        pytest.param([0.0, 0.1, 0.1, 0.2], [0, 1, 3], 1, id="double_is_dropped"),
        pytest.param([0.0, 0.2, 0.1, 0.3], [0, 2, 1, 3], 1, id="swapped_is_moved"),
        pytest.param([0.0, np.nan, 0.1], [0, 2], 1, id="blank_is_dropped"),
        pytest.param([np.nan], [], 1, id="all_blank"),
        pytest.param([], [], 0, id="none"),
    ],
)
def test_time_stamps_are_put_in_order_and_repairs_counted(times, order, repaired):
    got, count = increasing_times(np.array(times, dtype=float))
    assert got.tolist() == order
    assert count == repaired


def test_a_gap_does_not_move_the_measured_rate():
    time = np.arange(100) / 60
    time[50:] += 3.0
    assert measured_rate(time) == pytest.approx(60.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"x_px": np.zeros(3)}, r"x_px has shape \(3,\)", id="short_column"),
        pytest.param(
            {"shown_px": np.zeros((2000, 2))}, r"shown_px has shape \(2000, 2\)", id="half_a_rectangle"
        ),
        pytest.param({"time_s": np.zeros(2000)}, "increasing time stamps", id="standing_clock"),
    ],
)
def test_arrays_that_do_not_belong_together_are_refused(change, message):
    with pytest.raises(GazeError, match=f"P300R000001: .*{message}"):
        make_recording(**change)


def test_importing_the_package_loads_nothing_heavy():
    code = "import egma_lib.gaze, sys; print({'pandas', 'scipy', 'torch', 'pymovements'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_every_exported_name_exists():
    import egma_lib.gaze as gaze

    assert all(getattr(gaze, name) is not None for name in gaze.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = gaze.nonsense
