"""Features and attention of trained models for the figures, on cases chosen by rule."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from egma_lib.datasets.contract import ReportCorpus
from egma_lib.errors import DataError
from egma_lib.evaluation.encode import encode_images, encode_prompts
from egma_lib.evaluation.evaluation_sets import load_evaluation_set
from egma_lib.experiments.arms import Arm
from egma_lib.experiments.corpora import Corpora
from egma_lib.experiments.measurements import CLASSIFICATION_SETS
from egma_lib.experiments.naming import affirms
from egma_lib.experiments.pretraining import arm_job
from egma_lib.figures.attention import AttentionExample, attention_map
from egma_lib.figures.gaze_examples import film_of, frame_of
from egma_lib.gaze.artefact import GazeArtefact
from egma_lib.gaze.heatmaps import sentence_heatmaps
from egma_lib.models.build import load_dual_encoder
from egma_lib.models.dual_encoder import DualEncoder
from egma_lib.settings import Settings
from egma_lib.study import Study
from egma_lib.training.data import TrainingData

FINDING_WORDS = (
    "atelectasis", "cardiomegaly", "consolidation", "edema", "effusion", "pneumonia", "pneumothorax",
    "fracture",
)  # fmt: skip


def load_arm_model(study: Study, settings: Settings, corpora: Corpora, arm: Arm, seed: int) -> DualEncoder:
    """Return the trained model of an arm, on the CPU; raise ArtefactError where it has not been trained."""
    job = arm_job(study, settings, corpora, arm, seed)
    return load_dual_encoder(study.runs / job.run_id, settings)


def choose_sentences(gaze: GazeArtefact, corpus: ReportCorpus, n_examples: int) -> list[tuple[str, int, str]]:
    """Return (sample, sentence index, text) of one sentence per finding word, at most one per reading.

    Of each word in turn, the first sentence that affirms it and has gaze: first of validation readings whose
    reader marked that finding on the film, so that the picture can show where it is; then of any validation
    reading; then of training readings.

    Parameters
    ----------
    gaze, corpus
        Readings and their splits; readings that the corpus does not hold are left out.
    n_examples
        Sentences returned at most.
    """
    order = corpus.samples.sort_values(["split", "sample_id"], ascending=[False, True])
    rank = {sample: index for index, sample in enumerate(order["sample_id"])}
    held_out = set(order.loc[order["split"] == "validation", "sample_id"])
    sentences = gaze.sentences[gaze.sentences["has_gaze"] & gaze.sentences["reading_id"].isin(rank)]
    sentences = sentences.assign(rank=sentences["reading_id"].map(rank)).sort_values(
        ["rank", "sentence_index"]
    )
    chosen: dict[str, tuple[str, int, str]] = {}
    for pool in ("marked", "held out", "all"):
        for word in FINDING_WORDS:
            if word in chosen or len(chosen) == n_examples:
                continue
            naming = sentences[affirms(sentences["text"], word)]
            naming = naming[~naming["reading_id"].isin({sample for sample, _, _ in chosen.values()})]
            if pool != "all":
                naming = naming[naming["reading_id"].isin(held_out)]
            if pool == "marked":
                naming = naming[naming["reading_id"].isin(_marked_readings(corpus, word))]
            if len(naming):
                first = naming.iloc[0]
                chosen[word] = str(first["reading_id"]), int(first["sentence_index"]), str(first["text"])
    return list(chosen.values())


def _marked_readings(corpus: ReportCorpus, word: str) -> set[str]:
    """Return the readings in which a region of a finding of this name is marked."""
    if corpus.regions is None or corpus.regions.empty:
        return set()
    return set(corpus.regions.loc[affirms(corpus.regions["finding"], word), "case_id"].astype(str))


def chosen_films(
    gaze: GazeArtefact, corpus: ReportCorpus, corpora: Corpora, n_examples: int
) -> tuple[list[tuple[str, int, str]], np.ndarray]:
    """Return what `choose_sentences` chooses, and the films of it as models see them, uint8 (chosen, S, S).

    Raises
    ------
    DataError
        No sentence with gaze affirms one of `FINDING_WORDS`.
    """
    chosen = choose_sentences(gaze, corpus, n_examples)
    if not chosen:
        raise DataError(
            f"{corpus.name}: no sentence with gaze names a finding ({', '.join(FINDING_WORDS)}); Figure 3 "
            "needs one"
        )
    data = TrainingData.load(corpora.gaze)
    position = {sample: index for index, sample in enumerate(data.sample_ids)}
    films = np.stack([data.images[data.image_index[position[sample]]] for sample, _, _ in chosen])
    return chosen, films


def attention_examples(
    study: Study,
    settings: Settings,
    corpora: Corpora,
    gaze: GazeArtefact,
    corpus: ReportCorpus,
    arms: Sequence[Arm],
    n_examples: int = 4,
) -> list[AttentionExample]:
    """Return attention of the first seed's models for sentences chosen by `choose_sentences`.

    Parameters
    ----------
    study, settings, corpora
        Where the trained runs are.
    gaze, corpus
        Readings and their films.
    arms
        Models compared, a column each.
    n_examples
        Number of sentences at most.

    Returns
    -------
    list of AttentionExample
        One per sentence; gaze and attention on the patch grid, the film of FILM_SIZE pixels a side.

    Raises
    ------
    DataError
        No sentence with gaze affirms one of `FINDING_WORDS`.
    ArtefactError
        A run has not been trained.
    """
    chosen, films = chosen_films(gaze, corpus, corpora, n_examples)
    attention: list[dict[str, np.ndarray]] = [{} for _ in chosen]
    for arm in arms:
        model = load_arm_model(study, settings, corpora, arm, settings.experiments.seeds[0])
        patches = encode_images(model, films, settings.data).patch_features
        texts = encode_prompts(model, [text for _, _, text in chosen])
        for index in range(len(chosen)):
            attention[index][arm.label] = attention_map(patches[index], texts[index])
    grid = (settings.model.patch_grid, settings.model.patch_grid)
    examples = []
    for (sample, sentence, text), maps in zip(chosen, attention, strict=True):
        n_sentences = len(gaze.sentences_of(sample))
        heat = sentence_heatmaps(gaze.fixations_of(sample), n_sentences, grid, frame_of(corpus, sample))
        marked = marked_regions(corpus, sample, text)
        examples.append(AttentionExample(sample, text, film_of(corpus, sample), heat[sentence], maps, marked))
    return examples


def marked_regions(corpus: ReportCorpus, sample_id: str, sentence: str) -> pd.DataFrame | None:
    """Return the reader's own regions of the findings that the sentence affirms, in 0-1 of the padded square.

    None where the corpus has no regions.
    """
    if corpus.regions is None:
        return None
    mine = corpus.regions[corpus.regions["case_id"] == sample_id]
    named = [affirms(pd.Series([sentence]), str(finding))[0] for finding in mine["finding"]]
    mine, frame = mine[np.array(named, dtype=bool)], frame_of(corpus, sample_id)
    left, top = frame.to_padded(mine["x_min"].to_numpy(), mine["y_min"].to_numpy())
    right, bottom = frame.to_padded(mine["x_max"].to_numpy(), mine["y_max"].to_numpy())
    return mine.assign(x_min=left, y_min=top, x_max=right, y_max=bottom)


def class_features(
    study: Study, settings: Settings, corpora: Corpora, arms: Sequence[Arm], name: str | None = None
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return the global image features of an evaluation set under the first seed's models.

    Parameters
    ----------
    study, settings, corpora
        Where the trained runs and the evaluation sets are.
    arms
        Models.
    name
        Evaluation set; None is 5x200, or in a study without it the first of RSNA and SIIM that it has.

    Returns
    -------
    (dict, numpy.ndarray)
        Arm label to shape (n_images, d), and the class names, shape (n_images,).
    """
    at_hand = [one for one in CLASSIFICATION_SETS if (corpora.evaluation / one).is_dir()]
    chosen = name or next(iter(at_hand), CLASSIFICATION_SETS[0])
    evaluation_set = load_evaluation_set(corpora.evaluation / chosen)
    features = {}
    for arm in arms:
        model = load_arm_model(study, settings, corpora, arm, settings.experiments.seeds[0])
        encoded = encode_images(model, evaluation_set.images, settings.data, settings.evaluation.batch_size)
        features[arm.label] = encoded.global_features
    return features, np.array(evaluation_set.class_names)[evaluation_set.labels]
