"""Small training data and settings that the training tests share."""

import numpy as np

from egma_lib.models import learn_vocabulary
from egma_lib.settings import load_settings
from egma_lib.training import TrainingData

SENTENCES = (
    "the heart is enlarged",
    "there is a small left pleural effusion",
    "no pneumothorax",
    "the lungs are clear",
    "mild edema",
)


def tiny_settings(**overrides):
    values = {
        "data.image_size": 32,
        "model.image_channels": [8, 16],
        "model.patch_grid": 4,
        "model.embed_dim": 16,
        "model.text_width": 16,
        "model.text_heads": 2,
        "model.text_layers": 1,
        "training.base.image_passes": 24,
        "training.base.batch_size": 4,
        "training.continued.image_passes": 24,
        "training.continued.batch_size": 4,
        "training.validate_every": 3,
    }
    return load_settings("smoke", {**values, **overrides})


def tiny_data(n_samples=12, seed=0, data_hash="0123abcd"):
    """Return samples of two readings a patient, every fourth without gaze, the last four held out."""
    rng = np.random.default_rng(seed)
    reports = tuple(
        tuple(SENTENCES[k] for k in rng.permutation(len(SENTENCES))[: rng.integers(1, 5)])
        for _ in range(n_samples)
    )
    gaze = [
        None if i % 4 == 3 else np.where(heat > 0.5, heat, 0).astype(np.float32)
        for i, heat in enumerate(rng.random((len(report), 16)) for report in reports)
    ]
    return TrainingData(
        images=rng.integers(0, 256, (n_samples, 32, 32), dtype=np.uint8),
        image_index=rng.permutation(n_samples),
        sentences=reports,
        gaze_similarity=gaze,
        has_gaze=[np.full(len(r), g is not None) for r, g in zip(reports, gaze, strict=True)],
        is_validation=np.arange(n_samples) >= n_samples - 4,
        patient_ids=tuple(f"p{i // 2}" for i in range(n_samples)),
        sample_ids=tuple(f"r{i:03}" for i in range(n_samples)),
        data_hash=data_hash,
        strata=tuple("reflacx" if i // 2 % 3 == 0 else "egd" for i in range(n_samples)),
    )


def tiny_tokenizer():
    return learn_vocabulary(SENTENCES)
