"""Figure 5: word and sentence heatmaps of one reading."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from egma_lib.figures.style import new_figure, show_film, show_heat, styled, title
from egma_lib.gaze.artefact import GazeArtefact
from egma_lib.gaze.frames import ImageFrame
from egma_lib.gaze.heatmaps import sentence_heatmaps, word_heatmaps

DISPLAY_GRID = (56, 56)
"""Cells of the padded square that heatmaps are drawn on (the model sees the patch grid instead)."""


@dataclass(frozen=True)
class SpokenHeatmaps:
    """One sentence of a reading with its words.

    Attributes
    ----------
    sentence
        Text.
    words
        Its spoken words, in order.
    word_maps
        Shape (n_words, rows, columns), maximum 1 or all zero.
    sentence_map
        Shape (rows, columns).
    """

    sentence: str
    words: tuple[str, ...]
    word_maps: np.ndarray
    sentence_map: np.ndarray


def spoken_heatmaps(artefact: GazeArtefact, reading_id: str, frame: ImageFrame) -> list[SpokenHeatmaps]:
    """Return every sentence of a reading with its words' heatmaps on `DISPLAY_GRID`."""
    fixations = artefact.fixations_of(reading_id)
    sentences = artefact.sentences_of(reading_id)
    words = artefact.words_of(reading_id)
    maps = sentence_heatmaps(fixations, len(sentences), DISPLAY_GRID, frame)
    found = []
    for index, text in enumerate(sentences["text"]):
        mine = words[(words["sentence_index"] == index) & words["word"].str.contains(r"\w")]
        found.append(
            SpokenHeatmaps(
                text,
                tuple(mine["word"]),
                word_heatmaps(fixations, mine, DISPLAY_GRID, frame),
                maps[index],
            )
        )
    return found


def empty_word_share(spoken: list[SpokenHeatmaps]) -> tuple[float, float]:
    """Return the shares of words and of sentences without any gaze."""
    words = [bool(heat.any()) for item in spoken for heat in item.word_maps]
    sentences = [bool(item.sentence_map.any()) for item in spoken]
    return 1 - float(np.mean(words)), 1 - float(np.mean(sentences))


def heatmap_data(spoken: list[SpokenHeatmaps]) -> pd.DataFrame:
    """Return the rows behind the figure: sentence, word ('' for the sentence), has_gaze, and its peak."""
    rows = []
    for item in spoken:
        for word, heat in (("", item.sentence_map), *zip(item.words, item.word_maps, strict=True)):
            row, column = np.unravel_index(int(heat.argmax()), heat.shape)
            rows.append(
                {
                    "sentence": item.sentence,
                    "word": word,
                    "has_gaze": bool(heat.any()),
                    "peak_x": (column + 0.5) / heat.shape[1] if heat.any() else np.nan,
                    "peak_y": (row + 0.5) / heat.shape[0] if heat.any() else np.nan,
                }
            )
    return pd.DataFrame(rows)


@styled
def plot_sentence_heatmaps(
    film: np.ndarray, spoken: list[SpokenHeatmaps], note: str, max_words: int = 6
) -> Figure:
    """Draw a row per sentence: its heatmap, then those of its first words.

    Parameters
    ----------
    film
        Padded square, shape (S, S).
    spoken
        Sentences to draw.
    note
        The study's title note.
    max_words
        Words drawn per sentence.
    """
    columns = 1 + min(max_words, max(len(item.words) for item in spoken))
    figure = new_figure(1.6 * columns, 2.0 * len(spoken) + 0.5)
    axes = figure.subplots(len(spoken), columns, squeeze=False)
    for row, item in zip(axes, spoken, strict=True):
        show_film(row[0], film)
        show_heat(row[0], item.sentence_map)
        row[0].set_xlabel("\n".join(textwrap.wrap(item.sentence, 26)), fontsize=7)
        for ax in row[1:]:
            ax.axis("off")
        for ax, word, heat in zip(row[1:], item.words, item.word_maps, strict=False):
            ax.axis("on")
            show_film(ax, film)
            if heat.any():
                show_heat(ax, heat)
            ax.set_xlabel(word if heat.any() else f"{word}\n(no gaze)", fontsize=7)
    axes[0, 0].set_title("sentence")
    axes[0, 1].set_title("its words", loc="left")
    no_word, no_sentence = empty_word_share(spoken)
    title(
        figure,
        f"Figure 5. {no_word:.0%} of these words have no gaze of their own, "
        f"{no_sentence:.0%} of the sentences",
        note,
    )
    return figure
