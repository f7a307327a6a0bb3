"""Quality of the recordings, by device."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from egma_lib.figures.style import new_figure, show_boxes, styled, title

MEASURES = {
    "rms_s2s_deg": "RMS sample to sample (deg)",
    "data_loss": "data loss (share)",
    "off_image_share": "off the image (share)",
    "fixation_median_s": "median fixation (s)",
    "saccade_amplitude_median_deg": "median saccade (deg)",
    "sentences_with_gaze_share": "sentences with gaze (share)",
}


def quality_table(readings: pd.DataFrame) -> pd.DataFrame:
    """Return median and quartiles of every measure by source: one row per source and measure, with n."""
    long = readings.melt(id_vars="source", value_vars=list(MEASURES), var_name="measure").dropna()
    grouped = long.groupby(["source", "measure"], sort=False)["value"]
    return grouped.agg(
        quartile_1=lambda values: values.quantile(0.25),
        median="median",
        quartile_3=lambda values: values.quantile(0.75),
        n="size",
    ).reset_index()


@styled
def plot_quality(readings: pd.DataFrame, note: str) -> Figure:
    """Draw the distribution of every measure over readings, a box per source.

    Parameters
    ----------
    readings
        The artefact's readings.
    note
        The study's title note.
    """
    sources = sorted(readings["source"].unique())
    figure = new_figure(9.6, 5.0)
    for ax, (measure, label) in zip(figure.subplots(2, 3).flat, MEASURES.items(), strict=True):
        show_boxes(ax, readings, "source", measure, sources)
        ax.set_ylabel(label)
    counts = ", ".join(f"{source} n = {int((readings['source'] == source).sum())}" for source in sources)
    title(figure, f"Recording quality by device ({counts})", note)
    return figure
