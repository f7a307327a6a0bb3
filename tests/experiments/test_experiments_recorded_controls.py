"""Controls that go back to recordings, or to what a data root states as true."""

import numpy as np
import pandas as pd
import pytest
from gaze_control_inputs import make_recording

from egma_lib.errors import GazeError
from egma_lib.experiments.gaze_controls.raw_samples import (
    raw_sample_gaze,
    raw_sample_heatmaps,
    samples_as_fixations,
)
from egma_lib.experiments.gaze_controls.registry import make_control
from egma_lib.settings import GazeSettings
from egma_lib.training.data import TrainingData


def test_every_valid_sample_counts_for_one_interval():
    recording = make_recording((5, 0), hz=250.0)
    recording.x_px[10:20] = np.nan
    samples = samples_as_fixations(recording, GazeSettings())
    assert len(samples) == 490
    assert samples["duration_s"].to_numpy() == pytest.approx(0.004)
    assert samples[["x", "y"]].iloc[0].tolist() == [0.375, 0.375]
    assert samples["sigma_x"].iloc[0] == 0.02


def test_raw_heat_lies_where_the_samples_of_the_sentence_are():
    # 1.2-2.6 s: 0.8 s on patch 5 and 0.6 s on patch 10; nothing of patches 0 and 15.
    said = pd.DataFrame({"sentence_index": [0, 1], "start_s": [1.2, 9.0], "end_s": [2.6, 9.5]})
    settings = GazeSettings(lead_s=0.0)
    heat = raw_sample_heatmaps(make_recording((0, 5, 10, 15)), said, (4, 4), settings)
    assert np.flatnonzero(heat[0]).tolist() == [5, 10]
    assert heat[0, [5, 10]] == pytest.approx([1, 0.75])
    assert not heat[1].any()


@pytest.fixture(scope="module")
def measured(trained_study):
    return TrainingData.load(trained_study.corpora.gaze)


@pytest.mark.parametrize("name", ["raw_samples", "other_detector"])
def test_other_heat_from_the_same_recordings_resembles_the_measured(name, trained_study, measured):
    made = make_control(name, measured, trained_study.gaze, trained_study.settings, trained_study.study)
    assert made.data_hash != measured.data_hash
    pairs = [
        (ours[both], theirs[both])
        for ours, theirs, a, b in zip(
            made.gaze_similarity, measured.gaze_similarity, made.has_gaze, measured.has_gaze, strict=True
        )
        for both in [np.flatnonzero(a & b)]
    ]
    ours, theirs = (np.concatenate(rows) for rows in zip(*pairs, strict=True))
    assert not np.array_equal(ours, theirs)
    likeness = [np.corrcoef(one, other)[0, 1] for one, other in zip(ours, theirs, strict=True)]
    assert np.median(likeness) > 0.9


def test_the_oracle_is_at_hand_where_a_root_states_its_truth(trained_study, measured):
    made = make_control("oracle", measured, trained_study.gaze, trained_study.settings, trained_study.study)
    tops = [rows.max(axis=1)[flags] for rows, flags in zip(made.gaze_similarity, made.has_gaze, strict=True)]
    assert np.concatenate(tops).tolist() == [1.0] * int(sum(flags.sum() for flags in made.has_gaze))
    said = [
        text
        for texts, flags in zip(made.sentences, made.has_gaze, strict=True)
        for text, flag in zip(texts, flags, strict=True)
        if flag
    ]
    assert said
    assert not any(text.startswith("no ") for text in said)


def test_a_reading_whose_recording_is_gone_is_named(trained_study):
    gaze = trained_study.gaze
    name = gaze.readings["reading_id"].iloc[0]
    other = gaze.readings.assign(source="reflacx").replace({"reading_id": {name: "gone"}})
    changed = type(gaze)(other, gaze.words, gaze.sentences, gaze.fixations, gaze.excluded, gaze.folder)
    with pytest.raises(GazeError, match="no recording of reading gone"):
        raw_sample_gaze(
            trained_study.study, changed, ["gone"], (4, 4), trained_study.settings.gaze,
            jobs=1, progress=False,
        )  # fmt: skip
