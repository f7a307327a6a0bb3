"""Which sentences name a finding as present: a small rule in the manner of NegEx (Chapman et al., 2001)."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

_CLAUSE_END = re.compile(
    r";|\b(?:but|however|although|though|except|aside from|apart from|other than|which|due to|caused by|"
    r"secondary to|because of|there (?:is|are|was|were))\b",
    re.IGNORECASE,
)
"""Where a negation stops: what follows is said anew."""

_NO_NEGATION = re.compile(
    r"\b(?:no|not|without)\b(?: \w+)? (?:chang\w*|increas\w*|decreas\w*|improv\w*|worse\w*|progress\w*)"
    r"|\bnot (?:only|excluded|ruled out)\b|\bcan ?not be (?:excluded|ruled out)\b",
    re.IGNORECASE,
)
"""A change, not the finding, is denied ("no interval change in effusion"), or the finding is left open."""

_DENIED_AFTER = re.compile(
    r"\b(?:no|not|without|nor|neither|never|resolved|(?:resolution|absence) of|absent|"
    r"negative for|(?:free|clear) of)\b",
    re.IGNORECASE,
)
"""Denies what follows it within the clause; "free" alone does not ("free pleural effusion")."""

_DENIED_BEFORE = re.compile(
    r"\b(?:(?:not|no longer) (?:\w+ly )?(?:seen|identified|present|visible|visuali[sz]ed|evident|apparent|"
    r"appreciated|detected|noted|found|observed|demonstrated|shown)|absent|resolved|excluded|ruled out|"
    r"unlikely)\b",
    re.IGNORECASE,
)
"""Denies what stands before it within the clause ("pneumothorax is not seen")."""


def affirms(texts: pd.Series, finding: str) -> np.ndarray:
    """Return which sentences name a finding and do not deny it.

    The finding is looked for by the last word of its name, also as a plural or at the end of a compound; one
    mention that is not denied is enough. A denial reaches to the end of its clause, so that "no rib fracture
    but a small effusion" affirms the effusion, and "no lung markings due to pneumothorax" the pneumothorax.
    Source of the method: Chapman et al., "A simple algorithm for identifying negated findings and diseases in
    discharge summaries", J Biomed Inform 34 (2001).

    Parameters
    ----------
    texts
        Sentences, shape (n_sentences,), any case.
    finding
        Name of the finding, such as `Pleural Effusion`.

    Returns
    -------
    numpy.ndarray
        bool, shape (n_sentences,).
    """
    name = _name_pattern(finding)
    return np.array([_affirms(str(text), name) for text in texts], dtype=bool)


def _name_pattern(finding: str) -> re.Pattern[str]:
    """Return what matches the last word of a finding's name, its plural and compounds that end in it."""
    word = finding.lower().split()[-1]
    for ending, plural in (("y", "ies"), ("is", "es")):
        if word.endswith(ending):
            return re.compile(rf"\b\w*{re.escape(word.removesuffix(ending))}(?:{ending}|{plural})\b", re.I)
    return re.compile(rf"\b\w*{re.escape(word)}(?:s|es|d)?\b", re.IGNORECASE)


def _affirms(text: str, name: re.Pattern[str]) -> bool:
    clauses = _CLAUSE_END.split(_NO_NEGATION.sub(" ", text))
    return any(
        not _DENIED_AFTER.search(clause, 0, mention.start())
        and not _DENIED_BEFORE.search(clause, mention.end())
        for clause in clauses
        for mention in name.finditer(clause)
    )
