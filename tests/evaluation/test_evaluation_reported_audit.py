"""What must come out of the paper's own numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from egma_lib.evaluation.binary_shares import called_shares, matching_counts
from egma_lib.evaluation.printed import Printed
from egma_lib.evaluation.reported_audit import AUDIT_COLUMNS, audit_rows
from egma_lib.evaluation.reported_rows import read_reported_rows

REPORTED = Path(__file__).parents[2] / "data" / "reference" / "reported_numbers.csv"
ACCUSING = (
    "fraud",
    "fabricat",
    "fake",
    "made up",
    "manipulat",
    "dishonest",
    "cheat",
    "wrongdoing",
    "suspicious",
)


@pytest.fixture(scope="module")
def rows():
    return read_reported_rows(REPORTED)


@pytest.fixture(scope="module")
def audit(rows):
    return audit_rows(rows)


def lines(audit, check, **where):
    chosen = audit[audit["check"] == check]
    for column, value in where.items():
        chosen = chosen[chosen[column] == value]
    return chosen


def only(audit, check, **where):
    (_, line), = lines(audit, check, **where).iterrows()  # fmt: skip
    return line


def test_exactly_five_numbers_are_impossible_as_printed(audit):
    excluded = audit[audit["verdict"] == "impossible"]
    assert set(
        zip(excluded["table"], excluded["dataset"], excluded["method"], excluded["reported"], strict=True)
    ) == {
        ("3", "chexpert_8x200", "ConVIRT", "precision_at_1 60.25"),
        ("3", "chexpert_8x200", "EGMA", "precision_at_1 42.65"),
        ("4", "siim", "EGF", "63.54/65.70"),
        ("4", "chexpert_5x200", "gaze 50%", "accuracy 59.55"),
        ("7", "siim", "GLoRIA", "31.07/31.10"),
    }
    assert (excluded["reasons"] != "").all()
    assert (excluded["assumes"] != "").all()


def test_egma_on_rsna_is_exactly_the_predictor_of_no_pneumonia(audit):
    truth = np.repeat([0, 1], [3081, 922])
    f1 = f1_score(truth, np.zeros(4003), average="macro", zero_division=0)
    assert f"{100 * 3081 / 4003:.2f}/{100 * f1:.2f}" == "76.97/43.49"
    counts = matching_counts(Printed.parse("76.97"), Printed.parse("43.49"), 4003, 922)
    assert counts == [(0, 3081)]
    text = only(audit, "one class only", table="2", dataset="rsna", method="EGMA")["finding"]
    assert "on 922 positive of 4,003 calling every case negative has exactly these numbers" in text


def test_prior_on_siim_is_a_one_class_predictor_at_half(audit):
    line = only(audit, "one class only", dataset="siim", method="PRIOR")
    assert line["reported"] == "50.00/33.33"
    assert "where the class never called has 50.00 % of the cases" in line["finding"]
    assert "a threshold or prompts that suit another set" in line["reasons"]


def test_siim_columns_refuse_the_natural_prevalence_and_allow_half(audit):
    assert only(audit, "prevalence", table="2", dataset="siim", method="MedCLIP")["verdict"] == "remark"
    column = only(audit, "one prevalence", table="2", dataset="siim")["finding"]
    assert column.startswith("a smaller class of 23.41 to 50.00 % allows every row")
    assert "at 22.15 % positive cases: not MedCLIP (Table 2)" in column
    assert "at 50 %: every row can be" in column


def test_one_prevalence_allows_the_rsna_columns(audit):
    column = only(audit, "one prevalence", table="", dataset="rsna")
    assert column["verdict"] == "no objection"
    assert column["finding"].startswith("a smaller class of 16.92 to 23.04 % allows every row")
    assert "at 23.03 % positive cases: every row can be" in column["finding"]


def test_single_runs_on_rsna_but_one_fit_the_assumed_split(audit):
    counts = lines(audit, "counts", dataset="rsna")
    refused = counts[counts["verdict"] != "no objection"]
    assert len(counts) == 14
    assert refused[["table", "method", "verdict"]].to_numpy().tolist() == [["7", "MGCA", "remark"]]


@pytest.mark.parametrize("method", ["Start", "MLCE", "EGF", "EGM"])
def test_ablation_rows_on_rsna_read_like_swapped_columns(method, audit, rows):
    row = next(r for r in rows if (r.table, r.dataset, r.method) == ("4", "rsna", method))
    shares = called_shares(*row.pair)
    assert shares.fewer.high < 0.007
    assert shares.fewer.high / 0.23 < 0.032
    assert shares.more.low / 0.77 > 0.5
    assert shares.more.high / 0.77 < 0.76
    line = only(audit, "swapped columns", table="4", dataset="rsna", method=method)
    assert line["verdict"] == "remark"
    assert "as printed sensitivity" in line["finding"]
    assert "swapped" in line["finding"]


def test_both_readings_of_medclip_on_rsna_follow_from_its_counts(audit):
    # 25 true positives of 922 and 1,700 true negatives of 3,081 are the only counts that print 43.09/31.01.
    assert matching_counts(Printed.parse("43.09"), Printed.parse("31.01"), 4003, 922) == [(25, 1700)]
    truth = np.repeat([1, 1, 0, 0], [25, 897, 1381, 1700])
    swapped = np.repeat([0, 1, 0, 1], [25, 897, 1381, 1700])
    text = only(audit, "swapped columns", table="2", dataset="rsna", method="MedCLIP")["finding"]
    assert f"accuracy {100 * (truth == swapped).mean():.2f}" in text
    assert f"macro F1 {100 * f1_score(truth, swapped, average='macro'):.2f}" in text


@pytest.mark.parametrize(
    ("method", "metric", "words"),
    [
        pytest.param("gaze 50%", "accuracy 59.55", "k/3,000 (1,000 in each of 3 runs)", id="three_runs"),
        pytest.param("EGMA", "precision_at_1 42.65", "k/1,600", id="films_asking"),
        pytest.param("ConVIRT", "precision_at_1 60.25", "k/40", id="texts_asking"),
    ],
)
def test_grim_states_what_it_assumes(method, metric, words, audit):
    line = only(audit, "GRIM", method=method, reported=metric)
    assert line["finding"].startswith(f"cannot be {words}, rounded or cut")
    assert "run" in line["assumes"]


def test_sampling_is_wide_for_forty_queries_and_three_points_for_a_thousand(audit):
    queries = only(audit, "sampling", method="EGMA", setting="text to image")["finding"]
    assert "n = 40" in queries
    assert "half-width 12.1 points" in queries
    films = only(audit, "sampling", table="4", method="gaze 1%", dataset="chexpert_5x200")["finding"]
    assert "half-width 3.0 points" in films


def test_the_gaze_curve_spans_less_than_its_sampling_error(audit):
    line = only(audit, "spread of a curve", dataset="chexpert_5x200")
    assert line["verdict"] == "remark"
    assert "4 points span 0.62 points" in line["finding"]
    assert only(audit, "spread of a curve", dataset="rsna")["verdict"] == "no objection"
    assert only(audit, "spread of a curve", dataset="siim")["verdict"] == "not testable"


def test_the_start_of_table_4_is_medclip_of_table_2(audit):
    line = only(audit, "identical rows", verdict="remark")
    assert (line["table"], line["method"]) == ("4", "Start")
    assert "equal to MedCLIP of Table 2 in all 6 numbers" in line["finding"]
    assert "confounded with further training" in line["finding"]


def test_means_of_runs_are_tested_only_for_what_holds_for_means(audit):
    of_means = audit[audit["method"].str.startswith("gaze ") & audit["dataset"].isin(["rsna", "siim"])]
    assert set(of_means["check"]) & {"prevalence", "counts", "one class only", "swapped columns"} == set()
    assert set(of_means.loc[of_means["check"] == "called shares", "verdict"]) == {"not testable"}


def test_words_accuse_nobody(audit):
    text = " ".join(audit[list(AUDIT_COLUMNS)].to_numpy().ravel()).lower()
    assert not [word for word in ACCUSING if word in text]
    assert (audit.loc[audit["verdict"] == "remark", "reasons"] != "").all()


def test_every_row_of_the_paper_s_tables_is_read(rows):
    counted = pd.Series([row.table for row in rows]).value_counts().to_dict()
    assert counted == {"1": 63, "2": 18, "3": 11, "4": 27, "7": 9}
