"""Which words of a text a model does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import BertTokenizer


def unknown_words(tokenizer: BertTokenizer, text: str) -> tuple[str, ...]:
    """Return the words of a text that are not in a vocabulary, as written, each once.

    The text encoder gets such a word as [UNK] or in pieces. Where the vocabulary holds whole words and single
    characters, as the one learned from the corpora does, every word in several pieces is unknown. A
    pretrained vocabulary also holds parts of words, of which a known word may be made; there a word is
    unknown that falls into nothing but characters.

    Parameters
    ----------
    tokenizer
        WordPiece tokenizer of a model.
    text
        Any text.
    """
    encoded = tokenizer(text, return_offsets_mapping=True)
    tokens, spans = encoded.tokens(), encoded["offset_mapping"]
    pieces: dict[int, list[int]] = {}
    for position, word in enumerate(encoded.word_ids()):
        if word is not None:
            pieces.setdefault(word, []).append(position)
    has_parts = any(token.startswith("##") and len(token) > 3 for token in tokenizer.get_vocab())
    unknown = []
    for positions in pieces.values():
        mine = [tokens[position] for position in positions]
        only_characters = all(len(token.removeprefix("##")) == 1 for token in mine)
        if tokenizer.unk_token in mine or (len(mine) > 1 and (only_characters or not has_parts)):
            unknown.append(text[spans[positions[0]][0] : spans[positions[-1]][1]])
    return tuple(dict.fromkeys(unknown))
