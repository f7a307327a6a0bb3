"""Heatmaps of each training beside the true region, or beside measured gaze where there is none."""

import numpy as np
import pytest
from gaze_control_inputs import make_data, make_gaze
from test_experiments_control_likeness import LOOKED

from egma_lib.experiments.arms import module_arm
from egma_lib.experiments.comparison_arms import control_arm
from egma_lib.experiments.corpora import Corpora
from egma_lib.experiments.gaze_controls.variant import with_gaze
from egma_lib.experiments.gaze_variants import gaze_data_folder
from egma_lib.experiments.heatmap_agreement import MEASURED_GAZE, TRUE_REGION, heatmap_agreement


@pytest.fixture
def data():
    return make_data(make_gaze(LOOKED))


@pytest.fixture
def corpora(data, tmp_path):
    """Measured gaze, its mirror image as the oracle, and a flat control."""
    made = Corpora(
        tmp_path / "base", tmp_path / "gaze", tmp_path / "tokenizer", tmp_path / "evaluation", "0123abcd"
    )
    data.save(made.gaze)
    mirrored = with_gaze(data, [rows[:, ::-1].copy() for rows in data.gaze_similarity])
    mirrored.save(gaze_data_folder(made, control_arm("oracle")))
    flat = with_gaze(data, [np.ones_like(rows) for rows in data.gaze_similarity])
    flat.save(gaze_data_folder(made, control_arm("uniform")))
    return made


def test_without_an_oracle_heatmaps_are_compared_with_measured_gaze(corpora):
    name, rows = heatmap_agreement(corpora, [module_arm("egma"), control_arm("uniform")])
    assert name == MEASURED_GAZE
    assert [(row["method"], row["value"]) for row in rows] == [("EGMA", pytest.approx(1.0))]


def test_with_an_oracle_they_are_compared_with_the_true_region(corpora, data):
    name, rows = heatmap_agreement(corpora, [module_arm("egma"), control_arm("oracle")])
    assert name == TRUE_REGION
    found = {row["method"]: row["value"] for row in rows}
    with_itself = [
        np.corrcoef(row, row[::-1])[0, 1]
        for sample, has in zip(data.gaze_similarity, data.has_gaze, strict=True)
        for row in np.asarray(sample)[has]
    ]
    assert found == {
        "EGMA": pytest.approx(np.median(with_itself)),
        control_arm("oracle").label: pytest.approx(1),
    }
