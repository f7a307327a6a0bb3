"""Figure 4: t-SNE of the image features before and after EGMA."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from egma_lib.figures.style import PALETTE, bare, new_figure, styled, title


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
        same class, averaged over images; chance is the class share).
    """
    from sklearn.manifold import TSNE
    from sklearn.neighbors import NearestNeighbors

    tables = []
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
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


@styled
def plot_tsne(points: pd.DataFrame, note: str) -> Figure:
    """Draw one panel per method, coloured by class.

    Parameters
    ----------
    points
        As `embed_tsne` gives them.
    note
        The study's title note.
    """
    methods = list(dict.fromkeys(points["method"]))
    classes = list(dict.fromkeys(points["label"]))
    figure = new_figure(3.6 * len(methods), 4.2)
    axes = figure.subplots(1, len(methods), squeeze=False)[0]
    for ax, method in zip(axes, methods, strict=True):
        mine = points[points["method"] == method]
        for colour, name in zip(PALETTE, classes, strict=False):
            chosen = mine[mine["label"] == name]
            ax.scatter(chosen["x"], chosen["y"], s=7, color=colour, label=name, linewidths=0, alpha=0.8)
        purity = mine["neighbour_purity"].iloc[0]
        ax.set_title(f"{method}: {purity:.0%} of 10 nearest neighbours\nshare the class (n = {len(mine)})")
        bare(ax)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(len(classes), 5), markerscale=2)
    best = points.groupby("method", sort=False)["neighbour_purity"].first()
    title(figure, f"Figure 4. Image features by class: neighbours agree most in {best.idxmax()}", note)
    return figure
