"""Figure 3: where models look for a sentence, beside where the radiologist looked while saying it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from egma_lib.figures.style import new_figure, show_film, show_heat, styled, title


@dataclass(frozen=True)
class AttentionExample:
    """One sentence of one reading.

    Attributes
    ----------
    sample_id, sentence
        Which reading, and the sentence.
    film
        Padded square, shape (S, S).
    gaze
        Sentence heatmap on the patch grid, maximum 1.
    attention
        Method name to min-max scaled patch similarity, shape (grid, grid).
    """

    sample_id: str
    sentence: str
    film: np.ndarray
    gaze: np.ndarray
    attention: Mapping[str, np.ndarray]


def attention_map(patch_features: np.ndarray, sentence_feature: np.ndarray) -> np.ndarray:
    """Return the min-max scaled similarity of patches (n, d) to a sentence (d,), shape (grid, grid).

    A flat map (range under 1e-6) is all zero, as in Eq. 7.
    """
    similarity = patch_features @ sentence_feature
    grid = round(len(similarity) ** 0.5)
    spread = similarity.max() - similarity.min()
    scaled = (similarity - similarity.min()) / spread if spread > 1e-6 else np.zeros_like(similarity)
    return scaled.reshape(grid, grid)


def attention_data(examples: Sequence[AttentionExample]) -> pd.DataFrame:
    """Return the rows behind the figure: sample, sentence, source (gaze or method), patch, value."""
    tables = []
    for example in examples:
        for source, values in {"gaze": example.gaze, **example.attention}.items():
            row, column = np.indices(values.shape)
            tables.append(
                pd.DataFrame(
                    {
                        "sample_id": example.sample_id,
                        "sentence": example.sentence,
                        "source": source,
                        "patch_row": row.ravel(),
                        "patch_column": column.ravel(),
                        "value": values.ravel(),
                    }
                )
            )
    return pd.concat(tables, ignore_index=True)


def gaze_agreement(examples: Sequence[AttentionExample]) -> pd.Series:
    """Return, per method, the mean correlation of its attention with the gaze heatmap over the examples.

    Examples where one of the two is flat are left out; NaN where none is left.
    """
    correlations = pd.DataFrame(
        [
            {name: map_correlation(values, example.gaze) for name, values in example.attention.items()}
            for example in examples
        ]
    )
    return correlations.mean()


def map_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Return the correlation of two maps of the same shape over their cells, NaN where one is flat."""
    if a.std() < 1e-9 or b.std() < 1e-9:
        return float("nan")
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


@styled
def plot_attention(examples: Sequence[AttentionExample], note: str) -> Figure:
    """Draw a row per sentence: film, gaze, and each method's attention.

    Parameters
    ----------
    examples
        At least one; all with the same methods.
    note
        The study's title note.
    """
    methods = list(examples[0].attention)
    figure = new_figure(1.6 * (2 + len(methods)), 1.95 * len(examples) + 0.5)
    axes = figure.subplots(len(examples), 2 + len(methods), squeeze=False)
    for row, example in zip(axes, examples, strict=True):
        show_film(row[0], example.film)
        row[0].set_xlabel("\n".join(textwrap.wrap(f"“{example.sentence}”", 30)), fontsize=7)
        panels = {"gaze while dictated": example.gaze, **example.attention}
        for ax, (name, values) in zip(row[1:], panels.items(), strict=True):
            show_film(ax, example.film)
            show_heat(ax, values)
            if name in example.attention:
                agreement = map_correlation(values, example.gaze)
                ax.set_xlabel(f"r with gaze {agreement:.2f}", fontsize=7)
    for ax, name in zip(axes[0], ("film", "gaze while dictated", *methods), strict=True):
        ax.set_title(name)
    mean = gaze_agreement(examples)
    listed = ", ".join(f"{name} {value:.2f}" for name, value in mean.items())
    title(figure, f"Figure 3. Attention for a sentence; mean r with gaze here: {listed}", note)
    return figure
