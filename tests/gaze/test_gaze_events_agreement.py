"""Agreement between two labellings, by cases worked by hand."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score

from egma_lib.errors import GazeError
from egma_lib.gaze.events.agreement import cohen_kappa, events_from_labels, match_events


def table(*rows):
    return pd.DataFrame(rows, columns=["event", "onset_s", "offset_s"])


def test_kappa_of_a_hand_worked_table():
    # 4 both yes, 3 both no, 2 only the first, 1 only the second: observed .7, chance .6 x .5 + .4 x .5 = .5.
    labels = np.array(["saccade"] * 4 + ["fixation"] * 3 + ["saccade"] * 2 + ["pso"])
    reference = np.array(["saccade"] * 4 + ["pso"] * 3 + ["fixation"] * 2 + ["saccade"])
    assert cohen_kappa(labels, reference, "saccade") == pytest.approx(0.4)


def test_kappa_agrees_with_scikit_learn():
    rng = np.random.default_rng(3)
    labels, reference = rng.choice(["fixation", "saccade", "pso"], (2, 500))
    reference[:200] = labels[:200]
    for event in ("fixation", "saccade", "pso"):
        expected = cohen_kappa_score(labels == event, reference == event)
        assert cohen_kappa(labels, reference, event) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        pytest.param(["pso", "fixation"], 1.0, id="the_same_is_one"),
        pytest.param(["fixation", "pso"], -1.0, id="the_opposite_is_minus_one"),
        pytest.param(["fixation", "fixation"], 0.0, id="never_saying_yes_is_chance"),
    ],
)
def test_kappa_at_its_landmarks(labels, expected):
    assert cohen_kappa(np.array(labels), np.array(["pso", "fixation"]), "pso") == pytest.approx(expected)


def test_kappa_is_undefined_where_neither_sees_the_event():
    assert np.isnan(cohen_kappa(np.array(["fixation"]), np.array(["saccade"]), "pso"))
    assert np.isnan(cohen_kappa(np.array([], dtype=str), np.array([], dtype=str), "pso"))


def test_kappa_refuses_labellings_of_different_length():
    with pytest.raises(GazeError, match="common part"):
        cohen_kappa(np.array(["pso"]), np.array(["pso", "pso"]), "pso")


def test_events_pair_by_largest_overlap_and_only_once():
    reference = table(("saccade", 0.0, 1.0), ("fixation", 1.0, 2.0), ("saccade", 2.0, 3.0))
    # The first overlaps the true one by .4, the second by .5 and so takes it; the last meets nothing.
    events = table(("saccade", -0.5, 0.4), ("saccade", 0.5, 1.2), ("saccade", 3.0, 4.0))
    match = match_events(events, reference, "saccade")
    assert (match.n_events, match.n_reference, match.n_matched) == (3, 2, 1)
    assert match.f1 == pytest.approx(2 / 5)
    assert match.onset_error_s == pytest.approx([0.5])
    assert match.offset_error_s == pytest.approx([0.2])
    assert match.duration_error_s == pytest.approx([-0.3])


def test_one_long_event_over_two_true_ones_pairs_with_the_longer():
    reference = table(("fixation", 0.0, 0.3), ("fixation", 0.4, 1.0))
    match = match_events(table(("fixation", 0.0, 1.0)), reference, "fixation")
    assert match.f1 == pytest.approx(2 / 3)
    assert match.onset_error_s == pytest.approx([-0.4])


def test_a_labelling_matches_itself_perfectly():
    events = table(("saccade", 0.0, 0.1), ("fixation", 0.1, 0.4), ("saccade", 0.4, 0.5))
    match = match_events(events, events, "saccade")
    assert match.f1 == 1
    assert not match.onset_error_s.any()
    assert not match.offset_error_s.any()


def test_f1_is_undefined_where_there_are_no_events_at_all():
    assert np.isnan(match_events(table(), table(("pso", 0.0, 1.0)), "saccade").f1)


def test_runs_of_labels_become_events():
    events = events_from_labels(np.array(["a", "a", "b", "a"]), np.array([0.0, 0.1, 0.2, 0.4]), 0.1)
    assert events["event"].tolist() == ["a", "b", "a"]
    assert events["onset_s"].tolist() == pytest.approx([0.0, 0.2, 0.4])
    assert events["offset_s"].tolist() == pytest.approx([0.2, 0.4, 0.5])
    assert events_from_labels(np.array([], dtype=str), np.array([]), 0.1).empty
