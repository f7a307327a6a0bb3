"""`benchmarks/resources.py`: what it measures is a row of the table, and its count of operations is right."""

from __future__ import annotations

import importlib.util

import pytest

from egma_lib.experiments.measured_speeds import COLUMNS
from egma_lib.settings import load_settings
from egma_lib.study import REPOSITORY


@pytest.fixture(scope="module")
def benchmark():
    path = REPOSITORY / "benchmarks" / "resources.py"
    spec = importlib.util.spec_from_file_location("benchmark_resources", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def tiny(**overrides):
    small = {
        "data.image_size": 32,
        "model.image_encoder": "swin_small",
        "model.image_channels": [16],
        "model.patch_grid": 4,
        "model.embed_dim": 16,
        "model.text_width": 16,
        "model.text_heads": 2,
        "training.continued.batch_size": 4,
        "training.continued.image_passes": 16,
        "training.device": "cpu",
    }
    return load_settings("smoke", {**small, **overrides})


def test_a_measured_row_fills_every_column_but_date_and_command(benchmark):
    row = benchmark.measure(tiny(), "egma", 1)
    assert set(COLUMNS) - set(row) == {"measured_on", "command"}
    assert float(row["images_per_s"]) > 0
    assert float(row["peak_gib"]) > 0.1
    assert row["bf16_peak_share"] == ""


def test_a_second_forward_pass_is_counted(benchmark):
    data = benchmark.make_data(tiny(), 8)
    tokenizer = benchmark.make_tokenizer(tiny(), data)
    whole, chunked = (
        benchmark.flops_per_step(settings, "egma", data, tokenizer)
        for settings in (tiny(), tiny(**{"training.micro_batch": 2}))
    )
    # Backward is twice forward: 4 passes in place of 3, and the loss, which is not repeated.
    assert 1.2 < chunked / whole < 1.4


def test_the_share_of_the_peak_is_operations_by_what_the_card_could_do(benchmark):
    assert benchmark.peak_share("NVIDIA H100 80GB HBM3", 49_470 * 10**9, 0.1) == "0.500"
    assert benchmark.peak_share("NVIDIA H100 PCIe", 10**12, 1.0) == ""


def test_a_full_bert_is_measured_with_as_many_words_as_the_published_one(benchmark):
    settings = tiny(**{"model.text_encoder": "bert"})
    tokenizer = benchmark.make_tokenizer(settings, benchmark.make_data(settings, 4))
    assert len(tokenizer) == 28996
