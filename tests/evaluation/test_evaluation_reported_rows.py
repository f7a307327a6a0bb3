"""How a csv of reported numbers is read, and what single rows made for a check give."""

from __future__ import annotations

import pytest

from egma_lib.errors import DataError
from egma_lib.evaluation.reported_audit import AUDIT_COLUMNS, audit_rows
from egma_lib.evaluation.reported_rows import read_reported_rows


def lines(audit, check):
    return audit[audit["check"] == check]


def only(audit, check):
    (_, line), = lines(audit, check).iterrows()  # fmt: skip
    return line


def table(tmp_path, text):
    path = tmp_path / "reported.csv"
    path.write_text(text)
    return path


HEADER = "method,metric,value,n_classes,n_cases,n_positive,n_runs,counts\n"


def audited(tmp_path, *rows):
    return audit_rows(read_reported_rows(table(tmp_path, HEADER + "".join(f"{row}\n" for row in rows))))


def test_a_csv_of_three_columns_is_enough(tmp_path):
    found = audit_rows(read_reported_rows(table(tmp_path, "method,metric,value\na,accuracy,12.50\n")))
    assert found.empty
    assert list(found.columns) == list(AUDIT_COLUMNS)


def test_broken_counts_are_impossible_if_known_and_a_remark_if_assumed(tmp_path):
    known = audited(tmp_path, "a,accuracy,33.33,,10,,,known", "b,accuracy,33.33,,10,,,assumed")
    grim = known[known["check"] == "GRIM"]
    assert grim["verdict"].tolist() == ["impossible", "remark"]


def test_cut_digits_are_named(tmp_path):
    found = audited(tmp_path, "a,accuracy,66.66,,3,,,")
    line = only(found, "GRIM")
    assert line["verdict"] == "remark"
    assert line["finding"] == "is k/3 only with digits cut off"


@pytest.mark.parametrize(("dataset", "verdict"), [("rsna", "impossible"), ("", "remark")])
def test_rows_of_one_column_that_no_prevalence_allows(tmp_path, dataset, verdict):
    # 90.00/47.37 needs a class of at most 10 %, 90.00/90.00 one of at least 45 %.
    scores = ("a,accuracy,90.00", "a,macro_f1,47.37", "b,accuracy,90.00", "b,macro_f1,90.00")
    text = "method,metric,value,n_classes,dataset\n" + "".join(f"{row},2,{dataset}\n" for row in scores)
    line = only(audit_rows(read_reported_rows(table(tmp_path, text))), "one prevalence")
    assert line["verdict"] == verdict
    assert "cannot all be of one test set; at 50 %: not a" in line["finding"]


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        pytest.param("40.00", "30.00", "no objection", id="hits_thin_out"),
        pytest.param("40.00", "7.00", "impossible", id="hits_cannot_vanish"),
        pytest.param("0.00", "81.00", "impossible", id="four_more_places_hold_four_more_hits"),
    ],
)
def test_cutoffs_of_one_ranking_agree(tmp_path, first, second, verdict):
    found = audited(tmp_path, f"a,precision_at_1,{first},,,,,", f"a,precision_at_5,{second},,,,,")
    assert only(found, "nested cutoffs")["verdict"] == verdict


def test_precision_has_a_ceiling_where_few_candidates_are_right(tmp_path):
    text = (
        "method,metric,value,n_cases,n_relevant\na,precision_at_10,50.00,40,5\nb,precision_at_10,50.75,40,5\n"
    )
    found = audit_rows(read_reported_rows(table(tmp_path, text)))
    assert lines(found, "ceiling")["verdict"].tolist() == ["no objection", "impossible"]


def test_unequal_classes_are_not_measured_with_the_range_of_equal_ones(tmp_path):
    found = audited(tmp_path, "a,accuracy,90.00,3,,,,", "a,macro_f1,32.00,3,,,,")
    assert lines(found, "macro F1 range").empty
    text = "method,metric,value,n_classes,class_sizes\na,accuracy,90.00,3,equal\na,macro_f1,32.00,3,equal\n"
    equal = audit_rows(read_reported_rows(table(tmp_path, text)))
    assert only(equal, "macro F1 range")["verdict"] == "impossible"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("method,metric\na,accuracy\n", r"lacks the column\(s\) value", id="column"),
        pytest.param("", "not a readable csv", id="empty_file"),
        pytest.param(HEADER + "a,accuracy,0.5.1,,,,,\n", "row 1: value: '0.5.1' is no plain", id="value"),
        pytest.param(HEADER + "a,accuracy,150,,,,,\n", "from 0 to 100; give it in percent", id="above_100"),
        pytest.param(HEADER + "a,accuracy,5,,ten,,,\n", "n_cases is 'ten', expected a whole", id="count"),
        pytest.param(HEADER + "a,accuracy,5,,0,,,\n", "n_cases is '0', expected a whole", id="no_cases"),
        pytest.param(HEADER + "a,accuracy,5,,10,10,,\n", r"must be below n_cases \(10\)", id="all_positive"),
        pytest.param("method,metric,value,prevalence\na,accuracy,5,0.0\n", "more than 0 and less", id="none"),
        pytest.param("method,metric,value,class_sizes\na,auroc,5,odd\n", "expected equal, or", id="sizes"),
        pytest.param(HEADER + "a,accuracy,5,,,,,perhaps\n", "expected known or assumed", id="counts_word"),
        pytest.param("method,metric,value\n" + "a,auroc,5\n" * 2, "row 2: auroc of a stands", id="twice"),
        pytest.param(HEADER + "a,accuracy,5,2,9,,,\na,macro_f1,5,2,8,,,\n", "n_cases differ", id="disagree"),
    ],
)  # fmt: skip
def test_bad_files_are_refused_with_row_and_field(tmp_path, text, message):
    path = table(tmp_path, text)
    with pytest.raises(DataError, match=message) as refusal:
        read_reported_rows(path)
    assert str(path) in str(refusal.value)


def test_a_missing_file_is_one_error(tmp_path):
    with pytest.raises(DataError, match=r"none\.csv: not a readable csv"):
        read_reported_rows(tmp_path / "none.csv")


@pytest.mark.parametrize("prevalence", ["0.01", "50", "99.99"])
def test_extreme_prevalences_are_read(tmp_path, prevalence):
    text = "method,metric,value,n_classes,prevalence\n"
    text += "".join(
        f"a,{metric},{value},2,{prevalence}\n"
        for metric, value in (("accuracy", "99.99"), ("macro_f1", "50.00"))
    )
    assert (
        only(audit_rows(read_reported_rows(table(tmp_path, text))), "swapped columns")["verdict"]
        == "information"
    )
