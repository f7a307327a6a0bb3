import numpy as np
import pandas as pd
import pytest
from scipy import stats

from egma_lib.errors import ArtefactError
from egma_lib.evaluation.evaluation_sets import CLASS_ORDERS
from egma_lib.evaluation.scores import SCORES
from egma_lib.experiments.measurements import long_table, weights_for
from egma_lib.experiments.score_measurements import (
    measure_classification,
    measure_pointing,
    measure_shortcut_gap,
    pointing_chance_row,
    trivial_rows,
)
from egma_lib.settings import EvaluationSettings

CONTRACT = [
    "study", "dataset", "method", "setting", "metric", "value", "ci_low", "ci_high", "sd", "n_cases",
    "n_seeds", "kind", "source",
]  # fmt: skip
SETTINGS = EvaluationSettings(bootstrap=200)


def write_calls(folder, name, labels, called, patients=None, **columns):
    """Store scores that call the given classes: 1 for the called class, 0 for the others."""
    folder.mkdir(exist_ok=True, parents=True)
    ids = [f"c{i:03}" for i in range(len(labels))]
    table = pd.DataFrame(
        {
            "case_id": ids,
            "patient_id": ids if patients is None else patients,
            "paired_case_id": ids,
            "label": labels,
            **columns,
        }
    )
    for score in SCORES:
        for index, class_name in enumerate(CLASS_ORDERS[name]):
            table[f"{score}|{class_name}"] = (np.asarray(called) == index).astype(np.float32)
    table.to_parquet(folder / f"{name}.parquet")
    return folder


@pytest.fixture
def two_seeds(tmp_path):
    labels = [0, 0, 0, 1]
    return [
        write_calls(tmp_path / "s0", "rsna", labels, [0, 0, 0, 1]),
        write_calls(tmp_path / "s1", "rsna", labels, [0, 1, 1, 1]),
    ]


def test_every_seed_has_its_accuracy_in_percent(two_seeds):
    measured = measure_classification(two_seeds, "rsna", "global", SETTINGS)
    assert measured["accuracy"].per_seed == pytest.approx([100, 50])
    # Class shares called correctly: 1 and 1; 1/3 and 1.
    assert measured["balanced_accuracy"].per_seed == pytest.approx([100, 100 * 2 / 3])


def test_row_is_the_mean_over_seeds_with_their_spread(two_seeds):
    row = measure_classification(two_seeds, "rsna", "global", SETTINGS)["accuracy"].row(method="EGMA")
    assert row["value"] == pytest.approx(75)
    assert row["sd"] == pytest.approx(np.std([100, 50], ddof=1))
    assert (row["n_cases"], row["n_seeds"], row["kind"], row["method"]) == (4, 2, "measured", "EGMA")


