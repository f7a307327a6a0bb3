"""`claims.csv`: each claim of the paper, what this run has to say of it, and a verdict."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from egma_lib.artefacts import write_text
from egma_lib.experiments.claims import (
    CLAIMS_FILE,
    NOT_TESTABLE,
    REPRODUCED,
    VERDICTS,
    Claim,
    Claims,
    Verdict,
    judge,
    read_claims,
    reported_effect,
)
from egma_lib.experiments.corpora import Corpora
from egma_lib.experiments.two_way_effects import Effect, smallest_gain, trend
from egma_lib.report.blocks import DATASET_LABELS, METRIC_LABELS, Block
from egma_lib.report.claim_measurements import Cell, ClaimMeasurements, pairs_of, stored_arms
from egma_lib.report.table_files import REPORTED
from egma_lib.settings import Settings
from egma_lib.study import Study

COLUMNS = (
    "study", "id", "claim", "source", "compared", "dataset", "setting", "metric", "reported",
    "reported_effect", "value", "ci_low", "ci_high", "p_value", "n_cases", "n_seeds", "verdict", "reason",
)  # fmt: skip
"""`value` is our effect in points, positive where it is as claimed; interval and p are over seeds and
patients, as `two_way_effects` gives them for the tables too. `reported_effect` is filled only where the
study is real; `reported` gives it in words with its source."""

NUMBERS = ("reported_effect", "value", "ci_low", "ci_high", "p_value", "n_cases", "n_seeds")

_HEADING = "Claims of the paper"
_NOTE = (
    "Effect in points, positive where it is as claimed [95 % interval over seeds and patients, or seeds and "
    "queries where texts are the queries, not corrected for the number of claims]. Of several pairs the "
    "smallest effect counts, with the smallest lower bound and, Bonferroni's correction over the pairs, the "
    "smallest upper one. reproduced (*): the interval lies above zero; not reproduced: below it or, in a "
    "real study, away from the reported effect; undecided: it holds zero."
)


def claim_rows(
    claims: Claims, measured: ClaimMeasurements, numbers: pd.DataFrame, settings: Settings, study: Study
) -> pd.DataFrame:
    """Judge every claim on every data set, setting and metric of it.

    Parameters
    ----------
    claims
        From `read_claims`.
    measured
        What is stored of the study's arms.
    numbers
        `reported_numbers.csv`.
    settings
        Backbones.
    study
        Name and kind; of a synthetic one sign and order alone are judged.

    Returns
    -------
    pandas.DataFrame
        `COLUMNS`; a claim that cannot be judged here has no effect, and `reason` says why.
    """
    rows = []
    for claim in claims.claims:
        cells = list(product(claim.datasets, claim.settings, claim.metrics)) or [("", "", "")]
        for cell in cells:
            printed = reported_effect(claim, numbers, *cell)
            found = _effect(claim, measured, cell, settings)
            row = _named(claim, cell, study, _compared(claim, measured, settings))
            if printed is not None:
                row |= {"reported": printed[1]}
                row |= {"reported_effect": printed[0]} if study.kind == "real" else {}
            if isinstance(found, Effect):
                row |= _values(found)
                reported = None if printed is None else printed[0]
                verdict = judge(found, reported, study.kind, claims.tolerance_points)
            else:
                verdict = Verdict(NOT_TESTABLE, found)
            rows.append(row | {"verdict": verdict.verdict, "reason": verdict.reason})
    table = pd.DataFrame(rows).reindex(columns=list(COLUMNS))
    return table.astype({"n_cases": "Int64", "n_seeds": "Int64"})


def judge_claims(study: Study, settings: Settings, corpora: Corpora) -> pd.DataFrame:
    """Judge the claims of `data/reference/claims.yaml` by what a study has stored; see `claim_rows`."""
    measured = ClaimMeasurements(stored_arms(study, settings, corpora), settings)
    numbers = pd.read_csv(REPORTED, keep_default_na=False)
    return claim_rows(read_claims(), measured, numbers, settings, study)


def _named(claim: Claim, cell: Cell, study: Study, compared: str) -> dict[str, Any]:
    dataset, setting, metric = cell
    return {
        "study": study.name, "id": claim.id, "claim": claim.claim, "source": claim.source,
        "compared": compared, "dataset": dataset, "setting": setting, "metric": metric, "reported": "",
        "reported_effect": np.nan,
    }  # fmt: skip


def _values(effect: Effect) -> dict[str, Any]:
    return {
        "value": effect.value,
        "ci_low": effect.low,
        "ci_high": effect.high,
        "p_value": effect.p_value,
        "n_cases": effect.n_cases,
        "n_seeds": effect.n_seeds,
    }


def _compared(claim: Claim, measured: ClaimMeasurements, settings: Settings) -> str:
    if claim.rule == "trend":
        return " < ".join(measured.label(name) for name in claim.ours)
    pairs = pairs_of(claim, settings)
    ours = ", ".join(dict.fromkeys(measured.label(one) for one, _ in pairs))
    references = ", ".join(dict.fromkeys(measured.label(other) for _, other in pairs))
    return f"{ours} minus {references}" if pairs else ""


def _effect(claim: Claim, measured: ClaimMeasurements, cell: Cell, settings: Settings) -> Effect | str:
    """Return the effect of a claim, or why there is none."""
    if claim.untested or claim.measured is None:
        return claim.untested
    pairs = pairs_of(claim, settings)
    names = claim.ours if claim.rule == "trend" else [name for pair in pairs for name in pair]
    if not names:
        return "the settings name no other backbone"
    values = {name: measured.find(claim.measured, name, cell) for name in dict.fromkeys(names)}
    known = {name: value for name, value in values.items() if value is not None}
    lacking = [measured.label(name) for name in values if name not in known]
    if lacking:
        return f"nothing measured of {', '.join(lacking)}"
    if claim.rule == "trend":
        return trend([known[name] for name in claim.ours])
    return smallest_gain([(known[one], known[other]) for one, other in pairs])


def write_claims(rows: pd.DataFrame, results: Path) -> Path:
    """Write `claims.csv` into a results folder and return its path."""
    return write_text(results / CLAIMS_FILE, rows.to_csv(index=False, float_format="%.4f"))


def claims_summary(rows: pd.DataFrame) -> str:
    """Say how many rows have each verdict."""
    counts = rows["verdict"].value_counts()
    return ", ".join(f"{int(counts.get(verdict, 0))} {verdict}" for verdict in VERDICTS)


def claims_block(rows: pd.DataFrame) -> Block:
    """Return one line per claim: the verdict on each data set, setting and metric of it, with its effect.

    Parameters
    ----------
    rows
        From `claim_rows`, or read from `claims.csv` with `read_claim_rows`.
    """
    lines = []
    for (claim, source), mine in rows.groupby(["claim", "source"], sort=False):
        counts = mine["verdict"].value_counts()
        judged = [f"{verdict} {counts[verdict]} of {len(mine)}" for verdict in VERDICTS if verdict in counts]
        listed = [_line(row) for _, row in mine.iterrows() if pd.notna(row["value"])]
        reasons = list(dict.fromkeys(mine.loc[mine["verdict"] == NOT_TESTABLE, "reason"]))
        lines.append((claim, source, "; ".join(judged), "; ".join([*listed, *reasons])))
    cells = pd.DataFrame(lines, columns=["claim", "source", "verdict", "effect"]).set_index("claim")
    return Block(_HEADING, cells, _NOTE)


def _line(row: pd.Series) -> str:
    dataset = DATASET_LABELS.get(row["dataset"], row["dataset"])
    metric = METRIC_LABELS.get(row["metric"], row["metric"].replace("_", " "))
    where = ", ".join(part for part in (dataset, row["setting"], metric) if part)
    size = f"{row['value']:+.1f}"
    if pd.notna(row["ci_low"]):
        size += f" [{row['ci_low']:.1f}, {row['ci_high']:.1f}]"
    mark = "*" if row["verdict"] == REPRODUCED else ""
    return f"{where} (n = {int(row['n_cases'])}, {int(row['n_seeds'])} seeds) {size}{mark}"


def read_claim_rows(path: Path) -> pd.DataFrame:
    """Read `claims.csv`; empty cells are NaN in columns of numbers and empty text in the others."""
    return pd.read_csv(path, keep_default_na=False, na_values={key: [""] for key in NUMBERS})
