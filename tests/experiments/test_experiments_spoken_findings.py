from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from gaze_control_inputs import make_gaze

from egma_lib.datasets.contract import ReportCorpus
from egma_lib.experiments.spoken_findings import (
    ALL_READERS,
    LAG_METRIC,
    lag_by_reader,
    lag_curves,
    lag_rows,
    spoken_findings,
)
from egma_lib.settings import EvaluationSettings

SETTINGS = EvaluationSettings(bootstrap=50)
# Sentence "edema" lasts from 2 to 4 s; every reader is on patch 5 from 1 to 3 s: a lead of one second.
LOOKED = (9, 5, 5, 9, 9, 9, 9, 9, 9, 9)


@pytest.fixture
def gaze():
    return make_gaze({f"r{number}": LOOKED for number in range(6)})


@pytest.fixture
def corpus(gaze):
    ids = gaze.readings["reading_id"]
    samples = pd.DataFrame(
        {"sample_id": ids, "patient_id": gaze.readings["subject_id"], "reader": ["a"] * 5 + ["b"]}
    )
    ellipse = {"kind": "ellipse", "x_min": 0.25, "y_min": 0.25, "x_max": 0.5, "y_max": 0.5}
    regions = pd.DataFrame(
        [
            {"case_id": one, "finding": finding, **ellipse}
            for one in ids
            for finding in ("Edema", "Pleural Effusion")
        ]
    )
    return ReportCorpus("gaze", samples, (("edema", "no effusion"),) * 6, regions)


def test_only_sentences_that_affirm_a_marked_finding_count(gaze, corpus):
    spoken = spoken_findings(gaze, corpus)
    assert [(one.patient_id, one.start_s, one.end_s) for one in spoken] == [
        (f"p{number}", 2.0, 4.0) for number in range(6)
    ]
    assert spoken[0].on_region.tolist() == [False, True, True] + [False] * 7


def test_fixations_off_the_image_do_not_count(corpus):
    gaze = make_gaze({f"r{number}": (None, *LOOKED[1:]) for number in range(6)})
    assert spoken_findings(gaze, corpus)[0].onset_s.tolist() == [float(second) for second in range(1, 10)]


def test_without_regions_nothing_is_found(gaze, corpus):
    assert spoken_findings(gaze, replace(corpus, regions=None)) == []
    assert spoken_findings(gaze, replace(corpus, regions=corpus.regions.iloc[:0])) == []
    assert lag_by_reader([], SETTINGS) == {}


def test_each_reader_with_enough_patients_has_a_lag_of_its_own(gaze, corpus):
    lags = lag_by_reader(spoken_findings(gaze, corpus), SETTINGS)
    assert list(lags) == [ALL_READERS, "a"]
    assert lags[ALL_READERS].n_sentences == 6
    assert lags["a"].n_patients == 5
    assert lags["a"].peak_s == -1.0


def test_rows_and_curves_hold_what_was_measured(gaze, corpus):
    lags = lag_by_reader(spoken_findings(gaze, corpus), SETTINGS)
    first, second = lag_rows(lags)
    assert (first["method"], second["method"]) == (ALL_READERS, "a")
    assert (first["metric"], first["value"], first["n_cases"]) == (LAG_METRIC, -1.0, 6)
    curves = lag_curves(lags)
    mine = curves[curves["reader"] == "a"]
    assert len(curves) == 2 * len(mine)
    assert mine.loc[mine["share"].idxmax(), "shift_s"] == -1.0
    assert mine.loc[mine["shift_s"] == 0, "share"].iloc[0] == pytest.approx(0.5)
    assert np.isfinite(mine["peak_low_s"]).all()
