"""Dictation: when each word of a report is spoken."""

from __future__ import annotations

import numpy as np

from egma_lib.errors import DataError
from egma_lib.phantom.case import PlannedSentence, ReaderProfile, SpokenWord

LETTERS_PER_WORD = 5.5
"""Mean length of a radiology word, at which a word lasts 1 / words_per_s (letters)."""
PERIOD = "."
SILENCE_S = (3.0, 8.0)
"""Bounds of the silent search before the first word."""
EARLIEST_END_S = (18.5, 21.0)
"""Bounds of the draw before which the last word does not end, so that a reading lasts 20 s or more."""
LATEST_END_S = (25.5, 28.0)
"""Bounds of the draw after which the last word does not end, so that a reading lasts at most 30 s."""


def dictate(
    sentences: tuple[PlannedSentence, ...], reader: ReaderProfile, rng: np.random.Generator
) -> tuple[SpokenWord, ...]:
    """Speak a report: silence first, then words, each sentence closed by a dictated period.

    A word's duration grows with its letters; words are separated by short pauses, sentences by longer ones. A
    short report gets longer pauses between sentences (the reader looks on), a long one is spoken faster.

    Parameters
    ----------
    sentences
        Sentences in dictated order.
    reader
        Speaking rate (words per second) and usual length of the silent search (seconds).
    rng
        Source of every choice.

    Returns
    -------
    tuple of SpokenWord
        Times in seconds from the start of the recording with two decimals; starts never decrease and no word
        overlaps the next.

    Raises
    ------
    DataError
        There is no sentence, or one without words.
    """
    spoken = [(*sentence.text.split(), PERIOD) for sentence in sentences]
    if not spoken or min(map(len, spoken)) < 2:
        raise DataError("dictation needs at least one sentence, and no empty one")
    words = [word for sentence in spoken for word in sentence]
    sentence_index = np.repeat(np.arange(len(spoken)), [len(sentence) for sentence in spoken])
    durations_s = _durations(words, reader, rng)
    pauses_s = rng.exponential(0.05, len(words))
    # One word in twelve is followed by a hesitation.
    pauses_s += (rng.random(len(words)) < 1 / 12) * rng.exponential(0.3, len(words))
    sentence_pauses_s = rng.gamma(3.0, 0.25, len(spoken))
    ends_sentence = np.array([word == PERIOD for word in words])
    pauses_s[ends_sentence] = sentence_pauses_s
    pauses_s[-1] = 0.0
    window_s = (rng.uniform(*EARLIEST_END_S), rng.uniform(*LATEST_END_S))
    silence_s = float(np.clip(reader.silent_search_s * rng.lognormal(0.0, 0.2), *SILENCE_S))
    starts_s, ends_s = _schedule(durations_s, pauses_s, ends_sentence, silence_s, window_s)
    return tuple(
        SpokenWord(word, start, end, index)
        for word, start, end, index in zip(
            words, starts_s.tolist(), ends_s.tolist(), sentence_index.tolist(), strict=True
        )
    )


def _durations(words: list[str], reader: ReaderProfile, rng: np.random.Generator) -> np.ndarray:
    letters = np.array([LETTERS_PER_WORD if word == PERIOD else len(word) for word in words], dtype=float)
    # Part of a word's time does not grow with its letters: 'of' is not five times shorter than 'opacities'.
    share = 0.4 + 0.6 * letters / LETTERS_PER_WORD
    return share / reader.words_per_s * rng.lognormal(0.0, 0.15, len(words))


def _schedule(
    durations_s: np.ndarray,
    pauses_s: np.ndarray,
    ends_sentence: np.ndarray,
    silence_s: float,
    window_s: tuple[float, float],
) -> tuple[np.ndarray, np.ndarray]:
    """Lay words end to end so that the last one ends in `window_s`; returns starts and ends (seconds)."""
    total_s = silence_s + durations_s.sum() + pauses_s.sum()
    shortest_s, longest_s = window_s
    if total_s > longest_s:
        factor = (longest_s - silence_s) / (total_s - silence_s)
        durations_s, pauses_s = durations_s * factor, pauses_s * factor
    elif total_s < shortest_s and ends_sentence[:-1].any():
        between = pauses_s * ends_sentence
        pauses_s = pauses_s + between * (shortest_s - total_s) / between.sum()
    steps_s = durations_s + pauses_s
    starts_s = silence_s + np.concatenate(([0.0], np.cumsum(steps_s)[:-1]))
    starts_s, ends_s = np.round(starts_s, 2), np.round(starts_s + durations_s, 2)
    ends_s[:-1] = np.minimum(ends_s[:-1], starts_s[1:])
    return starts_s, np.maximum(ends_s, starts_s)
