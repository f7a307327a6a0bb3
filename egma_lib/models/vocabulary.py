"""A WordPiece vocabulary learned the same way every time, and tokenizers on disk."""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from egma_lib.errors import ArtefactError, DataError
from egma_lib.settings import ModelSettings

if TYPE_CHECKING:
    from transformers import BertTokenizer

_SPECIALS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def learn_vocabulary(
    sentences: Iterable[str], *, lowercase: bool = True, max_tokens: int = 77
) -> BertTokenizer:
    """Return a tokenizer whose vocabulary holds every word and character of the sentences.

    The usual WordPiece training gives another vocabulary each time, so words are taken whole: specials,
    sorted characters, sorted `##`characters, words by (-count, word). Printable ASCII is always part of it,
    so that a prompt's unseen word falls into pieces and never into [UNK].

    Parameters
    ----------
    sentences
        Texts in any order; the order does not count.
    lowercase
        Lower-case texts before tokenising.
    max_tokens
        Longer texts are cut to this many tokens.

    Raises
    ------
    DataError
        There is no word to learn from.
    """
    from tokenizers.normalizers import BertNormalizer
    from tokenizers.pre_tokenizers import BertPreTokenizer
    from transformers import BertTokenizer

    normalizer, splitter = BertNormalizer(lowercase=lowercase), BertPreTokenizer()
    counts = Counter(
        word
        for sentence, times in Counter(sentences).items()
        for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(sentence))
        for _ in range(times)
    )
    if not counts:
        raise DataError("no words to learn a vocabulary from; the corpus has no sentence")
    letters = string.ascii_lowercase if lowercase else string.ascii_letters
    characters = sorted(
        {*letters, *string.digits, *string.punctuation, *(c for word in counts for c in word)}
    )
    words = sorted(counts, key=lambda word: (-counts[word], word))
    tokens = (*_SPECIALS, *characters, *(f"##{c}" for c in characters), *(w for w in words if len(w) > 1))
    return BertTokenizer(
        vocab={token: index for index, token in enumerate(tokens)},
        do_lower_case=lowercase,
        model_max_length=max_tokens,
    )


def load_tokenizer(folder: Path) -> BertTokenizer:
    """Return the tokenizer that a run or a stage saved in `folder`.

    Raises
    ------
    ArtefactError
        The folder holds no tokenizer.
    """
    from transformers import BertTokenizer

    if not (folder / "tokenizer.json").is_file():
        raise ArtefactError(f"{folder}: no tokenizer.json; run the stage that makes it again")
    return BertTokenizer.from_pretrained(str(folder), local_files_only=True)


def pretrained_tokenizer(settings: ModelSettings) -> BertTokenizer:
    """Return the tokenizer that belongs to `model.text_weights`, a folder or hub name.

    Lower-casing follows `model.lowercase`: the folder of Bio_ClinicalBERT, a cased model, does not say, and
    what published code does by default is to lower-case.

    Raises
    ------
    SettingsError
        The tokenizer cannot be read.
    """
    from transformers import BertTokenizer

    from egma_lib.models.pretrained import TEXT_SETTING, check_weights_folder, hub_arguments, unreachable

    name = str(settings.text_weights)
    check_weights_folder(name, TEXT_SETTING)
    arguments = hub_arguments(name, TEXT_SETTING)
    try:
        tokenizer = BertTokenizer.from_pretrained(
            name, do_lower_case=settings.lowercase, model_max_length=settings.max_tokens, **arguments
        )
    except OSError as error:
        raise unreachable(name, TEXT_SETTING) from error
    if len(tokenizer) <= len(_SPECIALS):
        # Where no vocabulary is found, transformers gives a tokenizer of nothing but specials, and no error.
        raise unreachable(name, TEXT_SETTING)
    return tokenizer
