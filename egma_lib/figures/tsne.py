"""Figures 4 and 9: t-SNE of the image features before and after EGMA, and of other methods."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from egma_lib.figures.style import PALETTE, bare, new_figure, styled, title

PANELS_PER_ROW = 5


def embed_tsne(features: Mapping[str, np.ndarray], labels: np.ndarray, seed: int) -> pd.DataFrame:
    """Embed each method's global image features in the plane, with the share of same-class neighbours.

    Parameters
    ----------
    features
        Method name to shape (n_images, d), unit length.
    labels
        Class names, shape (n_images,).
    seed
        Seed of t-SNE.

    Returns
    -------
    pandas.DataFrame
        method, label, x, y, neighbour_purity (share of the 10 nearest neighbours, in feature space, of the
        same class, averaged over images; by chance `chance_purity`), silhouette (Rousseeuw 1987, mean over
        images in feature space, -1 to 1; NaN with one class).
    """
    from sklearn.manifold import TSNE
    from sklearn.metrics import silhouette_score
    from sklearn.neighbors import NearestNeighbors

    tables, is_grouped = [], 1 < len(set(labels.tolist())) < len(labels)
    for method, values in features.items():
        perplexity = min(30.0, (len(values) - 1) / 3)
        plane = TSNE(perplexity=perplexity, init="pca", random_state=seed).fit_transform(values)
        k = min(10, len(values) - 1)
        # Without an argument a point is not its own neighbour, also where features coincide.
        near = NearestNeighbors(n_neighbors=k).fit(values).kneighbors(return_distance=False)
        purity = float((labels[near] == labels[:, None]).mean())
        tables.append(
            pd.DataFrame(
                {
                    "method": method,
                    "label": labels,
                    "x": plane[:, 0],
                    "y": plane[:, 1],
                    "neighbour_purity": purity,
                    "silhouette": float(silhouette_score(values, labels)) if is_grouped else np.nan,
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


@styled
def plot_tsne(points: pd.DataFrame, note: str, number: int = 4) -> Figure:
    """Draw one panel per method, coloured by class, at most `PANELS_PER_ROW` side by side.

    Parameters
    ----------
    points
        As `embed_tsne` gives them.
    note
        The study's title note.
    number
        Number of the figure.
    """
    methods = list(dict.fromkeys(points["method"]))
    classes = list(dict.fromkeys(points["label"]))
    n_columns = min(len(methods), PANELS_PER_ROW)
    n_rows = -(-len(methods) // n_columns)
    figure = new_figure(3.6 * n_columns, 0.8 + 3.4 * n_rows)
    panels = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    axes = panels[: len(methods)]
    for unused in panels[len(methods) :]:
        unused.remove()
    for ax, method in zip(axes, methods, strict=True):
        mine = points[points["method"] == method]
        for colour, name in zip(PALETTE, classes, strict=False):
            chosen = mine[mine["label"] == name]
            ax.scatter(chosen["x"], chosen["y"], s=7, color=colour, label=name, linewidths=0, alpha=0.8)
        purity = mine["neighbour_purity"].iloc[0]
        silhouette = mine["silhouette"].iloc[0]
        score = "" if np.isnan(silhouette) else f", silhouette {silhouette:.2f}"
        ax.set_title(
            f"{method}: {purity:.0%} of 10 nearest neighbours\nshare the class{score} (n = {len(mine)})"
        )
        bare(ax)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(len(classes), 5), markerscale=2)
    best = points.groupby("method", sort=False)["neighbour_purity"].first()
    finding = f"Figure {number}. Image features by class: neighbours agree most in {best.idxmax()}"
    chance = chance_purity(points.loc[points["method"] == methods[0], "label"])
    title(figure, f"{finding}\nchance level of these films, neighbours drawn at random: {chance:.0%}", note)
    return figure


def chance_purity(labels: pd.Series) -> float:
    """Return the share of same-class neighbours where these are drawn at random, 0 to 1."""
    counts, n = labels.value_counts().to_numpy(), len(labels)
    return float((counts * (counts - 1)).sum() / (n * (n - 1)))
