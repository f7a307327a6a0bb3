"""Simulated readings as a whole: targets, labels, frames, determinism, and the null study's blindness."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from egma_lib.errors import DataError, GazeError
from egma_lib.phantom.case import REGION_NAMES, CasePlan, Film, Finding, PlannedSentence, ReaderProfile
from egma_lib.phantom.reading import draw_reader, simulate_reading
from egma_lib.phantom.speech import dictate

ROWS, COLUMNS = 3056, 2544
READER = ReaderProfile("A", 0.85, 0.8, 0.3, 2.5, 5.0)
FINDING = PlannedSentence("patchy consolidation in the left mid lung", finding_indices=(0,))
NORMAL = PlannedSentence("heart size is normal", region_names=("cardiac silhouette",))
REMARK = PlannedSentence("comparison is made with the prior study")
EVENTS = ["fixation", "saccade", "pso", "blink", "lost"]


def film(center=(0.72, 0.45), radius=(0.11, 0.08), heart=(0.38, 0.45, 0.66, 0.75)):
    """An ellipse for the only finding; all boxes but the heart's lie along the film's lower edge."""
    y, x = np.mgrid[0:336, 0:280]
    mask = ((x / 280 - center[0]) / radius[0]) ** 2 + ((y / 336 - center[1]) / radius[1]) ** 2 < 1
    regions = {
        name: (i / 24, 0.85, (i + 1) / 24, 0.95) for i, name in enumerate(REGION_NAMES)
    } | {"cardiac silhouette": heart}  # fmt: skip
    return Film(np.zeros((336, 280), np.float32), (mask,), regions)


PLAN = CasePlan("gaze", 0, (Finding("Consolidation", "left", "mid", "moderate", 0.5),))


def read(
    seed=0, sentences=(FINDING, NORMAL, REMARK, FINDING), plan=PLAN, shown=None, reader=READER, **changes
):
    options = {
        "sampling_hz": 1000.0, "frame_rows": ROWS, "frame_columns": COLUMNS, "accuracy": 0.85,
        "informative": True, "tracker": "eyelink",
    } | changes  # fmt: skip
    words = dictate(sentences, reader, np.random.default_rng(seed))
    rng = np.random.default_rng([seed, 1])
    return simulate_reading(plan, shown or film(), sentences, words, reader, rng, **options)


def read_at_60(seed=0, **changes):
    return read(seed, sampling_hz=60.0, tracker="gazepoint", **changes)


@pytest.fixture(scope="module")
def eyelink():
    return [read(seed) for seed in range(8)]


@pytest.fixture(scope="module")
def gazepoint():
    return [read_at_60(seed) for seed in range(40)]


def on_finding(reading, shown, sentence_indices):
    """Share of true fixations inside the mask while the eyes are with the named sentences."""
    hits = []
    for index in sentence_indices:
        said = [word for word in reading.words if word.sentence_index == index]
        window = (said[0].start_s - READER.eye_voice_lead_s, said[-1].end_s - READER.eye_voice_lead_s)
        rows = reading.true_fixations
        # A fixation on its way when the window opens belongs to what came before.
        rows = rows[(rows.onset_s > window[0] + 0.1) & (rows.onset_s < window[1] - 0.1)]
        mask = shown.finding_masks[0]
        x = (rows.x_px / COLUMNS * mask.shape[1]).astype(int).clip(0, mask.shape[1] - 1)
        y = (rows.y_px / ROWS * mask.shape[0]).astype(int).clip(0, mask.shape[0] - 1)
        hits.extend(mask[y, x])
    return np.array(hits)


def share_on_finding(accuracy, *, informative=True, seeds=30, sentences=(0, 3)):
    shown = film()
    readings = [
        read_at_60(seed, accuracy=accuracy, informative=informative, shown=shown) for seed in range(seeds)
    ]
    return np.concatenate([on_finding(reading, shown, sentences) for reading in readings]).mean()


@pytest.mark.parametrize("accuracy", [0.85, 0.4])
def test_fixations_fall_on_the_finding_spoken_of_with_the_readers_accuracy(accuracy):
    # Stray fixations hit the ellipse, a thirtieth of the film, at times.
    assert share_on_finding(accuracy) == pytest.approx(accuracy + 0.01, abs=0.06)


def test_a_better_reader_looks_at_the_finding_more_often():
    shown = film()
    shares = []
    for accuracy in (0.75, 0.97):
        reader = replace(READER, accuracy=accuracy)
        readings = [read_at_60(seed, reader=reader, shown=shown) for seed in range(30)]
        shares.append(np.concatenate([on_finding(r, shown, (0, 3)) for r in readings]).mean())
    assert shares[1] - shares[0] > 0.12


def test_the_finding_is_left_when_something_else_is_said():
    assert share_on_finding(0.85, sentences=(1,)) < 0.12


def test_uninformative_gaze_falls_on_the_finding_no_more_often_than_elsewhere():
    said, unsaid = (share_on_finding(0.85, informative=False, sentences=s) for s in ((0, 3), (1, 2)))
    assert said == pytest.approx(unsaid, abs=0.05)
    assert said < 0.2


def test_uninformative_gaze_is_bit_for_bit_the_same_whatever_the_case():
    other_plan = CasePlan("gaze", 9, (Finding("Edema", "bilateral", "none", "severe", 0.9),))
    other_film = film(center=(0.3, 0.2), heart=(0.2, 0.2, 0.9, 0.9))
    words = dictate((FINDING, NORMAL), READER, np.random.default_rng(0))
    options = {
        "sampling_hz": 60.0, "frame_rows": ROWS, "frame_columns": COLUMNS, "accuracy": 0.85,
        "informative": False, "tracker": "gazepoint",
    }  # fmt: skip
    first = simulate_reading(
        PLAN, film(), (FINDING, NORMAL), words, READER, np.random.default_rng(1), **options
    )
    second = simulate_reading(
        other_plan, other_film, (REMARK, FINDING), words, READER, np.random.default_rng(1), **options
    )
    pd.testing.assert_frame_equal(first.samples, second.samples)
    pd.testing.assert_frame_equal(first.true_fixations, second.true_fixations)


def test_the_eyes_reach_a_finding_before_its_words():
    leads_s = []
    for seed in range(60):
        reading = read_at_60(seed, accuracy=1.0, sentences=(NORMAL, FINDING, NORMAL))
        said = [word for word in reading.words if word.sentence_index == 1]
        rows = reading.true_fixations
        before_middle = rows[rows.onset_s < (said[0].start_s + said[-1].end_s) / 2 - READER.eye_voice_lead_s]
        elsewhere = before_middle[before_middle.target != "Consolidation"]
        leads_s.append(said[0].start_s - elsewhere.offset_s.max())
    # The pause before the sentence is searched, where the finding may be met a little earlier.
    assert READER.eye_voice_lead_s - 0.2 < np.median(leads_s) < READER.eye_voice_lead_s + 0.3


def test_abnormalities_draw_the_silent_search():
    share = []
    for seed in range(40):
        reading = read_at_60(seed)
        silent = reading.true_fixations[reading.true_fixations.offset_s < reading.words[0].start_s - 1.0]
        share.append((silent.target == "Consolidation").mean())
    assert 0.2 < np.mean(share) < 0.45


def test_events_are_the_five_labels_and_every_sample_has_one(eyelink, gazepoint):
    for reading in (*eyelink, *gazepoint):
        assert list(reading.samples["event"].cat.categories) == EVENTS
        assert reading.samples["event"].notna().all()
    counts = pd.concat([reading.samples["event"] for reading in eyelink]).value_counts(normalize=True)
    assert 0.7 < counts["fixation"] < 0.88
    assert 0.05 < counts["saccade"] < 0.13
    assert 0.03 < counts["pso"] < 0.1


def test_oscillations_follow_saccades_directly_and_only_eyelink_shows_them(eyelink, gazepoint):
    for reading in eyelink:
        events = reading.samples["event"].astype(str).to_numpy()
        before = {a for a, b in pairwise(events) if b == "pso" and a != "pso"}
        assert before <= {"saccade", "blink", "lost"}
    assert not any((reading.samples["event"] == "pso").any() for reading in gazepoint)


def test_samples_are_missing_in_blinks_and_drop_outs_only(eyelink, gazepoint):
    for reading in (*eyelink, *gazepoint):
        missing = reading.samples["x_px"].isna()
        assert (missing == reading.samples["y_px"].isna()).all()
        assert (missing == reading.samples["pupil"].isna()).all()
        assert reading.samples.loc[missing, "event"].isin(["blink", "lost"]).all()
        assert missing[reading.samples["event"] == "lost"].all()


def test_true_fixations_are_the_runs_of_samples_labelled_so(eyelink):
    for reading in eyelink:
        samples, fixations = reading.samples, reading.true_fixations
        inside = np.zeros(len(samples), dtype=bool)
        for row in fixations.itertuples():
            inside |= (samples["time_s"] >= row.onset_s) & (samples["time_s"] < row.offset_s - 1e-9)
        assert (inside == (samples["event"] == "fixation")).all()
        assert (fixations["onset_s"].to_numpy()[1:] > fixations["offset_s"].to_numpy()[:-1] - 1e-9).all()


def test_fixation_durations_are_those_of_film_readers(gazepoint):
    rows = pd.concat([reading.true_fixations for reading in gazepoint])
    durations_s = rows["offset_s"] - rows["onset_s"]
    assert 0.25 < durations_s.median() < 0.35
    assert durations_s.skew() > 0.8


def test_readings_last_twenty_to_thirty_seconds_and_outlast_the_voice(eyelink):
    for reading in eyelink:
        last_s = reading.samples["time_s"].iloc[-1]
        assert 19.0 < last_s <= 30.0
        assert reading.words[-1].end_s < last_s


def test_sampling_is_even_for_eyelink_and_jitters_for_gazepoint(eyelink, gazepoint):
    assert np.allclose(np.diff(eyelink[0].samples["time_s"]), 0.001, atol=1e-9)
    steps_s = np.diff(gazepoint[0].samples["time_s"])
    assert np.median(steps_s) == pytest.approx(1 / 60, abs=2e-4)
    assert 1e-4 < steps_s.std() < 2e-3
    assert (steps_s > 0).all()


def test_few_fixations_fall_beside_the_film(gazepoint):
    rows = pd.concat([reading.true_fixations for reading in gazepoint])
    beside = ~(rows["x_px"].between(0, COLUMNS) & rows["y_px"].between(0, ROWS))
    assert 0.002 < beside.mean() < 0.03
    assert (rows.loc[beside, "target"] == "off target").all()


def test_the_same_seed_gives_the_same_recording_and_another_another():
    pd.testing.assert_frame_equal(read(3).samples, read(3).samples)
    assert not read(3).samples["x_px"].equals(read(4).samples["x_px"])


def test_readers_differ_and_a_name_alone_does_not_make_one():
    readers = [draw_reader("A", np.random.default_rng(seed)) for seed in range(200)]
    accuracies = np.array([reader.accuracy for reader in readers])
    assert accuracies.mean() == pytest.approx(0.85, abs=0.02)
    assert accuracies.std() > 0.05
    assert draw_reader("A", np.random.default_rng(0)) == draw_reader("A", np.random.default_rng(0))


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        pytest.param({"sampling_hz": 0.0}, GazeError, "0.0 Hz", id="no_sampling_rate"),
        pytest.param({"frame_rows": 0}, GazeError, "0 x 2544", id="no_frame"),
        pytest.param({"accuracy": 1.2}, GazeError, "accuracy 1.2", id="accuracy_beyond_one"),
        pytest.param(
            {"shown": replace(film(), finding_masks=())}, DataError, "0 masks for 1 findings", id="no_mask"
        ),
        pytest.param(
            {"shown": replace(film(), finding_masks=(np.zeros((336, 280), bool),))},
            DataError,
            "mask of Consolidation is empty",
            id="empty_mask",
        ),
        pytest.param(
            {"sentences": (PlannedSentence("the spleen is large", region_names=("spleen",)),)},
            DataError,
            "no region 'spleen'",
            id="unknown_region",
        ),
    ],
)
def test_what_cannot_be_simulated_is_refused(changes, error, message):
    with pytest.raises(error, match=message):
        read(**changes)
