"""The dual encoder: images and sentences in one space."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from egma_lib.errors import DataError
from egma_lib.models.image_encoders import ImageEncoder
from egma_lib.models.text_encoder import TextEncoder

if TYPE_CHECKING:
    from transformers import BertTokenizer

MAXIMUM_LOGIT_SCALE = 100.0
INITIAL_LOGIT_SCALE = 1 / 0.07


class ImageFeatures(NamedTuple):
    """Unit-length features: `patch_features` (b, n, d) and `global_features` (b, d)."""

    patch_features: Tensor
    global_features: Tensor


class TextFeatures(NamedTuple):
    """`sentence_features` (k, d), unit length, and `mapped` (k, d), the same before normalisation."""

    sentence_features: Tensor
    mapped: Tensor


def image_features(mapped: Tensor) -> ImageFeatures:
    """Return patch and global features of mapped patches, shape (b, n, d)."""
    return ImageFeatures(F.normalize(mapped, dim=-1), F.normalize(mapped.mean(dim=1), dim=-1))


class DualEncoder(nn.Module):
    """Two encoders, one bias-free projection each, and the logit scale.

    Parameters
    ----------
    image_encoder, text_encoder
        Encoders with a `channels` attribute.
    embed_dim
        Width d of the shared space.
    tokenizer
        Turns texts into the text encoder's tokens.
    max_tokens
        Longer texts are cut to this many tokens.
    """

    def __init__(
        self,
        image_encoder: ImageEncoder,
        text_encoder: TextEncoder,
        embed_dim: int,
        tokenizer: BertTokenizer,
        max_tokens: int,
    ) -> None:
        super().__init__()
        self.image_encoder = image_encoder
        self.text_encoder = text_encoder
        self.image_projection = nn.Linear(image_encoder.channels, embed_dim, bias=False)
        self.text_projection = nn.Linear(text_encoder.channels, embed_dim, bias=False)
        self.log_logit_scale = nn.Parameter(torch.tensor(math.log(INITIAL_LOGIT_SCALE)))
        self.tokenizer = tokenizer
        self.max_tokens = max_tokens

    @property
    def logit_scale(self) -> Tensor:
        """Factor on similarities, a scalar: exp of the learned value, at most 100."""
        return self.log_logit_scale.exp().clamp(max=MAXIMUM_LOGIT_SCALE)

    @property
    def patch_grid(self) -> int:
        """Patches per side."""
        return self.image_encoder.patch_grid

    @torch.no_grad()
    def cap_logit_scale(self) -> None:
        """Bring the learned value back to the cap; beyond it, it would get no gradient to come down by."""
        self.log_logit_scale.clamp_(max=math.log(MAXIMUM_LOGIT_SCALE))

    def encode_images(self, images: Tensor) -> ImageFeatures:
        """Return patch and global features of images.

        Parameters
        ----------
        images
            Shape (b, 3, S, S), normalised pixels.
        """
        return image_features(self.map_images(images))

    def map_images(self, images: Tensor) -> Tensor:
        """Return mapped, not normalised patches, shape (b, n, d), of images of shape (b, 3, S, S)."""
        return self.image_projection(self.image_encoder(images))

    def map_sentences(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return mapped, not normalised sentence vectors, shape (k, d), of tokens of shape (k, t)."""
        return self.text_projection(self.text_encoder(input_ids, attention_mask))

    def map_words(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return mapped, not normalised tokens, shape (k, t, d), and sentence vectors as `map_sentences`."""
        tokens = self.text_encoder.tokens(input_ids, attention_mask)
        pooled = self.text_encoder.pool(tokens, attention_mask)
        return self.text_projection(tokens), self.text_projection(pooled)

    def encode_texts(self, texts: Sequence[str]) -> TextFeatures:
        """Return features of texts, each a sentence of its own.

        Raises
        ------
        DataError
            There is no text, or one of them is empty.
        """
        empty = [index for index, text in enumerate(texts) if not text.strip()]
        if empty or not texts:
            raise DataError(
                f"texts to encode: {'text ' + str(empty[0]) + ' is empty' if empty else 'none given'}"
            )
        padding = "max_length" if self.text_encoder.pool_padding else "longest"
        tokens = self.tokenizer(
            list(texts), padding=padding, truncation=True, max_length=self.max_tokens, return_tensors="pt"
        )
        device = self.log_logit_scale.device
        mapped = self.map_sentences(tokens["input_ids"].to(device), tokens["attention_mask"].to(device))
        return TextFeatures(F.normalize(mapped, dim=-1), mapped)

    def report_features(self, mapped: Tensor, sentence_mask: Tensor) -> Tensor:
        """Return the global feature of each report: the unit mean of its mapped real sentences.

        Parameters
        ----------
        mapped
            Shape (b, m, d), not normalised.
        sentence_mask
            Shape (b, m) bool, True = real sentence.

        Returns
        -------
        Tensor
            Shape (b, d), unit length.
        """
        # The mean and the sum point the same way, and only the direction is kept.
        return F.normalize(mapped.masked_fill(~sentence_mask[..., None], 0.0).sum(dim=1), dim=-1)
