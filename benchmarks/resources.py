"""Measure images/s and memory of stage 2 at a profile's sizes, on this machine.

    python benchmarks/resources.py --profile paper [--set training.micro_batch=8] [--steps 20] [--append]

Trains a run as the suite does, on random films and made-up sentences from random weights. Prints the speed
(the median over the steps, of the fastest of --repeats runs), the peak memory, and on a card whose peak is
known the share of it. --append adds the row to data/reference/resources.csv and renews the table in
docs/resources.md.
"""

from __future__ import annotations

import argparse
import datetime
import resource
import shlex
import statistics
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import torch
from torch.utils.flop_counter import FlopCounterMode

from egma_lib.artefacts import write_text
from egma_lib.experiments.machine import machine_name
from egma_lib.experiments.measured_speeds import (
    COLUMNS,
    RESOURCES_FILE,
    read_resources,
    resources_markdown,
    what_is_measured,
)
from egma_lib.models.build import build_dual_encoder
from egma_lib.models.vocabulary import learn_vocabulary
from egma_lib.settings import Settings, load_settings, parse_overrides
from egma_lib.study import REPOSITORY
from egma_lib.training import RunSpec, TrainingData, train_run
from egma_lib.training.batches import BatchMaker
from egma_lib.training.device import choose_device, uses_bf16
from egma_lib.training.step import TrainingStep

DOCUMENT = REPOSITORY / "docs" / "resources.md"
BEGIN, END = "<!-- measured: begin -->\n", "<!-- measured: end -->\n"
CLINICAL_BERT_WORDS = 28996
WARM_UP_STEPS = 2

# Dense bf16 matrix products with float32 accumulation, as the maker states them.
PEAK_TFLOPS = {
    "H100 80GB HBM3": 989.4,  # NVIDIA H100 datasheet, SXM: 1,979 with sparsity
    "H200": 989.4,  # NVIDIA H200 datasheet, SXM: 1,979 with sparsity
    "A100": 312.0,  # NVIDIA A100 datasheet
    "RTX 3090": 71.0,  # NVIDIA GA102 architecture paper, table of GeForce RTX 3090
}
_WORDS = (
    "the", "a", "left", "right", "lower", "upper", "lobe", "mild", "severe", "small", "opacity", "effusion",
    "heart", "is", "normal", "enlarged", "no",
)  # fmt: skip


def make_data(settings: Settings, n_samples: int) -> TrainingData:
    """Return random films with reports of 4 to 6 sentences of 6 to 14 words, from 400 distinct ones."""
    rng = np.random.default_rng(0)
    pool = [" ".join(rng.choice(_WORDS, rng.integers(6, 15))) for _ in range(400)]
    reports = tuple(tuple(rng.choice(pool, rng.integers(4, 7))) for _ in range(n_samples))
    side, n_patches = settings.data.image_size, settings.model.patch_grid**2
    return TrainingData(
        images=rng.integers(0, 256, (n_samples, side, side), dtype=np.uint8),
        image_index=np.arange(n_samples),
        sentences=reports,
        gaze_similarity=[rng.random((len(report), n_patches)).astype(np.float32) for report in reports],
        has_gaze=[np.ones(len(report), dtype=bool) for report in reports],
        is_validation=np.zeros(n_samples, dtype=bool),
        patient_ids=tuple(map(str, range(n_samples))),
        sample_ids=tuple(map(str, range(n_samples))),
        data_hash="benchmark",
    )


def make_tokenizer(settings: Settings, data: TrainingData):
    """Return a tokenizer of the sentences; for a full BERT with as many words as Bio_ClinicalBERT has."""
    tokenizer = learn_vocabulary(text for report in data.sentences for text in report)
    if settings.model.text_encoder == "bert":
        tokenizer.add_tokens([f"[unused{i}]" for i in range(CLINICAL_BERT_WORDS - len(tokenizer))])
    return tokenizer


def seconds_per_step(settings: Settings, method: str, data: TrainingData, tokenizer) -> float:
    """Return the median time of a step of a run that is trained as the suite does (seconds, wall clock)."""
    ends: list[float] = []

    def note(step: int, n_steps: int, loss: float) -> None:
        ends.append(time.perf_counter())

    with TemporaryDirectory() as folder:
        train_run(RunSpec("continued", method, 0), settings, data, Path(folder), tokenizer, progress=note)
    return statistics.median(np.diff(ends[WARM_UP_STEPS - 1 :]))


