"""From timed words to sentences with time windows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from egma_lib.gaze.transcripts import PUNCTUATION

SENTENCE_COLUMNS = ("sentence_index", "text", "start_s", "end_s")


def split_sentences(words: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cut timed words into sentences at the periods.

    A sentence lasts from the earliest start to the latest end of its words; saying "period" is not part of
    it. Commas and slashes stay in the text but are no words. A last sentence without a period counts, a
    period without words before it does not.

    Parameters
    ----------
    words
        word, start_s, end_s (seconds); punctuation in rows of its own.

    Returns
    -------
    (pandas.DataFrame, pandas.DataFrame)
        Words: word, start_s, end_s, sentence_index, without punctuation. Sentences: sentence_index (0, 1,
        ...), text (lower case, no final period), start_s, end_s.
    """
    word = np.array(words["word"].tolist(), dtype=object)
    spoken = np.array([one not in PUNCTUATION for one in word], dtype=bool)
    segment = _segments(word)
    kept, index = np.unique(segment[spoken], return_inverse=True)
    start_s = words["start_s"].to_numpy(dtype=np.float64)[spoken]
    end_s = words["end_s"].to_numpy(dtype=np.float64)[spoken]
    first = np.flatnonzero(np.diff(index, prepend=-1))
    content = pd.DataFrame(
        {
            "word": pd.array(word[spoken], dtype="str"),
            "start_s": start_s,
            "end_s": end_s,
            "sentence_index": index.astype(np.int64),
        }
    )
    texts = [_join(word[(segment == number) & (word != ".")]) for number in kept]
    sentences = pd.DataFrame(
        {
            "sentence_index": np.arange(len(kept), dtype=np.int64),
            "text": pd.array(texts, dtype="str"),
            "start_s": np.minimum.reduceat(start_s, first) if len(first) else start_s,
            "end_s": np.maximum.reduceat(end_s, first) if len(first) else end_s,
        }
    )
    return content, sentences


def count_empty_sentences(words: pd.DataFrame) -> int:
    """Return how many sentences `split_sentences` drops, because they hold punctuation and no word."""
    word = np.array(words["word"].tolist(), dtype=object)
    spoken = np.array([one not in PUNCTUATION for one in word], dtype=bool)
    segment = _segments(word)
    return len(np.unique(segment)) - len(np.unique(segment[spoken]))


def _segments(word: np.ndarray) -> np.ndarray:
    # A period belongs to the sentence it ends, so counting starts anew on the word after it.
    return np.cumsum(word == ".") - (word == ".")


def _join(words: np.ndarray) -> str:
    return " ".join(words).replace(" ,", ",").strip(" ,/").lower()
