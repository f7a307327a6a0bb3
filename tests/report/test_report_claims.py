from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from prediction_folders import write_predictions
from sklearn.metrics import roc_auc_score

from egma_lib.evaluation.linear_probe import HEADS, n_draws, score_column
from egma_lib.experiments.arms import module_arm
from egma_lib.experiments.claims import NOT_TESTABLE, UNDECIDED, VERDICTS, Claim, Claims, read_claims
from egma_lib.experiments.score_measurements import measure_classification, measure_pointing
from egma_lib.experiments.two_way_effects import paired_effect, trend
from egma_lib.report.claim_measurements import (
    ClaimMeasurements,
    StoredArm,
    known_arms,
    power_of_main_pair,
    stored_arms,
)
from egma_lib.report.claims import (
    COLUMNS,
    claim_rows,
    claims_block,
    claims_summary,
    judge_claims,
    read_claim_rows,
    write_claims,
)
from egma_lib.report.export_tables import CLAIMS
from egma_lib.report.retrieval_table import measure_retrieval
from egma_lib.report.table_files import REPORTED
from egma_lib.settings import load_settings

SETTINGS = load_settings("smoke", {"evaluation.bootstrap": 50, "experiments.backbones": {}})
NUMBERS = pd.read_csv(REPORTED, keep_default_na=False)
ARMS = ("start", "mlce", "egf", "egm", "egma", "no_gaze")


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    root = tmp_path_factory.mktemp("predictions")
    found = {}
    for number, name in enumerate(ARMS):
        folders = tuple(
            write_predictions(root / f"{name}-{seed}", 10 * number + seed, lacking={"siim"})
            for seed in range(3)
        )
        found[name] = StoredArm(module_arm(name), folders)
    return found


def study(kind="synthetic"):
    return SimpleNamespace(name="phantom-main", kind=kind)


@pytest.fixture(scope="module")
def rows(stored):
    return claim_rows(read_claims(), ClaimMeasurements(stored, SETTINGS), NUMBERS, SETTINGS, study())


def pick(rows, identifier, **where):
    for column, value in {"id": identifier, **where}.items():
        rows = rows[rows[column] == value]
    (row,) = [row for _, row in rows.iterrows()]
    return row


def test_columns_and_verdicts_are_those_named(rows):
    assert list(rows.columns) == list(COLUMNS)
    assert set(rows["verdict"]) <= set(VERDICTS)
    assert set(rows["study"]) == {"phantom-main"}
    assert (rows["reason"] != "").all()
    assert set(rows["id"]) == {one.id for one in read_claims().claims}


def test_methods_are_compared_under_the_score_that_each_trains(rows, stored):
    row = pick(rows, "zero_shot", dataset="rsna", metric="accuracy")
    values = [
        measure_classification(stored[name].folders, "rsna", score, SETTINGS.evaluation)["accuracy"]
        for name, score in (("egma", "fine_grained"), ("start", "global"))
    ]
    expected = paired_effect(*values)
    assert (row["value"], row["ci_low"], row["ci_high"]) == (expected.value, expected.low, expected.high)
    assert row["p_value"] == expected.p_value
    assert (row["n_cases"], row["n_seeds"]) == (12, 3)
    assert row["reported"] == "EGMA 76.97 against MedCLIP 43.09: +33.88"
    assert row["compared"] == "EGMA minus Start"


def test_an_ablation_is_compared_under_the_fine_grained_score_and_its_worst_pair_counts(rows, stored):
    row = pick(rows, "each_module", dataset="chexpert_5x200", metric="macro_f1")
    values = {
        name: measure_classification(
            stored[name].folders, "chexpert_5x200", "fine_grained", SETTINGS.evaluation
        )["macro_f1"].per_seed.mean()
        for name in ("start", "mlce", "egf", "egm")
    }
    assert row["value"] == pytest.approx(
        min(values[name] for name in ("mlce", "egf", "egm")) - values["start"]
    )


