"""From data sets and the gaze artefact to what training and evaluation read: made once, named by content."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from egma_lib.artefacts import content_hash, write_json
from egma_lib.datasets.chexpert import (
    load_chexpert_5x200,
    load_chexpert_5x200_marked,
    load_chexpert_8x200,
)
from egma_lib.datasets.contract import CaseTable, ReportCorpus
from egma_lib.datasets.image_cache import ImageCache, build_image_cache
from egma_lib.datasets.mimic_cxr import load_report_corpus
from egma_lib.datasets.mimic_eye import load_gaze_corpus
from egma_lib.datasets.prompts import load_prompts
from egma_lib.datasets.rsna import load_rsna
from egma_lib.datasets.siim import load_siim
from egma_lib.evaluation.evaluation_sets import CLASS_ORDERS, make_evaluation_set, save_evaluation_set
from egma_lib.gaze.artefact import GazeArtefact
from egma_lib.gaze.heatmaps import gaze_similarity
from egma_lib.settings import Settings
from egma_lib.study import Study
from egma_lib.training.data import TrainingData


@dataclass(frozen=True)
class Corpora:
    """Folders of everything that the runs of a study share.

    Attributes
    ----------
    folder
        Holds the others.
    base, gaze
        Saved `TrainingData` of the report corpus and of the gaze corpus.
    evaluation
        Saved evaluation sets, one folder each.
    data_hash
        Short hash of what the corpora were made from; part of every run's id.
    """

    folder: Path
    base: Path
    gaze: Path
    evaluation: Path
    data_hash: str


def corpora_location(study: Study, settings: Settings, gaze_folder: Path) -> Corpora:
    """Return where the corpora of these settings lie, whether or not they have been made."""
    data_hash = content_hash(
        study.data_hash,
        gaze_folder.name,
        settings.data.model_dump(mode="json", exclude={"paths", "pixel_mean", "pixel_std"}),
        settings.gaze.model_dump(mode="json"),
        settings.model.patch_grid,
        settings.evaluation.zero_shot_split,
        *sorted(Path(__file__).parents[1].joinpath("datasets").glob("*.py")),
    )
    folder = study.folder("corpora") / data_hash
    return Corpora(folder, folder / "base", folder / "gaze", folder / "evaluation", data_hash)


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
        A data set is incomplete: names the file.
    """
    corpora = corpora_location(study, settings, gaze.folder)
    if (corpora.folder / "about.json").exists():
        return corpora
    share = settings.data.validation_share
    reports = load_report_corpus(study.dataset("mimic-cxr-jpg"), study.dataset("mimic-cxr"), share)
    readings = load_gaze_corpus(study.dataset("mimic-eye"), gaze, share)
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
        jobs=settings.experiments.jobs or os.cpu_count() or 1,
        progress=progress,
    )
    base_training_data(reports, cache).save(corpora.base)
    gaze_training_data(readings, cache, gaze, settings).save(corpora.gaze)
    save_evaluation_sets(tables, queries, cache, corpora.evaluation)
    write_json(
        corpora.folder / "about.json",
        {
            "data_hash": corpora.data_hash,
            "base_samples": len(reports),
            "gaze_samples": len(readings),
            "evaluation_cases": {table.name: len(table) for table in tables},
        },
    )
    return corpora


def load_evaluation_tables(study: Study, settings: Settings) -> tuple[list[CaseTable], pd.DataFrame]:
    """Return the case tables of every evaluation set, and the 8x200 text queries."""
    chexpert = study.dataset("chexpert")
    candidates, queries = load_chexpert_8x200(chexpert)
    tables = [load_chexpert_5x200(chexpert), candidates]
    marked = load_chexpert_5x200_marked(chexpert)
    if marked is not None:
        tables.append(marked)
    for table in (load_rsna(study.dataset("rsna")), load_siim(study.dataset("siim"))):
        if settings.evaluation.zero_shot_split == "test":
            table = table.select((table.cases["split"] == "test").to_numpy())
        tables.append(table)
    return tables, queries


def save_evaluation_sets(
    tables: list[CaseTable], queries: pd.DataFrame, cache: ImageCache, folder: Path
) -> None:
    """Bring every table together with its prompts and save it under its name."""
    by_class = {
        name: tuple(queries.loc[queries["class_name"] == name, "text"])
        for name in CLASS_ORDERS["chexpert_8x200"]
    }
    prompts = {
        "chexpert_5x200": load_prompts("chexpert_5x200"),
        "chexpert_5x200_marked": load_prompts("chexpert_5x200"),
        "chexpert_8x200": by_class,
        "rsna": load_prompts("rsna", queries),
        "siim": load_prompts("siim", queries),
    }
    for table in tables:
        save_evaluation_set(make_evaluation_set(table, prompts[table.name], by_class, cache), folder)


def base_training_data(corpus: ReportCorpus, cache: ImageCache) -> TrainingData:
    """Return a report corpus as training data without gaze."""
    lengths = [len(sentences) for sentences in corpus.sentences]
    return TrainingData(
        images=cache.images,
        image_index=cache.rows(corpus.samples["image_path"].tolist()),
        sentences=corpus.sentences,
        gaze_similarity=None,
        has_gaze=[np.zeros(length, dtype=bool) for length in lengths],
        is_validation=(corpus.samples["split"] == "validation").to_numpy(),
        patient_ids=corpus.samples["patient_id"].to_numpy(dtype=str),
        sample_ids=corpus.samples["sample_id"].to_numpy(dtype=str),
    )


def gaze_training_data(
    corpus: ReportCorpus, cache: ImageCache, gaze: GazeArtefact, settings: Settings
) -> TrainingData:
    """Return the gaze corpus as training data: gaze similarity on the patch grid, per sentence.

    A sentence has gaze where its heatmap is not empty.
    """
    ids = corpus.samples["sample_id"].tolist()
    grid = (settings.model.patch_grid, settings.model.patch_grid)
    similarity = gaze_similarity(gaze, ids, grid, gaze.frames_of(ids), settings.gaze)
    return TrainingData(
        images=cache.images,
        image_index=cache.rows(corpus.samples["image_path"].tolist()),
        sentences=corpus.sentences,
        gaze_similarity=similarity,
        has_gaze=[values.any(axis=1) for values in similarity],
        is_validation=(corpus.samples["split"] == "validation").to_numpy(),
        patient_ids=corpus.samples["patient_id"].to_numpy(dtype=str),
        sample_ids=np.array(ids),
    )
