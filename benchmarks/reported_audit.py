"""How often the audit of reported numbers calls honest tables impossible (it must be never).

    python benchmarks/reported_audit.py [--tables N] [--seed SEED]

Simulates tables whose numbers come from confusion matrices and rankings, prints them as papers do, audits
them, and writes reported_audit.csv and .md beside this file: alarms among honest tables and, to show that
silence is not blindness, among one in ten of them with one number of each row changed.
"""

from __future__ import annotations

import argparse
import math
import time
from collections import Counter
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd

from egma_lib.artefacts import write_text
from egma_lib.evaluation.printed import Printed
from egma_lib.evaluation.reported_audit import audit_rows
from egma_lib.evaluation.reported_rows import Design, ReportedRow

HERE = Path(__file__).parent
ROUNDINGS = (ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_DOWN)
N_METHODS = 4
CHANGED_EVERY = 10
NOTE = """{n:,} simulated honest tables (seed {seed}) of 12 rows, {seconds:.0f} s on one core. A table has
four methods on a binary test set (20 to 5,000 cases, any prevalence, any sensitivity and
specificity, one in ten runs calling one class only), on a set of 3 to 8 equally large classes, and
in retrieval with precision at 1, 5 and 10. Three in ten rows are means of up to 5 runs. All numbers
of a table are rounded half up, half to even, or cut, to two decimals. `impossible` must be 0 in
honest tables. `changed` is every tenth table with the last number of each row moved by up to 10
points: what the audit does not see there may be another test's honest result. Lines count findings,
the lines `(tables)` count tables. Remarks are not alarms."""


def printed(share: Fraction, rounding: str) -> Printed:
    """Return a share as percent with two decimals, rounded exactly."""
    digits = Decimal(share.numerator * 100) / Decimal(share.denominator)
    return Printed.parse(str(digits.quantize(Decimal("0.01"), rounding)))


def binary_run(n_positive: int, n_negative: int, rng: np.random.Generator) -> tuple[Fraction, Fraction]:
    """Return accuracy and macro F1 of one run, class by class from its counts."""
    if rng.random() < 0.1:
        true_positive, true_negative = (n_positive, 0) if rng.random() < 0.5 else (0, n_negative)
    else:
        true_positive = int(rng.binomial(n_positive, rng.random()))
        true_negative = int(rng.binomial(n_negative, rng.random()))
    matrix = np.array(
        [[true_negative, n_negative - true_negative], [n_positive - true_positive, true_positive]]
    )
    return scores_of(matrix)


def scores_of(matrix: np.ndarray) -> tuple[Fraction, Fraction]:
    """Return accuracy and macro F1 from precision and recall of each class."""
    harmonic = []
    for index in range(len(matrix)):
        correct, called, present = (
            int(v) for v in (matrix[index, index], matrix[:, index].sum(), matrix[index].sum())
        )
        precision = Fraction(correct, called) if called else Fraction(0)
        recall = Fraction(correct, present) if present else Fraction(0)
        both = precision + recall
        harmonic.append(2 * precision * recall / both if both else Fraction(0))
    return Fraction(int(np.trace(matrix)), int(matrix.sum())), sum(harmonic) / len(matrix)


def multiclass_run(n_classes: int, per_class: int, rng: np.random.Generator) -> tuple[Fraction, Fraction]:
    """Return accuracy and macro F1 of one run with equally large classes."""
    favour = rng.dirichlet(np.full(n_classes, 0.5))
    skill = rng.random()
    rows = [
        rng.multinomial(per_class, skill * np.eye(n_classes)[k] + (1 - skill) * favour)
        for k in range(n_classes)
    ]
    return scores_of(np.array(rows))


def retrieval_run(n_queries: int, n_relevant: int, rng: np.random.Generator) -> tuple[Fraction, ...]:
    """Return precision at 1, 5 and 10 of one run of rankings."""
    skill = rng.random()
    hits = rng.random((n_queries, 10)) < skill
    hits &= np.cumsum(hits, axis=1) <= n_relevant
    return tuple(Fraction(int(hits[:, :k].sum()), n_queries * k) for k in (1, 5, 10))


def mean(runs: list[tuple[Fraction, ...]]) -> tuple[Fraction, ...]:
    """Return the mean of each metric over runs."""
    return tuple(sum(values) / len(runs) for values in zip(*runs, strict=True))


