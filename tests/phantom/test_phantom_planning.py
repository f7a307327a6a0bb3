"""What the cases are: balance, exclusiveness, marks, independence of sizes, and the shapes of identifiers."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest

from egma_lib.errors import SettingsError
from egma_lib.phantom import identifiers
from egma_lib.phantom.case import FINDINGS
from egma_lib.phantom.planning import case_frame, case_rng, corpus_indices, plan_case
from egma_lib.settings import PhantomSettings, PhantomSizes

SIZES = PhantomSizes(
    gaze_cases=800, multi_reader_cases=60, report_cases=800, chexpert_5x200_per_class=200,
    chexpert_marked_cases=500, chexpert_8x200_per_class=200, chexpert_train=2000, chexpert_valid=200,
    rsna_cases=600, siim_cases=600,
)  # fmt: skip
MAIN = PhantomSettings(sizes=SIZES)
NULL = PhantomSettings(sizes=SIZES, preset="null", confounder_strength=0, gaze_informative=False)


def plans(settings, corpus, count=None):
    indices = corpus_indices(settings, corpus)
    return [plan_case(settings, corpus, index) for index in indices[:count]]


def names(plan):
    return {finding.name for finding in plan.findings}


def test_a_case_depends_on_seed_corpus_and_index_only():
    fewer = MAIN.model_copy(update={"sizes": SIZES.model_copy(update={"report_cases": 8, "rsna_cases": 4})})
    for corpus in ("reports", "rsna", "chexpert_5x200"):
        assert plan_case(MAIN, corpus, 3) == plan_case(fewer, corpus, 3)
        assert case_frame(MAIN, corpus, 3) == case_frame(fewer, corpus, 3)
    other_seed = MAIN.model_copy(update={"seed": 1})
    assert [plan_case(other_seed, "reports", k) for k in range(20)] != plans(MAIN, "reports", 20)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param((1, "gaze", 3, "film"), id="another_seed"),
        pytest.param((2, "siim", 3, "film"), id="another_corpus"),
        pytest.param((2, "gaze", 4, "film"), id="another_index"),
        pytest.param((2, "gaze", 3, "report"), id="another_purpose"),
    ],
)
def test_generators_of_different_purposes_differ(other):
    first = case_rng(2, "gaze", 3, "film").random(4)
    assert np.array_equal(first, case_rng(2, "gaze", 3, "film").random(4))
    assert not np.array_equal(first, case_rng(*other).random(4))


@pytest.mark.parametrize("corpus", ["gaze", "reports", "chexpert_train"])
def test_pretraining_corpora_are_roughly_balanced(corpus):
    drawn = plans(MAIN, corpus)
    normal = sum(not plan.abnormal for plan in drawn) / len(drawn)
    assert 0.15 < normal < 0.25
    counts = Counter(finding.name for plan in drawn for finding in plan.abnormal)
    assert set(counts) == set(FINDINGS[:8])
    assert max(counts.values()) < 1.6 * min(counts.values())
    assert {len(plan.abnormal) for plan in drawn} == {0, 1, 2, 3}
    devices = sum("Support Devices" in names(plan) for plan in drawn) / len(drawn)
    assert 0.14 < devices < 0.26


def test_marks_follow_findings_at_the_set_strength():
    drawn = plans(MAIN, "reports")
    abnormal = [plan for plan in drawn if plan.abnormal]
    own = np.mean([plan.mark in names(plan) for plan in abnormal])
    assert 0.76 < own < 0.88
    normal = [plan.mark == "No Finding" for plan in drawn if not plan.abnormal]
    assert 0.7 < np.mean(normal) < 0.95


def test_null_marks_do_not_depend_on_findings():
    drawn = plans(NULL, "reports") + plans(NULL, "gaze")
    marked = [plan for plan in drawn if plan.mark]
    assert 0.25 < len(marked) / len(drawn) < 0.35
    # Nine marks at random: one in nine is right by chance on a film with one finding.
    single = [plan for plan in marked if len(plan.abnormal) == 1]
    assert np.mean([plan.mark == plan.abnormal[0].name for plan in single]) < 0.22


@pytest.mark.parametrize(
    ("corpus", "scanner"),
    [
        ("chexpert_5x200", "chexpert"),
        ("chexpert_8x200", "chexpert"),
        ("chexpert_8x200_queries", "chexpert"),
        ("chexpert_train", "chexpert"),
        ("chexpert_valid", "chexpert"),
        ("rsna", "rsna"),
        ("rsna_test", "rsna"),
        ("siim", "siim"),
    ],
)
def test_test_sets_carry_no_mark_and_come_from_another_scanner(corpus, scanner):
    assert {(plan.mark, plan.scanner) for plan in plans(MAIN, corpus, 60)} == {(None, scanner)}
    assert {plan.scanner for plan in plans(MAIN, "gaze", 10)} == {"mimic"}


def test_5x200_has_exactly_one_finding_and_nothing_else():
    drawn = plans(MAIN, "chexpert_5x200")
    assert all(len(plan.findings) == 1 for plan in drawn)
    assert Counter(plan.findings[0].name for plan in drawn) == {
        "Atelectasis": 200, "Cardiomegaly": 200, "Consolidation": 200, "Edema": 200, "Pleural Effusion": 200,
    }  # fmt: skip


def test_8x200_has_one_of_eight_classes_in_blocks():
    drawn = plans(MAIN, "chexpert_8x200")
    classes = [plan.abnormal[0].name if plan.abnormal else "No Finding" for plan in drawn]
    order = (
        "No Finding", "Cardiomegaly", "Edema", "Pneumonia", "Atelectasis", "Pneumothorax", "Pleural Effusion",
        "Fracture",
    )  # fmt: skip
    assert classes == [name for name in order for _ in range(200)]
    assert len(plans(MAIN, "chexpert_8x200_queries")) == 80


def test_marked_copies_are_the_5x200_cases_with_their_own_mark():
    drawn = plans(MAIN, "chexpert_marked")
    assert Counter(plan.mark for plan in drawn).most_common(5)[4][1] == 100
    for plan in drawn[:20]:
        original = plan_case(MAIN, "chexpert_5x200", plan.index)
        assert (plan.findings, plan.view, plan.scanner) == (
            original.findings,
            original.view,
            original.scanner,
        )
        assert original.mark is None
        assert plan.mark == plan.findings[0].name
        assert case_frame(MAIN, "chexpert_marked", plan.index) == case_frame(
            MAIN, "chexpert_5x200", plan.index
        )


@pytest.mark.parametrize(
    ("corpus", "target", "count"), [("rsna", "Pneumonia", 135), ("siim", "Pneumothorax", 132)]
)
def test_screening_sets_hold_the_set_share_of_positives(corpus, target, count):
    drawn = plans(MAIN, corpus)
    positive = [plan for plan in drawn if target in names(plan)]
    negative = [plan for plan in drawn if target not in names(plan)]
    assert len(positive) == count
    assert 0.35 < np.mean([bool(plan.abnormal) for plan in negative]) < 0.65
    if corpus == "rsna":
        assert not any("Consolidation" in names(plan) for plan in drawn)


def test_findings_of_a_case_are_distinct_and_within_range():
    for plan in plans(MAIN, "gaze"):
        assert len(names(plan)) == len(plan.findings)
        assert all(0 <= finding.size <= 1 for finding in plan.findings)


def test_most_frames_are_portrait_and_some_landscape_or_trimmed():
    frames = Counter(case_frame(MAIN, "gaze", index) for index in range(400))
    assert 0.55 < frames[3056, 2544] / 400 < 0.75
    assert 0.12 < frames[2544, 3056] / 400 < 0.28
    assert any(rows % 2 or columns % 2 for rows, columns in frames)


def test_unknown_corpus_is_refused_by_name():
    with pytest.raises(SettingsError, match="'padchest' is unknown; known: gaze, reports"):
        plan_case(MAIN, "padchest", 0)


def test_mimic_numbers_have_their_shapes_and_never_collide():
    pairs = [(corpus, index) for corpus in ("gaze", "reports") for index in range(3000)]
    subjects = [str(identifiers.mimic_subject_id(*pair)) for pair in pairs]
    studies = [str(identifiers.mimic_study_id(*pair)) for pair in pairs]
    images = [identifiers.mimic_dicom_id(*pair) for pair in pairs]
    assert all(re.fullmatch(r"1\d{7}", number) for number in subjects)
    assert all(re.fullmatch(r"5\d{7}", number) for number in studies)
    assert all(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{8}){4}", name) for name in images)
    for numbers in (subjects, studies, images):
        assert len(set(numbers)) == len(pairs)


def test_other_identifiers_have_their_shapes_and_never_collide():
    readings = [identifiers.reading_id(3, 0, case, reader) for case in range(1000) for reader in range(5)]
    assert all(re.fullmatch(r"P300R\d{6}", name) for name in readings)
    assert len(set(readings)) == 5000
    uuids = {identifiers.case_uuid("rsna", index) for index in range(500)}
    assert all(
        re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", u) for u in uuids
    )
    assert len(uuids) == 500
    study, series, image = (uid.split(".") for uid in identifiers.siim_uids(7))
    assert [i for i in range(len(study)) if len({study[i], series[i], image[i]}) > 1] == [7, 11]
    corpora = (
        "chexpert_5x200",
        "chexpert_8x200",
        "chexpert_8x200_queries",
        "chexpert_train",
        "chexpert_valid",
    )
    patients = {identifiers.chexpert_patient(corpus, index) for corpus in corpora for index in range(2000)}
    assert all(re.fullmatch(r"patient\d{5}", name) for name in patients)
    assert len(patients) == 10_000
