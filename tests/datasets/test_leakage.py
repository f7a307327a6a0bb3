"""What sets share is counted, named and, between training and evaluation, stopped."""

from __future__ import annotations

import numpy as np
import pytest

from egma_lib.datasets.leakage import AuditedSet, audit_leakage, require_no_leakage
from egma_lib.errors import DataError, EgmaError, LeakageError, SettingsError
from egma_lib.settings import load_settings

SIZE = 48


def noise(*seeds):
    """Films that nobody could take for another: smooth noise, one per seed."""
    coarse = [np.random.default_rng(seed).integers(20, 236, (12, 12)) for seed in seeds]
    return np.stack([np.kron(one, np.ones((4, 4))) for one in coarse]).astype(np.uint8)


def brighter(images):
    return (images * 0.9 + 12).astype(np.uint8)


def audited(name, role, seeds, patients, family="mimic", images=None):
    return AuditedSet(
        name=name,
        role=role,
        family=family,
        patient_ids=np.array(patients, dtype=str),
        image_ids=np.array([f"{name}-{seed}" for seed in seeds]),
        images=noise(*seeds) if images is None else images,
    )


def only_overlap(*sets, allow=()):
    (overlap,) = audit_leakage(sets, allow).overlaps
    return overlap


def test_sets_that_share_nothing_pass():
    audit = audit_leakage(
        [audited("train", "training", [1, 2], "ab"), audited("test", "evaluation", [3, 4], "cd")]
    )
    assert audit.overlaps[0].verdict == "none"
    require_no_leakage(audit)


def test_identical_films_are_counted_in_the_evaluation_set_and_stop():
    train = audited("train", "training", [1, 2, 3], "abc")
    test = audited("test", "evaluation", [9, 2, 2, 1], "wxyz", family="")
    overlap = only_overlap(train, test)
    assert (overlap.n_exact, overlap.n_near, overlap.n_patients) == (3, 0, None)
    assert overlap.exact_examples == ("train-2 = test-2", "train-2 = test-2", "train-1 = test-1")
    assert overlap.verdict == "stops"


def test_shared_patients_stop_and_are_named():
    audit = audit_leakage(
        [
            audited("train", "training", [1, 2, 3], ["p1", "p2", "p2"]),
            audited("test", "evaluation", [4, 5, 6], ["p2", "p3", "p1"]),
        ]
    )
    assert audit.overlaps[0].n_patients == 2
    with pytest.raises(LeakageError, match=r"train/test shares 2 patients and 0 .*patient p1"):
        require_no_leakage(audit)


@pytest.mark.parametrize(
    "families",
    [
        pytest.param(("mimic", "chexpert"), id="other_family"),
        pytest.param(("", ""), id="compared_by_film_only"),
    ],
)
def test_patient_numbers_of_unrelated_sets_are_not_compared(families):
    train = audited("train", "training", [1], ["7"], family=families[0])
    test = audited("test", "evaluation", [2], ["7"], family=families[1])
    overlap = only_overlap(train, test)
    assert overlap.n_patients is None
    assert overlap.verdict == "none"


def test_near_copies_are_reported_and_do_not_stop():
    train = audited("train", "training", [1, 2], "ab")
    test = audited("test", "evaluation", [2, 5], "cd", images=brighter(noise(2, 5)))
    audit = audit_leakage([train, test])
    overlap = audit.overlaps[0]
    assert (overlap.n_exact, overlap.n_near) == (0, 1)
    assert overlap.near_examples == ("train-2 ~ test-2",)
    assert overlap.verdict == "reported"
    require_no_leakage(audit)


def test_an_identical_film_is_not_counted_as_near_as_well():
    images = np.concatenate([noise(2), brighter(noise(2))])
    test = audited("test", "evaluation", [2, 20], "cd", images=images)
    overlap = only_overlap(audited("train", "training", [2], "a"), test)
    assert (overlap.n_exact, overlap.n_near) == (1, 1)


@pytest.mark.parametrize("name", ["train/test", "test/train"])
def test_an_overlap_allowed_by_name_does_not_stop(name):
    sets = [audited("train", "training", [1], ["p"]), audited("test", "evaluation", [1], ["p"])]
    audit = audit_leakage(sets, [name])
    assert audit.overlaps[0].verdict == "allowed"
    require_no_leakage(audit)


