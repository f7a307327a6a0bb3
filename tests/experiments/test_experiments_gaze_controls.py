import json

import numpy as np
import pytest
from gaze_control_inputs import GRID, SETTINGS, make_data, make_gaze, make_study, patches_of
from hypothesis import given
from hypothesis import strategies as st

from egma_lib.errors import DataError, SettingsError
from egma_lib.experiments.gaze_controls.fixed_maps import average_map, centre_map
from egma_lib.experiments.gaze_controls.oracle import coverage_on_patches
from egma_lib.experiments.gaze_controls.permuted import derangement, shuffled_gaze
from egma_lib.experiments.gaze_controls.registry import (
    CONTROLS,
    control_named,
    make_control,
    other_detector_settings,
    unavailable_reason,
)
from egma_lib.experiments.gaze_controls.variant import with_gaze
from egma_lib.gaze.frames import ImageFrame

# Seconds 2 and 3 belong to the first sentence, 6 and 7 to the second; the rest is of none.
LOOKED = {
    "a": (9, 9, 0, 1, 9, 9, 4, 4, 9, 9),
    "b": (8, 8, 2, 2, 8, 8, 5, 5, 8, 8),
    "c": (7, 7, 3, 3, 7, 7, None, None, 7, 7),
    "d": (6, 6, 10, 10, 6, 6, 11, 11, 6, 6),
}


@pytest.fixture
def gaze():
    return make_gaze(LOOKED)


@pytest.fixture
def data(gaze):
    return make_data(gaze)


def control(name, data, gaze, tmp_path):
    return make_control(name, data, gaze, SETTINGS, make_study(tmp_path))


SAME_SENTENCES = ("shuffled", "uniform", "centre", "average", "whole_report")


@pytest.mark.parametrize("name", [*SAME_SENTENCES, "shift_-3", "shift_+3", "before_and_during"])
def test_only_the_gaze_changes(name, data, gaze, tmp_path):
    made = control(name, data, gaze, tmp_path)
    assert made.images is data.images
    assert made.image_index is data.image_index
    assert made.sentences == data.sentences
    assert made.sample_ids == data.sample_ids
    assert made.patient_ids == data.patient_ids
    assert made.strata == data.strata
    assert made.is_validation.tolist() == data.is_validation.tolist()
    assert made.data_hash != data.data_hash
    assert all(rows.dtype == np.float32 for rows in made.gaze_similarity)
    if name in SAME_SENTENCES:
        assert [flags.tolist() for flags in made.has_gaze] == [flags.tolist() for flags in data.has_gaze]


def test_what_is_measured_here_is_what_the_eyes_did(data):
    assert [patches_of(rows) for rows in data.gaze_similarity] == [
        [[0, 1], [4]],
        [[2], [5]],
        [[3], []],
        [[10], [11]],
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("shift_-2", [[9], [9]], id="two_seconds_earlier"),
        pytest.param("shift_+2", [[9], [9]], id="two_seconds_later"),
        pytest.param("shift_4", [[4], []], id="the_first_sentence_takes_the_gaze_of_the_second"),
        pytest.param("shift_-1", [[0, 9], [4, 9]], id="half_of_each_earlier"),
        pytest.param("shift_-10", [[], []], id="before_the_recording"),
        # Windows -1 to 4 and 3 to 8: second 3 lies in both and goes to the later one.
        pytest.param("before_and_during", [[0, 9], [1, 4, 9]], id="three_seconds_before_and_during"),
        pytest.param("whole_report", [[0, 1, 4, 9], [0, 1, 4, 9]], id="union_of_all_fixations"),
        pytest.param("uniform", [list(range(16)), list(range(16))], id="all_patches"),
    ],
)
def test_heat_of_reading_a(name, expected, data, gaze, tmp_path):
    made = control(name, data, gaze, tmp_path)
    assert patches_of(made.gaze_similarity[0]) == expected
    assert made.has_gaze[0].tolist() == [bool(patches) for patches in expected]


@pytest.mark.parametrize("rule", ["largest_overlap", "all_overlaps"])
def test_a_shift_by_nothing_is_the_measured_gaze_bit_for_bit(rule, tmp_path):
    changed = SETTINGS.gaze.model_copy(update={"assignment": rule, "lead_s": 2.5})
    settings = SETTINGS.model_copy(update={"gaze": changed})
    gaze = make_gaze(LOOKED, changed)
    data = make_data(gaze, settings=changed)
    made = make_control("shift_0", data, gaze, settings, make_study(tmp_path))
    for ours, measured in zip(made.gaze_similarity, data.gaze_similarity, strict=True):
        np.testing.assert_array_equal(ours, measured)


