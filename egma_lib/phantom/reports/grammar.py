"""The simulated radiologists' phrase lists and how a finding is put into words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from egma_lib.errors import DataError
from egma_lib.phantom.case import Finding

GRAMMAR_FILE = Path(__file__).resolve().parents[3] / "data" / "reference" / "phantom_grammar.yaml"

SEVERITY_SHARE = 0.65
"""Share of noun phrases whose severity is said where it could be."""
SIDE_FREE_SHARE = 0.12
"""Share of wordings that leave the side out, as readers do when it is plain."""
STANDALONE_SHARE = 0.3
"""Share of single findings worded by a sentence of their own instead of a frame around a noun phrase."""


@lru_cache(maxsize=1)
def load_grammar() -> dict[str, Any]:
    """Read the phrase lists once per process.

    Raises
    ------
    DataError
        The file is not there.
    """
    try:
        return yaml.safe_load(GRAMMAR_FILE.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError(
            f"{GRAMMAR_FILE}: the phantom's phrase lists are missing; restore the file"
        ) from error


def pick(options: Sequence[Any], rng: np.random.Generator) -> Any:
    """Return one of `options` at random."""
    return options[int(rng.integers(len(options)))]


def topic(finding: Finding) -> str:
    """Return the part of the systematic review that a finding belongs to."""
    return _rules(finding)["topic"]


def is_countable(finding: Finding) -> bool:
    """Return whether the finding's noun phrases take an article after 'there is'."""
    return bool(_rules(finding).get("countable", False))


def noun_phrase(finding: Finding, rng: np.random.Generator) -> str:
    """Return a noun phrase for a finding, such as 'small left pleural effusion' (side-free at times)."""
    return _say(finding, "nouns", _spoken_side(finding, rng), rng)


def standalone(finding: Finding, rng: np.random.Generator) -> str:
    """Return a whole sentence about one finding, framed noun phrase or sentence of its own."""
    if rng.random() < STANDALONE_SHARE:
        return _say(finding, "sentences", _spoken_side(finding, rng), rng)
    return _framed(finding, pick(_rules(finding).get("frames", load_grammar()["frames"]), rng), rng)


def combined(first: Finding, second: Finding, rng: np.random.Generator) -> str:
    """Return one sentence about two findings, in the order given."""
    opening, closing = noun_phrase(first, rng), noun_phrase(second, rng)
    frame = pick(load_grammar()["combinations"], rng)
    return tidy(frame.format(first=opening, a_first=with_article(opening, first), second=closing))


def impression_line(finding: Finding, rng: np.random.Generator) -> str:
    """Return a line of an impression about one finding."""
    return _framed(finding, pick(load_grammar()["report"]["impression_frames"], rng), rng)


def with_article(noun: str, finding: Finding) -> str:
    """Put 'a' or 'an' before a countable finding's noun phrase."""
    if not is_countable(finding) or re.match(r"(an?|improvement|appearance|redemonstration)\b", noun):
        return noun
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def tidy(text: str) -> str:
    """Collapse the blanks that empty slots leave."""
    return " ".join(text.split())


def _framed(finding: Finding, frame: str, rng: np.random.Generator) -> str:
    noun = noun_phrase(finding, rng)
    text = tidy(frame.format(noun=noun, a_noun=with_article(noun, finding)))
    # Published preprocessing drops sentences of a single word.
    return text if " " in text else f"{text} is present"


def _rules(finding: Finding) -> dict[str, Any]:
    try:
        return load_grammar()["findings"][finding.name]
    except KeyError as error:
        raise DataError(f"{GRAMMAR_FILE.name}: no phrases for the finding {finding.name!r}") from error


def _spoken_side(finding: Finding, rng: np.random.Generator) -> str:
    # A bilateral finding keeps its side: 'pleural effusion' alone would be read as one of them.
    if finding.side in ("left", "right") and rng.random() < SIDE_FREE_SHARE:
        return "none"
    return finding.side


def _say(finding: Finding, part: str, side: str, rng: np.random.Generator) -> str:
    rules = _rules(finding)
    entries = [entry if isinstance(entry, dict) else {"say": entry} for entry in rules[part]]
    fitting = [entry["say"] for entry in entries if _fits(entry, finding, side)]
    if not fitting:
        return _say(finding, "nouns", side, rng)
    severities = rules["severity"][finding.severity]
    words = {
        "severity": pick(severities, rng) if severities and rng.random() < SEVERITY_SHARE else "",
        "change": pick(load_grammar()["changes"], rng),
        "kind": pick((*rules.get("kinds", ()), ""), rng),
        "side": side,
        "place": _place(rules["place"], side, finding.zone, rng) if "place" in rules else "",
    }
    return tidy(_without_doubles(pick(fitting, rng).format(**words)))


def _fits(entry: dict[str, str], finding: Finding, side: str) -> bool:
    one_side = side in ("left", "right")
    if "{side}" in entry["say"] and side == "none":
        return False
    if "bilateral" in entry["say"] and side != "bilateral":
        return False
    wanted = entry.get("side", side)
    if not (wanted == side or (wanted == "one_side" and one_side)):
        return False
    return entry.get("zone", finding.zone) == finding.zone and (
        entry.get("severity", finding.severity) == finding.severity
    )


def _place(kind: str, side: str, zone: str, rng: np.random.Generator) -> str:
    group = {"left": "one_side", "right": "one_side", "bilateral": "bilateral", "none": "no_side"}[side]
    return pick(load_grammar()["places"][kind][group][zone], rng).format(side=side)


def _without_doubles(text: str) -> str:
    """Drop a word said twice in a row ('trace trace atelectasis')."""
    return re.sub(r"\b(\w+)( \1\b)+", r"\1", tidy(text))