def test_interval_is_over_patients_with_seeds_averaged(tmp_path):
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 2
    folders = [
        write_calls(tmp_path / f"s{s}", "rsna", labels, rng.integers(2, size=60), np.arange(60) // 3)
        for s in range(3)
    ]
    measured = measure_classification(folders, "rsna", "global", SETTINGS)["accuracy"]
    row = measured.row()
    assert row["ci_low"] <= row["value"] <= row["ci_high"]
    # By hand: each resample's seed mean of the share of correct cases, patient weights from the same draw.
    tables = [pd.read_parquet(folder / "rsna.parquet") for folder in folders]
    correct = np.mean([(t["global|Pneumonia"] > 0.5).astype(int) == t["label"] for t in tables], axis=0)
    drawn = [100 * np.average(correct, weights=weight) for weight in weights_for(tables[0], SETTINGS)[1:]]
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(
        tuple(np.percentile(drawn, [2.5, 97.5])), abs=1e-4
    )


def test_same_patients_are_drawn_for_every_method_and_seed(two_seeds, tmp_path):
    tables = [pd.read_parquet(folder / "rsna.parquet") for folder in two_seeds]
    first, second = (weights_for(table, SETTINGS) for table in tables)
    np.testing.assert_array_equal(first, second)
    assert (first[0] == 1).all()
    assert (first.sum(axis=1) == 4).all()


def test_seeds_evaluated_on_other_cases_are_refused(two_seeds):
    write_calls(two_seeds[1], "rsna", [0, 1], [0, 1])
    with pytest.raises(ArtefactError, match="rsna holds other cases than"):
        measure_classification(two_seeds, "rsna", "global", SETTINGS)


def test_paired_difference_takes_seeds_and_patients_together(tmp_path):
    labels = np.zeros(20, dtype=int)
    correct = {"ours": (18, 15, 17), "reference": (12, 14, 11)}
    measured = {
        arm: measure_classification(
            [
                write_calls(tmp_path / f"{arm}{seed}", "rsna", labels, np.arange(20) >= n)
                for seed, n in enumerate(counts)
            ],
            "rsna",
            "global",
            SETTINGS,
        )["accuracy"]
        for arm, counts in correct.items()
    }
    row = measured["ours"].difference_row(measured["reference"], "no gaze", method="EGMA")
    ours, reference = (5 * np.array(correct[arm]) for arm in ("ours", "reference"))
    # Patients by hand: case c differs in as many of three seeds as lie between the counts of both arms.
    gain = np.mean([np.arange(20) < n for n in correct["ours"]], axis=0)
    gain -= np.mean([np.arange(20) < n for n in correct["reference"]], axis=0)
    table = pd.read_parquet(tmp_path / "ours0" / "rsna.parquet")
    drawn = [100 * np.average(gain, weights=weight) for weight in weights_for(table, SETTINGS)[1:]]
    error = np.sqrt(np.var(ours - reference, ddof=1) / 3 + np.var(drawn, ddof=1))
    half = stats.t.ppf(0.975, 2) * error
    assert row["value"] == pytest.approx(np.mean(ours - reference))
    middle = np.mean(ours - reference)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((middle - half, middle + half), rel=1e-4)
    assert row["standard_error"] == pytest.approx(error, rel=1e-4)
    assert row["comparison"] == "minus no gaze"
    assert row["n_seeds"] == 3


def test_of_arms_with_other_numbers_of_seeds_the_first_ones_are_paired(two_seeds):
    both = measure_classification(two_seeds, "rsna", "global", SETTINGS)["accuracy"]
    first = measure_classification(two_seeds[:1], "rsna", "global", SETTINGS)["accuracy"]
    for row in (both.difference_row(first, "no gaze"), first.difference_row(both, "no gaze")):
        assert (row["value"], row["n_seeds"]) == (0, 1)


def test_shortcut_gap_is_marked_minus_unmarked(tmp_path):
    # Of five cases, unmarked c0-c3 are called correctly; of the marked copies of c4, c0, c1 only c4's.
    write_calls(tmp_path, "chexpert_5x200", [0, 1, 2, 3, 4], [0, 1, 2, 3, 0])
    write_calls(
        tmp_path,
        "chexpert_5x200_marked",
        [4, 0, 1],
        [4, 2, 2],
        paired_case_id=["c004", "c000", "c001"],
    )
    gap = measure_shortcut_gap([tmp_path], "global", SETTINGS)
    # Marked 1 of 3; the same cases without mark 2 of 3.
    assert gap.per_seed == pytest.approx([-100 / 3])
    assert gap.n_cases == 3
    assert gap.row()["ci_low"] == pytest.approx(-100)


def test_copy_of_an_unknown_case_is_refused(tmp_path):
    write_calls(tmp_path, "chexpert_5x200", [0, 1], [0, 1])
    write_calls(tmp_path, "chexpert_5x200_marked", [0], [0], paired_case_id=["c777"])
    with pytest.raises(ArtefactError, match=r"marked copies of \['c777'\]"):
        measure_shortcut_gap([tmp_path], "global", SETTINGS)


@pytest.fixture
def pointed(tmp_path):
    pd.DataFrame(
        {
            "case_id": ["a", "b", "c", "d"],
            "patient_id": ["p", "p", "q", "r"],
            "hit": [True, True, True, False],
            "chance": [0.1, 0.1, 0.2, 0.4],
        }
    ).to_parquet(tmp_path / "siim_pointing.parquet")
    return tmp_path


def test_pointing_counts_regions(pointed):
    measured = measure_pointing([pointed], "siim", SETTINGS)
    assert measured["hit"].per_seed == pytest.approx([75])
    assert measured["chance"].per_seed == pytest.approx([20])
    assert measured["hit"].n_cases == 4


def test_pointing_at_random_is_a_trivial_row(pointed):
    row = pointing_chance_row(pointed, "siim", SETTINGS)
    assert row["value"] == pytest.approx(20)
    assert (row["kind"], row["n_seeds"], row["method"]) == ("trivial", 0, "random")


def test_trivial_predictors(tmp_path):
    write_calls(tmp_path, "rsna", [0] * 30 + [1] * 10, [0] * 40)
    rows = pd.DataFrame(trivial_rows(tmp_path, "rsna", SETTINGS)).set_index(["method", "metric"])
    assert set(rows["kind"]) == {"trivial"}
    assert set(rows["n_seeds"]) == {0}
    assert rows.loc[("majority class", "accuracy"), "value"] == pytest.approx(75)
    assert rows.loc[("majority class", "balanced_accuracy"), "value"] == pytest.approx(50)
    assert rows.loc[("majority class", "auroc"), "value"] == pytest.approx(50)
    assert rows.loc[("random", "accuracy"), "value"] == pytest.approx(50, abs=4)
    assert (rows["ci_low"] <= rows["value"]).all()
    assert (rows["value"] <= rows["ci_high"]).all()


def test_long_table_starts_with_the_contract_s_columns(two_seeds):
    measured = measure_classification(two_seeds, "rsna", "global", SETTINGS)["accuracy"]
    names = {"dataset": "rsna", "method": "EGMA", "setting": "global", "metric": "accuracy"}
    table = long_table([measured.row(**names)], "phantom")
    assert list(table.columns)[: len(CONTRACT)] == CONTRACT
    assert table.loc[0, ["study", "dataset", "kind"]].tolist() == ["phantom", "rsna", "measured"]


def test_tables_of_the_same_patients_share_their_resamples():
    table = pd.DataFrame({"patient_id": ["a", "a", "b", "c"]})
    weights = weights_for(table, SETTINGS)
    assert weights_for(table.copy(), SETTINGS) is weights
    with pytest.raises(ValueError, match="read-only"):
        weights[0] = 2
    again = weights_for(table, SETTINGS.model_copy(update={"seed": SETTINGS.seed + 1}))
    assert not np.array_equal(weights[1:], again[1:])