def test_allowing_one_pair_does_not_allow_another():
    sets = [
        audited("train", "training", [1], ["p"]),
        audited("test", "evaluation", [1], ["p"]),
        audited("other", "evaluation", [1], ["p"]),
    ]
    with pytest.raises(LeakageError, match="train/other") as stopped:
        require_no_leakage(audit_leakage(sets, ["train/test"]))
    assert "train/test" not in str(stopped.value)
    assert "evaluation.allow_overlap=[train/other]" in str(stopped.value)


@pytest.mark.parametrize(
    ("roles", "verdict"),
    [
        pytest.param(("training", "evaluation"), "stops", id="training_and_evaluation_stop"),
        pytest.param(("validation", "evaluation"), "stops", id="checkpoints_are_picked_on_validation"),
        pytest.param(("evaluation", "evaluation"), "reported", id="marked_copies_are_copies_by_design"),
        pytest.param(("training", "training"), "reported", id="gaze_patients_may_be_in_the_base_corpus"),
        pytest.param(("training", "validation"), "reported", id="training_and_validation"),
    ],
)
def test_verdict_by_role(roles, verdict):
    sets = [audited("a", roles[0], [1], ["p"]), audited("b", roles[1], [1], ["p"])]
    assert only_overlap(*sets).verdict == verdict


def test_pairs_are_ordered_training_first_whatever_the_order_given():
    sets = [
        audited("test", "evaluation", [3], "c"),
        audited("held_out", "validation", [2], "b"),
        audited("train", "training", [1], "a"),
    ]
    names = [one.name for one in audit_leakage(sets).overlaps]
    assert names == ["train/held_out", "train/test", "held_out/test"]


def test_blank_films_are_counted_and_compared_with_nothing():
    blank = np.zeros((2, SIZE, SIZE), dtype=np.uint8)
    train = audited("train", "training", [1, 2], "ab", images=blank)
    test = audited("test", "evaluation", [3, 4], "cd", images=blank)
    audit = audit_leakage([train, test])
    assert audit.overlaps[0].verdict == "none"
    assert audit.sets["n_blank"].tolist() == [2, 2]


def test_table_holds_counts_and_examples_and_a_blank_where_patients_cannot_be_compared():
    sets = [
        audited("train", "training", [1, 2], ["p", "q"]),
        audited("test", "evaluation", [1, 3], ["p", "r"]),
        audited("rsna", "evaluation", [5], ["p"], family=""),
    ]
    table = audit_leakage(sets).table()
    assert table["n_patients"].isna().tolist() == [False, True, True]
    first = table.iloc[0]
    assert (first["first"], first["second"], first["n_patients"], first["n_exact"]) == ("train", "test", 1, 1)
    assert first["examples"] == "patient p; train-1 = test-1"


def test_leakage_error_is_one_the_command_line_prints_without_a_traceback():
    assert issubclass(LeakageError, DataError)
    assert issubclass(LeakageError, EgmaError)


def test_two_sets_of_one_name_are_refused():
    with pytest.raises(DataError, match="two sets are called a"):
        audit_leakage([audited("a", "training", [1], "p"), audited("a", "evaluation", [2], "q")])


def test_films_of_two_sizes_are_refused():
    small = audited("b", "evaluation", [2], "q", images=np.zeros((1, 32, 32), dtype=np.uint8))
    with pytest.raises(DataError, match="differ in size"):
        audit_leakage([audited("a", "training", [1], "p"), small])


@pytest.mark.parametrize(
    "images",
    [
        pytest.param(np.zeros((2, SIZE, SIZE), dtype=np.uint8), id="more_films_than_ids"),
        pytest.param(np.zeros((1, SIZE, SIZE), dtype=np.float32), id="not_uint8"),
    ],
)
def test_films_that_do_not_fit_their_ids_are_refused(images):
    with pytest.raises(DataError, match="leakage audit, a: films of shape"):
        audited("a", "training", [1], "p", images=images)


def test_setting_takes_pairs_of_names_only():
    settings = load_settings("smoke", {"evaluation.allow_overlap": ["base_train/rsna"]})
    assert settings.evaluation.allow_overlap == ("base_train/rsna",)
    with pytest.raises(SettingsError, match="allow_overlap"):
        load_settings("smoke", {"evaluation.allow_overlap": ["base_train"]})
