"""Checks of numbers against the counts behind them: GRIM, precision at k, sampling, several classes."""

from __future__ import annotations

import math
import re
from itertools import pairwise

from egma_lib.evaluation.finding import COUNT_REASONS, F1_REASONS, Finding, Verdict, percent
from egma_lib.evaluation.grim import MOST_RUNS, grim, runs_that_fit
from egma_lib.evaluation.multiclass_range import highest_macro_f1, lowest_macro_f1
from egma_lib.evaluation.printed import Printed
from egma_lib.evaluation.reported_rows import ReportedRow

_SAME_RANKINGS = "both cutoffs are taken of the same rankings"
_PRECISION = re.compile(r"precision_at_([1-9][0-9]*)")


def check_grim(row: ReportedRow) -> list[Finding]:
    """Return GRIM for accuracy and precision at k, where the number of cases is known."""
    if row.design.n_cases is None:
        return []
    calls = {"accuracy": row.design.n_cases}
    calls |= {metric: row.design.n_cases * k for metric, k in _cutoffs(row).items()}
    return [_grim(row, metric, calls[metric]) for metric in row.numbers if metric in calls]


def _grim(row: ReportedRow, metric: str, calls: int) -> Finding:
    printed, runs = row.numbers[metric], row.design.n_runs
    total = calls * runs
    result = grim(printed, total)
    reported = f"{metric} {printed.text}"
    of = f"k/{total:,}" + (f" ({calls:,} in each of {runs} runs)" if runs > 1 else "")
    if result.fits and not result.has_power:
        return Finding("GRIM", "not testable", reported, f"{of} gives any number of these decimals")
    if result.fits:
        return Finding("GRIM", "no objection", reported, f"is {of}")
    if result.fits_cut:
        return Finding("GRIM", "remark", reported, f"is {of} only with digits cut off", COUNT_REASONS)
    below, above = (percent(float(share)) for share in result.nearest)
    others = ", ".join(map(str, runs_that_fit(printed, calls)))
    text = f"cannot be {of}, rounded or cut: neighbours are {below} and {above}"
    text += f"; means of {others} runs could be" if others else f"; nor the mean of up to {MOST_RUNS} runs"
    return Finding("GRIM", _excluded(row), reported, text, COUNT_REASONS)


def _excluded(row: ReportedRow) -> Verdict:
    return "impossible" if row.design.is_known else "remark"


def _cutoffs(row: ReportedRow) -> dict[str, int]:
    found = {metric: _PRECISION.fullmatch(metric) for metric in row.numbers}
    return {metric: int(match[1]) for metric, match in found.items() if match}


def check_precision_at(row: ReportedRow) -> list[Finding]:
    """Return whether precision at k keeps below its ceiling and agrees between cutoffs.

    The first k of a ranking hold at most as many hits as there are right candidates, and going from k to a
    larger k' adds between 0 and k' - k hits to each query. Both hold for means over queries and runs.
    """
    cutoffs = dict(sorted(_cutoffs(row).items(), key=lambda item: item[1]))
    relevant = row.design.n_relevant
    findings = [] if relevant is None else [_ceiling(row, one, k, relevant) for one, k in cutoffs.items()]
    for (first, k), (second, more) in pairwise(cutoffs.items()):
        a, b = row.numbers[first], row.numbers[second]
        is_possible = more * b.high >= k * a.low and more * b.low - k * a.high <= more - k
        reported = f"P@{k} {a.text}, P@{more} {b.text}"
        if is_possible:
            text = "hits add up from one cutoff to the next"
            findings.append(Finding("nested cutoffs", "no objection", reported, text, assumes=_SAME_RANKINGS))
        else:
            text = f"cannot be two cutoffs of the same rankings: {k} to {more} adds 0 to {more - k} hits"
            reasons = "cutoffs of different runs or query sets; a typing error"
            findings.append(Finding("nested cutoffs", "impossible", reported, text, reasons, _SAME_RANKINGS))
    return findings


def _ceiling(row: ReportedRow, metric: str, k: int, relevant: int) -> Finding:
    printed = row.numbers[metric]
    ceiling, reported = min(relevant, k) / k, f"{metric} {printed.text}"
    text = f"{relevant} right candidates per query allow at most {percent(ceiling)}"
    if float(printed.low) > ceiling:
        return Finding("ceiling", _excluded(row), reported, f"{text}, so it cannot be", COUNT_REASONS)
    return Finding("ceiling", "no objection", reported, text)


def check_sampling(row: ReportedRow) -> list[Finding]:
    """Return the 95 % Wilson interval of accuracy and precision at 1, over the cases of one test set."""
    if row.design.n_cases is None:
        return []
    findings = []
    for metric in ("accuracy", "precision_at_1"):
        if metric in row.numbers:
            low, high = wilson_interval(row.numbers[metric], row.design.n_cases)
            text = (
                f"95 % Wilson interval at n = {row.design.n_cases:,}: {percent(low)} to {percent(high)} "
                f"(half-width {50 * (high - low):.1f} points)"
            )
            reported = f"{metric} {row.numbers[metric].text}"
            findings.append(Finding("sampling", "information", reported, text))
    return findings


def wilson_interval(printed: Printed, n_cases: int) -> tuple[float, float]:
    """Return the 95 % Wilson score interval (without continuity correction) of a share of `n_cases`.

    Source: Wilson (1927), JASA 22(158). The normal quantile comes from scipy.special, which loads in a tenth
    of the time of scipy.stats; the tests compare with `scipy.stats.binomtest`.
    """
    from scipy.special import ndtri

    share, z = round(printed.value * n_cases) / n_cases, float(ndtri(0.975))
    scale = 1 + z * z / n_cases
    middle = (share + z * z / (2 * n_cases)) / scale
    half = z * math.sqrt(share * (1 - share) / n_cases + (z / (2 * n_cases)) ** 2) / scale
    return max(0.0, middle - half), min(1.0, middle + half)


def check_multiclass(row: ReportedRow) -> list[Finding]:
    """Return whether macro F1 lies in the range that accuracy allows for equally large classes."""
    n_classes = row.design.n_classes
    if n_classes is None or n_classes < 3 or row.pair is None or not row.design.is_balanced:
        return []
    accuracy, macro_f1 = row.pair
    reported = f"{accuracy.text}/{macro_f1.text}"
    if row.design.n_runs > 1:
        text = f"mean of {row.design.n_runs} runs: the range is proven for single runs only"
        return [Finding("macro F1 range", "not testable", reported, text)]
    low = lowest_macro_f1(float(accuracy.low), n_classes)
    high = highest_macro_f1(float(accuracy.high), n_classes)
    text = f"{n_classes} equally large classes allow {percent(low)} to {percent(high)}"
    if float(macro_f1.high) < low - 1e-9 or float(macro_f1.low) > high + 1e-9:
        return [Finding("macro F1 range", _excluded(row), reported, f"{text}, so it cannot be", F1_REASONS)]
    return [Finding("macro F1 range", "no objection", reported, text)]
