"""The file of the paper's numbers, against values typed from the paper a second time."""

import pandas as pd
import pytest

from egma_lib.report.table_files import REPORTED, REPORTED_COLUMNS, read_reported

KEY = ["table", "dataset", "method", "setting", "metric"]


@pytest.fixture(scope="module")
def numbers():
    return pd.read_csv(REPORTED, keep_default_na=False)


def test_tables_have_as_many_numbers_as_the_paper(numbers):
    assert tuple(numbers.columns[: len(REPORTED_COLUMNS)]) == REPORTED_COLUMNS
    assert tuple(read_reported(REPORTED, 2).columns) == REPORTED_COLUMNS
    # Table 1: five methods on three sets, three (GLoRIA, MedKLIP, ConVIRT) on two, three shares each; 2: six
    # methods, three sets, two metrics; 3: six methods, two directions, three cutoffs, ConVIRT only text to
    # image; 4: nine rows, three sets, two metrics; 7: three methods, three sets, two metrics.
    assert numbers["table"].value_counts().to_dict() == {1: 63, 2: 36, 3: 33, 4: 54, 7: 18}


def test_no_number_stands_twice_and_all_are_percent(numbers):
    assert not numbers.duplicated(KEY).any()
    assert numbers["value"].between(0, 100).all()
    assert (numbers["source"] == "EGMA, NeurIPS 2024, Table " + numbers["table"].astype(str)).all()


@pytest.mark.parametrize(
    ("table", "dataset", "method", "setting", "metric", "value"),
    [
        (1, "chexpert", "EGMA", "1 %", "auroc", 87.71),
        (1, "siim", "MedKLIP", "100 %", "auroc", 91.88),
        (1, "rsna", "ConVIRT", "1 %", "auroc", 77.40),
        (2, "siim", "GLoRIA", "", "macro_f1", 22.57),
        (2, "rsna", "EGMA", "", "accuracy", 76.97),
        (2, "rsna", "PRIOR", "", "macro_f1", 51.80),
        (3, "chexpert_8x200", "EGMA", "image to text", "precision_at_1", 42.65),
        (3, "chexpert_8x200", "ConVIRT", "text to image", "precision_at_10", 57.50),
        (4, "siim", "EGF", "", "macro_f1", 65.70),
        (4, "chexpert_5x200", "gaze 50%", "", "accuracy", 59.55),
        (7, "siim", "GLoRIA", "continued in EGMA", "macro_f1", 31.10),
    ],
)
def test_numbers_are_the_paper_s(numbers, table, dataset, method, setting, metric, value):
    wanted = (table, dataset, method, setting, metric)
    assert numbers.set_index(KEY).loc[wanted, "value"] == value


def test_counts_and_runs_stand_beside_every_number_that_the_audit_reads(numbers):
    audited = numbers[numbers["table"] != 1]
    assert set(audited["n_runs"].astype(str)) == {"1", "3"}
    assert set(audited.loc[audited["n_runs"].astype(str) == "3", "method"]) == {
        "gaze 1%", "gaze 5%", "gaze 10%", "gaze 50%",
    }  # fmt: skip
    counts = set(zip(audited["dataset"], audited["n_cases"], audited["n_positive"], strict=True))
    assert counts == {
        ("chexpert_5x200", "1000", ""), ("rsna", "4003", "922"), ("siim", "", ""),
        ("chexpert_8x200", "1600", ""), ("chexpert_8x200", "40", ""),
    }  # fmt: skip
    assert (audited["counts_source"] != "").all()


def test_baseline_of_table_4_is_medclip_of_table_2():
    two, four = read_reported(REPORTED, 2), read_reported(REPORTED, 4)
    first = four["method"].iloc[0]
    medclip = two[two["method"] == "MedCLIP"]["value"].tolist()
    assert four[four["method"] == first]["value"].tolist() == medclip
