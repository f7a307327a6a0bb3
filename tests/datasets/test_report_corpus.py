from __future__ import annotations

import gzip
import logging

import numpy as np
import pytest
from dataset_layouts import write_jpg, write_text

from egma_lib.datasets.mimic_cxr import load_report_corpus
from egma_lib.datasets.reports import report_body, report_sections, report_sentences, split_sentences
from egma_lib.errors import DataError

# As in the real files, paragraphs are parted by a line that holds one space.
REPORT = "\n".join(
    [
        "                                 FINAL REPORT",
        " EXAMINATION:  CHEST (PA AND LAT)", " ",
        " INDICATION:  ___F with cough  // pneumonia?", " ",
        " FINDINGS:", " ", " The lungs are clear.  No pleural", " effusion.  ___.", " ",
        " IMPRESSION:", " ", " 1. No acute process.", " 2. A 2.5 cm nodule: stable.", "",
    ]
)  # fmt: skip


def test_sections_are_found_by_their_upper_case_headers():
    sections = report_sections(REPORT)
    assert list(sections) == ["EXAMINATION", "INDICATION", "FINDINGS", "IMPRESSION"]
    assert sections["EXAMINATION"] == "CHEST (PA AND LAT)"


def test_findings_then_impression_become_sentences():
    assert report_sentences(REPORT) == (
        "the lungs are clear", "no pleural effusion", "no acute process", "a 2.5 cm nodule: stable",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("report", "body"),
    [
        pytest.param(" IMPRESSION: Clear lungs.", "Clear lungs.", id="impression_alone"),
        pytest.param(" FINDINGS: Clear lungs.\n \n IMPRESSION:\n", "Clear lungs.", id="empty_impression"),
        pytest.param(" FINDINGS AND IMPRESSION: Clear lungs.", "Clear lungs.", id="one_section_for_both"),
        pytest.param(" FINDINS: A b.\n IMPRESSON: C d.", "A b.\nC d.", id="spelling_variants"),
        pytest.param(" IMPRESSION: C d.\n FINDINGS: A b.", "A b.\nC d.", id="impression_first"),
        pytest.param(" FINAL REPORT\n CHEST\n \n Clear lungs.\n", "Clear lungs.", id="last_paragraph"),
        pytest.param(
            " COMPARISON: None.\n \n PORTABLE CHEST: Clear.", "Clear.", id="last_paragraph_with_header"
        ),
        pytest.param("  \n \n", "", id="nothing"),
    ],
)
def test_the_body_of_every_kind_of_report(report, body):
    assert report_body(report) == body


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        pytest.param("Clear lungs. Normal.", ("clear lungs",), id="one_token_is_dropped"),
        pytest.param("1) No effusion 2) No edema", ("no effusion", "no edema"), id="list_in_brackets"),
        pytest.param("Compared to ___. Seen on ___.", ("compared to", "seen on"), id="removed_data_end"),
        pytest.param("No\n  pneumothorax", ("no pneumothorax",), id="line_break_and_no_period"),
        pytest.param("", (), id="empty"),
    ],
)
def test_sentences(text, sentences):
    got = split_sentences(text)
    assert tuple(one.removesuffix(" ___") for one in got) == sentences


METADATA = "dicom_id,subject_id,study_id,ViewPosition,Rows,Columns\n"


