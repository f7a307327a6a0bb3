"""Figure 7: several radiologists on one finding."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from egma_lib.figures.attention import map_correlation
from egma_lib.figures.style import PALETTE, new_figure, show_film, show_heat, show_regions, styled, title


@dataclass(frozen=True)
class ReaderOnFinding:
    """What one reader did while naming the finding.

    Attributes
    ----------
    reading_id, sentence
        Reading, and the sentence that names the finding.
    heat
        Sentence heatmap on a display grid.
    x, y, duration_s
        Fixations of that sentence, 0-1 of the padded square, seconds.
    regions
        The reader's own regions of the finding: kind, x_min, y_min, x_max, y_max in 0-1 of the padded square.
    """

    reading_id: str
    sentence: str
    heat: np.ndarray
    x: np.ndarray
    y: np.ndarray
    duration_s: np.ndarray
    regions: pd.DataFrame

    def shapes(self) -> list[tuple[str, list[float]]]:
        """Return kind and [x_min, y_min, x_max, y_max] of every region."""
        sides = self.regions[["x_min", "y_min", "x_max", "y_max"]].to_numpy(dtype=float).tolist()
        return list(zip(self.regions["kind"].astype(str), sides, strict=True))

    def share_on_region(self) -> float:
        """Return the share of fixation time inside the reader's own regions (NaN without regions or gaze)."""
        if self.regions.empty or not self.duration_s.sum():
            return float("nan")
        inside = np.zeros(len(self.x), dtype=bool)
        for kind, (x_min, y_min, x_max, y_max) in self.shapes():
            u = (2 * self.x - x_min - x_max) / (x_max - x_min)
            v = (2 * self.y - y_min - y_max) / (y_max - y_min)
            inside |= u**2 + v**2 <= 1 if kind == "ellipse" else (np.abs(u) <= 1) & (np.abs(v) <= 1)
        return float(self.duration_s[inside].sum() / self.duration_s.sum())


def readers_data(readers: list[ReaderOnFinding]) -> pd.DataFrame:
    """Return one row per fixation and per region drawn, all positions in 0-1 of the padded square.

    Returns
    -------
    pandas.DataFrame
        reading_id, sentence, share_on_region, kind (fixation, box or ellipse); x, y, duration_s of fixations;
        x_min, y_min, x_max, y_max of regions.
    """
    tables = []
    for item in readers:
        fixations = pd.DataFrame(
            {"kind": "fixation", "x": item.x, "y": item.y, "duration_s": item.duration_s}
        )
        regions = item.regions[["kind", "x_min", "y_min", "x_max", "y_max"]]
        both = pd.concat([fixations, regions], ignore_index=True)
        both.insert(0, "reading_id", item.reading_id)
        both.insert(1, "sentence", item.sentence)
        both.insert(2, "share_on_region", item.share_on_region())
        tables.append(both)
    return pd.concat(tables, ignore_index=True)


def heat_correlation(readers: list[ReaderOnFinding]) -> float:
    """Return the mean correlation between the readers' heatmaps, over all pairs whose maps are not flat."""
    pairs = combinations(readers, 2)
    return float(pd.Series([map_correlation(one.heat, other.heat) for one, other in pairs]).mean())


@styled
def plot_readers(film: np.ndarray, finding: str, readers: list[ReaderOnFinding], note: str) -> Figure:
    """Draw a panel per reader: heatmap, fixations and the region the reader marked.

    Parameters
    ----------
    film
        Padded square, shape (S, S).
    finding
        Name of the finding.
    readers
        One or more.
    note
        The study's title note.
    """
    figure = new_figure(2.3 * (len(readers) + 1), 3.7)
    axes = figure.subplots(1, len(readers) + 1)
    show_film(axes[0], film)
    axes[0].set_title("film")
    for index, (ax, item) in enumerate(zip(axes[1:], readers, strict=True), start=1):
        show_film(ax, film)
        show_heat(ax, item.heat, alpha=0.5)
        ax.scatter(
            item.x, item.y, s=70 * item.duration_s, facecolor="none", edgecolor=PALETTE[9], linewidth=0.9
        )
        show_regions(ax, item.regions)
        share = item.share_on_region()
        on_region = "" if np.isnan(share) else f", {share:.0%} on own region"
        ax.set_title(f"reader {index}{on_region}", fontsize=8)
        ax.set_xlabel("\n".join(textwrap.wrap(f"“{item.sentence}”", 40)), fontsize=7)
    compared = f"heatmaps correlate at {heat_correlation(readers):.2f} on average"
    who = (
        f"{len(readers)} readers naming {finding.lower()}: {compared}"
        if len(readers) > 1
        else f"One reader naming {finding.lower()}: no finding of this study has several"
    )
    title(figure, f"Figure 7. {who}", note)
    return figure
