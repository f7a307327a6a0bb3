"""The audit on disk: every line in the csv, the telling ones for readers."""

from __future__ import annotations

import pandas as pd
import pytest

from egma_lib.evaluation.reported_audit import AUDIT_COLUMNS, TOLERANCE, audit_rows
from egma_lib.evaluation.reported_rows import read_reported_rows
from egma_lib.report.captions import TABLES
from egma_lib.report.export_tables import TABLES as SHARED
from egma_lib.report.export_tables import read_shared
from egma_lib.report.reported_audit_table import AUDIT_TABLE, audit_blocks, write_audit_table
from egma_lib.report.table_files import REPORTED


@pytest.fixture(scope="module")
def audit():
    return audit_rows(read_reported_rows(REPORTED))


@pytest.fixture(scope="module")
def files(audit, tmp_path_factory):
    return write_audit_table(audit, tmp_path_factory.mktemp("results") / "tables")


def test_csv_holds_every_line(audit, files):
    rows = pd.read_csv(files[0], dtype=str, keep_default_na=False)
    assert tuple(rows.columns) == AUDIT_COLUMNS
    assert len(rows) == len(audit)
    assert [path.name for path in files] == [f"{AUDIT_TABLE}.{suffix}" for suffix in ("csv", "md", "tex")]
    assert AUDIT_TABLE in TABLES


def test_blocks_begin_with_what_is_impossible_and_end_with_counts(audit):
    impossible, remarks, columns, binary, counted = audit_blocks(audit)
    assert len(impossible.cells) == 5
    assert TOLERANCE in impossible.note
    assert "It says nothing of how they came about" in impossible.note
    assert (impossible.cells["innocent explanations"] != "").all()
    assert len(remarks.cells) == (audit["verdict"] == "remark").sum()
    assert "RSNA" in columns.cells.index
    # Accuracy and macro F1 of single runs and of means on RSNA and SIIM, without the two impossible ones.
    assert len(binary.cells) == 34
    assert list(binary.cells.columns) == ["as printed", "correct calls", "prevalence", "both readings"]
    assert counted.cells.to_numpy().sum() == len(audit)


def test_empty_parts_are_left_out(audit):
    passed = audit[(audit["verdict"] == "no objection") & (audit["check"] == "GRIM")]
    (counted,) = audit_blocks(passed)
    assert counted.title == "Outcomes of each check"


def test_labels_may_be_shared_and_sentences_stay(files):
    shared = read_shared(files[0], SHARED[AUDIT_TABLE])
    assert "verdict" in shared.columns
    assert "finding" not in shared.columns
