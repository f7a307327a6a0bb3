"""Checks across rows: one prevalence for a column, the spread of a curve, rows that are the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import reduce
from itertools import combinations

from egma_lib.evaluation.binary_checks import orientations, positive_share
from egma_lib.evaluation.binary_shares import CalledShares, Span, called_shares
from egma_lib.evaluation.count_checks import wilson_interval
from egma_lib.evaluation.finding import SET_REASONS, Finding, Verdict, percent
from egma_lib.evaluation.reported_rows import ReportedRow

Where = tuple[str, str, str, str]
"""Table, data set, method and setting that a finding is about; empty where it is about several."""
LEAST_IN_COMMON = 2
"""Numbers that two rows must share, all equal, to be called the same."""
_ONE_TEST_SET = "all rows are single runs on one test set"
_Implied = tuple[ReportedRow, CalledShares]


def check_columns(rows: Sequence[ReportedRow]) -> list[tuple[Where, Finding]]:
    """Return whether one share of the smaller class allows all rows of a table's column, and of a data set.

    Only single runs with two classes count, and none whose macro F1 exceeds accuracy. The rows of a table's
    column share a test set, so that an empty range is impossible there; across tables, or where no data set
    is named, it is a remark.
    """
    usable = [(row, shares) for row in rows if (shares := _shares_of(row)) is not None]
    columns: dict[tuple[str, str], list[_Implied]] = defaultdict(list)
    for row, shares in usable:
        columns[row.table, row.dataset].append((row, shares))
    found = [
        ((table, dataset, "", ""), _common(part, "impossible" if dataset else "remark"))
        for (table, dataset), part in columns.items()
        if len(part) > 1
    ]
    for dataset in dict.fromkeys(row.dataset for row, _ in usable):
        if sum(dataset == name for _, name in columns) > 1:
            part = [pair for pair in usable if pair[0].dataset == dataset]
            found.append((("", dataset, "", ""), _common(part, "remark")))
    return found


def _shares_of(row: ReportedRow) -> CalledShares | None:
    if row.design.n_classes != 2 or row.pair is None or row.design.n_runs > 1:
        return None
    return called_shares(*row.pair)


def _common(part: Sequence[_Implied], verdict_if_empty: Verdict) -> Finding:
    common = reduce(Span.cut, (shares.minority for _, shares in part))
    reported = f"{len(part)} rows"
    notes = [f"at 50 %: {_refusing(part, Span(0.5, 0.5))}"]
    stated = positive_share(part[0][0].design)
    if stated is not None:
        middle = percent((stated.low + stated.high) / 2)
        notes.insert(0, f"at {middle} % positive cases: {_refusing(part, stated)}")
    if common.low <= common.high:
        text = f"a smaller class of {percent(common.low)} to {percent(common.high)} % allows every row"
        text = "; ".join([text, *notes])
        return Finding("one prevalence", "no objection", reported, text, assumes=_ONE_TEST_SET)
    text = "no one share of the smaller class allows every row, so they cannot all be of one test set"
    text = "; ".join([text, *notes])
    return Finding("one prevalence", verdict_if_empty, reported, text, SET_REASONS, _ONE_TEST_SET)


def _refusing(part: Sequence[_Implied], positives: Span) -> str:
    names = [
        f"{row.method} (Table {row.table})" if row.table else row.method
        for row, shares in part
        if not orientations(shares, positives)
    ]
    return f"not {', '.join(dict.fromkeys(names))}" if names else "every row can be"


def check_series(rows: Sequence[ReportedRow]) -> list[tuple[Where, Finding]]:
    """Return how far the points of each curve spread, against the sampling error of one of them."""
    curves: dict[tuple[str, str, str], list[ReportedRow]] = defaultdict(list)
    for row in rows:
        if row.series and "accuracy" in row.numbers:
            curves[row.table, row.dataset, row.series].append(row)
    return [
        ((table, dataset, series, ""), _spread(points))
        for (table, dataset, series), points in curves.items()
        if len(points) > 1
    ]


def _spread(points: Sequence[ReportedRow]) -> Finding:
    ordered = sorted((row.numbers["accuracy"] for row in points), key=lambda printed: printed.value)
    span = float(ordered[-1].value - ordered[0].value)
    reported = f"accuracy {ordered[0].text} to {ordered[-1].text}"
    n_cases = points[0].design.n_cases
    if n_cases is None:
        text = f"spans {100 * span:.2f} points; the number of cases is unknown"
        return Finding("spread of a curve", "not testable", reported, text)
    low, high = wilson_interval(ordered[len(ordered) // 2], n_cases)
    half = (high - low) / 2
    text = (
        f"{len(points)} points span {100 * span:.2f} points; the half-width of a 95 % Wilson interval at "
        f"n = {n_cases:,} is {100 * half:.1f}"
    )
    if span < half:
        reason = "the same cases were scored each time, and paired differences are surer than single scores"
        text += ", so sampling of the test set alone can move one point further than the whole curve"
        return Finding("spread of a curve", "remark", reported, text, reason)
    return Finding("spread of a curve", "no objection", reported, text)


def check_identical(rows: Sequence[ReportedRow]) -> list[tuple[Where, Finding]]:
    """Return the pairs of rows, within and across tables, that are equal in every number both have."""
    lines: dict[tuple[str, str, str], dict[tuple[str, str], str]] = defaultdict(dict)
    for row in rows:
        for metric, printed in row.numbers.items():
            lines[row.table, row.method, row.setting][row.dataset, metric] = printed.text
    found = []
    for (first, numbers), (second, others) in combinations(lines.items(), 2):
        common = numbers.keys() & others.keys()
        if len(common) >= LEAST_IN_COMMON and all(numbers[key] == others[key] for key in common):
            found.append(((second[0], "", second[1], second[2]), _identical(first, second, len(common))))
    return found


def _identical(first: tuple[str, str, str], second: tuple[str, str, str], n_common: int) -> Finding:
    where = f" of Table {first[0]}" if first[0] else ""
    text = f"equal to {first[1]}{where} in all {n_common} numbers that both have"
    if first[1] == second[1]:
        return Finding("identical rows", "information", f"{n_common} numbers", text)
    text += "; if it is one model, what was added to it later is confounded with further training"
    reason = "a start that was taken as it is and not trained further, as a reference"
    return Finding("identical rows", "remark", f"{n_common} numbers", text, reason)
