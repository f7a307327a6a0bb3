"""Sentences computed from the results: what is said about an effect never goes beyond its interval."""

from __future__ import annotations

import pandas as pd

from egma_lib.experiments.arms import REFERENCE_ARM, module_arm
from egma_lib.experiments.crossing import BETWEEN
from egma_lib.experiments.two_way_effects import missing_spread
from egma_lib.report.blocks import DATASET_LABELS, METRIC_LABELS
from egma_lib.report.table_files import REPORTED, read_reported
from egma_lib.study import Study

EFFECTS = (
    ("chexpert_5x200", "fine_grained", "accuracy", 1),
    ("rsna", "fine_grained", "auroc", 1),
    ("siim", "fine_grained", "auroc", 1),
    ("rsna", "similarity", "pointing_hit", 1),
    ("siim", "similarity", "pointing_hit", 1),
    ("chexpert_5x200", "fine_grained", "shortcut_gap", -1),
)
"""What gaze could change: set, score, metric, and the sign of an improvement."""


def effect_statement(row: pd.Series, improvement: int) -> str:
    """Say one paired difference in words, as far as its interval allows.

    Parameters
    ----------
    row
        Long row of a paired difference: method, dataset, metric, comparison, n_seeds, and value, ci_low,
        ci_high and sd in percentage points.
    improvement
        Sign of a difference that is an improvement: 1, or -1 where less is better.

    Returns
    -------
    str
        "better than" or "worse than" only where the whole interval lies on that side of zero; no verdict
        where there is no interval, as with one seed or without spread over seeds.
    """
    what = f"{METRIC_LABELS[row['metric']]} on {DATASET_LABELS[row['dataset']]}"
    size = f"{row['value']:+.1f} [{row['ci_low']:+.1f}, {row['ci_high']:+.1f}] points"
    if pd.isna(row["ci_low"]):
        missing = missing_spread(row["n_seeds"], row["sd"])
        return f"{row['method']}, {what}: {row['value']:+.1f} points; {missing}, no statement."
    signed = sorted([improvement * row["ci_low"], improvement * row["ci_high"]])
    if signed[0] > 0:
        verdict = "better than"
    elif signed[1] < 0:
        verdict = "worse than"
    else:
        verdict = "no difference seen to"
    reference = str(row["comparison"]).removeprefix("minus ")
    return f"{row['method']}, {what}: {verdict} {reference}, {size} over {int(row['n_seeds'])} seeds."


def effect_statements(rows: pd.DataFrame, method: str) -> list[str]:
    """Return a sentence for each of `EFFECTS` of a method against the reference arm.

    Parameters
    ----------
    rows
        Long rows of Table 4.
    method
        Label of the method.

    Returns
    -------
    list of str
        In the order of `EFFECTS`; effects that the rows do not hold are left out.
    """
    paired = rows[_is_paired(rows) & (rows["method"] == method)]
    found = []
    for dataset, setting, metric, improvement in EFFECTS:
        row = paired[
            (paired["dataset"] == dataset) & (paired["setting"] == setting) & (paired["metric"] == metric)
        ]
        if len(row):
            found.append(effect_statement(row.iloc[0], improvement))
    return found


def control_statements(rows: pd.DataFrame, method: str = "EGMA") -> list[str]:
    """Return the verdicts of the table of controls on a method against the reference arm, one a sentence.

    Parameters
    ----------
    rows
        Long rows of the table of controls.
    method
        Label of the method.
    """
    label = module_arm(REFERENCE_ARM).label
    mine = rows[_is_paired(rows) & (rows["method"] == method) & (rows["comparison"] == f"minus {label}")]
    return [
        f"{verdict} ({n:.0f} seeds)." for verdict, n in zip(mine["verdict"], mine["n_seeds"], strict=True)
    ]


def crossing_statements(rows: pd.DataFrame) -> list[str]:
    """Return whether the strength of the confounder changes the effect of gaze, one sentence an outcome.

    Parameters
    ----------
    rows
        Long rows of the table `crossing`; none where the study has no other strength.
    """
    between = rows[rows["family"].fillna("").str.startswith(f"{BETWEEN}:")]
    return [
        f"{verdict} ({n:.0f} seeds)."
        for verdict, n in zip(between["verdict"], between["n_seeds"], strict=True)
    ]


def order_statements(rows: pd.DataFrame, reported: pd.DataFrame, first: str, second: str) -> list[str]:
    """Compare the sign of a difference of two methods with the paper's: signs only, never sizes.

    Parameters
    ----------
    rows
        Long rows of Table 4.
    reported
        The paper's rows of Table 4.
    first, second
        Method labels; the difference is first minus second.

    Returns
    -------
    list of str
        A sentence per reported set on which both tables have both methods.
    """
    found = []
    ours = rows[~_is_paired(rows) & (rows["setting"] == "fine_grained")]
    for dataset in dict.fromkeys(reported["dataset"]):
        sides = []
        for table in (reported, ours):
            mine = table[(table["dataset"] == dataset) & (table["metric"] == "accuracy")]
            values = mine.set_index("method")["value"]
            if first not in values or second not in values:
                break
            sides.append(float(values[first]) - float(values[second]))
        if len(sides) == 2:
            compared = _compare_signs(*sides)
            found.append(f"{first} minus {second}, accuracy on {DATASET_LABELS[dataset]}: {compared}.")
    return found


def _is_paired(rows: pd.DataFrame) -> pd.Series:
    """Return which long rows are paired differences; a csv gives an empty comparison as NaN."""
    return rows["comparison"].notna() & (rows["comparison"] != "")


def _compare_signs(reported: float, ours: float) -> str:
    if reported * ours == 0:
        return "no difference here or in the paper, so no sign to compare"
    return "same sign as reported" if reported * ours > 0 else "opposite sign to the reported one"


def report_statements(study: Study) -> list[str]:
    """Return what the stored Table 4 says about EGMA; one sentence saying so where it has not been made.

    Its paired differences come first, then whether differences to *Start* have the signs that the paper
    reports, then what the stored table `crossing`, if it has been made, says about the confounder's strength.
    """
    path = study.folder("tables") / "table_4_ablation.csv"
    if not path.exists():
        return ["Table 4 has not been made yet; run notebook 05."]
    rows = pd.read_csv(path)
    reported = read_reported(REPORTED, 4)
    crossing = study.folder("tables") / "crossing.csv"
    return [
        *effect_statements(rows, "EGMA"),
        *order_statements(rows, reported, "EGMA", "Start"),
        *(crossing_statements(pd.read_csv(crossing)) if crossing.exists() else []),
    ]
