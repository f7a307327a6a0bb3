"""Figures 3 and 4 of a finished model alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from egma_lib.datasets.contract import ReportCorpus
from egma_lib.errors import DataError
from egma_lib.evaluation.encode import encode_images, encode_prompts
from egma_lib.evaluation.evaluation_sets import load_evaluation_set
from egma_lib.evaluation.probe_features import pixel_extractor
from egma_lib.experiments.corpora import Corpora
from egma_lib.experiments.external_runs import External
from egma_lib.experiments.measurements import CLASSIFICATION_SETS
from egma_lib.experiments.probe_runs import PIXELS
from egma_lib.figures.attention import AttentionExample, attention_data, attention_map, plot_attention
from egma_lib.figures.attention_examples import chosen_films
from egma_lib.figures.gaze_examples import film_of, frame_of
from egma_lib.figures.tsne import embed_tsne, plot_tsne
from egma_lib.gaze.artefact import GazeArtefact
from egma_lib.gaze.heatmaps import sentence_heatmaps
from egma_lib.settings import Settings

N_SENTENCES = 4
"""Rows of Figure 3."""


def external_tsne(
    external: External, settings: Settings, corpora: Corpora, note: str
) -> tuple[Figure, pd.DataFrame]:
    """Return Figure 4 and its points: the model's image features beside the film's own coarse pixels.

    The films are those of 5x200, or of the first of RSNA and SIIM at hand.
    """
    name = next(one for one in CLASSIFICATION_SETS if (corpora.evaluation / one).is_dir())
    test_set = load_evaluation_set(corpora.evaluation / name)
    encoded = encode_images(
        external.model,  # type: ignore[arg-type]
        test_set.images,
        settings.data,
        settings.evaluation.batch_size,
    )
    labels = np.array(test_set.class_names)[test_set.labels]
    features = {external.label: encoded.global_features, PIXELS: pixel_extractor()(test_set.images)}
    points = embed_tsne(features, labels, seed=settings.evaluation.seed)
    return plot_tsne(points, note), points


def external_attention(
    external: External,
    settings: Settings,
    corpora: Corpora,
    gaze: GazeArtefact,
    corpus: ReportCorpus,
    note: str,
) -> tuple[Figure, pd.DataFrame]:
    """Return Figure 3 and its values: the model's maps and gaze, both on the model's own patch grid.

    Raises
    ------
    DataError
        The model has no patch features, or no sentence with gaze affirms a finding.
    """
    grid = external.model.patch_grid
    if grid is None:
        raise DataError(f"{external.label} has no encode_patches, so Figure 3 cannot be drawn of it")
    chosen, films = chosen_films(gaze, corpus, corpora, N_SENTENCES)
    patches = encode_images(external.model, films, settings.data).patch_features  # type: ignore[arg-type]
    texts = encode_prompts(external.model, [text for _, _, text in chosen])  # type: ignore[arg-type]
    examples = []
    for (sample, sentence, text), places, feature in zip(chosen, patches, texts, strict=True):
        heat = sentence_heatmaps(
            gaze.fixations_of(sample), len(gaze.sentences_of(sample)), (grid, grid), frame_of(corpus, sample)
        )[sentence]
        maps = {external.label: attention_map(places, feature)}
        examples.append(AttentionExample(sample, text, film_of(corpus, sample), heat, maps))
    return plot_attention(examples, note), attention_data(examples)
