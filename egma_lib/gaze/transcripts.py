"""Word times of both data sets, in one form: a row per word, punctuation in rows of its own."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from egma_lib.gaze.recording import WORD_COLUMNS
from egma_lib.gaze.tables import RecordingError, read_table

PUNCTUATION = frozenset({".", ",", "/"})
# A period or comma between digits belongs to a number ("3.5 cm") and ends nothing.
_TOKEN = re.compile(r"[.,](?!\d)|(?:[^\s.,]|[.,](?=\d))+")


def read_reflacx_words(path: Path) -> pd.DataFrame:
    """Read `timestamps_transcription.csv`.

    Returns
    -------
    pandas.DataFrame
        word (lower case), start_s, end_s (seconds since audio start); `.`, `,` and `/` were dictated and are
        rows of their own.

    Raises
    ------
    RecordingError
        File or column missing, or a word without a time.
    """
    table = read_table(path, numbers=("timestamp_start_word", "timestamp_end_word"), texts=("word",))
    table.columns = pd.Index(WORD_COLUMNS)
    table["word"] = table["word"].str.lower()
    bad = ~np.isfinite(table[["start_s", "end_s"]].to_numpy()).all(axis=1)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise RecordingError(f"record {row + 1}, word {table['word'].iloc[row]!r}: no time", path)
    # Never so in the release; swapped as for EYE GAZE, where it occurs.
    table[["start_s", "end_s"]] = np.sort(table[["start_s", "end_s"]].to_numpy(), axis=1)
    return table[table["word"] != ""].reset_index(drop=True)


def read_eye_gaze_words(path: Path) -> pd.DataFrame:
    """Read `transcript.json`, whose phrases hold several words and periods anywhere.

    A phrase's time is shared out among its words by their number of characters; punctuation takes no time,
    since it was added when the text was typed. Times may be strings and a phrase may end before it begins
    (both occur once in the data); an empty transcript gives no rows.

    Returns
    -------
    pandas.DataFrame
        word, start_s, end_s as in `read_reflacx_words`, in the order of the text.

    Raises
    ------
    RecordingError
        File missing, not JSON, or a phrase without text or time.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RecordingError("not found", path) from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise RecordingError(f"not valid JSON ({error})", path) from error
    if not isinstance(content, dict) or not isinstance(content.get("time_stamped_text"), list):
        raise RecordingError("lacks the list 'time_stamped_text'", path)
    rows = [
        row
        for number, phrase in enumerate(content["time_stamped_text"], start=1)
        for row in _words_of_phrase(*_phrase(phrase, number, path))
    ]
    return pd.DataFrame(rows, columns=list(WORD_COLUMNS)).astype(
        {"word": str, "start_s": np.float64, "end_s": np.float64}
    )


def _phrase(phrase: Any, number: int, path: Path) -> tuple[str, float, float]:
    try:
        text = phrase["phrase"]
        if not isinstance(text, str):
            raise TypeError("a phrase is text")
        begin, end = float(phrase["begin_time"]), float(phrase["end_time"])
    except (KeyError, TypeError, ValueError) as error:
        raise RecordingError(
            f"phrase {number}: expected phrase, begin_time and end_time in seconds, got {phrase!r}", path
        ) from error
    if not (np.isfinite(begin) and np.isfinite(end)):
        raise RecordingError(f"phrase {number}: its time is not a finite number", path)
    return text, min(begin, end), max(begin, end)


def _words_of_phrase(text: str, begin: float, end: float) -> list[tuple[str, float, float]]:
    tokens = _TOKEN.findall(text.lower())
    lengths = np.array([0 if token in PUNCTUATION else len(token) for token in tokens], dtype=np.float64)
    bounds = np.concatenate(([0.0], np.cumsum(lengths))) / max(lengths.sum(), 1.0)
    times = begin + bounds * (end - begin)
    return [(token, float(times[i]), float(times[i + 1])) for i, token in enumerate(tokens)]
