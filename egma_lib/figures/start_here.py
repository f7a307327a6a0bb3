"""Notebook 00: the way of the data, and one sentence from raw gaze to patch labels."""

from __future__ import annotations

import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from egma_lib.figures.start_case import StartCase
from egma_lib.figures.style import (
    FILM_MAP,
    HEAT_MAP,
    PALETTE,
    bare,
    new_figure,
    show_film,
    show_heat,
    styled,
    title,
)

_BEFORE_S, _AFTER_S = 1.5, 0.5
"""Seconds of the recording shown around a sentence; eyes lead the voice, so more before."""

_BOXES = {
    "gaze": (0.0, 2, "gaze samples"),
    "words": (0.0, 1, "dictation,\nword by word"),
    "film": (0.0, 0, "film"),
    "fixations": (1.0, 2, "fixations"),
    "sentences": (1.0, 1, "sentences"),
    "image": (1.0, 0, "image encoder"),
    "heat": (2.0, 2, "GS: heatmap per\nsentence on patches"),
    "text": (2.0, 1, "text encoder"),
    "labels": (3.0, 2, "GL = 1[GS > 0]\n(Eq. 3)"),
    "similarity": (3.0, 1, "similarity S Pᵀ of\nsentences and patches"),
    "egf": (4.0, 2, "EGF: labels for\nsimilarities (Eq. 4-6)"),
    "egm": (4.0, 1, "EGM: gaze for the\nmapping (Eq. 7-9)"),
    "use": (4.0, 0, "zero-shot use:\nfilm and prompts only"),
}
"""Name: column, row and text of a box."""

_ARROWS = (
    ("gaze", "fixations"), ("words", "sentences"), ("film", "image"), ("fixations", "heat"),
    ("sentences", "heat"), ("sentences", "text"), ("heat", "labels"), ("labels", "egf"),
    ("text", "similarity"), ("image", "similarity"), ("similarity", "egf"), ("similarity", "egm"),
    ("heat", "egm"), ("image", "use"), ("text", "use"),
)  # fmt: skip

_GAZE_BOXES = ("gaze", "fixations", "heat", "labels")


@styled
def plot_way_of_the_data() -> Figure:
    """Draw the way from recording, dictation and film to the two losses and to use without gaze."""
    figure = new_figure(9.6, 3.0)
    ax = figure.subplots()
    drawn = {}
    for name, (column, row, text) in _BOXES.items():
        colour = PALETTE[1] if name in _GAZE_BOXES else PALETTE[0]
        drawn[name] = ax.text(
            column,
            row,
            text,
            ha="center",
            va="center",
            fontsize=8,
            bbox={"boxstyle": "round,pad=0.45", "facecolor": (*colour, 0.18), "edgecolor": colour},
        )
    for start, end in _ARROWS:
        ax.annotate(
            "",
            xy=_BOXES[end][:2],
            xytext=_BOXES[start][:2],
            arrowprops={
                "arrowstyle": "->",
                "color": "0.35",
                "patchA": drawn[start].get_bbox_patch(),
                "patchB": drawn[end].get_bbox_patch(),
                "shrinkA": 2,
                "shrinkB": 2,
            },
        )
    ax.set(xlim=(-0.5, 4.55), ylim=(-0.45, 2.45))
    bare(ax)
    title(figure, "Gaze (orange) is used in training only", "")
    return figure


def start_case_data(case: StartCase) -> pd.DataFrame:
    """Return GS and GL behind the figure, a row per patch: row, column, gaze_similarity, gaze_label."""
    rows, columns = np.indices(case.gaze_similarity.shape)
    return pd.DataFrame(
        {
            "reading_id": case.reading_id,
            "sentence": case.sentence,
            "row": rows.ravel(),
            "column": columns.ravel(),
            "gaze_similarity": case.gaze_similarity.ravel(),
            "gaze_label": case.gaze_labels.ravel(),
        }
    )


