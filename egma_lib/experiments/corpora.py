"""From data sets and the gaze artefact to what training and evaluation read: made once, named by content."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from egma_lib.artefacts import atomic_path, content_hash, write_json
from egma_lib.datasets.contract import CaseTable, ReportCorpus
from egma_lib.datasets.gaze_corpus import load_study_gaze_corpus
from egma_lib.datasets.image_cache import ImageCache, build_image_cache
from egma_lib.datasets.mimic_cxr import load_report_corpus
from egma_lib.datasets.prompts import PROMPT_FOLDER
from egma_lib.errors import ArtefactError
from egma_lib.evaluation.evaluation_sets import make_evaluation_set, save_evaluation_set
from egma_lib.experiments.evaluation_tables import (
    load_evaluation_tables,
    prompts_of,
    queries_by_class,
    require_datasets,
)
from egma_lib.gaze.artefact import GazeArtefact, load_gaze_artefact
from egma_lib.gaze.heatmaps import gaze_similarity
from egma_lib.gaze.preprocess import gaze_folder
from egma_lib.models.vocabulary import learn_vocabulary, pretrained_tokenizer
from egma_lib.settings import Settings
from egma_lib.study import Study
from egma_lib.training.data import TrainingData

_VOCABULARY_FIELDS = {"text_encoder", "text_weights", "lowercase", "max_tokens"}


@dataclass(frozen=True)
class Corpora:
    """Folders of everything that the runs of a study share.

    Attributes
    ----------
    base, gaze
        Saved `TrainingData` of the report corpus and of the gaze corpus.
    tokenizer
        Saved tokenizer; its vocabulary is learned from both corpora, or that of the pretrained text encoder.
    evaluation
        Saved evaluation sets, one folder each.
    inputs_hash
        Short hash of what the corpora were made from; part of every run's id.
    """

    base: Path
    gaze: Path
    tokenizer: Path
    evaluation: Path
    inputs_hash: str

    @property
    def complete(self) -> bool:
        """Whether everything has been made (the list of evaluation sets is written last)."""
        return (self.evaluation / "about.json").exists()


def corpora_location(study: Study, settings: Settings, gaze_folder: Path) -> Corpora:
    """Return where the corpora of these settings lie, whether or not they have been made."""
    code = Path(__file__).parents[1]
    inputs_hash = content_hash(
        study.data_hash,
        gaze_folder.name,
        settings.data.model_dump(mode="json", exclude={"paths", "pixel_mean", "pixel_std"}),
        settings.gaze.model_dump(mode="json"),
        settings.model.model_dump(mode="json", include=_VOCABULARY_FIELDS),
        settings.model.patch_grid,
        *sorted((code / "datasets").glob("*.py")),
    )
    # Evaluation sets have a hash of their own: a new metric must not make the training runs anew.
    evaluation_hash = content_hash(
        inputs_hash,
        settings.evaluation.zero_shot_split,
        settings.evaluation.siim_prevalence,
        settings.evaluation.seed if settings.evaluation.siim_prevalence == "balanced" else None,
        *sorted((code / "evaluation").glob("*.py")),
        *sorted(PROMPT_FOLDER.glob("*.yaml")),
    )
    folder = study.folder("corpora") / inputs_hash
    return Corpora(
        base=folder / "base",
        gaze=folder / "gaze",
        tokenizer=folder / "tokenizer",
        evaluation=study.folder("evaluation_sets") / evaluation_hash,
        inputs_hash=inputs_hash,
    )


def find_gaze(study: Study, settings: Settings) -> GazeArtefact:
    """Load the gaze artefact of stage 01.

    Raises
    ------
    ArtefactError
        It has not been made with these settings and this data: says what to run.
    """
    folder = gaze_folder(settings, study.results, study.data_hash)
    if not folder.is_dir():
        raise ArtefactError(
            f"{folder}: no gaze artefact for these settings; run notebook 01 first "
            f"(`./run_all.sh --profile {settings.profile} --only 01`)"
        )
    return load_gaze_artefact(folder)


def build_corpora(study: Study, settings: Settings, gaze: GazeArtefact, *, progress: bool = True) -> Corpora:
    """Read every data set, decode its films once, and save training data and evaluation sets.

    Nothing is done where they are there already.

    Parameters
    ----------
    study
        Data root and results folder.
    settings
        Decides image size, splits, patch grid and gaze floor.
    gaze
        The gaze artefact of stage 01.
    progress
        Show progress bars.

    Raises
    ------
    DataError
        A data set needed for training is absent, there is no test set at all, or one is incomplete: names
        folder or file. An absent test set is left out; see `load_evaluation_tables`.
    """
    corpora = corpora_location(study, settings, gaze.folder)
    if corpora.complete:
        return corpora
    require_datasets(study)
    share = settings.data.validation_share
    reports = load_report_corpus(study.dataset("mimic-cxr-jpg"), study.dataset("mimic-cxr"), share)
    readings = load_study_gaze_corpus(study, gaze, share)
    tables, queries = load_evaluation_tables(study, settings)
    paths = [
        *reports.samples["image_path"],
        *readings.samples["image_path"],
        *(path for table in tables for path in table.cases["image_path"]),
    ]
    cache = build_image_cache(
        paths,
        settings.data.image_size,
        study.folder("image_cache"),
        jobs=settings.experiments.n_workers,
        progress=progress,
    )
    spoken = (
        sentence for corpus in (reports, readings) for report in corpus.sentences for sentence in report
    )
    save_tokenizer(spoken, settings, corpora.tokenizer)
    base_training_data(reports, cache, corpora.tokenizer).save(corpora.base)
    gaze_training_data(readings, cache, gaze, settings, corpora.tokenizer).save(corpora.gaze)
    save_evaluation_sets(tables, queries, cache, corpora.evaluation)
    counts = {table.name: len(table) for table in tables}
    about = {"cases": counts, "settings": settings.model_dump(mode="json")}
    write_json(corpora.base.parent / "about.json", about)
    write_json(corpora.evaluation / "about.json", about)
    return corpora


def save_evaluation_sets(
    tables: list[CaseTable], queries: pd.DataFrame, cache: ImageCache, folder: Path
) -> None:
    """Bring every table together with its prompts and save it under its name."""
    by_class = queries_by_class(queries)
    for table in tables:
        prompts = prompts_of(table.name, queries)
        save_evaluation_set(make_evaluation_set(table, prompts, by_class, cache), folder)


def base_training_data(corpus: ReportCorpus, cache: ImageCache, tokenizer: Path) -> TrainingData:
    """Return a report corpus as training data without gaze; `tokenizer` is the saved tokenizer's folder."""
    none = [np.zeros(len(sentences), dtype=bool) for sentences in corpus.sentences]
    return _training_data(corpus, cache, [None] * len(corpus), none, tokenizer)


