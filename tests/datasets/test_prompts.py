from __future__ import annotations

import pandas as pd
import pytest

from egma_lib.datasets import prompts as prompts_module
from egma_lib.datasets.prompts import load_prompts, prompts_side_free
from egma_lib.errors import DataError


@pytest.fixture
def queries():
    rows = [
        ("No Finding", " No finding. "),
        ("Pneumothorax", "Air at the left apex."),
        ("Pneumothorax", "Air seen."),
        ("No Finding", "All normal."),
        ("Edema", "Wet lungs."),
        ("No Finding", "All normal."),
    ]
    frame = pd.DataFrame(rows, columns=["class_name", "text"])
    return frame.assign(query_id=[f"query_{number}" for number in range(len(frame))])


def test_5x200_has_the_published_number_of_distinct_prompts_in_class_order():
    prompts = load_prompts("chexpert_5x200")
    assert {name: len(texts) for name, texts in prompts.items()} == {
        "Atelectasis": 210,
        "Cardiomegaly": 15,
        "Consolidation": 192,
        "Edema": 18,
        "Pleural Effusion": 36,
    }
    assert list(prompts) == ["Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Pleural Effusion"]


def test_prompts_are_joined_in_key_order_with_their_misspellings():
    prompts = load_prompts("chexpert_5x200")
    assert prompts["Atelectasis"][0] == "subsegmental atelectasis at the mid lung zone"
    assert "apperance of patchy consolidation at the right uppper lobe" in prompts["Consolidation"]
    assert "small left bilateral pleural effusion" in prompts["Pleural Effusion"]  # location before subtype
    for texts in prompts.values():
        assert len(set(texts)) == len(texts)
        assert all(text == " ".join(text.split()) for text in texts)


def test_rsna_joins_queries_and_word_lists(queries):
    prompts = load_prompts("rsna", queries)
    assert list(prompts) == ["Normal", "Pneumonia"]
    assert prompts["Normal"] == ("No finding.", "All normal.")
    assert len(prompts["Pneumonia"]) == 6 * 4 * 13 - 1  # without the empty combination
    assert "" not in prompts["Pneumonia"]


def test_siim_prompts_are_queries(queries):
    prompts = load_prompts("siim", queries)
    assert prompts == {
        "Normal": ("No finding.", "All normal."),
        "Pneumothorax": ("Air at the left apex.", "Air seen."),
    }
    assert prompts_side_free(prompts)["Pneumothorax"] == ("Air seen.",)


def test_side_free_prompts_name_no_place():
    free = prompts_side_free(load_prompts("chexpert_5x200"))
    assert free["Atelectasis"] == free["Consolidation"] == ()
    assert len(free["Edema"]) == 18
    assert "cardiac silhouette size is upper limits of normal" in free["Cardiomegaly"]
    assert "persistent cardiomegaly with prominent upper lobe vessels" not in free["Cardiomegaly"]
    assert not any("bilateral" in text for text in free["Pleural Effusion"])


def test_missing_queries_and_unknown_sets_are_refused(queries):
    with pytest.raises(DataError, match="no prompts for 'nih'"):
        load_prompts("nih")
    with pytest.raises(DataError, match=r"prompts of rsna, class Normal.*query.csv"):
        load_prompts("rsna")
    with pytest.raises(DataError, match="hold no 'Pneumothorax' row"):
        load_prompts("siim", queries[queries["class_name"] == "No Finding"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param("Edema: {a: [x]}\n", "order counts", id="class_missing"),
        pytest.param("Atelectasis: {a: [no]}\n", "a must be a list of texts", id="unquoted_no"),
        pytest.param("a: [", "not valid YAML", id="broken"),
        pytest.param(None, "word list not found", id="missing"),
    ],
)
def test_damaged_word_lists_are_refused(tmp_path, monkeypatch, content, message):
    monkeypatch.setattr(prompts_module, "PROMPT_FOLDER", tmp_path)
    if content is not None:
        (tmp_path / "chexpert_5x200_terms.yaml").write_text(content)
    with pytest.raises(DataError, match=message):
        load_prompts("chexpert_5x200")
