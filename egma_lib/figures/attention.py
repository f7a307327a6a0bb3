"""Figure 3: where models look for a sentence, beside where the radiologist looked while saying it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from egma_lib.figures.style import new_figure, show_film, show_heat, show_regions, styled, title

PANELS_PER_ROW = 6
"""More than fit a page's width are set in several rows per sentence."""


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
    regions
        Where the sentence's finding is marked: kind (box or ellipse), x_min, y_min, x_max, y_max in 0-1 of
        the padded square; None or no row where nothing is marked.
    """

    sample_id: str
    sentence: str
    film: np.ndarray
    gaze: np.ndarray
    attention: Mapping[str, np.ndarray]
    regions: pd.DataFrame | None = None


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
    """Return the rows behind the figure: sample, sentence, source, patch, value.

    The source is gaze, a method or, with kind, x_min, y_min, x_max and y_max, a marked region.
    """
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
        if example.regions is not None and len(example.regions):
            marked = example.regions[["kind", "x_min", "y_min", "x_max", "y_max"]]
            named = {"sample_id": example.sample_id, "sentence": example.sentence, "source": "marked region"}
            tables.append(marked.assign(**named))
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
    """Draw film with the marked region, gaze, and each method's attention, in rows of equal length.

    Parameters
    ----------
    examples
        At least one; all with the same methods.
    note
        The study's title note.
    """
    n_panels = 2 + len(examples[0].attention)
    n_bands = -(-n_panels // PANELS_PER_ROW)
    n_columns = -(-n_panels // n_bands)
    figure = new_figure(1.6 * n_columns, 1.95 * n_bands * len(examples) + 0.7)
    cases = figure.subfigures(len(examples), 1, squeeze=False)[:, 0]
    for index, (case, example) in enumerate(zip(cases, examples, strict=True)):
        case.set_facecolor("0.95" if index % 2 else "white")
        case.suptitle("\n".join(textwrap.wrap(f"“{example.sentence}”", 18 * n_columns)), fontsize=8)
        panels = case.subplots(n_bands, n_columns, squeeze=False).ravel()
        for unused in panels[n_panels:]:
            unused.remove()
        _plot_case(panels[:n_panels], example)
    mean = gaze_agreement(examples)
    listed = ", ".join(f"{name} {value:.2f}" for name, value in mean.items())
    title(figure, f"Figure 3. Attention for a sentence; mean r with gaze here: {listed}", note)
    return figure


def _plot_case(axes: np.ndarray, example: AttentionExample) -> None:
    is_marked = example.regions is not None and len(example.regions) > 0
    panels = {"gaze while dictated": example.gaze, **example.attention}
    show_film(axes[0], example.film)
    axes[0].set_title("film, finding marked" if is_marked else "film, no finding marked", fontsize=8)
    for ax, (name, values) in zip(axes[1:], panels.items(), strict=True):
        show_film(ax, example.film)
        show_heat(ax, values)
        agreement = map_correlation(values, example.gaze)
        score = f"\nr with gaze {agreement:.2f}" if name in example.attention else ""
        ax.set_title(f"{name}{score}", fontsize=8)
    if example.regions is not None:
        for ax in axes:
            show_regions(ax, example.regions)
