"""Figure 6: from raw samples over speed to fixations, for each sampling rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from egma_lib.figures.style import PALETTE, bare, new_figure, show_film, styled, title

HIGH_RATE_HZ = 250.0
"""From here on event detectors may speak of microsaccades and peak velocities."""

SECONDS = 4.0
"""Length of the trace shown, from the middle of the recording (seconds)."""

_EVENT_COLOURS = {"fixation": PALETTE[0], "saccade": PALETTE[1], "pso": PALETTE[4], "blink": PALETTE[7]}


@dataclass(frozen=True)
class DenoisedRecording:
    """One recording and what was made of it.

    Attributes
    ----------
    label
        Name of the panel's column.
    sampling_hz
        Measured rate.
    method
        Event detector by name.
    time_s, x_deg, y_deg
        Samples, shape (n,); NaN = missing.
    events
        event, onset_s, offset_s as `detect_events` gives them.
    x, y, duration_s
        Fixations kept, in 0-1 of the padded square, and seconds.
    raw_x, raw_y
        Samples in 0-1 of the padded square.
    film
        Padded square, shape (S, S).
    """

    label: str
    sampling_hz: float
    method: str
    time_s: np.ndarray
    x_deg: np.ndarray
    y_deg: np.ndarray
    events: pd.DataFrame
    x: np.ndarray
    y: np.ndarray
    duration_s: np.ndarray
    raw_x: np.ndarray
    raw_y: np.ndarray
    film: np.ndarray

    def window(self, seconds: float) -> tuple[float, float]:
        """Return start and end (seconds) of the middle `seconds` of the recording."""
        middle = float(self.time_s[0] + self.time_s[-1]) / 2
        return middle - seconds / 2, middle + seconds / 2

    def speed_deg_s(self) -> np.ndarray:
        """Return the speed between neighbouring samples (degrees per second), shape (n - 1,)."""
        step = np.hypot(np.diff(self.x_deg), np.diff(self.y_deg))
        return step / np.diff(self.time_s)


def denoising_data(recordings: list[DenoisedRecording], seconds: float = SECONDS) -> pd.DataFrame:
    """Return what the figure draws, but for the raw path over the film.

    Parameters
    ----------
    recordings
        One per device.
    seconds
        Length of the trace shown.

    Returns
    -------
    pandas.DataFrame
        recording, sampling_hz, method, part. Part `sample` has time_s, x_deg, y_deg and speed_deg_s (from the
        sample before) of the trace shown, `event` the columns of `detect_events`, `fixation` x and y (0-1 of
        the padded square) and duration_s.
    """
    tables = []
    for item in recordings:
        low, high = item.window(seconds)
        samples = pd.DataFrame(
            {
                "time_s": item.time_s,
                "x_deg": item.x_deg,
                "y_deg": item.y_deg,
                "speed_deg_s": np.append(np.nan, item.speed_deg_s()),
            }
        )
        parts = {
            "sample": samples[samples["time_s"].between(low, high)],
            "event": item.events,
            "fixation": pd.DataFrame({"x": item.x, "y": item.y, "duration_s": item.duration_s}),
        }
        for part, table in parts.items():
            named = table.reset_index(drop=True)
            for column, value in (("part", part), ("method", item.method)):
                named.insert(0, column, value)
            named.insert(0, "sampling_hz", item.sampling_hz)
            named.insert(0, "recording", item.label)
            tables.append(named)
    return pd.concat(tables, ignore_index=True)


def steps_run(recording: DenoisedRecording) -> str:
    """Say which steps ran; below 250 Hz nothing is claimed about microsaccades or peak velocity."""
    if recording.sampling_hz >= HIGH_RATE_HZ:
        return f"{recording.method}: blinks, saccades, post-saccadic oscillations removed"
    return f"{recording.method}: blinks, saccades removed (too slow for microsaccades)"


def _draw_trace(ax: Axes, item: DenoisedRecording, window: tuple[float, float]) -> None:
    ax.plot(item.time_s, item.x_deg, color=PALETTE[0], lw=0.8, label="horizontal")
    ax.plot(item.time_s, item.y_deg, color=PALETTE[3], lw=0.8, label="vertical")
    inside = (item.time_s >= window[0]) & (item.time_s <= window[1])
    seen = np.concatenate([item.x_deg[inside], item.y_deg[inside]])
    ax.set(xlim=window, ylabel="raw gaze (deg)")
    if np.isfinite(seen).any():
        low, high = np.nanpercentile(seen, [0.5, 99.5])
        ax.set_ylim(low - 1, high + 0.3 * (high - low) + 1)
    ax.legend(loc="upper right", fontsize=7, ncols=2)


def _draw_speed(ax: Axes, item: DenoisedRecording, window: tuple[float, float]) -> None:
    ax.semilogy(item.time_s[1:], np.maximum(item.speed_deg_s(), 0.1), color="0.25", lw=0.6)
    for event, colour in _EVENT_COLOURS.items():
        of_kind = item.events[item.events["event"] == event]
        label = event
        for onset, offset in zip(of_kind["onset_s"], of_kind["offset_s"], strict=True):
            if offset >= window[0] and onset <= window[1]:
                ax.axvspan(onset, offset, color=colour, alpha=0.25, lw=0, label=label)
                label = "_nolegend_"
    ax.set(xlim=window, ylim=(0.5, 20000), ylabel="speed (deg/s)", xlabel="time (s)")
    ax.legend(loc="upper right", fontsize=7, ncols=4)


def _draw_fixations(ax: Axes, item: DenoisedRecording) -> None:
    show_film(ax, item.film)
    ax.plot(item.raw_x, item.raw_y, color=PALETTE[8], lw=0.3, alpha=0.6)
    ax.scatter(item.x, item.y, s=60 * item.duration_s, color=PALETTE[1], alpha=0.7, edgecolor="white", lw=0.4)
    ax.set(xlim=(0, 1), ylim=(1, 0))
    bare(ax)
    ax.set_xlabel(f"{len(item.x)} fixations (area = duration), raw path in yellow")


@styled
def plot_denoising(recordings: list[DenoisedRecording], note: str, seconds: float = SECONDS) -> Figure:
    """Draw a column per recording: raw trace, speed with events, fixations on the film.

    Parameters
    ----------
    recordings
        One per device.
    note
        The study's title note.
    seconds
        Length of the trace shown, from the middle of the recording.
    """
    figure = new_figure(4.6 * len(recordings), 7.6)
    axes = figure.subplots(3, len(recordings), squeeze=False, height_ratios=[1, 1, 2.2])
    for column, item in zip(axes.T, recordings, strict=True):
        window = item.window(seconds)
        _draw_trace(column[0], item, window)
        _draw_speed(column[1], item, window)
        _draw_fixations(column[2], item)
        column[0].set_title(
            f"{item.label}, {item.sampling_hz:.0f} Hz\n{steps_run(item)}", fontsize=8, loc="left"
        )
    counts = ", ".join(f"{len(item.time_s)} samples to {len(item.x)} fixations" for item in recordings)
    title(figure, f"Figure 6. Denoising: {counts}", note)
    return figure
