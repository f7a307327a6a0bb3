"""Batches by number: batch k of a seed is the same in every arm, whatever ran before it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from egma_lib.errors import DataError, TrainingError
from egma_lib.settings import Settings, StageSettings
from egma_lib.training.augmentation import draw_jitter
from egma_lib.training.batch import Batch
from egma_lib.training.data import TrainingData
from egma_lib.training.ranks import ALONE, Ranks

if TYPE_CHECKING:
    from transformers import BertTokenizer

_ORDER, _AUGMENTATION, _DROPOUT = 1, 2, 3
_STAGE_CODES = {"base": 1, "continued": 2}


class BatchMaker:
    """Makes the batches of one run.

    Parameters
    ----------
    data
        Samples to draw from.
    tokenizer
        Every distinct sentence is tokenised once, here.
    settings
        Image normalisation, jitter, token limit and patch grid.
    stage
        `base` or `continued`: whose batch size and sentence limit count.
    seed
        Fixes order and augmentation.
    keeps_gaze
        Shape (samples,) bool; a sample where it is False is shown without gaze.
    ranks
        Which rows of each batch this process holds.

    Attributes
    ----------
    n_cut_sentences
        Sentences beyond `max_sentences` that no batch shows.

    Raises
    ------
    TrainingError
        Fewer training samples than one batch needs.
    DataError
        Images or heatmaps are not of the size that the settings name.
    """

    def __init__(
        self,
        data: TrainingData,
        tokenizer: BertTokenizer,
        settings: Settings,
        stage: str,
        seed: int,
        keeps_gaze: np.ndarray,
        ranks: Ranks = ALONE,
    ) -> None:
        self._data, self._settings, self._seed = data, settings, seed
        self._keeps_gaze, self._ranks = keeps_gaze, ranks
        self._stage: StageSettings = getattr(settings.training, stage)
        self._stage_code = _STAGE_CODES[stage]
        self._train = np.flatnonzero(~np.asarray(data.is_validation, dtype=bool))
        self._held_out = np.flatnonzero(data.is_validation)
        self._check_sizes()
        limit = self._stage.max_sentences
        self.n_cut_sentences = sum(max(0, len(report) - limit) for report in data.sentences)
        self._tokenise(tokenizer)

    def _check_sizes(self) -> None:
        batch_size = self._stage.batch_size
        if len(self._train) < batch_size:
            raise TrainingError(
                f"{len(self._train)} training samples do not fill one batch of {batch_size}; lower "
                "training.base.batch_size or training.continued.batch_size"
            )
        if batch_size < self._ranks.count:
            raise TrainingError(
                f"a batch of {batch_size} does not reach for {self._ranks.count} processes; lower "
                "training.processes"
            )
        side = self._settings.data.image_size
        if self._data.images.shape[1:] != (side, side):
            raise DataError(f"images of {self._data.images.shape[1:]} pixels, but data.image_size is {side}")
        n_patches = self._settings.model.patch_grid**2
        for sample_id, gaze in zip(self._data.sample_ids, self._data.gaze_similarity, strict=True):
            if gaze is not None and gaze.shape[1] != n_patches:
                raise DataError(
                    f"sample {sample_id}: heatmaps of {gaze.shape[1]} cells, but model.patch_grid "
                    f"{self._settings.model.patch_grid} has {n_patches}"
                )

    def _tokenise(self, tokenizer: BertTokenizer) -> None:
        limit = self._stage.max_sentences
        reports = [report[:limit] for report in self._data.sentences]
        number = {text: i for i, text in enumerate(sorted({text for report in reports for text in report}))}
        self._report_sentences = [np.array([number[text] for text in report]) for report in reports]
        model = self._settings.model
        tokens = tokenizer(
            list(number),
            padding="max_length" if model.pool_padding else "longest",
            truncation=True,
            max_length=model.max_tokens,
            return_special_tokens_mask=True,
            return_tensors="np",
        )
        self._word_mask = np.asarray(tokens["special_tokens_mask"]) == 0
        self._input_ids = np.asarray(tokens["input_ids"])
        self._token_mask = np.asarray(tokens["attention_mask"])
        full = self._input_ids.shape[1]
        self._n_tokens = np.full(len(number), full) if model.pool_padding else self._token_mask.sum(axis=1)

    @property
    def n_steps(self) -> int:
        """Steps of the whole run."""
        return count_steps(self._stage)

    def training_batch(self, step: int) -> Batch:
        """Return batch number `step`, counted from 0."""
        size = self._stage.batch_size
        per_epoch = len(self._train) // size
        epoch, place = divmod(step, per_epoch)
        order = self._generator(_ORDER, epoch).permutation(self._train)
        chosen = order[place * size : (place + 1) * size]
        return self._make(chosen, self._generator(_AUGMENTATION, step))

    def validation_batches(self) -> Iterator[Batch]:
        """Yield the held-out samples in a fixed order without augmentation.

        A last batch of one, or of fewer than there are processes, is left out: it has hardly any contrast.
        """
        size = self._stage.batch_size
        for start in range(0, len(self._held_out), size):
            chosen = self._held_out[start : start + size]
            if len(chosen) >= max(2, self._ranks.count):
                yield self._make(chosen, None)

    def dropout_seed(self, step: int) -> int:
        """Return the seed of what is random inside the model at a step, another one in each process."""
        key = [self._seed, self._stage_code, _DROPOUT, step, self._ranks.index]
        return int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0])

    def _generator(self, purpose: int, number: int) -> np.random.Generator:
        return np.random.default_rng([self._seed, self._stage_code, purpose, number])

    def _make(self, chosen: np.ndarray, rng: np.random.Generator | None) -> Batch:
        reports = [self._report_sentences[i] for i in chosen]
        distinct, inverse = np.unique(np.concatenate(reports), return_inverse=True)
        # Every process encodes at least one sentence; a repeated one is in no report.
        distinct = np.resize(distinct, max(len(distinct), self._ranks.count))
        longest = int(self._n_tokens[distinct].max())
        counts = np.array([len(report) for report in reports])
        mask = np.arange(counts.max())[None] < counts[:, None]
        index = np.zeros(mask.shape, dtype=np.int64)
        index[mask] = inverse
        gaze, has_gaze = self._gaze(chosen, mask)
        own = self._ranks.own(len(chosen))
        labels = None if self._data.labels is None else torch.from_numpy(self._data.labels[chosen])
        return Batch(
            pixels=torch.from_numpy(self._data.images[self._data.image_index[chosen[own]]]),
            jitter=None if rng is None else self._jitter_factors(rng, len(chosen))[:, own],
            input_ids=torch.from_numpy(self._input_ids[distinct, :longest]),
            attention_mask=torch.from_numpy(self._token_mask[distinct, :longest]),
            word_mask=torch.from_numpy(self._word_mask[distinct, :longest]),
            sentence_index=torch.from_numpy(index),
            sentence_mask=torch.from_numpy(mask),
            has_gaze=torch.from_numpy(has_gaze),
            gaze_similarity=torch.from_numpy(gaze),
            labels=labels,
        )

    def _jitter_factors(self, rng: np.random.Generator, size: int) -> Tensor:
        training = self._settings.training
        return draw_jitter(rng, size, training.brightness, training.contrast)

    def _gaze(self, chosen: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        gaze = np.zeros((*mask.shape, self._settings.model.patch_grid**2), dtype=np.float32)
        has_gaze = np.zeros(mask.shape, dtype=bool)
        limit = mask.shape[1]
        for row, sample in enumerate(chosen):
            heat = self._data.gaze_similarity[sample]
            if heat is not None and self._keeps_gaze[sample]:
                gaze[row, : len(heat[:limit])] = heat[:limit]
                has_gaze[row, : len(heat[:limit])] = self._data.has_gaze[sample][:limit]
        return gaze, has_gaze & mask


def count_steps(stage: StageSettings) -> int:
    """Return the steps that show `image_passes` images, the last batch being full."""
    return -(-stage.image_passes // stage.batch_size)
