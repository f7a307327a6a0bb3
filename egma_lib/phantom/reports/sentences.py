"""What is dictated about a case: its findings among a normal systematic review."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from egma_lib.phantom.case import CasePlan, Finding, PlannedSentence
from egma_lib.phantom.reports.grammar import combined, load_grammar, pick, standalone, topic

REVIEW = ("lungs", "heart", "mediastinum", "pleura", "bones")
"""Topics of a systematic review in its usual order."""
LUNG_SIDED = ("Atelectasis", "Consolidation", "Edema", "Pneumonia", "Pleural Effusion", "Pneumothorax")
COMBINE_SHARE = 0.3
UNPOINTED_SHARE = 0.45
DEVICE_SHARE = 0.8
LENGTH = (4, 8)


@dataclass(frozen=True)
class _Drafted:
    """A sentence with its place in the review (0 to 1)."""

    sentence: PlannedSentence
    order: float


def write_sentences(plan: CasePlan, rng: np.random.Generator) -> tuple[PlannedSentence, ...]:
    """Write the sentences dictated about a case, in dictated order.

    Every abnormal finding is spoken of, support devices mostly; two findings share a sentence at times, and
    normal sentences never contradict a finding.

    Parameters
    ----------
    plan
        The case.
    rng
        Source of every choice.

    Returns
    -------
    tuple of PlannedSentence
        About 4 to 8 sentences, lower case, without periods.

    Raises
    ------
    DataError
        A finding that the phrase lists do not know.
    """
    abnormal = _finding_sentences(plan, rng)
    length = int(rng.integers(LENGTH[0], LENGTH[1] + 1))
    unpointed = _unpointed_sentence(plan, rng) if rng.random() < UNPOINTED_SHARE else None
    n_normal = max(length - len(abnormal) - (unpointed is not None), 1 if abnormal else 3)
    normal = _normal_sentences(plan, n_normal, rng)
    body = _in_dictated_order(abnormal, normal, rng)
    if unpointed is not None:
        closing = not plan.abnormal or rng.random() < 0.3
        body = [*body, unpointed] if closing else [unpointed, *body]
    return tuple(body)


def _finding_sentences(plan: CasePlan, rng: np.random.Generator) -> list[_Drafted]:
    spoken = [
        index
        for index, finding in enumerate(plan.findings)
        if finding.name != "Support Devices" or rng.random() < DEVICE_SHARE
    ]
    rng.shuffle(spoken)
    drafted = []
    while spoken:
        index = spoken.pop()
        finding = plan.findings[index]
        partner = _partner(plan, finding, spoken)
        if partner is not None and rng.random() < COMBINE_SHARE:
            spoken.remove(partner)
            text = combined(finding, plan.findings[partner], rng)
            sentence = PlannedSentence(text, finding_indices=(index, partner))
        else:
            sentence = PlannedSentence(standalone(finding, rng), finding_indices=(index,))
        drafted.append(_Drafted(sentence, _review_position(topic(finding), rng)))
    return drafted


def _partner(plan: CasePlan, finding: Finding, candidates: list[int]) -> int | None:
    """Return the first other finding that can share a sentence; devices are always said alone."""
    if finding.name == "Support Devices":
        return None
    return next((i for i in candidates if plan.findings[i].name != "Support Devices"), None)


def _normal_sentences(plan: CasePlan, count: int, rng: np.random.Generator) -> list[_Drafted]:
    """Draw up to `count` normal sentences, each topic once before any comes again."""
    normal = load_grammar()["normal"]
    present = {finding.name for finding in plan.findings}
    clear_side = _clear_side(plan)
    fitting: dict[str, list[dict[str, Any]]] = {
        part: [entry for entry in normal[part] if _is_true(entry, present, clear_side)] for part in REVIEW
    }
    drafted: list[_Drafted] = []
    regions_said: set[tuple[str, ...]] = set()
    while len(drafted) < count and any(fitting.values()):
        for part in rng.permutation([part for part in REVIEW if fitting[part]]):
            entry = fitting[part].pop(int(rng.integers(len(fitting[part]))))
            regions = tuple(region.format(clear_side=clear_side) for region in entry["regions"])
            if regions in regions_said or len(drafted) == count:
                continue
            regions_said.add(regions)
            sentence = PlannedSentence(entry["say"].format(clear_side=clear_side), region_names=regions)
            drafted.append(_Drafted(sentence, _review_position(part, rng)))
    return drafted


def _is_true(entry: dict[str, Any], present: set[str], clear_side: str | None) -> bool:
    if "{clear_side}" in entry["say"] and clear_side is None:
        return False
    return present.isdisjoint(entry.get("not_with", ()))


def _clear_side(plan: CasePlan) -> str | None:
    """Return a side whose lung has no finding while the other has one, or None."""
    sides = {finding.side for finding in plan.findings if finding.name in LUNG_SIDED}
    if sides == {"left"}:
        return "right"
    return "left" if sides == {"right"} else None


def _review_position(part: str, rng: np.random.Generator) -> float:
    """Return a place in the review, blurred so that neighbouring topics swap at times."""
    usual = REVIEW.index(part) if part in REVIEW else len(REVIEW)
    return usual + rng.normal(0, 0.8)


def _in_dictated_order(
    abnormal: list[_Drafted], normal: list[_Drafted], rng: np.random.Generator
) -> list[PlannedSentence]:
    """Order sentences by one of the habits readers have: systematic, abnormal first, or free."""
    habit = pick(("systematic", "systematic", "abnormal first", "free"), rng)
    if habit == "free":
        drafted = [*abnormal, *normal]
        rng.shuffle(drafted)  # type: ignore[arg-type]
        return [item.sentence for item in drafted]
    groups = [[*abnormal, *normal]] if habit == "systematic" else [abnormal, normal]
    return [item.sentence for group in groups for item in sorted(group, key=lambda item: item.order)]


def _unpointed_sentence(plan: CasePlan, rng: np.random.Generator) -> PlannedSentence:
    lists = load_grammar()["unpointed"]
    options = lists["any"] if plan.abnormal else [*lists["any"], *lists["normal_only"], *lists["normal_only"]]
    return PlannedSentence(pick(options, rng))