@pytest.fixture
def mimic(tmp_path):
    """Four frontal films and a lateral of three patients; one report is empty, one film is for test."""
    rows = [
        ("d1", 10000001, 50000001, "PA", "train", REPORT),
        ("d2", 10000001, 50000001, "LATERAL", "train", REPORT),
        ("d3", 10000002, 50000002, "AP", "validate", " IMPRESSION: Mild edema."),
        ("d4", 11000003, 50000003, "AP", "test", REPORT),
        ("d5", 10000002, 50000004, "AP", "train", " IMPRESSION: Normal."),
    ]
    jpg, reports = tmp_path / "mimic-cxr-jpg" / "2.1.0", tmp_path / "mimic-cxr" / "2.0.0"
    for dicom, patient, study, _, _, report in rows:
        folder = f"files/p{str(patient)[:2]}/p{patient}"
        write_jpg(jpg / folder / f"s{study}" / f"{dicom}.jpg")
        write_text(reports / folder / f"s{study}.txt", report)
    metadata = METADATA + "".join(f"{d},{p},{s},{v},3056,2544\n" for d, p, s, v, _, _ in rows)
    jpg.joinpath("mimic-cxr-2.0.0-metadata.csv.gz").write_bytes(gzip.compress(metadata.encode()))
    split = "dicom_id,study_id,subject_id,split\n" + "".join(
        f"{d},{s},{p},{x}\n" for d, p, s, _, x, _ in rows
    )
    write_text(jpg / "mimic-cxr-2.0.0-split.csv", split)
    return tmp_path


def load(root):
    return load_report_corpus(root / "mimic-cxr-jpg", root / "mimic-cxr", 0.1)


def test_frontal_films_of_train_and_validation_with_their_sentences(mimic, caplog):
    with caplog.at_level(logging.WARNING):
        corpus = load(mimic)
    assert corpus.samples["sample_id"].tolist() == ["d1", "d3"]
    assert corpus.samples["split"].tolist() == ["train", "validation"]
    assert corpus.samples["patient_id"].tolist() == ["10000001", "10000002"]
    assert corpus.samples[["rows", "columns"]].to_numpy().tolist() == [[3056, 2544]] * 2
    assert corpus.sentences[1] == ("mild edema",)
    assert "1 films left out" in caplog.text


def test_without_a_split_table_patients_are_split_by_hash(mimic):
    (mimic / "mimic-cxr-jpg/2.1.0/mimic-cxr-2.0.0-split.csv").unlink()
    corpus = load(mimic)
    assert corpus.samples["sample_id"].tolist() == ["d1", "d3", "d4"]
    assert set(corpus.samples["split"]) <= {"train", "validation"}


def test_a_film_without_split_is_refused(mimic):
    path = mimic / "mimic-cxr-jpg/2.1.0/mimic-cxr-2.0.0-split.csv"
    path.write_text(path.read_text().replace("d3,", "d9,"))
    with pytest.raises(DataError, match="no row for film d3"):
        load(mimic)


def test_missing_films_and_reports_are_refused(mimic):
    report = mimic / "mimic-cxr/2.0.0/files/p10/p10000002/s50000002.txt"
    report.unlink()
    with pytest.raises(DataError, match=r"s50000002.txt: report not found.*mimic-cxr-reports.zip"):
        load(mimic)
    write_text(report, REPORT)
    (mimic / "mimic-cxr-jpg/2.1.0/files/p10/p10000002/s50000002/d3.jpg").unlink()
    with pytest.raises(DataError, match=r"d3.jpg: file not found, though mimic-cxr-2.0.0-metadata.csv.gz"):
        load(mimic)


def test_a_report_that_is_no_text_is_refused(mimic):
    (mimic / "mimic-cxr/2.0.0/files/p10/p10000002/s50000002.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match=r"s50000002.txt: report is not UTF-8 text"):
        load(mimic)


def test_a_corpus_without_frontal_films_is_refused(mimic):
    path = mimic / "mimic-cxr-jpg/2.1.0/mimic-cxr-2.0.0-metadata.csv.gz"
    path.write_bytes(gzip.compress((METADATA + "d2,10000001,50000001,LL,10,10\n").encode()))
    with pytest.raises(DataError, match="no frontal film"):
        load(mimic)


def test_selecting_keeps_samples_and_sentences_together(mimic):
    corpus = load(mimic).select(np.array([False, True]))
    assert (corpus.samples["sample_id"].tolist(), corpus.sentences) == (["d3"], (("mild edema",),))
