"""Figure 8: gaze on normal and on abnormal films."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from egma_lib.evaluation.metrics import bootstrap_weights, percentile_interval
from egma_lib.figures.style import new_figure, show_boxes, show_film, show_heat, styled, title

GROUPS = ("normal", "abnormal")
MEASURES = {
    "n_fixations_per_s": "fixations per second",
    "fixation_duration_s": "median fixation (s)",
    "spread": "spread (share of side)",
    "concentration": "time on busiest tenth",
}


def reading_measures(fixations: pd.DataFrame) -> dict[str, float]:
    """Return the measures of one reading (`MEASURES`), positions weighted by time.

    Parameters
    ----------
    fixations
        onset_s, duration_s, x, y (0-1 of the image) of one reading, at least two rows.
    """
    weight = fixations["duration_s"].to_numpy()
    x, y = fixations["x"].to_numpy(), fixations["y"].to_numpy()
    total_s = (fixations["onset_s"] + fixations["duration_s"]).max() - fixations["onset_s"].min()
    spread = np.sqrt(np.cov(x, aweights=weight, ddof=0) + np.cov(y, aweights=weight, ddof=0))
    counts, _, _ = np.histogram2d(y, x, bins=10, range=((0, 1), (0, 1)), weights=weight)
    busiest = np.sort(counts.ravel())[::-1][:10].sum() / max(counts.sum(), 1e-12)
    return {
        "n_fixations_per_s": len(fixations) / total_s,
        "fixation_duration_s": float(np.median(weight)),
        "spread": float(spread),
        "concentration": float(busiest),
    }


def group_differences(measures: pd.DataFrame, rng: np.random.Generator, n_resamples: int) -> pd.DataFrame:
    """Difference abnormal minus normal of every measure's mean, with a 95 % interval over patients.

    Parameters
    ----------
    measures
        One row per reading: patient_id, group (`normal` or `abnormal`) and the columns of `MEASURES`.
    rng
        Source of randomness.
    n_resamples
        Resamples of patients.
    """
    weights = bootstrap_weights(measures["patient_id"].to_numpy(), n_resamples, rng).astype(np.float64)
    abnormal = (measures["group"] == "abnormal").to_numpy()
    # Resamples without a reading of one of the groups say nothing about their difference.
    weights = weights[(weights @ abnormal > 0) & (weights @ ~abnormal > 0)]
    rows = []
    for measure in MEASURES:
        values = measures[measure].to_numpy()
        means = [
            weights[:, group] @ values[group] / weights[:, group].sum(axis=1)
            for group in (abnormal, ~abnormal)
        ]
        value = values[abnormal].mean() - values[~abnormal].mean()
        interval = percentile_interval(value, means[0] - means[1])
        rows.append(
            {"measure": measure, "difference": value, "ci_low": interval.low, "ci_high": interval.high}
        )
    return pd.DataFrame(rows)


@styled
def plot_normal_abnormal(
    films: dict[str, np.ndarray],
    heat: dict[str, np.ndarray],
    measures: pd.DataFrame,
    differences: pd.DataFrame,
    note: str,
) -> Figure:
    """Draw the mean film and heatmap of both groups, and the distribution of every measure.

    Parameters
    ----------
    films, heat
        Group to mean film (S, S) and to mean whole-report heatmap (rows, columns).
    measures
        One row per reading, see `group_differences`.
    differences
        As `group_differences` gives them.
    note
        The study's title note.
    """
    figure = new_figure(10.0, 6.2)
    top, bottom = figure.subfigures(2, 1, squeeze=False, height_ratios=[1.15, 1])[:, 0]
    ceiling = max(float(values.max()) for values in heat.values())
    for ax, group in zip(top.subplots(1, 2), GROUPS, strict=True):
        show_film(ax, films[group])
        show_heat(ax, heat[group], vmax=ceiling)
        n = int((measures["group"] == group).sum())
        ax.set_title(f"{group} (n = {n} readings), mean gaze on the mean film")
    for ax, (measure, label) in zip(bottom.subplots(1, len(MEASURES)), MEASURES.items(), strict=True):
        show_boxes(ax, measures, "group", measure, GROUPS)
        row = differences.set_index("measure").loc[measure]
        ax.set_ylabel(label)
        ax.set_title(f"{row.difference:+.3f}\n[{row.ci_low:.3f}, {row.ci_high:.3f}]", fontsize=8)
    clear = differences[(differences["ci_low"] > 0) | (differences["ci_high"] < 0)]["measure"]
    listed = ", ".join(MEASURES[name].split(" (")[0] for name in clear) or "no measure"
    title(figure, f"Figure 8. Normal and abnormal readings differ in: {listed}", note)
    return figure
