"""The zero-shot score of GLoRIA: how well prompts match a film as a whole, and by their best word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional as F

from egma_lib.evaluation.encode import EncodedImages
from egma_lib.losses.gloria import MATCHING_SCALE, word_region_similarity

if TYPE_CHECKING:
    from torch import Tensor

    from egma_lib.models.dual_encoder import DualEncoder

_LARGEST_BLOCK = 2**23
"""Attention weights (images x words x patches) held at a time; bounds memory, changes no result."""


@torch.no_grad()
def gloria_scores(
    model: DualEncoder, images: EncodedImages, prompts: Sequence[str], global_scores: np.ndarray
) -> np.ndarray:
    """Score every image against every prompt by the mean of global and word-level similarity.

    local = max over the prompt's words of 5 cosine(word, image region that the word attends to)
    score = (cosine of the global features + local) / 2

    Parameters
    ----------
    model
        Dual encoder that gave the features; encodes the prompts' words.
    images
        Features of n_images images.
    prompts
        n_prompts texts.
    global_scores
        Shape (n_images, n_prompts): the score `global`.

    Returns
    -------
    numpy.ndarray
        float32, shape (n_images, n_prompts).

    Notes
    -----
    Source: Huang et al., ICCV 2021, and the released code. That code takes the best prompt of a class and
    then z-scores each class over the images of the call; here, as for every score, prompts are averaged, and
    an image's score does not depend on which other images are scored with it.
    """
    words, owner = _prompt_words(model, prompts)
    patches = torch.from_numpy(images.patch_features)
    chunk = max(1, _LARGEST_BLOCK // (patches.shape[1] * len(words)))
    local = np.empty(global_scores.shape, dtype=np.float32)
    for start in range(0, len(patches), chunk):
        cosines = word_region_similarity(patches[start : start + chunk].to(words.device), words)
        best = cosines.new_empty((len(cosines), len(prompts)))
        best.scatter_reduce_(1, owner.expand_as(cosines), cosines, "amax", include_self=False)
        local[start : start + chunk] = MATCHING_SCALE * best.float().cpu().numpy()
    return (global_scores.astype(np.float32) + local) / 2


def _prompt_words(model: DualEncoder, prompts: Sequence[str], batch_size: int = 256) -> tuple[Tensor, Tensor]:
    """Return the unit features of all word pieces, shape (w, d), and whose prompt each is, shape (w,)."""
    model.eval()
    device = next(model.parameters()).device
    features, owners = [], []
    for start in range(0, len(prompts), batch_size):
        tokens = model.tokenizer(
            list(prompts[start : start + batch_size]),
            padding="longest",
            truncation=True,
            max_length=model.max_tokens,
            return_special_tokens_mask=True,
            return_tensors="pt",
        ).to(device)
        mapped, _ = model.map_words(tokens["input_ids"], tokens["attention_mask"])
        is_word = tokens["special_tokens_mask"] == 0
        features.append(F.normalize(mapped[is_word].float(), dim=-1))
        owners.append(start + torch.nonzero(is_word)[:, 0])
    return torch.cat(features), torch.cat(owners)
