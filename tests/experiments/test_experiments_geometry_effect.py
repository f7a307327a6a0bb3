"""Patch labels of EYE GAZE at other viewing distances, on the tiny phantom."""

import numpy as np
import pandas as pd
import pytest

from egma_lib.experiments.geometry_effect import COLUMNS, geometry_effect
from egma_lib.gaze.heatmaps import gaze_similarity


def effect(trained_study, gaze, **options):
    return geometry_effect(trained_study.study, gaze, trained_study.settings, **options)


@pytest.fixture(scope="module")
def first_two(trained_study):
    readings = trained_study.gaze.readings
    return sorted(readings.loc[readings["source"] == "eye_gaze", "reading_id"])[:2]


def test_the_assumed_distance_changes_nothing_and_has_the_labels_of_the_artefact(trained_study, first_two):
    table = effect(trained_study, trained_study.gaze, factors=(1.0,), max_readings=2)
    assert table.columns.tolist() == COLUMNS
    (row,) = table.itertuples()
    assert (row.n_readings, row.labels_changed) == (2, 0)
    gaze, grid = trained_study.gaze, (trained_study.settings.model.patch_grid,) * 2
    maps = gaze_similarity(gaze, first_two, grid, gaze.frames_of(first_two), trained_study.settings.gaze)
    assert row.positive_share == pytest.approx(np.mean(np.concatenate(maps) > 0))
    counts = [gaze.fixations_of(reading)["order"].nunique() for reading in first_two]
    assert row.fixations_per_reading == pytest.approx(np.mean(counts))


def test_a_longer_distance_widens_the_gaussians(trained_study):
    table = effect(trained_study, trained_study.gaze, factors=(0.5, 1.0, 2.0), max_readings=2)
    assert table["factor"].tolist() == [0.5, 1.0, 2.0]
    assert table["positive_share"].is_monotonic_increasing
    assert table["labels_changed"].iloc[1] == 0
    assert (table["labels_changed"].iloc[[0, 2]] > 0).all()


def test_the_reference_need_not_be_among_the_factors(trained_study):
    table = effect(trained_study, trained_study.gaze, factors=(2.0,), max_readings=1)
    assert len(table) == 1
    assert table["labels_changed"].iloc[0] > 0


def test_without_eye_gaze_readings_there_is_no_row(trained_study):
    gaze = trained_study.gaze
    other = type(gaze)(
        gaze.readings[gaze.readings["source"] == "reflacx"],
        gaze.words, gaze.sentences, gaze.fixations, gaze.excluded, gaze.folder,
    )  # fmt: skip
    table = effect(trained_study, other)
    assert isinstance(table, pd.DataFrame)
    assert table.empty
    assert table.columns.tolist() == COLUMNS