def test_pointing_and_retrieval_take_their_own_cells(rows, stored):
    pointing = pick(rows, "gaze_attention", dataset="rsna")
    hits = [
        measure_pointing(stored[n].folders, "rsna", SETTINGS.evaluation)["hit"] for n in ("egma", "no_gaze")
    ]
    assert pointing["value"] == pytest.approx(hits[0].per_seed.mean() - hits[1].per_seed.mean())
    claims = Claims(
        tolerance_points=1,
        claims=(
            Claim(
                id="r",
                claim="c",
                source="s",
                measured="retrieval",
                ours=("egma",),
                references=("start",),
                datasets=("chexpert_8x200",),
                settings=("text to image",),
                metrics=("precision_at_1",),
            ),
        ),
    )
    row = claim_rows(claims, ClaimMeasurements(stored, SETTINGS), NUMBERS, SETTINGS, study()).iloc[0]
    found = [
        measure_retrieval(stored[name].folders, score, SETTINGS.evaluation)["text to image", "precision_at_1"]
        for name, score in (("egma", "fine_grained"), ("start", "global"))
    ]
    assert row["value"] == pytest.approx(found[0].per_seed.mean() - found[1].per_seed.mean())
    assert row["n_cases"] == 40


def store_probe(folder, seed, name="siim", finding="Pneumothorax"):
    rng = np.random.default_rng(seed)
    ids = [f"c{index}" for index in range(12)]
    table = pd.DataFrame({"case_id": ids, "patient_id": ids, f"label|{finding}": np.arange(12) % 2.0})
    for head in HEADS:
        for share in SETTINGS.probe.shares:
            for draw in range(n_draws(share, SETTINGS.probe)):
                table[score_column(head, share, draw, finding)] = rng.normal(size=12)
    folder.mkdir()
    table.to_parquet(folder / f"{name}.parquet")
    return folder


def test_a_linear_probe_is_judged_by_the_converged_head(stored, tmp_path):
    probed = {
        name: StoredArm(
            stored[name].arm,
            stored[name].folders,
            tuple(store_probe(tmp_path / f"{name}{seed}", 7 * seed + number) for seed in range(2)),
        )
        for number, name in enumerate(("start", "egma"))
    }
    rows = claim_rows(read_claims(), ClaimMeasurements(probed, SETTINGS), NUMBERS, SETTINGS, study())
    row = pick(rows, "linear_probe", dataset="siim", setting="100 %")
    expected = []
    for name in ("egma", "start"):
        tables = [pd.read_parquet(folder / "siim.parquet") for folder in probed[name].probes]
        column = score_column("converged", 1.0, 0, "Pneumothorax")
        expected.append(np.mean([roc_auc_score(one["label|Pneumothorax"], one[column]) for one in tables]))
    assert row["value"] == pytest.approx(100 * (expected[0] - expected[1]))
    assert (row["n_cases"], row["n_seeds"]) == (12, 2)
    assert pick(rows, "linear_probe", dataset="rsna", setting="1 %")["verdict"] == NOT_TESTABLE


def test_a_trend_is_the_slope_over_its_arms(stored):
    claims = Claims(
        tolerance_points=1,
        claims=(
            Claim(
                id="t",
                claim="c",
                source="s",
                rule="trend",
                measured="ablation",
                ours=("start", "egf", "egma"),
                datasets=("rsna",),
                metrics=("auroc",),
            ),
        ),
    )
    row = claim_rows(claims, ClaimMeasurements(stored, SETTINGS), NUMBERS, SETTINGS, study()).iloc[0]
    steps = [
        measure_classification(stored[name].folders, "rsna", "fine_grained", SETTINGS.evaluation)["auroc"]
        for name in ("start", "egf", "egma")
    ]
    assert row["value"] == trend(steps).value
    assert row["compared"] == "Start < EGF < EGMA"