def peak_gib(device: torch.device) -> float:
    """Return the most memory that this process held: reserved on the card, or resident (GiB)."""
    if device.type == "cuda":
        return torch.cuda.max_memory_reserved() / 2**30
    # macOS counts in bytes, Linux in KiB.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30


def flops_per_step(settings: Settings, method: str, data: TrainingData, tokenizer) -> int:
    """Count the floating-point operations of a step's matrix products and convolutions, as executed.

    The second forward pass of `training.micro_batch` counts too.
    """
    device = choose_device(settings)
    batches = BatchMaker(data, tokenizer, settings, "continued", 0, np.ones(len(data), dtype=bool))
    model = build_dual_encoder(settings.model, tokenizer, 0, settings.data.image_size).to(device)
    step = TrainingStep(model, method, settings, bf16=uses_bf16(settings, device))
    with FlopCounterMode(display=False) as counter:
        step.losses_and_gradients(batches.training_batch(0).to(device))
    return counter.get_total_flops()


def peak_share(card: str, flops: int, step_s: float) -> str:
    """Return the share of the card's bf16 peak that was used, 0 to 1; empty for a card without an entry."""
    peak = next((peak for part, peak in PEAK_TFLOPS.items() if part in card), None)
    return "" if peak is None else f"{flops / step_s / (peak * 1e12):.3f}"


def measure(settings: Settings, method: str, repeats: int) -> dict[str, str]:
    """Return the row of the table without date and command."""
    device = choose_device(settings)
    stage = settings.training.continued
    data = make_data(settings, max(200, 2 * stage.batch_size))
    tokenizer = make_tokenizer(settings, data)
    step_s = min(seconds_per_step(settings, method, data, tokenizer) for _ in range(repeats))
    memory_gib, card = peak_gib(device), machine_name(device.type)
    share = ""
    if device.type == "cuda":
        share = peak_share(card, flops_per_step(settings, method, data, tokenizer), step_s)
    return {
        "machine": card,
        "device": device.type,
        **what_is_measured(settings, device.type),
        "method": method,
        "images_per_s": f"{stage.batch_size / step_s:.4g}",
        "peak_gib": f"{memory_gib:.2f}",
        "bf16_peak_share": share,
    }


def write_table(table: pd.DataFrame) -> None:
    """Write the csv, and the table in docs/resources.md."""
    write_text(RESOURCES_FILE, table[list(COLUMNS)].to_csv(index=False, lineterminator="\n"))
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
    write_text(DOCUMENT, before + BEGIN + resources_markdown(read_resources()) + END + rest.partition(END)[2])


def main() -> None:
    """Measure, print, and with --append write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--profile", default="phantom")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", dest="overrides")
    parser.add_argument("--method", default="egma")
    parser.add_argument("--steps", type=int, default=20, help=f"besides {WARM_UP_STEPS} to warm up")
    parser.add_argument("--repeats", type=int, default=1, help="the fastest counts, on a shared machine")
    parser.add_argument("--append", action="store_true")
    arguments = parser.parse_args()
    settings = load_settings(arguments.profile, parse_overrides(arguments.overrides))
    if settings.training.processes > 1:
        parser.error("one process is measured; leave training.processes at 1")
    n_images = (arguments.steps + WARM_UP_STEPS) * settings.training.continued.batch_size
    random = dict.fromkeys(("model.image_weights", "model.text_weights", "model.start_weights"))
    quiet = {"training.checkpoint_every_s": 1e9, "training.select": "last"}
    length = {"training.continued.image_passes": n_images, "training.validate_every": 10**9}
    row = measure(settings.changed({**random, **quiet, **length}), arguments.method, arguments.repeats)
    row["measured_on"] = datetime.datetime.now(datetime.UTC).date().isoformat()
    row["command"] = shlex.join(["python", "benchmarks/resources.py", *sys.argv[1:]])
    for name in COLUMNS:
        print(f"{name:16}{row[name]}")
    if arguments.append:
        table = read_resources() if RESOURCES_FILE.exists() else pd.DataFrame(columns=list(COLUMNS))
        write_table(pd.concat([table, pd.DataFrame([row])], ignore_index=True))


if __name__ == "__main__":
    main()
