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
    word = words["word"].to_numpy(dtype=object)
    raw_index = np.cumsum(np.concatenate(([0], word[:-1] == "."))) if len(word) else np.empty(0, dtype=int)
    spoken = ~np.isin(word.astype(str), list(PUNCTUATION)) if len(word) else np.empty(0, dtype=bool)
    kept, index = np.unique(raw_index[spoken], return_inverse=True)
    content = words.loc[spoken, ["word", "start_s", "end_s"]].reset_index(drop=True)
    content["sentence_index"] = index.astype(np.int64)
    texts = [_join(word[(raw_index == number) & (word != ".")]) for number in kept]
    grouped = content.groupby("sentence_index", sort=True)
    sentences = pd.DataFrame(
        {
            "sentence_index": np.arange(len(kept), dtype=np.int64),
            "text": pd.Series(texts, dtype="str"),
            "start_s": grouped["start_s"].min().to_numpy(dtype=np.float64),
            "end_s": grouped["end_s"].max().to_numpy(dtype=np.float64),
        }
    )
    return content, sentences


def _join(words: np.ndarray) -> str:
    return " ".join(words).replace(" ,", ",").strip(" ,/").lower()
