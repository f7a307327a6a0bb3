"""Words outside a vocabulary of whole words, and outside one of parts of words."""

from __future__ import annotations

import string

import pytest

from egma_lib.explorer.unknown_words import unknown_words
from egma_lib.models.vocabulary import learn_vocabulary


@pytest.fixture(scope="module")
def whole_words():
    return learn_vocabulary(["small left effusion", "no change"])


@pytest.fixture(scope="module")
def parts_of_words():
    from transformers import BertTokenizer

    letters = [*string.ascii_lowercase, *(f"##{letter}" for letter in string.ascii_lowercase)]
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, "effusion", "pneumo", "##thorax"]
    return BertTokenizer(vocab={token: index for index, token in enumerate(tokens)})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Small effusion, no change.", (), id="known_words_and_signs"),
        pytest.param("a small b", (), id="single_letters_are_known"),
        pytest.param("effusions", ("effusions",), id="a_plural_the_corpus_lacks"),
        pytest.param("Xylophone left Xylophone", ("Xylophone",), id="as_written_and_once"),
        pytest.param("small \u0416", ("\u0416",), id="a_letter_outside_the_vocabulary"),
        pytest.param("", (), id="no_text"),
    ],
)
def test_words_outside_whole_words(whole_words, text, expected):
    assert unknown_words(whole_words, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("pneumothorax", (), id="made_of_known_parts"),
        pytest.param("effusions", (), id="a_plural_of_a_known_word"),
        pytest.param("qzx effusion", ("qzx",), id="nothing_but_characters"),
        pytest.param("effusion 7", ("7",), id="a_sign_outside_the_vocabulary"),
    ],
)
def test_words_outside_parts_of_words(parts_of_words, text, expected):
    assert unknown_words(parts_of_words, text) == expected