@pytest.mark.parametrize(
    ("identifier", "where", "reason"),
    [
        pytest.param(
            "zero_shot",
            {"dataset": "siim", "metric": "accuracy"},
            "nothing measured of EGMA, Start",
            id="a_set_that_the_study_lacks",
        ),
        pytest.param(
            "right_gaze",
            {"dataset": "rsna"},
            "nothing measured of control_shuffled",
            id="an_arm_that_was_not_trained",
        ),
        pytest.param(
            "linear_probe",
            {"dataset": "rsna", "setting": "1 %"},
            "nothing measured of EGMA, Start",
            id="nothing_probed",
        ),
        pytest.param("attention_on_gaze", {}, "nothing measured of EGMA, Start", id="nothing_grounded"),
        pytest.param(
            "other_backbones",
            {"dataset": "rsna", "metric": "accuracy"},
            "the settings name no other backbone",
            id="no_backbones",
        ),
        pytest.param("features_separate", {}, "the figures' shares", id="a_figure_without_interval"),
    ],
)
def test_what_cannot_be_judged_says_why(rows, identifier, where, reason):
    row = pick(rows, identifier, **where)
    assert row["verdict"] == NOT_TESTABLE
    assert row["reason"].startswith(reason)
    assert pd.isna(row["value"])


def test_one_seed_decides_nothing(stored):
    single = {name: StoredArm(one.arm, one.folders[:1]) for name, one in stored.items()}
    rows = claim_rows(read_claims(), ClaimMeasurements(single, SETTINGS), NUMBERS, SETTINGS, study())
    assert set(rows["verdict"]) == {UNDECIDED, NOT_TESTABLE}


def test_reported_effects_are_numbers_only_beside_real_data(rows, stored):
    assert rows["reported_effect"].isna().all()
    assert rows["reason"].str.startswith("in a simulation").any()
    real = claim_rows(read_claims(), ClaimMeasurements(stored, SETTINGS), NUMBERS, SETTINGS, study("real"))
    assert pick(real, "zero_shot", dataset="rsna", metric="accuracy")["reported_effect"] == pytest.approx(
        33.88
    )
    assert not real["reason"].str.contains("simulation").any()


def test_the_file_is_read_back_as_it_was(rows, tmp_path):
    path = write_claims(rows, tmp_path)
    assert path.name == "claims.csv"
    back = read_claim_rows(path)
    pd.testing.assert_series_equal(back["reason"], rows["reason"], check_dtype=False)
    np.testing.assert_allclose(back["value"], rows["value"], atol=1e-4)
    assert claims_block(back).cells.shape == claims_block(rows).cells.shape


def test_block_has_a_line_per_claim_and_the_summary_counts_all_rows(rows):
    block = claims_block(rows)
    assert len(block.cells) == len(read_claims().claims)
    line = block.cells.loc[read_claims().claims[0].claim]
    assert "not testable here 2 of 6" in line["verdict"]
    assert "RSNA, accuracy (n = 12, 3 seeds) " in line["effect"]
    counts = [int(part.split()[0]) for part in claims_summary(rows).split(", ")]
    assert sum(counts) == len(rows)


def test_every_text_of_a_claim_is_short_enough_to_be_shared(rows):
    texts = rows[["claim", "source", "compared", "reported", "reason"]]
    assert texts.map(len).to_numpy().max() <= 120
    assert set(COLUMNS) == {*CLAIMS.texts, *CLAIMS.numbers, *CLAIMS.governed, *CLAIMS.counts}


def test_arms_of_claims_are_arms_of_the_settings():
    settings = load_settings("phantom")
    known = known_arms(settings)
    for claim in read_claims().claims:
        assert {*claim.ours, *claim.references} <= known.keys(), claim.id


def test_stored_arms_are_those_with_predictions(trained_study):
    one = trained_study
    found = stored_arms(one.study, one.settings, one.corpora)
    assert set(found) == {arm.name for arm in one.arms}
    assert {len(arm.folders) for arm in found.values()} == {len(one.settings.experiments.seeds)}
    assert all(arm.probes == () for arm in found.values())
    assert power_of_main_pair(found, one.settings.evaluation).startswith("One seed, or no spread over seeds")
    assert power_of_main_pair({}, one.settings.evaluation).startswith("The main pair has not been trained")
    rows = judge_claims(one.study, one.settings, one.corpora)
    assert pd.notna(pick(rows, "gaze_itself", dataset="rsna", metric="auroc")["value"])
    assert set(rows["verdict"]) == {UNDECIDED, NOT_TESTABLE}
