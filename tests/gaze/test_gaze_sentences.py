"""Sentences and their windows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from egma_lib.gaze.sentences import split_sentences


def timed(text: str) -> pd.DataFrame:
    """Words of one second each, one after the other."""
    words = text.split()
    start = np.arange(len(words), dtype=float)
    return pd.DataFrame({"word": words, "start_s": start, "end_s": start + 1})


@pytest.mark.parametrize(
    ("spoken", "texts", "windows"),
    [
        pytest.param("a b . c .", ["a b", "c"], [(0, 2), (3, 4)], id="periods_end_sentences"),
        pytest.param("a . b", ["a", "b"], [(0, 1), (2, 3)], id="last_sentence_without_a_period"),
        pytest.param("a , b .", ["a, b"], [(0, 3)], id="commas_are_text_but_no_words"),
        pytest.param("a / b .", ["a / b"], [(0, 3)], id="slashes_stay"),
        pytest.param(". . a . . , . b .", ["a", "b"], [(2, 3), (7, 8)], id="sentences_of_punctuation_vanish"),
        pytest.param(".", [], [], id="only_a_period"),
        pytest.param("", [], [], id="nothing_said"),
    ],
)
def test_sentences_and_windows(spoken, texts, windows):
    words, sentences = split_sentences(timed(spoken))
    assert sentences["text"].tolist() == texts
    assert list(zip(sentences["start_s"], sentences["end_s"], strict=True)) == windows
    assert sentences["sentence_index"].tolist() == list(range(len(texts)))
    assert not words["word"].isin([".", ",", "/"]).any()
    assert words["sentence_index"].nunique() == len(texts)


def test_words_out_of_order_keep_the_texts_order_and_the_widest_window():
    words = pd.DataFrame({"word": ["b", "a", "."], "start_s": [5.0, 2.0, 6.0], "end_s": [6.0, 3.0, 6.0]})
    _, sentences = split_sentences(words)
    assert sentences.iloc[0].tolist() == [0, "b a", 2.0, 6.0]
