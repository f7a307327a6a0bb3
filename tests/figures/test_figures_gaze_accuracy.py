"""Effect of gaze against its accuracy: numbers, places and words."""

import numpy as np
import pandas as pd
import pytest

from egma_lib.experiments.verdicts import GAP_SIZE
from egma_lib.figures.gaze_accuracy import PANELS, gaze_accuracy_data, plot_gaze_accuracy

EFFECTS = {"uniform gaze": 1.0, "shuffled gaze": -4.0, "EGMA": 40.0, "oracle regions": 55.0}
AGREEMENT = {"shuffled gaze": 0.1, "EGMA": 0.8, "oracle regions": 1.0}


def rows(comparison="minus Continued, no gaze", panels=PANELS):
    return pd.DataFrame(
        {
            "study": "phantom-main", "dataset": dataset, "method": name, "setting": "fine_grained",
            "metric": metric, "value": value, "ci_low": value - 2, "ci_high": value + 2, "n_cases": 135,
            "n_seeds": 10 if name == "EGMA" else 5, "comparison": comparison,
        }
        for dataset, metric, _ in panels
        for name, value in EFFECTS.items()
    )  # fmt: skip


@pytest.fixture
def data():
    agreement = [{"method": name, "value": value, "n_cases": 1307} for name, value in AGREEMENT.items()]
    every = pd.concat([rows(), rows("minus shuffled gaze"), rows().assign(metric="accuracy")])
    return gaze_accuracy_data(every, agreement, "true region of the finding")


def test_effects_against_no_gaze_alone_with_the_agreement_of_their_heatmaps(data):
    assert len(data) == len(PANELS) * len(EFFECTS)
    assert set(data["metric"]) == {"pointing_hit", GAP_SIZE}
    first = data.groupby("method")[["agreement", "n_sentences"]].first()
    assert first.loc["EGMA"].tolist() == [0.8, 1307]
    assert np.isnan(first.loc["uniform gaze", "agreement"])
    assert first.loc["uniform gaze", "n_sentences"] == 0


def test_points_stand_at_agreement_and_effect_and_flat_heatmaps_at_0(data):
    figure = plot_gaze_accuracy(data, "phantom study, synthetic")
    for ax in figure.axes:
        points = [line.get_xydata()[0].tolist() for line in ax.lines if line.get_marker() == "o"]
        drawn = {tuple(point) for point in points}
        assert drawn == {(AGREEMENT.get(name, 0.0), value) for name, value in EFFECTS.items()}
        assert "true region of the finding" in ax.get_xlabel()
        assert ax.get_title() == "5 to 10 paired seeds"
    (legend,) = figure.legends
    words = [text.get_text() for text in legend.get_texts()]
    assert "uniform gaze (flat: no correlation, at 0)" in words
    assert "EGMA, gaze as measured" in words


def test_the_title_says_how_the_orders_agree(data):
    # Of the three with an agreement, shuffled < EGMA < oracle in both.
    assert "RSNA pointing hit 1.00" in plot_gaze_accuracy(data, "").get_suptitle()
    few = data[data["method"].isin(["EGMA", "oracle regions"])]
    assert "Too few to correlate" in plot_gaze_accuracy(few, "").get_suptitle()


def test_an_outcome_that_was_not_measured_says_so(data):
    figure = plot_gaze_accuracy(data[data["dataset"] != "siim"], "")
    assert [ax.get_title() for ax in figure.axes].count("not measured in this study") == 1
