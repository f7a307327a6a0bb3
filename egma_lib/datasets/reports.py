"""Sections and sentences of MIMIC-CXR reports.

Source: section headers as in the MIT-LCP report parser's description; sentence rule as in GLoRIA and MGCA
(findings and impression, split at periods and numbered lists, lower case, one-token sentences dropped).
"""

from __future__ import annotations

import re

HEADER = re.compile(r"^ ?(?P<name>[A-Z][A-Z ()/,&-]*):(?=\s|$)", re.MULTILINE)
FINDINGS = ("FINDINGS", "FINDING", "FINDINS", "FINDNGS")
IMPRESSION = ("IMPRESSION", "IMPRESSON", "IMPRSSION", "CONCLUSION", "CONCLUSIONS")
BOTH = ("FINDINGS AND IMPRESSION", "FINDINGS/IMPRESSION", "IMPRESSION AND FINDINGS", "IMPRESSION/FINDINGS")
SENTENCE_END = re.compile(
    r"\.(?=\s|$)"  # a period within a number such as 2.5 ends nothing
    r"|(?:(?<=\s)|^)\d+[.)](?=\s)"  # list marks: "1. ", "2) "
)
PARAGRAPH = re.compile(r"\n\s*\n")


def report_sections(report: str) -> dict[str, str]:
    """Return the sections of a report by upper-case header name, in order.

    A header is upper case at the start of a line (after at most one space) and ends in a colon. Text before
    the first header is left out; a header that occurs twice keeps both texts.
    """
    marks = list(HEADER.finditer(report))
    borders = [*(mark.start() for mark in marks), len(report)]
    sections: dict[str, str] = {}
    for mark, end in zip(marks, borders[1:], strict=True):
        name, body = " ".join(mark["name"].split()), report[mark.end() : end].strip()
        sections[name] = f"{sections[name]}\n{body}" if name in sections else body
    return sections


def report_body(report: str) -> str:
    """Return findings followed by impression; where the report has neither, its last paragraph.

    Returns
    -------
    str
        Empty where there is no text at all.
    """
    sections = report_sections(report)
    parts = [sections[name] for name in (*FINDINGS, *BOTH, *IMPRESSION) if sections.get(name)]
    if parts:
        return "\n".join(parts)
    paragraphs = [part.strip() for part in PARAGRAPH.split(report) if part.strip()]
    return HEADER.sub("", paragraphs[-1]).strip() if paragraphs else ""


def split_sentences(text: str) -> tuple[str, ...]:
    """Split text at periods and list numbers into lower-case sentences without a final period.

    Sentences of fewer than two tokens (runs of letters or digits; `___` stands for removed data and is none)
    are dropped.

    Examples
    --------
    >>> split_sentences("1. No acute process.  2. A 2.5 cm nodule. Stable.")
    ('no acute process', 'a 2.5 cm nodule')
    """
    parts = (" ".join(part.lower().split()) for part in SENTENCE_END.split(text))
    return tuple(part for part in parts if len(re.findall(r"[^\W_]+", part)) > 1)


def report_sentences(report: str) -> tuple[str, ...]:
    """Return the sentences of a report's findings and impression; see `report_body` and `split_sentences`."""
    return split_sentences(report_body(report))
