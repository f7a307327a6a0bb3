"""Recordings per second of processor time from arrays to sentence heatmaps, and heatmaps alone.

    python benchmarks/gaze_throughput.py [--repeats 9]

Recordings of 60 s with about 170 fixations and ten sentences. "Events to heatmaps" is all that stage 01 does
after the files are read: degrees, events, fixations, sentences, assignment, quality, and the heatmaps.
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np
import pandas as pd

from egma_lib.gaze import ImageFrame, Recording, preprocess_recording, sentence_heatmaps
from egma_lib.settings import GazeSettings

LENGTH_S, SACCADE_S, PX_PER_DEG, NOISE_PX = 60.0, 0.04, 110.0, 4.0
FRAME = ImageFrame(rows=3056, columns=2544)
GRIDS = ((7, 7), (14, 14))


def make_recording(sampling_hz: float, rng: np.random.Generator) -> Recording:
    """Return a recording of fixations joined by smooth saccades, with white noise and a blink every 5 s."""
    time_s = np.arange(0, LENGTH_S, 1 / sampling_hz)
    ends = np.cumsum(rng.uniform(0.15, 0.5, 400) + SACCADE_S)
    targets = rng.uniform((100, 100), (FRAME.columns - 100, FRAME.rows - 100), (len(ends) + 1, 2))
    index = np.searchsorted(ends, time_s)
    progress = np.clip(1 - (ends[index] - time_s) / SACCADE_S, 0, 1)[:, None]
    eased = progress**3 * (10 - 15 * progress + 6 * progress**2)
    position = targets[index] + eased * (targets[index + 1] - targets[index])
    position += rng.normal(0, NOISE_PX, position.shape)
    position[time_s % 5 < 0.15] = np.nan
    n = len(time_s)
    words = ["the", "lungs", "are", "clear", "today", "."] * 10
    start_s = 2 + np.arange(len(words)) * 0.9
    return Recording(
        reading_id="benchmark", dicom_id="", subject_id="", reader="", source="reflacx",
        sampling_hz=sampling_hz, frame=FRAME, time_s=time_s, x_px=position[:, 0], y_px=position[:, 1],
        px_per_deg_x=np.full(n, PX_PER_DEG), px_per_deg_y=np.full(n, PX_PER_DEG),
        shown_px=np.tile(np.array([0.0, 0, 2544, 3056]), (n, 1)),
        screen_px=np.tile(np.array([1021.0, 0, 2819, 2160]), (n, 1)),
        words=pd.DataFrame({"word": words, "start_s": start_s, "end_s": start_s + 0.7}),
        vendor_fixations=pd.DataFrame({"onset_s": [], "duration_s": [], "x_px": [], "y_px": []}),
    )  # fmt: skip


def main() -> None:
    """Print one line per sampling rate and per grid."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    repeats = parser.parse_args().repeats
    settings = GazeSettings()
    for sampling_hz in (60.0, 1000.0):
        # Fresh recordings, since one keeps its degrees once they are computed.
        recordings = [make_recording(sampling_hz, np.random.default_rng(seed)) for seed in range(repeats + 1)]
        times = []
        for recording in recordings:
            begin = time.process_time()
            done = preprocess_recording(recording, settings)
            sentence_heatmaps(done.fixations, len(done.sentences), GRIDS[0], FRAME, settings.gaze_floor)
            times.append(time.process_time() - begin)
        rate, counts = 1 / statistics.median(times[1:]), (len(done.fixations), len(done.sentences))
        print(f"{sampling_hz:g} Hz, {done.reading['method']}: {rate:.0f} recordings/s, events to heatmaps")
        print("    {} fixations, {} sentences".format(*counts))
    for grid in GRIDS:
        begin = time.process_time()
        for _ in range(100 * repeats):
            sentence_heatmaps(done.fixations, len(done.sentences), grid, FRAME, settings.gaze_floor)
        rate = 100 * repeats / (time.process_time() - begin)
        print(f"{grid[0]} x {grid[1]} cells: {rate:.0f} cases/s, sentence heatmaps alone")


if __name__ == "__main__":
    main()
