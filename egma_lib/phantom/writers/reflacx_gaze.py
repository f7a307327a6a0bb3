"""The two gaze tables of a REFLACX reading: 1000 Hz samples and the tracker's own fixations."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from egma_lib.phantom.case import SimulatedReading
from egma_lib.phantom.writers.tables import Row, fixed_decimals, whole_numbers, write_columns, write_table

SHARED_COLUMNS = (
    "x_position", "y_position", "pupil_area_normalized", "angular_resolution_x_pixels_per_degree",
    "angular_resolution_y_pixels_per_degree", "window_width", "window_level", "xmin_shown_from_image",
    "ymin_shown_from_image", "xmax_shown_from_image", "ymax_shown_from_image",
    "xmin_in_screen_coordinates", "ymin_in_screen_coordinates", "xmax_in_screen_coordinates",
    "ymax_in_screen_coordinates",
)  # fmt: skip
GAZE_COLUMNS = ("timestamp_sample", *SHARED_COLUMNS)
FIXATION_COLUMNS = ("timestamp_start_fixation", "timestamp_end_fixation", *SHARED_COLUMNS)

_RECTANGLES = (
    "x_min_px", "y_min_px", "x_max_px", "y_max_px",
    "screen_x_min", "screen_y_min", "screen_x_max", "screen_y_max",
)  # fmt: skip
_SHORTEST_FIXATION_S = 0.05
_TIMING_ERROR_S = 0.003
_POSITION_ERROR_DEG = 0.05


def write_gaze(path: Path, reading: SimulatedReading, window: tuple[float, float]) -> None:
    """Write `gaze.csv`, one row per sample.

    In blinks position, pupil and angular resolution are blank while window and rectangles stay.

    Parameters
    ----------
    path
        File to write.
    reading
        Recording of n samples.
    window
        Grey-level window (width, level) of the display, in 0-1.
    """
    samples = reading.samples
    missing = samples["x_px"].isna().to_numpy()
    resolution = whole_numbers(np.where(missing, np.nan, samples["px_per_deg"].to_numpy()))
    count = len(samples)
    width, level = (fixed_decimals(np.full(count, value), 5) for value in window)
    values = [
        fixed_decimals(samples["time_s"].to_numpy(), 3),
        whole_numbers(samples["x_px"].to_numpy()),
        whole_numbers(samples["y_px"].to_numpy()),
        fixed_decimals(np.where(missing, np.nan, samples["pupil"].to_numpy()), 3),
        resolution,
        resolution,
        width,
        level,
        *(whole_numbers(samples[name].to_numpy()) for name in _RECTANGLES),
    ]
    write_columns(path, dict(zip(GAZE_COLUMNS, values, strict=True)), line_end="\r\n")


def write_fixations(
    path: Path, reading: SimulatedReading, window: tuple[float, float], rng: np.random.Generator
) -> None:
    """Write `fixations.csv`: the tracker's own events, close to the true ones but not equal.

    Onsets are a few milliseconds off, positions are the mean of the samples in between, and fixations too
    short for the tracker's parser are absent. Rectangles are those at the start of the fixation.
    """
    samples = reading.samples
    time_s = samples["time_s"].to_numpy()
    measured = samples[["x_px", "y_px", "pupil"]].to_numpy()
    display = samples[["px_per_deg", *_RECTANGLES]].to_numpy()
    seen = np.isfinite(measured[:, 0])
    rows: list[Row] = []
    for onset_s, offset_s in reading.true_fixations[["onset_s", "offset_s"]].to_numpy():
        start_s, end_s = np.array([onset_s, offset_s]) + rng.normal(0, _TIMING_ERROR_S, 2)
        first, last = np.searchsorted(time_s, [start_s, end_s])
        inside = first + np.flatnonzero(seen[first:last])
        if end_s - start_s < _SHORTEST_FIXATION_S or not inside.size:
            continue
        resolution, *rectangles = display[inside[0]]
        x_px, y_px, pupil = measured[inside].mean(axis=0)
        x_px, y_px = np.array([x_px, y_px]) + rng.normal(0, _POSITION_ERROR_DEG * resolution, 2)
        rows.append((
            f"{start_s:.3f}", f"{end_s:.3f}", round(x_px), round(y_px), f"{pupil:.3f}",
            round(resolution), round(resolution), f"{window[0]:.5f}", f"{window[1]:.5f}",
            *(round(value) for value in rectangles),
        ))  # fmt: skip
    write_table(path, FIXATION_COLUMNS, rows, line_end="\r\n")
