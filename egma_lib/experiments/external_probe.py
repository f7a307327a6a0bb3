"""The linear probe of a finished model, beside those of the study's encoders that have been probed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from egma_lib.artefacts import atomic_path
from egma_lib.datasets.check.presence import holds_files
from egma_lib.datasets.chexpert_layout import ROOTS
from egma_lib.datasets.tables import has_path
from egma_lib.evaluation.encode import normalise_pixels
from egma_lib.evaluation.external_model import ExternalModel
from egma_lib.evaluation.linear_probe import probe
from egma_lib.evaluation.probe_features import Extractor, cached_features
from egma_lib.experiments.arms import Arm
from egma_lib.experiments.corpora import Corpora
from egma_lib.experiments.external_runs import External
from egma_lib.experiments.probe_runs import PIXELS, ProbeJob, probe_encoder, probe_jobs
from egma_lib.experiments.probe_sets import build_probe_sets, load_probe_sets
from egma_lib.settings import Settings
from egma_lib.study import Study
from egma_lib.training.device import choose_device, reproducible_torch


def has_probe_sets(study: Study) -> bool:
    """Whether a study holds a set that can be probed."""
    chexpert = study.dataset("chexpert")
    return any(has_path(chexpert, f"{root}/train.csv") for root in ROOTS) or any(
        holds_files(study.dataset(key)) for key in ("rsna", "siim")
    )


def pooled_extractor(model: ExternalModel, settings: Settings) -> Extractor:
    """Return what `encode_image` gives for films, neither projected nor scaled by us."""

    @torch.no_grad()
    def extract(images: np.ndarray) -> np.ndarray:
        pixels = normalise_pixels(images, settings.data).to(model.place.device)
        return model.pooled_features(pixels).cpu().numpy()

    return extract


def probe_external(
    external: External,
    study: Study,
    settings: Settings,
    corpora: Corpora,
    arms: Sequence[Arm],
    *,
    progress: bool = True,
) -> dict[str, tuple[ProbeJob, ...]]:
    """Probe a finished model and the film's own pixels; what has been probed is reused.

    Parameters
    ----------
    external
        The model.
    study, settings, corpora
        What to probe on.
    arms
        Trained arms to stand beside it, as far as notebook 04 has probed them.
    progress
        Show a progress bar while films are decoded.

    Returns
    -------
    dict
        Label to probed encoders, one per seed: the arms, the model, then what needs no pretraining.
    """
    build_probe_sets(study, settings, progress=progress)
    jobs = probe_jobs(study, settings, corpora, arms)
    probe_encoder(jobs[PIXELS][0])
    name = f"external-{external.slug}-{external.model_hash}"
    pixels = jobs[PIXELS][0]
    own = replace(
        pixels,
        label=external.label,
        encoder=name,
        features=pixels.features.with_name(name),
        scores=pixels.scores.with_name(name),
    )
    _probe(external.model, own)
    probed = {label: found for label, found in jobs.items() if all(job.scores.is_dir() for job in found)}
    labels = [arm.label for arm in arms]
    of_arms = {label: found for label, found in probed.items() if label in labels}
    return of_arms | {external.label: (own,)} | {k: v for k, v in probed.items() if k not in labels}


def _probe(model: ExternalModel, job: ProbeJob) -> None:
    if job.scores.is_dir():
        return
    with (
        reproducible_torch(job.seed, job.settings, choose_device(job.settings)),
        atomic_path(job.scores) as temporary,
    ):
        temporary.mkdir()
        for probe_set in load_probe_sets(job.sets, job.image_caches):
            features = cached_features(
                lambda: pooled_extractor(model, job.settings),
                probe_set.images,
                job.settings.evaluation.batch_size,
                job.features / f"{probe_set.name}.npy",
            )
            scores, heads = probe(features, probe_set, job.settings.probe, job.seed)
            scores.to_parquet(temporary / f"{probe_set.name}.parquet")
            heads.to_parquet(temporary / f"{probe_set.name}_heads.parquet")
