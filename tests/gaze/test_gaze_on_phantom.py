"""The readers on files that the simulator wrote, against the truth that it kept aside."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from egma_lib.gaze import build_gaze_artefact
from egma_lib.gaze.assignment import overlap_s
from egma_lib.phantom.writers.mimic_eye import write_patient
from egma_lib.phantom.writers.readings import in_eye_gaze, in_reflacx
from egma_lib.settings import load_settings


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """One film with both kinds of reading where there is one, else one film of each kind."""
    root = tmp_path_factory.mktemp("phantom")
    settings = load_settings("smoke")
    cases = range(12, 40)
    first = {next(i for i in cases if kind(i)) for kind in (in_reflacx, in_eye_gaze)}
    for index in sorted(first):
        write_patient(settings.phantom, root, [index])
    artefact = build_gaze_artefact(root / "mimic-eye", settings, root, "x", jobs=1, progress=False)
    return root, artefact


def used(artefact, source):
    table = artefact.readings
    return table[(table["reason"] == "") & (table["source"] == source)]


@pytest.mark.parametrize("source", ["reflacx", "eye_gaze"])
def test_fixations_are_those_the_eye_made(study, source):
    root, artefact = study
    readings = used(artefact, source)
    assert len(readings) > 0
    for row in readings.itertuples():
        truth = pd.read_parquet(root / "truth" / "events" / f"{row.reading_id}_fixations.parquet")
        found = artefact.fixations_of(row.reading_id)
        onset = found["onset_s"].to_numpy()
        offset = onset + found["duration_s"].to_numpy()
        shared = overlap_s(onset, offset, truth["onset_s"].to_numpy(), truth["offset_s"].to_numpy())
        assert shared.sum() / (offset - onset).sum() > 0.85
        match = truth.iloc[shared.argmax(axis=1)]
        error_x = (found["x"] - match["x_px"].to_numpy() / row.columns) / found["sigma_x"]
        error_y = (found["y"] - match["y_px"].to_numpy() / row.rows) / found["sigma_y"]
        # One sigma is one degree; calibration offsets reach 1.5 degrees.
        assert np.median(np.hypot(error_x, error_y)) < 1.8


@pytest.mark.parametrize("source", ["reflacx", "eye_gaze"])
def test_sentences_are_the_dictated_ones(study, source):
    root, artefact = study
    for reading_id in used(artefact, source)["reading_id"]:
        path = root / "truth" / "sentences" / "readings" / f"{reading_id}.json"
        dictated = [sentence["text"] for sentence in json.loads(path.read_text(encoding="utf-8"))]
        assert artefact.sentences_of(reading_id)["text"].tolist() == dictated