def test_the_whole_report_weighs_patches_by_the_time_on_them(data, gaze, tmp_path):
    # Reading a: six seconds on patch 9, two on 4, one each on 0 and 1.
    row = control("whole_report", data, gaze, tmp_path).gaze_similarity[0][1]
    assert row[[9, 4, 0, 1]] == pytest.approx([1, 1 / 3, 1 / 6, 1 / 6])


def test_the_average_is_that_of_training_sentences_with_gaze(gaze):
    # Without held-out reading d: seven sentences less the empty one of c; patches 0 and 1 have half each.
    heat = average_map(make_data(gaze, held_out=1), floor=0.0)
    assert patches_of([heat]) == [[0, 1, 2, 3, 4, 5]]
    assert heat == pytest.approx(np.isin(np.arange(16), range(6)).astype(float))
    assert average_map(make_data(gaze), floor=0.0)[10] == 1


def test_the_average_needs_gaze():
    gaze = make_gaze({"a": (None,) * 10})
    with pytest.raises(DataError, match="no sentence of the training split has gaze"):
        average_map(make_data(gaze), 0.05)


def test_the_centre_map_is_symmetric_and_highest_in_the_middle():
    heat = centre_map((7, 7), 0.05).reshape(7, 7)
    assert heat.argmax() == 24
    assert heat.max() == 1
    np.testing.assert_allclose(heat, heat[::-1], rtol=1e-6)
    np.testing.assert_allclose(heat, heat.T, rtol=1e-6)
    # The mass of a normal distribution of sigma 1.75 patches on the first patch over that on the middle one.
    assert heat[3, 0] == pytest.approx((0.97725 - 0.92343) / (2 * 0.11246), abs=2e-3)


def test_shuffling_keeps_every_heatmap_and_none_in_its_place(data):
    made = shuffled_gaze(data, np.random.default_rng(0))
    ours, theirs = (sorted(np.concatenate(rows).tolist()) for rows in (made, data.gaze_similarity))
    assert ours == theirs
    for index, (rows, before) in enumerate(zip(made, data.gaze_similarity, strict=True)):
        own = {tuple(row) for row in before if row.any()}
        assert not own & {tuple(row) for row in rows}, index


def test_shuffling_does_not_mix_training_and_held_out_readings():
    many = {f"{name}{copy}": looked for copy in range(2) for name, looked in LOOKED.items()}
    data = make_data(make_gaze(many), held_out=4)
    made = shuffled_gaze(data, np.random.default_rng(1))
    for part in (slice(0, 4), slice(4, 8)):
        ours, theirs = (sorted(np.concatenate(rows[part]).tolist()) for rows in (made, data.gaze_similarity))
        assert ours == theirs


def test_shuffling_is_the_same_every_time(data, gaze, tmp_path):
    first, second = (control("shuffled", data, gaze, tmp_path) for _ in range(2))
    assert first.data_hash == second.data_hash
    np.testing.assert_array_equal(first.gaze_similarity[1], second.gaze_similarity[1])


def test_shuffling_needs_several_patients():
    data = make_data(make_gaze({"a": LOOKED["a"]}))
    with pytest.raises(DataError, match="2 of 2 sentences with gaze are of patient p0"):
        shuffled_gaze(data, np.random.default_rng(0))


@given(st.lists(st.integers(1, 6), min_size=2, max_size=8), st.integers(0, 1000))
def test_a_derangement_is_a_permutation_across_groups(sizes, seed):
    largest = max(sizes)
    rest = sum(sizes) - largest
    groups = np.repeat(np.arange(len(sizes) + 1), [*sizes, max(0, largest - rest)])
    order = derangement(groups, np.random.default_rng(seed))
    assert sorted(order.tolist()) == list(range(len(groups)))
    assert not (groups[order] == groups).any()


def write_truth(root, findings, coverage):
    for folder in ("sentences/readings", "masks/gaze"):
        (root / "truth" / folder).mkdir(parents=True, exist_ok=True)
    spoken = [{"text": "x", "findings": one, "regions": []} for one in findings]
    (root / "truth" / "sentences" / "readings" / "a.json").write_text(json.dumps(spoken))
    if coverage is not None:
        np.savez(root / "truth" / "masks" / "gaze" / "d0.npz", coverage=coverage, names=np.array(["Edema"]))


