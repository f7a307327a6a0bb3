"""Written reports in the layout of MIMIC-CXR, and the retrieval queries."""

from __future__ import annotations

import re

import numpy as np

from egma_lib.phantom.case import CasePlan, PlannedSentence
from egma_lib.phantom.reports.grammar import impression_line, load_grammar, pick

MISSPELLING_SHARE = 0.03
"""Share of correctly spelled candidates that the typist gets wrong."""
LINE_WIDTH = 78


def report_text(plan: CasePlan, sentences: tuple[PlannedSentence, ...], rng: np.random.Generator) -> str:
    """Return a full report as MIMIC-CXR stores it.

    An indented title, then sections whose lines start with a blank and which are separated by a line holding
    one blank. About a tenth lack FINDINGS and another tenth IMPRESSION; the other headings come and go.

    Parameters
    ----------
    plan
        The case.
    sentences
        What `write_sentences` wrote about it; they make the FINDINGS (or, where those lack, the IMPRESSION).
    rng
        Source of every choice.
    """
    phrases = load_grammar()["report"]
    sections: list[tuple[str, str]] = []
    for name, share in (("examination", 0.6), ("indication", 0.75), ("technique", 0.35), ("comparison", 0.6)):
        if rng.random() < share:
            sections.append((name.upper(), pick(phrases[name], rng)))
    findings = "  ".join(_sentence_case(sentence.text) for sentence in sentences)
    lacks = rng.choice(["none", "findings", "impression"], p=[0.8, 0.1, 0.1])
    if lacks == "findings":
        sections.append(("IMPRESSION", findings))
    else:
        sections.append(("FINDINGS", findings))
        if lacks != "impression":
            sections.append(("IMPRESSION", _impression(plan, rng)))
    blocks = [_block(name, _mistype(text, rng) if name in ("FINDINGS", "IMPRESSION") else text)
              for name, text in sections]  # fmt: skip
    return " " * 33 + "FINAL REPORT\n" + "\n \n".join(blocks) + "\n"


def retrieval_queries() -> dict[str, tuple[str, ...]]:
    """Return five query sentences for each class of the 8x200 retrieval test, in the order of its classes."""
    return {name: tuple(queries) for name, queries in load_grammar()["retrieval"].items()}


def _impression(plan: CasePlan, rng: np.random.Generator) -> str:
    if not plan.abnormal:
        return _sentence_case(pick(load_grammar()["report"]["impression_normal"], rng))
    lines = [_sentence_case(impression_line(finding, rng)) for finding in plan.abnormal]
    if len(lines) == 1 or rng.random() < 0.3:
        return "  ".join(lines)
    return "  ".join(f"{number}. {line}" for number, line in enumerate(lines, start=1))


def _sentence_case(text: str) -> str:
    acronyms = re.sub(r"\b(ap|pa)\b", lambda match: match.group().upper(), text)
    return acronyms[0].upper() + acronyms[1:] + "."


def _mistype(text: str, rng: np.random.Generator) -> str:
    for right, wrong in load_grammar()["report"]["misspellings"].items():
        if right in text and rng.random() < MISSPELLING_SHARE:
            text = re.sub(rf"\b{right}\b", wrong, text, count=1)
    return text


def _block(name: str, text: str) -> str:
    """Set a section: short ones on the heading's line, FINDINGS and IMPRESSION below it, all indented."""
    if name not in ("FINDINGS", "IMPRESSION"):
        return f" {name}:  {text}"
    return f" {name}:\n \n" + "\n".join(f" {line}" for line in _wrap(text))


def _wrap(text: str) -> list[str]:
    """Break at blanks, keeping the two blanks that follow a period within a line."""
    lines, line = [], ""
    for piece in re.findall(r"\S+\s*", text):
        if line and len(line) + len(piece.rstrip()) > LINE_WIDTH:
            lines.append(line.rstrip())
            line = ""
        line += piece
    return [*lines, line.rstrip()]
