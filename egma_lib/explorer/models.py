"""The trained models at hand, and what they make of films and texts; encoded once, then kept."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from egma_lib.errors import ArtefactError, DataError
from egma_lib.evaluation.encode import EncodedImages, encode_images, encode_prompts
from egma_lib.evaluation.scores import class_scores
from egma_lib.experiments.arms import chosen_arms
from egma_lib.experiments.comparison_arms import method_arms
from egma_lib.experiments.pretraining import arm_job
from egma_lib.explorer.bounded_cache import BoundedCache
from egma_lib.explorer.case import ExplorerCase
from egma_lib.explorer.sources import SAME_STUDY, StudySources
from egma_lib.models.build import load_dual_encoder
from egma_lib.training.run import is_finished

if TYPE_CHECKING:
    from egma_lib.models.dual_encoder import DualEncoder
    from egma_lib.training.jobs import TrainJob

MODELS_KEPT, FILMS_KEPT, TEXTS_KEPT = 4, 256, 4096
MOST_SENTENCES = 2000
"""Distinct sentences of the corpus that a patch is compared with at most: those said most often."""


class Checkpoints:
    """Models of a study by label.

    Parameters
    ----------
    sources
        The study.
    """

    def __init__(self, sources: StudySources) -> None:
        self._sources = sources
        self._models: BoundedCache[DualEncoder] = BoundedCache(MODELS_KEPT)
        self._films: BoundedCache[EncodedImages] = BoundedCache(FILMS_KEPT)
        self._texts: BoundedCache[np.ndarray] = BoundedCache(TEXTS_KEPT)
        self._batches: BoundedCache[np.ndarray] = BoundedCache(4 * MODELS_KEPT)

    @cached_property
    def _jobs(self) -> dict[str, TrainJob]:
        study, settings, corpora = self._sources.study, self._sources.settings, self._sources.corpora
        arms = (*chosen_arms(settings.experiments), *method_arms(settings.experiments))
        seed = settings.experiments.seeds[0]
        jobs = {arm.label: arm_job(study, settings, corpora, arm, seed) for arm in arms}
        trained = {label: job for label, job in jobs.items() if is_finished(study.runs / job.run_id)}
        if not trained:
            raise ArtefactError(
                f"{study.runs}: no trained model of these settings; run "
                f"`./run_all.sh --profile {settings.profile} --only 01,02` {SAME_STUDY}"
            )
        return trained

    @property
    def labels(self) -> tuple[str, ...]:
        """Trained arms and comparison methods in the order of the tables, models of the first seed.

        Raises
        ------
        ArtefactError
            Nothing has been trained: says which command does it.
        """
        return tuple(self._jobs)

    def model(self, label: str) -> DualEncoder:
        """Return a model on the CPU in evaluation mode.

        Raises
        ------
        ArtefactError
            There is no trained model of this label: lists those there are.
        """
        if label not in self._jobs:
            raise ArtefactError(f"no trained model {label!r}; there are {', '.join(self._jobs)}")
        job = self._jobs[label]
        folder = self._sources.study.runs / job.run_id
        return self._models.get(label, lambda: load_dual_encoder(folder, job.settings))

    def film(self, case: ExplorerCase, label: str) -> EncodedImages:
        """Return patch features (1, n, d) and global features (1, d) of a film, unit length."""

        def encode() -> EncodedImages:
            return encode_images(self.model(label), case.model_input[None], self._sources.settings.data)

        return self._films.get((label, case.corpus, case.case_id), encode)

    def text(self, text: str, label: str) -> np.ndarray:
        """Return the feature of a sentence, shape (d,), unit length.

        A full stop at its end is dropped, since the sentences that models are trained on have none.

        Raises
        ------
        DataError
            The text is empty.
        """
        sentence = " ".join(text.split()).rstrip(" .")
        if not sentence:
            raise DataError("the sentence is empty; type one, or choose one of the report")
        return self._texts.get((label, sentence), lambda: encode_prompts(self.model(label), [sentence])[0])

    def attention(self, case: ExplorerCase, text: str, label: str) -> np.ndarray:
        """Return the cosine similarity of every patch to a sentence, float32, shape (grid, grid)."""
        similarity = self.film(case, label).patch_features[0] @ self.text(text, label)
        grid = round(len(similarity) ** 0.5)
        return similarity.reshape(grid, grid)

    def class_similarity(self, features: np.ndarray, label: str, prompt_set: str) -> dict[str, float]:
        """Return the mean cosine similarity of a feature, shape (d,), to the prompts of every class."""
        test_set = self._sources.evaluation_set(prompt_set)
        names, similarity = test_set.class_names, self._prompts(label, prompt_set) @ features
        means = class_scores(similarity[None], test_set.prompt_class, len(names))[0]
        return dict(zip(names, means.tolist(), strict=True))

    def prompt_similarity(self, features: np.ndarray, label: str, prompt_set: str) -> pd.DataFrame:
        """Return class, prompt and a feature's, shape (d,), cosine similarity to it, a row per prompt."""
        test_set = self._sources.evaluation_set(prompt_set)
        return pd.DataFrame(
            {
                "class": [test_set.class_names[index] for index in test_set.prompt_class],
                "prompt": list(test_set.prompts),
                "similarity": self._prompts(label, prompt_set) @ features,
            }
        )

    def _prompts(self, label: str, prompt_set: str) -> np.ndarray:
        prompts = self._sources.evaluation_set(prompt_set).prompts
        return self._batches.get((label, prompt_set), lambda: encode_prompts(self.model(label), prompts))

    def ranked_sentences(self, case: ExplorerCase, patch: tuple[int, int], label: str) -> pd.DataFrame:
        """Return the case's sentences by their similarity to a patch, most similar first.

        Returns
        -------
        pandas.DataFrame
            sentence_index, text, similarity (cosine).
        """
        texts = case.sentences["text"].tolist()
        features = np.stack([self.text(text, label) for text in texts])
        ranked = case.sentences[["sentence_index", "text"]].assign(
            similarity=features @ self._patch(case, patch, label)
        )
        return ranked.sort_values("similarity", ascending=False, kind="stable").reset_index(drop=True)

    def ranked_corpus_sentences(
        self, case: ExplorerCase, patch: tuple[int, int], label: str, top: int
    ) -> pd.DataFrame:
        """Return the `top` sentences of the gaze corpus that are most similar to a patch.

        Of a large corpus, the MOST_SENTENCES distinct sentences said most often are compared.

        Returns
        -------
        pandas.DataFrame
            text, n_said (times in the corpus), similarity (cosine).
        """
        table = self._corpus_sentences
        texts = table["text"].tolist()
        features = self._batches.get((label, None), lambda: encode_prompts(self.model(label), texts))
        ranked = table.assign(similarity=features @ self._patch(case, patch, label))
        return (
            ranked.sort_values("similarity", ascending=False, kind="stable").head(top).reset_index(drop=True)
        )

    @cached_property
    def _corpus_sentences(self) -> pd.DataFrame:
        counts = Counter(text for report in self._sources.data.sentences for text in report)
        common = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST_SENTENCES]
        return pd.DataFrame(common, columns=["text", "n_said"])

    def _patch(self, case: ExplorerCase, patch: tuple[int, int], label: str) -> np.ndarray:
        patches = self.film(case, label).patch_features[0]
        grid = round(len(patches) ** 0.5)
        row, column = patch
        if not (0 <= row < grid and 0 <= column < grid):
            raise DataError(
                f"patch {patch} on a grid of {grid} x {grid} patches; rows and columns start at 0"
            )
        return patches[row * grid + column]