def simulate_table(rng: np.random.Generator) -> list[ReportedRow]:
    """Return one honest table: four methods on three test sets."""
    rounding = ROUNDINGS[rng.integers(len(ROUNDINGS))]
    n_cases = math.floor(20 * 250 ** rng.random())
    n_positive = int(rng.integers(1, n_cases))
    n_classes, per_class = int(rng.integers(3, 9)), int(rng.integers(5, 300))
    n_queries, n_relevant = int(rng.integers(5, 400)), int(rng.integers(1, 30))
    rows = []
    for index in range(N_METHODS):
        runs = int(rng.integers(1, 6)) if rng.random() < 0.3 else 1
        designs = {
            "binary": Design(2, False, n_cases, n_positive, None, None, runs, True, "simulated"),
            "classes": Design(
                n_classes, True, n_classes * per_class, None, None, None, runs, True, "simulated"
            ),
            "retrieval": Design(None, False, n_queries, None, None, n_relevant, runs, True, "simulated"),
        }
        values = {
            "binary": [binary_run(n_positive, n_cases - n_positive, rng) for _ in range(runs)],
            "classes": [multiclass_run(n_classes, per_class, rng) for _ in range(runs)],
            "retrieval": [retrieval_run(n_queries, n_relevant, rng) for _ in range(runs)],
        }
        for name, design in designs.items():
            texts = [printed(share, rounding) for share in mean(values[name])]
            metrics = (
                ("precision_at_1", "precision_at_5", "precision_at_10")
                if name == "retrieval"
                else ("accuracy", "macro_f1")
            )
            numbers = dict(zip(metrics, texts, strict=True))
            rows.append(ReportedRow("1", name, f"method {index}", "", numbers, design, "curve"))
    return rows


def changed(row: ReportedRow, rng: np.random.Generator) -> ReportedRow:
    """Return the row with its last metric replaced by a number within 10 points of it."""
    *_, last = row.numbers
    value = float(row.numbers[last].value) * 100 + rng.uniform(-10, 10)
    numbers = {**row.numbers, last: Printed.parse(f"{min(100.0, max(0.0, value)):.2f}")}
    return ReportedRow(row.table, row.dataset, row.method, row.setting, numbers, row.design, row.series)


def count_alarms(n_tables: int, seed: int) -> pd.DataFrame:
    """Audit honest tables, and one in ten changed; return outcomes per check and tables with an alarm."""
    rng, outcomes = np.random.default_rng(seed), Counter()
    for number in range(n_tables):
        honest = simulate_table(rng)
        batches = [("honest", honest)]
        if number % CHANGED_EVERY == 0:
            batches.append(("changed", [changed(row, rng) for row in honest]))
        for kind, rows in batches:
            audit = audit_rows(rows)
            outcomes.update(
                (kind, check, verdict)
                for check, verdict in zip(audit["check"], audit["verdict"], strict=True)
            )
            excluded = audit[audit["verdict"] == "impossible"]
            outcomes[kind, "(tables)", "impossible"] += len(excluded) > 0
            outcomes[kind, "(tables)", "no objection"] += len(excluded) == 0
    lines = [(*key, number) for key, number in outcomes.items()]
    table = pd.DataFrame(lines, columns=["tables", "check", "verdict", "n"])
    wide = table.pivot_table(
        index=["tables", "check"], columns="verdict", values="n", fill_value=0, sort=False
    )
    order = ["impossible", "remark", "no objection", "information", "not testable"]
    return wide.reindex(columns=order, fill_value=0).astype(int).reset_index()


def as_markdown(table: pd.DataFrame, note: str) -> str:
    """Return the outcomes as one table."""
    lines = ["# False alarms of the audit of reported numbers", "", note, ""]
    lines += ["| " + " | ".join(table.columns) + " |", "|" + "---|" * len(table.columns)]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in table.itertuples(index=False)]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tables", type=int, default=10_000, metavar="N", help="tables to simulate")
    parser.add_argument("--seed", type=int, default=0, help="seed of the simulation")
    arguments = parser.parse_args()
    start = time.perf_counter()
    table = count_alarms(arguments.tables, arguments.seed)
    seconds = time.perf_counter() - start
    note = NOTE.format(n=arguments.tables, seed=arguments.seed, seconds=seconds)
    text = as_markdown(table, note)
    print(text)
    write_text(HERE / "reported_audit.csv", table.to_csv(index=False))
    write_text(HERE / "reported_audit.md", text)


if __name__ == "__main__":
    main()
