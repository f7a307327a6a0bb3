"""BERT text encoders and the mean over their tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from egma_lib.errors import SettingsError
from egma_lib.models.pretrained import (
    TEXT_SETTING,
    check_weights_folder,
    hub_arguments,
    load_hub_model,
    unreachable,
)
from egma_lib.settings import ModelSettings

_SIZES = (
    "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
    "max_position_embeddings", "type_vocab_size", "hidden_act", "layer_norm_eps", "pad_token_id",
    "hidden_dropout_prob", "attention_probs_dropout_prob",
)  # fmt: skip


class TextEncoder(nn.Module):
    """A BERT and the mean of its last hidden state.

    Parameters
    ----------
    bert
        A transformers `BertModel`.
    pool_padding
        True: the mean runs over padding too (released code).
    """

    def __init__(self, bert: Any, pool_padding: bool) -> None:
        super().__init__()
        self.bert = bert
        self.pool_padding = pool_padding
        self.channels: int = bert.config.hidden_size

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return the mean token feature of each sentence.

        Parameters
        ----------
        input_ids, attention_mask
            Shape (k, t) int64; mask 1 = real token.

        Returns
        -------
        Tensor
            Shape (k, channels).
        """
        return self.pool(self.tokens(input_ids, attention_mask), attention_mask)

    def tokens(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return the feature of every token, shape (k, t, channels); arguments as in `forward`."""
        return self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state

    def pool(self, tokens: Tensor, attention_mask: Tensor) -> Tensor:
        """Return the mean of token features of shape (k, t, channels), shape (k, channels)."""
        if self.pool_padding:
            return tokens.mean(dim=1)
        weights = attention_mask[..., None].to(tokens.dtype)
        return (tokens * weights).sum(dim=1) / weights.sum(dim=1)


def stored_sizes(encoder: TextEncoder) -> dict[str, Any]:
    """Return what of a BERT's configuration decides its function and is not to be seen in its weights."""
    return {name: getattr(encoder.bert.config, name) for name in _SIZES}


def build_text_encoder(
    settings: ModelSettings, n_words: int, pad_id: int, sizes: Mapping[str, Any] | None = None
) -> TextEncoder:
    """Return the text encoder that the settings name.

    Parameters
    ----------
    settings
        Names the encoder and its sizes.
    n_words
        Size of the tokenizer's vocabulary.
    pad_id
        Token id of padding.
    sizes
        `stored_sizes` of a trained encoder that is built again, in place of those of the settings.

    Raises
    ------
    SettingsError
        Pretrained weights are wanted and cannot be read.
    """
    from transformers import BertConfig, BertModel

    if sizes is not None:
        return TextEncoder(BertModel(BertConfig(**sizes), add_pooling_layer=False), settings.pool_padding)
    if settings.text_encoder == "bert" and settings.text_weights is not None:
        config = _pretrained_config(settings)
        bert = load_hub_model(BertModel, settings.text_weights, TEXT_SETTING, config, add_pooling_layer=False)
        return TextEncoder(bert, settings.pool_padding)
    small = settings.text_encoder == "bert_small"
    width = settings.text_width if small else 768
    # The small encoder trains for minutes on short sentences: dropout would only cost it time.
    dropout = 0.0 if small else 0.1
    config = BertConfig(
        vocab_size=n_words,
        hidden_size=width,
        num_hidden_layers=settings.text_layers,
        num_attention_heads=settings.text_heads if small else 12,
        intermediate_size=4 * width,
        max_position_embeddings=max(settings.max_tokens, 128 if small else 512),
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout,
        pad_token_id=pad_id,
    )
    return TextEncoder(BertModel(config, add_pooling_layer=False), settings.pool_padding)


def _pretrained_config(settings: ModelSettings) -> Any:
    """Return the stored configuration with the number of layers to keep."""
    from transformers import BertConfig

    name = str(settings.text_weights)
    check_weights_folder(name, TEXT_SETTING)
    try:
        config = BertConfig.from_pretrained(name, **hub_arguments(name, TEXT_SETTING))
    except OSError as error:
        raise unreachable(name, TEXT_SETTING) from error
    if config.num_hidden_layers < settings.text_layers:
        raise SettingsError(
            f"model.text_layers {settings.text_layers}: {name} has {config.num_hidden_layers} layers"
        )
    config.num_hidden_layers = settings.text_layers
    return config