def gaze_training_data(
    corpus: ReportCorpus, cache: ImageCache, gaze: GazeArtefact, settings: Settings, tokenizer: Path
) -> TrainingData:
    """Return the gaze corpus as training data: gaze similarity on the patch grid, per sentence.

    A sentence has gaze where its heatmap is not empty.
    """
    ids = corpus.samples["sample_id"].tolist()
    grid = (settings.model.patch_grid, settings.model.patch_grid)
    similarity = gaze_similarity(gaze, ids, grid, gaze.frames_of(ids), settings.gaze)
    has_gaze = [np.asarray(values.any(axis=1), dtype=bool) for values in similarity]
    return _training_data(corpus, cache, list(similarity), has_gaze, tokenizer)


def _training_data(
    corpus: ReportCorpus,
    cache: ImageCache,
    similarity: list[np.ndarray | None],
    has_gaze: list[np.ndarray],
    tokenizer: Path,
) -> TrainingData:
    samples = corpus.samples
    rows, image_index = np.unique(cache.rows(samples["image_path"].tolist()), return_inverse=True)
    images = cache.images[rows]
    # By content, not by the code that made it: a run is repeated only where what it trains on differs.
    data_hash = content_hash(
        *sorted(tokenizer.iterdir()),
        samples[["sample_id", "patient_id", "split", "source", "reader"]].to_dict("list"),
        corpus.sentences,
        images.tobytes(),
        image_index.tobytes(),
        *(b"" if gaze is None else gaze.tobytes() for gaze in similarity),
    )
    return TrainingData(
        images=images,
        image_index=image_index,
        sentences=corpus.sentences,
        gaze_similarity=similarity,
        has_gaze=has_gaze,
        is_validation=(samples["split"] == "validation").to_numpy(),
        patient_ids=tuple(samples["patient_id"].astype(str)),
        sample_ids=tuple(samples["sample_id"].astype(str)),
        data_hash=data_hash,
        strata=tuple(samples["source"] + "/" + samples["reader"]),
    )


def save_tokenizer(sentences: Iterable[str], settings: Settings, folder: Path) -> None:
    """Save the tokenizer of the text encoder: learned from the sentences, or the pretrained one."""
    if settings.model.text_encoder == "bert":
        tokenizer = pretrained_tokenizer(settings.model)
    else:
        tokenizer = learn_vocabulary(
            sentences, lowercase=settings.model.lowercase, max_tokens=settings.model.max_tokens
        )
    with atomic_path(folder) as temporary:
        tokenizer.save_pretrained(str(temporary))
