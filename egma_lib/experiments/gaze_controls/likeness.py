"""How like the measured heatmaps those of a control are: what training on it can show at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from egma_lib.errors import DataError
from egma_lib.training.data import TrainingData

LIKENESS_METRIC = "correlation_with_measured"


def map_correlations(control: TrainingData, measured: TrainingData) -> np.ndarray:
    """Return Pearson's correlation over patches of every sentence that has gaze in both.

    Parameters
    ----------
    control, measured
        The same samples with two kinds of gaze.

    Returns
    -------
    numpy.ndarray
        Shape (k,); sentences where a heatmap is the same on all patches have none and are left out.

    Raises
    ------
    DataError
        The samples differ.
    """
    if control.sample_ids != measured.sample_ids:
        raise DataError("heatmaps of different samples cannot be compared; make the control from this corpus")
    ours, theirs = [], []
    for index in range(len(measured)):
        a, b = control.gaze_similarity[index], measured.gaze_similarity[index]
        both = control.has_gaze[index] & measured.has_gaze[index]
        if a is not None and b is not None:
            ours += list(a[both])
            theirs += list(b[both])
    if not ours:
        return np.zeros(0)
    x, y = (_centred(np.stack(rows)) for rows in (ours, theirs))
    size = np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1))
    return np.asarray((x * y).sum(axis=1)[size > 0] / size[size > 0])


def likeness_rows(controls: Mapping[str, TrainingData], measured: TrainingData) -> list[dict[str, Any]]:
    """Return long rows with the median correlation of each control's heatmaps with the measured ones.

    Parameters
    ----------
    controls
        Label to the gaze corpus with that control's gaze; those with no heatmap to correlate have no row.
    measured
        The gaze corpus with measured gaze.
    """
    found = {label: map_correlations(control, measured) for label, control in controls.items()}
    return [
        {
            "dataset": "gaze",
            "method": label,
            "setting": "",
            "metric": LIKENESS_METRIC,
            "value": float(np.median(values)),
            "ci_low": np.nan,
            "ci_high": np.nan,
            "sd": float(np.std(values)),
            "n_cases": len(values),
            "n_seeds": 0,
            "kind": "measured",
            "source": "this run",
            "comparison": "",
            "smallest_effect": np.nan,
        }
        for label, values in found.items()
        if len(values)
    ]


def _centred(rows: np.ndarray) -> np.ndarray:
    return rows.astype(np.float64) - rows.mean(axis=1, keepdims=True, dtype=np.float64)
