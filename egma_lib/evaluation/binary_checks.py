"""Checks of accuracy and macro F1 with two classes; the algebra is in `binary_shares`."""

from __future__ import annotations

import math

from egma_lib.evaluation.binary_shares import (
    CalledShares,
    Span,
    called_shares,
    exceeds_accuracy,
    macro_f1_of,
    matching_counts,
)
from egma_lib.evaluation.finding import (
    COUNT_REASONS,
    F1_REASONS,
    ONE_CLASS_REASONS,
    SET_REASONS,
    SWAP_REASONS,
    Finding,
    Verdict,
    percent,
)
from egma_lib.evaluation.printed import Printed
from egma_lib.evaluation.reported_rows import Design, ReportedRow

_PLAIN_MEAN = "two classes; macro F1 is the plain mean of their F1; accuracy and F1 of the same calls"


def check_binary(row: ReportedRow) -> list[Finding]:
    """Return what accuracy and macro F1 of two classes say, nothing where the row is of another kind.

    For a mean of several runs only the order of the two is tested: it holds for means because it holds for
    each run, while the other identities are not linear.
    """
    if row.design.n_classes != 2 or row.pair is None:
        return []
    accuracy, macro_f1 = row.pair
    reported = f"{accuracy.text}/{macro_f1.text}"
    if exceeds_accuracy(accuracy, macro_f1):
        text = (
            "macro F1 above accuracy: cannot be the binary macro F1 of one confusion matrix, nor the mean of "
            "several"
        )
        return [Finding("macro F1 and accuracy", "impossible", reported, text, F1_REASONS, _PLAIN_MEAN)]
    text = "macro F1 is not above accuracy"
    findings = [Finding("macro F1 and accuracy", "no objection", reported, text, assumes=_PLAIN_MEAN)]
    if row.design.n_runs > 1:
        text = f"mean of {row.design.n_runs} runs: the shares per class follow for single runs only"
        return [*findings, Finding("called shares", "not testable", reported, text)]
    shares = called_shares(accuracy, macro_f1)
    if shares is None:
        return findings
    findings += [_shares(reported, shares, accuracy, macro_f1), _prevalence(reported, shares, row.design)]
    findings += _one_class(reported, shares, row)
    findings.append(_readings(shares, accuracy, macro_f1, row.design))
    return findings + _counts(reported, row)


def positive_share(design: Design) -> Span | None:
    """Return the share of positive cases that a design states, with the width of its printed digits."""
    if design.n_positive is not None and design.n_cases is not None:
        share = design.n_positive / design.n_cases
        return Span(share, share)
    if design.prevalence is not None:
        return Span(float(design.prevalence.low), float(design.prevalence.high))
    return None


def orientations(shares: CalledShares, positives: Span) -> list[tuple[Span, Span]]:
    """Return the (positive, negative) called shares that a share of positive cases allows: 0 to 2 pairs."""
    ways = ((shares.fewer, shares.more), (shares.more, shares.fewer))
    return [
        (positive, negative)
        for positive, negative in ways
        if Span(positive.low, 1 - negative.low).meets(positives)
    ]


def _shares(reported: str, shares: CalledShares, accuracy: Printed, macro_f1: Printed) -> Finding:
    more, fewer = _point(accuracy, macro_f1)
    text = (
        f"of all cases {percent(more)} % are called correctly in one class and {percent(fewer)} % "
        f"({percent(shares.fewer.low)} to {percent(shares.fewer.high)} within rounding) in the other"
    )
    return Finding("called shares", "information", reported, text)


def _point(accuracy: Printed, macro_f1: Printed) -> tuple[float, float]:
    """Return the shares that the printed values themselves imply, more first."""
    s, f = float(accuracy.value), float(macro_f1.value)
    d = min(s, math.sqrt((s - f) / (1 - f))) if f < s else 0.0
    return (s + d) / 2, (s - d) / 2


