"""From data sets and the gaze artefact to what training and evaluation read: made once, named by content."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from egma_lib.artefacts import atomic_path, content_hash, write_json
from egma_lib.code_behind import code_behind
from egma_lib.datasets.contract import CaseTable
from egma_lib.datasets.gaze_corpus import load_study_gaze_corpus
from egma_lib.datasets.image_cache import ImageCache, build_image_cache
from egma_lib.datasets.mimic_cxr import load_report_corpus
from egma_lib.datasets.prompts import PROMPT_FOLDER
from egma_lib.datasets.study_labels import load_study_labels
from egma_lib.errors import ArtefactError
from egma_lib.evaluation.evaluation_sets import make_evaluation_set, save_evaluation_set
from egma_lib.experiments.corpus_data import base_training_data, gaze_training_data
from egma_lib.experiments.evaluation_tables import (
    load_evaluation_tables,
    prompts_of,
    queries_by_class,
    require_datasets,
)
from egma_lib.gaze.artefact import GazeArtefact, load_gaze_artefact
from egma_lib.gaze.preprocess import gaze_folder
from egma_lib.models.build import start_weights_file
from egma_lib.models.vocabulary import learn_vocabulary, pretrained_tokenizer
from egma_lib.settings import Settings
from egma_lib.study import Study

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
    def has_training_data(self) -> bool:
        """Whether tokenizer and both corpora have been made (a folder is there only when it is whole)."""
        return all(folder.is_dir() for folder in (self.tokenizer, self.base, self.gaze))

    @property
    def has_evaluation_sets(self) -> bool:
        """Whether every evaluation set has been made (the list of them is written last)."""
        return (self.evaluation / "about.json").exists()

    @property
    def complete(self) -> bool:
        """Whether everything has been made."""
        return self.has_training_data and self.has_evaluation_sets


def gaze_variant_folder(corpora: Corpora, name: str) -> Path:
    """Return where the training data of a gaze control lie: the gaze corpus with other heatmaps."""
    return corpora.gaze.with_name(f"gaze-{name}")


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
    # Evaluation sets have a hash of their own, of the code that stores scores: a new metric must neither make
    # the training runs anew nor have all of them scored again.
    evaluation_hash = content_hash(
        inputs_hash,
        settings.evaluation.zero_shot_split,
        settings.evaluation.siim_prevalence,
        settings.evaluation.seed if settings.evaluation.siim_prevalence == "balanced" else None,
        code_behind(["egma_lib.experiments.evaluate_run"], ["egma_lib.evaluation"]),
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
            f"(`./run_all.sh --profile {settings.profile} --only 01`, "
            "with the same --data-root, --results and --set)"
        )
    return load_gaze_artefact(folder)


def build_corpora(study: Study, settings: Settings, gaze: GazeArtefact, *, progress: bool = True) -> Corpora:
    """Read every data set, decode its films once, and save training data and evaluation sets.

    What is there already is left alone, training data and evaluation sets each on their own: no film is
    decoded, no sentence tokenised and no corpus hashed again.

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
    start_weights_file(settings.model)
    # Read before hours of decoding: a fault in a test set's tables must show at once.
    evaluation = None if corpora.has_evaluation_sets else load_evaluation_tables(study, settings)
    if not corpora.has_training_data:
        _build_training_data(study, settings, gaze, corpora, progress)
    if evaluation is not None:
        _build_evaluation_sets(study, settings, corpora, *evaluation, progress)
    return corpora


def build_evaluation_sets(
    study: Study, settings: Settings, corpora: Corpora, *, progress: bool = True
) -> None:
    """Read and save the evaluation sets alone, unless they are there; no training data are read.

    Raises
    ------
    DataError
        There is no test set at all, or one is incomplete.
    """
    if not corpora.has_evaluation_sets:
        tables, queries = load_evaluation_tables(study, settings)
        _build_evaluation_sets(study, settings, corpora, tables, queries, progress)


def _build_evaluation_sets(
    study: Study,
    settings: Settings,
    corpora: Corpora,
    tables: list[CaseTable],
    queries: pd.DataFrame,
    progress: bool,
) -> None:
    paths = [path for table in tables for path in table.cases["image_path"]]
    cache = _decoded(study, settings, paths, progress)
    save_evaluation_sets(tables, queries, cache, corpora.evaluation)
    counts = {table.name: len(table) for table in tables}
    about = {"cases": counts, "settings": settings.model_dump(mode="json")}
    write_json(corpora.evaluation / "about.json", about)


def _build_training_data(
    study: Study, settings: Settings, gaze: GazeArtefact, corpora: Corpora, progress: bool
) -> None:
    """Make tokenizer, report corpus and gaze corpus as far as they are not there."""
    share = settings.data.validation_share
    reports = load_report_corpus(study.dataset("mimic-cxr-jpg"), study.dataset("mimic-cxr"), share)
    readings = load_study_gaze_corpus(study, gaze, share)
    both = (reports, readings)
    paths = [path for corpus in both for path in corpus.samples["image_path"]]
    cache = _decoded(study, settings, paths, progress)
    report_labels, reading_labels = load_study_labels(study, *(corpus.samples["study_id"] for corpus in both))
    if not corpora.tokenizer.is_dir():
        spoken = (sentence for corpus in both for report in corpus.sentences for sentence in report)
        save_tokenizer(spoken, settings, corpora.tokenizer)
    if not corpora.base.is_dir():
        base_training_data(reports, cache, corpora.tokenizer, report_labels).save(corpora.base)
    if not corpora.gaze.is_dir():
        data = gaze_training_data(readings, cache, gaze, settings, corpora.tokenizer, reading_labels)
        data.save(corpora.gaze)
    write_json(corpora.base.parent / "about.json", {"settings": settings.model_dump(mode="json")})


def _decoded(study: Study, settings: Settings, paths: list[str], progress: bool) -> ImageCache:
    # Films to train on and films to evaluate on have a cache each, so that neither makes the other anew.
    return build_image_cache(
        paths,
        settings.data.image_size,
        study.folder("image_cache"),
        jobs=settings.experiments.n_workers,
        progress=progress,
    )


def save_evaluation_sets(
    tables: list[CaseTable], queries: pd.DataFrame, cache: ImageCache, folder: Path
) -> None:
    """Bring every table together with its prompts and save it under its name."""
    by_class = queries_by_class(queries)
    for table in tables:
        prompts = prompts_of(table.name, queries)
        save_evaluation_set(make_evaluation_set(table, prompts, by_class, cache), folder)


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