@styled
def plot_start_case(case: StartCase, note: str) -> Figure:
    """Draw six steps: raw path, events, fixations of the sentence, its heatmap, GS and GL.

    Parameters
    ----------
    case
        From `start_case`.
    note
        The study's title note.
    """
    figure = new_figure(9.6, 6.9)
    axes = figure.subplots(2, 3)
    _draw_path(axes[0, 0], case)
    _draw_events(axes[0, 1], case)
    _draw_fixations(axes[0, 2], case)
    show_film(axes[1, 0], case.film)
    show_heat(axes[1, 0], case.heatmap)
    axes[1, 0].set_title("4 heatmap of the sentence", loc="left")
    _draw_cells(axes[1, 1], case.gaze_similarity, HEAT_MAP, ".2f")
    axes[1, 1].set_title("5 gaze similarity GS on the patch grid", loc="left")
    _draw_cells(axes[1, 2], case.gaze_labels, FILM_MAP, ".0f")
    axes[1, 2].set_title("6 labels GL = 1[GS > 0]", loc="left")
    text = textwrap.shorten(case.sentence, 70, placeholder=" ...")
    n_fixations = int(case.fixations["chosen"].sum())
    finding = (
        f'Of {len(case.time_s)} samples, {n_fixations} fixations belong to "{text}";\n'
        f"they make {int(case.gaze_labels.sum())} of {case.gaze_labels.size} patches positive"
    )
    title(figure, finding, note)
    return figure


def _draw_path(ax: Axes, case: StartCase) -> None:
    show_film(ax, case.film)
    ax.plot(case.x, case.y, color=PALETTE[8], lw=0.4, alpha=0.8)
    ax.set(xlim=(0, 1), ylim=(1, 0))
    ax.set_title(f"1 raw path, {case.sampling_hz:.0f} Hz, whole reading", loc="left")


def _draw_events(ax: Axes, case: StartCase) -> None:
    """Draw the trace around the sentence with its words below and the fixations shaded."""
    window = (case.start_s - _BEFORE_S, case.end_s + _AFTER_S)
    inside = (case.time_s >= window[0]) & (case.time_s <= window[1])
    for trace, colour, label in (
        (case.x_deg, PALETTE[0], "horizontal"),
        (case.y_deg, PALETTE[3], "vertical"),
    ):
        ax.plot(case.time_s[inside], trace[inside], color=colour, lw=0.8, label=label)
    for chosen, shade in ((False, "0.6"), (True, PALETTE[1])):
        some = case.fixations[case.fixations["chosen"] == chosen]
        for onset, duration in zip(some["onset_s"], some["duration_s"], strict=True):
            ax.axvspan(onset, onset + duration, color=shade, alpha=0.25, lw=0)
    low, high = np.nanpercentile(np.concatenate([case.x_deg[inside], case.y_deg[inside]]), [1, 99])
    spread = high - low
    ax.set(xlim=window, ylim=(low - 0.55 * spread, high + 0.4 * spread))
    for word, start, end in case.words.itertuples(index=False):
        ax.hlines(low - 0.08 * spread, start, end, color="black", lw=2)
        ax.text(start, low - 0.11 * spread, word, rotation=90, va="top", fontsize=6, clip_on=True)
    ax.set(xlabel="time (s); words at the bottom", ylabel="gaze (deg)")
    ax.legend(loc="upper right", fontsize=6, ncols=2)
    ax.set_title(f"2 events ({case.method})", loc="left")


def _draw_fixations(ax: Axes, case: StartCase) -> None:
    show_film(ax, case.film)
    for chosen, colour in ((False, "0.7"), (True, PALETTE[1])):
        some = case.fixations[case.fixations["chosen"] == chosen]
        size = 120 * some["duration_s"]
        ax.scatter(some["x"], some["y"], s=size, color=colour, alpha=0.75, edgecolor="white", lw=0.4)
    ax.set(xlim=(0, 1), ylim=(1, 0))
    ax.set_title("3 fixations of the sentence (orange)", loc="left")


def _draw_cells(ax: Axes, cells: np.ndarray, colours: str, form: str) -> None:
    """Draw a patch map, shape (rows, columns), with its numbers."""
    ax.imshow(cells, cmap=colours, vmin=0, vmax=1)
    for (row, column), value in np.ndenumerate(cells):
        dark = value < 0.6
        text = format(value, form) if value else "0"
        ax.text(column, row, text, ha="center", va="center", fontsize=7, color="white" if dark else "black")
    bare(ax)