def _prevalence(reported: str, shares: CalledShares, design: Design) -> Finding:
    allowed = shares.minority
    text = f"the smaller class has {percent(allowed.low)} to {percent(allowed.high)} % of the cases"
    stated = positive_share(design)
    if stated is None:
        return Finding("prevalence", "information", reported, text)
    at = percent(stated.low if stated.low == stated.high else (stated.low + stated.high) / 2)
    if orientations(shares, stated):
        return Finding("prevalence", "no objection", reported, f"{text}, which {at} % positive cases allow")
    verdict: Verdict = "impossible" if design.is_known else "remark"
    return Finding(
        "prevalence", verdict, reported, f"{text}, which {at} % positive cases do not allow", SET_REASONS
    )


def _one_class(reported: str, shares: CalledShares, row: ReportedRow) -> list[Finding]:
    if shares.fewer.low > 0:
        return []
    size = percent(1 - float(row.numbers["accuracy"].value))
    text = (
        "within rounding no case of one class is called correctly; calling every case the same, whatever it "
        f"shows, gives these numbers where the class never called has {size} % of the cases"
    )
    design = row.design
    if design.n_cases and design.n_positive and row.pair is not None:
        n_negative = design.n_cases - design.n_positive
        solutions = matching_counts(*row.pair, design.n_cases, design.n_positive)
        for name, trivial in (("negative", (0, n_negative)), ("positive", (design.n_positive, 0))):
            if trivial in solutions:
                text += (
                    f"; on {design.n_positive:,} positive of {design.n_cases:,} calling every case {name} "
                    "has exactly these numbers"
                )
    return [Finding("one class only", "remark", reported, text, ONE_CLASS_REASONS)]


def _readings(shares: CalledShares, accuracy: Printed, macro_f1: Printed, design: Design) -> Finding:
    """Give both readings, as printed and with the two columns swapped, at the stated share of positives."""
    reported, stated = f"{accuracy.text}/{macro_f1.text}", positive_share(design)
    ways = [] if stated is None else orientations(shares, stated)
    if stated is None or not ways:
        text = f"with the two class columns swapped accuracy is {percent(1 - float(accuracy.value))}"
        return Finding("swapped columns", "information", reported, text)
    share, (more, fewer) = (stated.low + stated.high) / 2, _point(accuracy, macro_f1)
    texts = dict.fromkeys(
        _both_readings(*((fewer, more) if positive == shares.fewer else (more, fewer)), share)
        for positive, _ in ways
    )
    text = f"at {percent(share)} % positive cases: {'; or '.join(texts)}"
    # Sensitivity plus specificity below 1, multiplied out.
    is_below = all(
        positive.high * (1 - stated.high) + negative.high * stated.low < stated.low * (1 - stated.high)
        for positive, negative in ways
    )
    if is_below:
        text += (
            "; as printed below chance (sensitivity plus specificity under 100), as exchanged columns look"
        )
        return Finding("swapped columns", "remark", reported, text, SWAP_REASONS)
    return Finding("swapped columns", "information", reported, text)


def _both_readings(positive: float, negative: float, share: float) -> str:
    sensitivity, specificity = min(1.0, positive / share), min(1.0, negative / (1 - share))
    wrong_positive, wrong_negative = max(0.0, share - positive), max(0.0, 1 - share - negative)
    return (
        f"as printed sensitivity {percent(sensitivity)}, specificity {percent(specificity)}, swapped "
        f"{percent(1 - sensitivity)} and {percent(1 - specificity)}, accuracy "
        f"{percent(wrong_positive + wrong_negative)}, macro F1 "
        f"{percent(macro_f1_of(wrong_positive, wrong_negative, 1.0))}"
    )


def _counts(reported: str, row: ReportedRow) -> list[Finding]:
    design = row.design
    if design.n_cases is None or design.n_positive is None or row.pair is None:
        return []
    found = matching_counts(*row.pair, design.n_cases, design.n_positive)
    on = f"{design.n_positive:,} positive of {design.n_cases:,} cases"
    if not found:
        verdict: Verdict = "impossible" if design.is_known else "remark"
        text = f"no confusion matrix on {on} prints both numbers"
        return [Finding("counts", verdict, reported, text, COUNT_REASONS)]
    true_positive, true_negative = found[0]
    text = (
        f"confusion matrices on {on} that print both numbers: {len(found)}, such as {true_positive:,} true "
        f"positives and {true_negative:,} true negatives"
    )
    return [Finding("counts", "no objection", reported, text)]
