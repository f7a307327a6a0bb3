"""Every method, and the loss of docs/extending.md as it stands there, train a few steps."""

import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from training_cases import tiny_data, tiny_settings, tiny_tokenizer

from egma_lib.errors import DataError
from egma_lib.losses.methods import METHODS
from egma_lib.training import RunSpec, train_run
from egma_lib.training.code_hash import code_of_method

EXTENDING = Path(__file__).parents[2] / "docs" / "extending.md"


@pytest.fixture(scope="module")
def tokenizer():
    return tiny_tokenizer()


@pytest.fixture(scope="module")
def data():
    plain = tiny_data()
    labels = (np.random.default_rng(0).random((len(plain), 14)) < 0.2).astype(np.float32)
    labels[0, 3] = np.nan
    return replace(plain, labels=labels)


def trained(method, data, folder, tokenizer):
    """Train two steps; return the rows of the metrics, and the weights."""
    settings = tiny_settings(**{"training.continued.image_passes": 8})
    run = train_run(RunSpec("continued", method, 0, tag="method"), settings, data, folder, tokenizer)
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return rows, load_file(run / "model.safetensors")


@pytest.mark.parametrize("name", ["convirt", "filip", "gloria", "medclip", "sparc"])
def test_a_published_method_trains_both_encoders(name, data, tmp_path, tokenizer):
    rows, weights = trained(name, data, tmp_path, tokenizer)
    assert len(rows) == 2
    assert all(np.isfinite(row["total"]) for row in rows)
    _, others = trained("clip", data, tmp_path, tokenizer)
    for part in ("image_projection.weight", "text_projection.weight"):
        assert not torch.equal(weights[part], others[part])


def test_medclip_on_a_corpus_without_labels_says_so(tmp_path, tokenizer):
    with pytest.raises(DataError, match="the corpus has no labels"):
        trained("medclip", tiny_data(), tmp_path, tokenizer)


def test_the_loss_of_the_manual_trains_as_it_stands_there(data, tmp_path, monkeypatch, tokenizer):
    section = EXTENDING.read_text(encoding="utf-8").split("## Add a loss")[1].split("\n## ")[0]
    (code,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    assert len(code.splitlines()) < 30
    (tmp_path / "best_sentence.py").write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    rows, _ = trained("best_sentence:best_sentence", data, tmp_path / "runs", tokenizer)
    sys.modules.pop("best_sentence")
    assert len(rows) == 2
    for row in rows:
        assert row["total"] == pytest.approx(row["global"] + row["best_sentence"], rel=1e-5)
    alone, _ = trained("clip", data, tmp_path / "runs", tokenizer)
    assert rows[0]["global"] == pytest.approx(alone[0]["total"], rel=1e-5)


def test_a_method_depends_on_no_other_methods_code():
    code = {name: set(code_of_method(name)) for name in METHODS}
    assert "egma_lib.losses.gloria" in code["gloria"]
    assert "egma_lib.losses.fine_grained" in code["filip"]
    files = {name: METHODS[name].loss.partition(":")[0] for name in METHODS}
    for name, modules in code.items():
        others = {file for file in files.values() if file != files[name]} - {
            "egma_lib.losses.global_contrast"
        }
        assert not modules & others, name
