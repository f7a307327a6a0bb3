"""Dictation: words in order, at a speaker's pace, within a reading's length."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from egma_lib.errors import DataError
from egma_lib.phantom.case import PlannedSentence, ReaderProfile
from egma_lib.phantom.speech import dictate

READER = ReaderProfile("A", 0.85, 0.8, 0.3, words_per_s=2.5, silent_search_s=5.0)
SENTENCES = tuple(
    PlannedSentence(text)
    for text in (
        "the lungs are clear",
        "small left pleural effusion",
        "subsegmental atelectasis at the left lung base",
        "heart size is normal",
        "no acute osseous abnormality",
    )
)


def spoken(seed=0, sentences=SENTENCES, reader=READER):
    return dictate(sentences, reader, np.random.default_rng(seed))


def test_words_are_the_sentences_each_closed_by_a_period():
    said = " ".join(word.word for word in spoken())
    assert said == " . ".join(s.text for s in SENTENCES) + " ."


def test_words_carry_their_sentences_index():
    for word in spoken():
        assert word.word == "." or word.word in SENTENCES[word.sentence_index].text.split()


@pytest.mark.parametrize("seed", range(8))
def test_times_never_run_back_and_words_never_overlap(seed):
    words = spoken(seed)
    assert all(word.start_s <= word.end_s for word in words)
    assert all(a.end_s <= b.start_s for a, b in itertools.pairwise(words))


def test_times_have_two_decimals():
    assert all(round(t, 2) == t for word in spoken() for t in (word.start_s, word.end_s))


@pytest.mark.parametrize("seed", range(8))
def test_a_silent_search_of_three_to_eight_seconds_comes_first(seed):
    assert 3.0 <= spoken(seed)[0].start_s <= 8.0


def test_silence_follows_the_reader():
    quick, slow = (
        np.mean([spoken(seed, reader=replace(READER, silent_search_s=s))[0].start_s for seed in range(30)])
        for s in (3.5, 6.5)
    )
    assert slow - quick > 2.0


@pytest.mark.parametrize(
    "sentences",
    [
        pytest.param(SENTENCES[:2], id="short_report_is_stretched_by_its_pauses"),
        pytest.param(SENTENCES, id="usual_report"),
        pytest.param(SENTENCES * 3, id="long_report_is_spoken_faster"),
    ],
)
def test_a_reading_ends_between_18_and_28_seconds(sentences):
    ends_s = [spoken(seed, sentences)[-1].end_s for seed in range(30)]
    assert min(ends_s) >= 18.4
    assert max(ends_s) <= 28.1


def test_long_words_last_longer_than_short_ones():
    words = [word for seed in range(30) for word in spoken(seed)]
    mean_s = {
        name: np.mean([w.end_s - w.start_s for w in words if w.word == name])
        for name in ("at", "atelectasis")
    }
    assert 1.5 < mean_s["atelectasis"] / mean_s["at"] < 4.0


def test_pauses_between_sentences_are_longer_than_between_words():
    words = spoken()
    gaps = [(b.start_s - a.end_s, a.word == ".") for a, b in itertools.pairwise(words)]
    assert np.mean([gap for gap, ends in gaps if ends]) > 3 * np.mean([gap for gap, ends in gaps if not ends])


def test_the_same_seed_speaks_the_same():
    assert spoken(3) == spoken(3)
    assert spoken(3) != spoken(4)


@pytest.mark.parametrize(
    "sentences",
    [pytest.param((), id="no_sentence"), pytest.param((PlannedSentence(" "),), id="empty_sentence")],
)
def test_nothing_to_say_is_refused(sentences):
    with pytest.raises(DataError, match="at least one sentence"):
        spoken(0, sentences)
