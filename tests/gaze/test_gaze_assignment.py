"""Fixations and the sentences they belong to."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from egma_lib.gaze.assignment import assign_fixations, overlap_s
from egma_lib.settings import GazeSettings

# Two sentences: words from 5 to 8 s and from 8 to 11 s.
SENTENCES = pd.DataFrame({"sentence_index": [0, 1], "start_s": [5.0, 8.0], "end_s": [8.0, 11.0]})


def fixation(onset, duration=0.5, on_image=True):
    return pd.DataFrame({"order": [0], "onset_s": [onset], "duration_s": [duration], "on_image": [on_image]})


def assigned(onset, duration=0.5, on_image=True, **settings):
    result = assign_fixations(fixation(onset, duration, on_image), SENTENCES, GazeSettings(**settings))
    return result["sentence_index"].tolist(), result["weight_s"].tolist()


@pytest.mark.parametrize(
    ("onset", "settings", "expected"),
    [
        pytest.param(6.0, {}, 0, id="inside_the_first"),
        pytest.param(1.0, {}, None, id="silent_search"),
        pytest.param(4.2, {}, 0, id="led_by_less_than_a_second"),
        pytest.param(3.2, {}, None, id="too_early"),
        pytest.param(7.2, {}, 1, id="tie_goes_to_the_later_when_eyes_lead"),
        pytest.param(8.2, {"lead_s": 0, "lag_s": 1}, 0, id="tie_goes_to_the_earlier_when_eyes_lag"),
        pytest.param(7.6, {"lead_s": 0}, 0, id="larger_overlap_wins"),
        pytest.param(11.2, {}, None, id="after_the_last_word"),
        pytest.param(11.2, {"lag_s": 0.5}, 1, id="within_the_lag"),
    ],
)
def test_largest_overlap(onset, settings, expected):
    index, weight = assigned(onset, **settings)
    assert [None if pd.isna(one) else one for one in index] == [expected]
    assert weight == [0.5]


def test_touching_a_window_is_no_overlap():
    assert pd.isna(assigned(3.5)[0][0])


def test_off_image_fixations_belong_to_no_sentence():
    assert pd.isna(assigned(6.0, on_image=False)[0][0])
    assert pd.isna(assigned(6.0, on_image=False, assignment="all_overlaps")[0][0])


def test_all_overlaps_weigh_by_shared_time():
    index, weight = assigned(7.8, lead_s=0, assignment="all_overlaps")
    assert index == [0, 1]
    assert weight == pytest.approx([0.2, 0.3])


def test_all_overlaps_keep_a_fixation_of_no_sentence_once():
    index, weight = assigned(1.0, assignment="all_overlaps")
    assert len(index) == 1
    assert pd.isna(index[0])
    assert weight == [0.5]


@pytest.mark.parametrize("rule", ["largest_overlap", "all_overlaps"])
def test_without_sentences_or_fixations_nothing_is_assigned(rule):
    settings = GazeSettings(assignment=rule)
    result = assign_fixations(fixation(1.0), SENTENCES.iloc[:0], settings)
    assert result["sentence_index"].isna().tolist() == [True]
    assert str(result["sentence_index"].dtype) == "Int64"
    assert assign_fixations(fixation(1.0).iloc[:0], SENTENCES, settings).empty


def test_assignment_does_not_depend_on_the_clocks_zero():
    rng = np.random.default_rng(5)
    onset = np.sort(rng.uniform(0, 12, 40)).round(3)
    duration = rng.uniform(0.1, 0.6, 40).round(3)
    fixations = pd.DataFrame({"order": range(40), "onset_s": onset, "duration_s": duration, "on_image": True})
    here = assign_fixations(fixations, SENTENCES, GazeSettings())
    moved = assign_fixations(
        fixations.assign(onset_s=onset + 100.1),
        SENTENCES.assign(start_s=SENTENCES["start_s"] + 100.1, end_s=SENTENCES["end_s"] + 100.1),
        GazeSettings(),
    )
    assert here["sentence_index"].equals(moved["sentence_index"])


def test_overlap_is_the_shared_time():
    shared = overlap_s(np.array([0.0, 2.0]), np.array([1.0, 5.0]), np.array([0.5, 3.0]), np.array([4.0, 3.5]))
    np.testing.assert_allclose(shared, [[0.5, 0.0], [2.0, 0.5]])


@pytest.mark.parametrize("rule", ["largest_overlap", "all_overlaps"])
def test_the_rules_agree_with_a_loop_over_pairs(rule):
    rng = np.random.default_rng(11)
    start = np.cumsum(rng.uniform(0.5, 3, 6)).round(2)
    sentences = pd.DataFrame({"sentence_index": range(6), "start_s": start, "end_s": start + 1.3})
    onset, duration = rng.uniform(-1, 16, 60).round(3), rng.uniform(0.06, 0.9, 60).round(3)
    fixations = pd.DataFrame(
        {"order": range(60), "onset_s": onset, "duration_s": duration, "on_image": rng.random(60) < 0.9}
    )
    settings = GazeSettings(assignment=rule, lead_s=0.7, lag_s=0.2)
    expected = []
    for row in fixations.itertuples():
        shared = {}
        for sentence in sentences.itertuples():
            begin = max(row.onset_s, sentence.start_s - 0.7)
            shared_s = round(min(row.onset_s + row.duration_s, sentence.end_s + 0.2) - begin, 9)
            if row.on_image and shared_s > 0:
                shared[sentence.sentence_index] = shared_s
        if not shared:
            expected.append((row.order, None, row.duration_s))
        elif rule == "all_overlaps":
            expected.extend((row.order, index, shared_s) for index, shared_s in shared.items())
        else:
            best = max(shared, key=lambda index, shared=shared: (shared[index], index))
            expected.append((row.order, best, row.duration_s))
    result = assign_fixations(fixations, sentences, settings)
    got = [
        (order, None if pd.isna(index) else index, weight)
        for order, index, weight in zip(
            result["order"], result["sentence_index"], result["weight_s"].round(9), strict=True
        )
    ]
    assert got == expected
