"""One outcome of the audit of reported numbers, in words that accuse nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["impossible", "remark", "no objection", "information", "not testable"]

F1_REASONS = (
    "another averaging of F1 (by support, of the positive class only, from mean precision and recall); "
    "accuracy and F1 taken at different thresholds; another split; a typing error"
)
COUNT_REASONS = "another number of cases or runs; runs rounded before they were averaged; a typing error"
SET_REASONS = "another split or a balanced test set for some rows; another averaging of F1; a typing error"
SWAP_REASONS = (
    "labels or score columns in another order; a threshold chosen otherwise; another averaging of F1"
)

ONE_CLASS_REASONS = (
    f"a threshold or prompts that suit another set; a checkpoint not made for this finding; {SWAP_REASONS}"
)


@dataclass(frozen=True)
class Finding:
    """What a check says of a row.

    Attributes
    ----------
    check
        Name of the check.
    verdict
        `impossible` only where a proof excludes the numbers under the assumptions that stand beside it.
    reported
        The numbers looked at, as printed.
    finding
        The outcome in words.
    reasons
        Innocent explanations, empty where there is nothing to explain.
    assumes
        What the check takes for granted; empty where that is the row's counts and runs.
    """

    check: str
    verdict: Verdict
    reported: str
    finding: str
    reasons: str = ""
    assumes: str = ""


def percent(share: float) -> str:
    """Return a share as a percentage with two decimals."""
    return f"{100 * share:.2f}"