@pytest.fixture
def one_reading():
    gaze = make_gaze({"a": LOOKED["a"]})
    return make_data(gaze), gaze


def test_the_oracle_shows_the_region_that_a_sentence_speaks_of(one_reading, tmp_path):
    coverage = np.zeros((2, 8, 8), dtype=np.uint8)
    coverage[0, 2:4, 2:4] = 255  # patch 5, whole
    coverage[1, 0:2, 0:3] = 255  # patch 0, whole, and half of patch 1
    write_truth(make_study(tmp_path).data_root, [[1], []], coverage)
    made = control("oracle", *one_reading, tmp_path)
    assert patches_of(made.gaze_similarity[0]) == [[0, 1], []]
    assert made.gaze_similarity[0][0, :2].tolist() == [1.0, 0.5]
    assert made.has_gaze[0].tolist() == [True, False]


def test_a_sentence_of_two_findings_has_both_regions(one_reading, tmp_path):
    coverage = np.zeros((2, 4, 4), dtype=np.uint8)
    coverage[0, 1, 1] = coverage[1, 3, 3] = 255
    write_truth(make_study(tmp_path).data_root, [[], [0, 1]], coverage)
    assert patches_of(control("oracle", *one_reading, tmp_path).gaze_similarity[0]) == [[], [5, 15]]


@pytest.mark.parametrize(
    ("findings", "coverage", "message"),
    [
        pytest.param([[0]], np.ones((1, 4, 4)), "1 sentences, but the reading has 2", id="other_sentences"),
        pytest.param([[0], []], None, "not found, but sentences speak of its findings", id="no_mask"),
        pytest.param([[1], []], np.ones((1, 4, 4)), "1 findings, but a sentence", id="unknown_finding"),
    ],
)
def test_truth_that_does_not_fit_is_refused(findings, coverage, message, one_reading, tmp_path):
    write_truth(make_study(tmp_path).data_root, findings, coverage)
    with pytest.raises(DataError, match=message):
        control("oracle", *one_reading, tmp_path)


def test_without_truth_the_oracle_is_not_available(one_reading, tmp_path):
    assert unavailable_reason("oracle", make_study(tmp_path)).startswith("not available")
    assert unavailable_reason("shuffled", make_study(tmp_path)) == ""
    with pytest.raises(DataError, match="leave it out"):
        control("oracle", *one_reading, tmp_path)


def test_coverage_of_a_portrait_film_leaves_its_padding_free():
    # 4 rows x 2 columns in a square of 4 x 4 patches: the film takes the two middle columns.
    on_patches = coverage_on_patches(np.ones((4, 2)), ImageFrame(rows=400, columns=200), GRID)
    assert on_patches.tolist() == [[0, 1, 1, 0]] * 4


@given(st.integers(200, 900), st.integers(200, 900), st.integers(1, 9))
def test_coverage_keeps_its_area(rows, columns, grid):
    coverage = np.random.default_rng(rows).random((5, 6))
    on_patches = coverage_on_patches(coverage, ImageFrame(rows, columns), (grid, grid))
    film = rows * columns / max(rows, columns) ** 2
    assert on_patches.mean() == pytest.approx(coverage.mean() * film)


@pytest.mark.parametrize("name", ["shuffle", "shift_", "shift_soon", "shift_nan", "shift_inf", "measured"])
def test_an_unknown_control_is_refused(name):
    with pytest.raises(SettingsError, match=name):
        control_named(name)


def test_labels_tell_the_controls_apart():
    names = [*CONTROLS, "shift_-3", "shift_+3", "shift_0.5"]
    assert len({control_named(name).label for name in names}) == len(names)
    assert control_named("shift_-3").label == "gaze shifted by -3 s"


def test_the_other_detector_is_another():
    for method in ("adaptive", "nystrom_holmqvist", "ivt", "vendor"):
        changed = other_detector_settings(SETTINGS.gaze.model_copy(update={"method_high_rate": method}))
        assert changed.method_high_rate != method
        assert changed.method_low_rate == SETTINGS.gaze.method_low_rate


def test_gaze_of_another_number_of_samples_is_refused(data):
    with pytest.raises(DataError, match="gaze of 1 samples for training data of 4"):
        with_gaze(data, data.gaze_similarity[:1])


def test_a_sample_without_gaze_stays_without(data):
    assert with_gaze(data, [None] * 4).has_gaze[0].tolist() == [False, False]
