"""Time the training step of the phantom profile on random images and phantom-like sentences, one thread.

Run: python benchmarks/training_step.py [--profile phantom] [--method egma] [--steps 20]
Prints images/s of the whole step (batch, forward, loss, backward, update) and of its parts, by processor
time, so that other jobs count less.
"""

import argparse
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from egma_lib.models import build_dual_encoder, learn_vocabulary
from egma_lib.settings import load_settings
from egma_lib.training import TrainingData
from egma_lib.training.batches import BatchMaker
from egma_lib.training.loop import TrainingLoop, pair_features

_WORDS = (
    "the", "a", "left", "right", "lower", "upper", "lobe", "mild", "severe", "small", "opacity", "effusion",
    "heart", "is", "normal", "enlarged", "no",
)  # fmt: skip


def make_data(settings, n_samples, n_sentences=6):
    """Return random films with reports of 4 to 6 sentences of 6 to 14 words, from 400 distinct ones."""
    rng = np.random.default_rng(0)
    pool = [" ".join(rng.choice(_WORDS, rng.integers(6, 15))) for _ in range(400)]
    reports = tuple(tuple(rng.choice(pool, rng.integers(4, n_sentences + 1))) for _ in range(n_samples))
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


def median_ms(function, steps):
    """Return the median processor time of a call in milliseconds, the first three left out."""
    times = []
    for step in range(steps + 3):
        start = time.process_time()
        function(step)
        times.append(1000 * (time.process_time() - start))
    return statistics.median(times[3:])


def main() -> None:
    """Print one line per part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", default="phantom")
    parser.add_argument("--method", default="egma")
    parser.add_argument("--steps", type=int, default=20)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    settings = load_settings(arguments.profile, {"training.device": "cpu"})
    data = make_data(settings, 400)
    tokenizer = learn_vocabulary(text for report in data.sentences for text in report)
    batches = BatchMaker(data, tokenizer, settings, "continued", 0, np.ones(len(data), dtype=bool))
    model = build_dual_encoder(settings.model, tokenizer, 0, settings.data.image_size)
    model.image_encoder.to(memory_format=torch.channels_last)
    batch = batches.training_batch(0)
    with TemporaryDirectory() as folder:
        loop = TrainingLoop(
            model, batches, arguments.method, settings.training.continued, settings, Path(folder)
        )
        step_ms = median_ms(lambda step: loop._one_step(10**9), arguments.steps)
    parts = {
        "batch": lambda step: batches.training_batch(step),
        "images": lambda step: model.encode_images(batch.images).global_features.sum().backward(),
        "sentences": lambda step: model.encode_tokens(batch.input_ids, batch.attention_mask).sum().backward(),
        "forward": lambda step: pair_features(model, batch),
    }
    print(f"step {step_ms:.1f} ms = {1000 * len(batch.images) / step_ms:.0f} images/s")
    print(f"{len(batch.input_ids)} distinct sentences of {int(batch.sentence_mask.sum())}")
    for name, part in parts.items():
        print(f"  {name} {median_ms(part, arguments.steps):.1f} ms")


if __name__ == "__main__":
    main()
