"""The leakage audit on disk and in the report."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from egma_lib.artefacts import write_json
from egma_lib.datasets.leakage import AuditedSet, audit_leakage
from egma_lib.datasets.provenance import read_provenance
from egma_lib.errors import ArtefactError
from egma_lib.models.checkpoints.sources import SOURCES
from egma_lib.report.captions import TABLES
from egma_lib.report.export_tables import TABLES as SHARED
from egma_lib.report.export_tables import read_shared
from egma_lib.report.leakage_table import (
    CHECKPOINT_OF,
    LEAKAGE_TABLE,
    leakage_blocks,
    start_in_words,
    write_leakage_table,
)
from egma_lib.settings import load_settings

MODEL = load_settings("smoke").model


def audited(name, role, family, patients, seeds):
    coarse = [np.random.default_rng(seed).integers(20, 236, (10, 10)) for seed in seeds]
    images = np.stack([np.kron(one, np.ones((4, 4))) for one in coarse]).astype(np.uint8)
    ids = np.array([f"{name}-{seed}" for seed in seeds])
    return AuditedSet(name, role, family, np.array(patients), ids, images)


@pytest.fixture
def audit():
    return audit_leakage(
        [
            audited("base_train", "training", "mimic", ["1", "2"], [1, 2]),
            audited("gaze_train", "training", "mimic", ["2", "3"], [3, 4]),
            audited("rsna", "evaluation", "", ["x", "y"], [2, 6]),
            audited("siim", "evaluation", "", ["z"], [7]),
        ]
    )


@pytest.fixture
def study(tmp_path):
    return SimpleNamespace(name="toy", title_note="a toy", folder=lambda name: tmp_path / name)


def test_training_against_evaluation_stands_apart_from_other_pairs(audit):
    decisive, others, sets, _ = leakage_blocks(audit, MODEL)
    assert decisive.cells.index.tolist() == [
        "base train / RSNA", "base train / SIIM", "gaze train / RSNA", "gaze train / SIIM",
    ]  # fmt: skip
    assert decisive.cells.loc["base train / RSNA", ["identical films", "verdict"]].tolist() == [1, "stops"]
    assert set(decisive.cells["patients in both"]) == {"not comparable"}
    assert others.cells.index.tolist() == ["base train / gaze train"]
    assert others.note == "1 more pairs share nothing."
    assert sets.cells["films"].tolist() == [2, 2, 2, 1]


def test_provenance_names_the_start_of_this_study_and_prints_unknown(audit):
    provenance = leakage_blocks(audit, load_settings("paper").model)[-1]
    assert "text encoder Bio_ClinicalBERT" in provenance.note
    assert "unknown" in provenance.cells.loc["CLIP", "test sets seen"]


def converted(folder, source, *random):
    """Return the settings of a model that starts from a converted checkpoint with its report beside it."""
    report = {"source": source, "file": "published.pt", "stays_random": dict.fromkeys(random, "why")}
    write_json(folder / "start.json", report)
    return load_settings("paper", {"model.start_weights": str(folder / "start.safetensors")}).model


def test_a_converted_checkpoint_is_named_with_the_test_sets_that_it_has_seen(tmp_path):
    said = start_in_words(converted(tmp_path, "medclip-vit"), read_provenance())
    assert said == (
        "image and text encoder start.safetensors, converted from published.pt, MedCLIP-ViT (test sets seen: "
        "none (other hospital); likely (CheXpert sets drawn anew; patients of any); none (no radiographs); "
        "none (no films))"
    )
    assert str(tmp_path) not in said


def test_a_checkpoint_without_text_encoder_leaves_that_to_its_own_weights(tmp_path, audit):
    model = converted(tmp_path, "open_clip", "text_encoder.", "log_logit_scale")
    note = leakage_blocks(audit, model)[-1].note
    assert "image encoder start.safetensors, converted from published.pt, open_clip ViT-B/16" in note
    assert "(test sets seen: unknown); text encoder Bio_ClinicalBERT." in note


def test_a_start_without_its_report_is_unknown(tmp_path):
    model = converted(tmp_path, "gloria")
    (tmp_path / "start.json").unlink()
    said = start_in_words(model, read_provenance())
    assert said.startswith("start.safetensors (trained on: unknown; start.json, which names its source, is")


@pytest.mark.parametrize(
    "content", [pytest.param([], id="a_list"), pytest.param({"file": "x"}, id="no_source")]
)
def test_another_file_beside_the_start_is_refused(tmp_path, content):
    model = converted(tmp_path, "gloria")
    write_json(tmp_path / "start.json", content)
    with pytest.raises(ArtefactError, match=r"start\.json: no report of `egma weights convert`"):
        start_in_words(model, read_provenance())


def test_every_source_that_can_be_converted_has_its_provenance():
    assert set(CHECKPOINT_OF) == set(SOURCES)
    assert set(CHECKPOINT_OF.values()) <= set(read_provenance()["checkpoint"])


def test_three_files_are_written_under_the_name_that_report_and_export_know(audit, study):
    csv, md, tex = write_leakage_table(audit, study, MODEL)
    assert {path.stem for path in (csv, md, tex)} == {LEAKAGE_TABLE}
    assert LEAKAGE_TABLE in TABLES
    assert LEAKAGE_TABLE in SHARED
    rows = pd.read_csv(csv)
    assert len(rows) == 6
    assert set(rows["study"]) == {"toy"}
    assert md.read_text().startswith("# Leakage audit: what training and evaluation share (a toy)\n")
    assert tex.read_text().count(r"\begin{table}") == 4


def test_example_ids_stand_in_the_table_and_not_in_an_export_of_it(audit, study):
    csv, md, _ = write_leakage_table(audit, study, MODEL)
    assert "base_train-2 = rsna-2" in csv.read_text()
    assert "base_train-2 = rsna-2" in md.read_text()
    shared = read_shared(csv, SHARED[LEAKAGE_TABLE])
    assert "rsna-2" not in shared.to_csv()
    assert shared.loc[shared["second"] == "rsna", "n_exact"].tolist() == ["<10", "0"]
