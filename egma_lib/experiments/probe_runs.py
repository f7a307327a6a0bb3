"""The linear probe of every encoder of a study, in worker processes; what has been probed is reused."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from egma_lib import models
from egma_lib.artefacts import atomic_path, content_hash
from egma_lib.errors import ArtefactError
from egma_lib.evaluation import linear_probe, probe_data, probe_features, probe_heads
from egma_lib.evaluation.linear_probe import probe
from egma_lib.evaluation.probe_features import Extractor, backbone_extractor, cached_features, pixel_extractor
from egma_lib.experiments.arms import Arm
from egma_lib.experiments.corpora import Corpora
from egma_lib.experiments.pretraining import arm_job
from egma_lib.experiments.probe_sets import load_probe_sets, probe_sets_folder
from egma_lib.models.build import build_dual_encoder, load_dual_encoder
from egma_lib.models.vocabulary import load_tokenizer
from egma_lib.settings import Settings
from egma_lib.study import Study
from egma_lib.training.device import choose_device, reproducible_torch
from egma_lib.training.run import is_finished

UNTRAINED = "Before pretraining"
"""The encoder that stage 1 of the same seed starts from: random weights, or the downloaded ones."""
PIXELS = f"Pixels {probe_features.PIXEL_GRID} x {probe_features.PIXEL_GRID}"
"""No encoder at all: the film averaged to a coarse grid."""


@dataclass(frozen=True)
class ProbeJob:
    """One encoder to probe.

    Attributes
    ----------
    label
        Method in the table.
    encoder
        Id that tells the encoder apart from all others: the run's id, or one made of settings.
    seed
        Seed of the encoder; 0 for pixels.
    run
        Folder of the finished run; None where there is none.
    settings
        That the encoder was trained with.
    sets, image_caches, tokenizer
        Folders of the probe sets, of the image caches and of the tokenizer.
    features, scores
        Folders that this encoder's features and scores are written to.
    """

    label: str
    encoder: str
    seed: int
    run: Path | None
    settings: Settings
    sets: Path
    image_caches: Path
    tokenizer: Path
    features: Path
    scores: Path


def probe_jobs(
    study: Study, settings: Settings, corpora: Corpora, arms: Sequence[Arm]
) -> dict[str, tuple[ProbeJob, ...]]:
    """Return the encoders of each method of Table 1: label to one job per seed.

    The arms come first, then what the head reaches without pretraining: the untrained encoder of each seed,
    and pixels.

    Raises
    ------
    ArtefactError
        A run has not been trained: says which notebook does it.
    """
    seeds = settings.experiments.seeds
    jobs = {arm.label: tuple(_trained(study, settings, corpora, arm, seed) for seed in seeds) for arm in arms}
    jobs[UNTRAINED] = tuple(_job(study, settings, corpora, UNTRAINED, seed, None) for seed in seeds)
    jobs[PIXELS] = (_job(study, settings, corpora, PIXELS, 0, None),)
    return jobs


def _trained(study: Study, settings: Settings, corpora: Corpora, arm: Arm, seed: int) -> ProbeJob:
    train_job = arm_job(study, settings, corpora, arm, seed)
    folder = study.runs / train_job.run_id
    if not is_finished(folder):
        raise ArtefactError(
            f"{arm.label}, seed {seed}: run {folder.name} is not trained; run notebook 02 first"
        )
    return _job(study, train_job.settings, corpora, arm.label, seed, folder)


def _job(
    study: Study, settings: Settings, corpora: Corpora, label: str, seed: int, run: Path | None
) -> ProbeJob:
    sets = probe_sets_folder(study, settings)
    if run is not None:
        encoder = run.name
    elif label == PIXELS:
        encoder = "pixels"
    else:
        code = sorted(Path(models.__file__).parent.glob("*.py"))
        described = settings.model.model_dump(mode="json")
        digest = content_hash(described, settings.data.image_size, *code, length=8)
        encoder = f"untrained-s{seed}-{digest}"
    pixel_statistics = [settings.data.pixel_mean, settings.data.pixel_std]
    features_hash = content_hash(sets.name, pixel_statistics, Path(probe_features.__file__))
    parts = [Path(str(module.__file__)) for module in (linear_probe, probe_data, probe_heads)]
    scores_hash = content_hash(features_hash, settings.probe.model_dump(mode="json"), *parts)
    return ProbeJob(
        label=label,
        encoder=encoder,
        seed=seed,
        run=run,
        settings=settings,
        sets=sets,
        image_caches=study.folder("image_cache"),
        tokenizer=corpora.tokenizer,
        features=study.folder("probe_features") / features_hash / encoder,
        scores=study.folder("predictions") / "linear_probe" / scores_hash / encoder,
    )


def probe_encoder(job: ProbeJob) -> Path:
    """Probe one encoder on every set and return the folder of its scores.

    Writes `<set>.parquet` and `<set>_heads.parquet`, see `egma_lib.evaluation.linear_probe.probe`; the folder
    appears once all are written.
    """
    from threadpoolctl import threadpool_limits

    if job.scores.is_dir():
        return job.scores
    device = choose_device(job.settings)
    with (
        reproducible_torch(job.seed, job.settings, device),
        threadpool_limits(limits=job.settings.training.threads),
        atomic_path(job.scores) as temporary,
    ):
        temporary.mkdir()
        for probe_set in load_probe_sets(job.sets, job.image_caches):
            features = cached_features(
                lambda: _extractor(job),
                probe_set.images,
                job.settings.evaluation.batch_size,
                job.features / f"{probe_set.name}.npy",
            )
            scores, heads = probe(features, probe_set, job.settings.probe, job.seed)
            scores.to_parquet(temporary / f"{probe_set.name}.parquet")
            heads.to_parquet(temporary / f"{probe_set.name}_heads.parquet")
    return job.scores


def _extractor(job: ProbeJob) -> Extractor:
    if job.label == PIXELS:
        return pixel_extractor()
    settings = job.settings
    if job.run is not None:
        model = load_dual_encoder(job.run, settings)
    else:
        tokenizer = load_tokenizer(job.tokenizer)
        model = build_dual_encoder(settings.model, tokenizer, job.seed, settings.data.image_size)
    return backbone_extractor(model.to(choose_device(settings)), settings)


def probe_all(jobs: Sequence[ProbeJob], n_workers: int, *, progress: bool = True) -> None:
    """Probe every encoder that has not been; the number of worker processes changes no result.

    Raises
    ------
    EgmaError
        What a job raised; finished jobs are kept, and waiting ones are dropped.
    """
    from tqdm.auto import tqdm

    waiting = [job for job in jobs if not job.scores.is_dir()]
    with tqdm(total=len(waiting), desc="linear probes", unit="encoder", disable=not progress) as bar:
        if min(n_workers, len(waiting)) < 2:
            for job in waiting:
                probe_encoder(job)
                bar.update()
            return
        with ProcessPoolExecutor(min(n_workers, len(waiting)), mp_context=get_context("spawn")) as pool:
            futures: list[Future[Path]] = [pool.submit(probe_encoder, job) for job in waiting]
            try:
                for future in as_completed(futures):
                    future.result()
                    bar.update()
            finally:
                pool.shutdown(cancel_futures=True)
