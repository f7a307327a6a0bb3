"""Every line of the provenance file has a source, and what is unknown says so."""

from __future__ import annotations

import pytest

from egma_lib.datasets.provenance import read_provenance, starts_from
from egma_lib.errors import DataError
from egma_lib.settings import load_settings

HEADER = "checkpoint,hub_name,part,trained_on,test_sets_seen,source\n"


def test_shipped_file_holds_the_papers_starts_and_a_source_per_line():
    provenance = read_provenance()
    expected = {"Bio_ClinicalBERT", "Swin-T ImageNet", "MedCLIP-ViT", "GLoRIA", "MGCA", "CLIP", "ConVIRT"}
    assert expected <= set(provenance["checkpoint"])
    assert (provenance["source"].str.len() > 10).all()
    assert not provenance.duplicated().any()


def test_test_sets_seen_is_none_likely_or_unknown():
    words = read_provenance()["test_sets_seen"].str.extract(r"^(\w+)")[0]
    assert set(words) == {"none", "likely", "unknown"}


def test_text_encoder_of_the_paper_profile_is_in_the_file():
    name = load_settings("paper").model.text_weights
    assert starts_from(name, read_provenance()) == "Bio_ClinicalBERT"


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        pytest.param(None, "random initialisation", id="no_weights"),
        pytest.param("microsoft/swin-tiny-patch4-window7-224", "Swin-T ImageNet", id="a_known_hub_name"),
        pytest.param("someone/model", "model (trained on: unknown)", id="an_unknown_hub_name"),
        pytest.param("/home/me/weights", "weights (trained on: unknown)", id="a_folder_without_its_path"),
    ],
)
def test_start_in_words(weights, said):
    assert starts_from(weights, read_provenance()) == said


@pytest.mark.parametrize(
    ("line", "message"),
    [
        pytest.param("A,,image,,none,paper\n", "column 'trained_on': got an empty cell", id="no_corpus"),
        pytest.param("A,,image,films,unknown,\n", "column 'source': got an empty cell", id="no_source"),
    ],
)
def test_a_blank_cell_is_refused(tmp_path, line, message):
    path = tmp_path / "provenance.csv"
    path.write_text(HEADER + line)
    with pytest.raises(DataError, match=message):
        read_provenance(path)
