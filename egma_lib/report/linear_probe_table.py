"""Table 1: AUROC of linear heads on frozen image encoders, with 1, 10 and 100 % of the labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from egma_lib.evaluation.linear_probe import HEADS, share_label
from egma_lib.evaluation.predictions import has_predictions, read_predictions
from egma_lib.experiments.arms import REFERENCE_ARM, Arm
from egma_lib.experiments.measurements import long_table
from egma_lib.experiments.probe_measurements import ProbeMeasurement, judged_classes, measure_probe
from egma_lib.experiments.probe_runs import ProbeJob
from egma_lib.experiments.probe_sets import PROBE_CLASSES, PROBE_SETS
from egma_lib.report.blocks import DATASET_LABELS, NOT_AVAILABLE, Block, pivot
from egma_lib.report.comparison_blocks import PAIRED_NOTE
from egma_lib.report.table_files import Table, read_reported
from egma_lib.settings import ProbeSettings, Settings

TITLE = "Table 1: linear probe on frozen image encoders"
HEAD_TITLES = {
    "converged": "Converged head (logistic regression), mean AUROC over labels",
    "paper": "The paper's head (30 epochs at a learning rate of 5e-7), mean AUROC over labels",
}

_PAIRED_TITLE = "Paired difference in mean AUROC to continued training without gaze, converged head"
_PAIRED_NOTE = (
    f"{PAIRED_NOTE} A seed's value is the mean over its draws; patients are those of the test part."
)

Key = tuple[str, str, str, str]
ProbeMeasurements = dict[Key, ProbeMeasurement]
"""(dataset, head, share, class) to AUROC; class "" is the mean."""


def measure_probes(
    jobs: Mapping[str, Sequence[ProbeJob]], settings: Settings
) -> dict[str, ProbeMeasurements]:
    """Measure every method on every set at hand; label to measurements."""
    return {
        label: {
            (name, *key): measured
            for name in PROBE_SETS
            if has_predictions([job.scores for job in methods], name)
            for key, measured in measure_probe(
                [job.scores for job in methods], name, settings.probe, settings.evaluation
            ).items()
        }
        for label, methods in jobs.items()
    }


def table_1(
    arms: Sequence[Arm],
    jobs: Mapping[str, Sequence[ProbeJob]],
    measured: Mapping[str, ProbeMeasurements],
    settings: Settings,
    study: str,
    reported: Path,
) -> Table:
    """Compare the encoders under both heads; the converged one decides.

    Parameters
    ----------
    arms
        The methods compared; all other labels of `jobs` are reference rows.
    jobs
        Label to probed encoders, from `probe_jobs`.
    measured
        From `measure_probes`.
    settings
        Probe settings for columns and notes.
    study
        Study name.
    reported
        File of reported numbers.
    """
    labels = {arm.label for arm in arms}
    rows = [
        one.row(dataset=key[0], method=label, setting=f"{key[2]}, {key[1]} head", metric=_metric(key[3]))
        | ({} if label in labels else {"kind": "trivial"})
        for label, found in measured.items()
        for key, one in found.items()
    ]
    long = long_table([*rows, *_chance_rows(measured), *_difference_rows(arms, measured)], study)
    note = _note(jobs, settings)
    absent = {name for name in PROBE_SETS if not has_predictions([next(iter(jobs.values()))[0].scores], name)}
    plain, paired = long[long["comparison"] == ""], long[long["comparison"] != ""]
    blocks = [
        Block(HEAD_TITLES[head], _wide(plain, head, settings.probe, absent), _head_note(jobs, head) + note)
        for head in HEADS
    ]
    blocks.append(_per_label(plain, settings.probe, absent))
    blocks.append(Block(_PAIRED_TITLE, _wide(paired, "converged", settings.probe, absent), _PAIRED_NOTE))
    return Table("table_1_linear_probe", TITLE, long, tuple(blocks), read_reported(reported, 1))


def _metric(class_name: str) -> str:
    return f"auroc {class_name}" if class_name else "auroc"


def _chance_rows(measured: Mapping[str, ProbeMeasurements]) -> list[dict[str, Any]]:
    """Return AUROC of a head that gives all films one score: one half, exactly, on every set."""
    first = next(iter(measured.values()))
    return [
        {
            "dataset": name, "method": "chance", "setting": f"{share}, {head} head", "metric": _metric(one),
            "value": 50.0, "ci_low": np.nan, "ci_high": np.nan, "sd": np.nan, "n_cases": value.n_cases,
            "n_seeds": 0, "kind": "trivial", "source": "exact", "comparison": "", "smallest_effect": np.nan,
        }
        for (name, head, share, one), value in first.items()
    ]  # fmt: skip


def _difference_rows(arms: Sequence[Arm], measured: Mapping[str, ProbeMeasurements]) -> list[dict[str, Any]]:
    """Return each arm's difference to continued training without gaze, paired by seed."""
    reference = next((arm for arm in arms if arm.name == REFERENCE_ARM), None)
    if reference is None:
        return []
    return [
        one.per_seed().difference_row(
            measured[reference.label][key].per_seed(),
            reference.label,
            dataset=key[0],
            method=arm.label,
            setting=f"{key[2]}, {key[1]} head",
            metric="auroc",
        )
        for arm in arms
        if arm.name != REFERENCE_ARM
        for key, one in measured[arm.label].items()
        if key[3] == ""
    ]


def _wide(rows: pd.DataFrame, head: str, probe: ProbeSettings, absent: set[str]) -> pd.DataFrame:
    """Return mean AUROC with a column per set and share."""
    shares = [share_label(share) for share in probe.shares]
    names = {f"{share}, {head} head": share for share in shares}
    chosen = rows[rows["setting"].isin(list(names)) & (rows["metric"] == "auroc")]
    by = chosen["dataset"].map(DATASET_LABELS) + " " + chosen["setting"].map(names)
    return pivot(
        chosen.assign(by=by),
        [(f"{DATASET_LABELS[name]} {share}", "auroc") for name in PROBE_SETS for share in shares],
        by="by",
        absent={f"{DATASET_LABELS[name]} {share}" for name in absent for share in shares},
    )


def _per_label(rows: pd.DataFrame, probe: ProbeSettings, absent: set[str]) -> Block:
    share = share_label(max(probe.shares))
    metrics = {_metric(name): name for name in PROBE_CLASSES["chexpert"]}
    chosen = rows[
        (rows["dataset"] == "chexpert")
        & (rows["setting"] == f"{share}, converged head")
        & rows["metric"].isin(list(metrics))
    ]
    named = chosen.assign(by=chosen["metric"].map(metrics), metric="auroc")
    cells = pivot(named, [(name, "auroc") for name in metrics.values()], by="by")
    note = f"CheXpert: {NOT_AVAILABLE} in this study." if "chexpert" in absent else ""
    return Block(f"CheXpert by label, converged head, {share} of the labels", cells, note)


def _head_note(jobs: Mapping[str, Sequence[ProbeJob]], head: str) -> str:
    heads = read_heads([job for methods in jobs.values() for job in methods])
    chosen = heads[heads["head"] == head] if len(heads) else heads
    if chosen.empty:
        return ""
    if head == "paper":
        return (
            f"Weights end {100 * chosen['movement'].median():.2f} % of their length from where they began "
            f"(median over heads; at most {100 * chosen['movement'].max():.2f} %). "
        )
    counts = chosen["inverse_regularisation"].value_counts(normalize=True).sort_index()
    listed = ", ".join(f"{c:g} in {100 * part:.0f} %" for c, part in counts.items())
    return f"C chosen on the validation part: {listed} of the heads. "


def read_heads(jobs: Sequence[ProbeJob]) -> pd.DataFrame:
    """Return the described heads of encoders, with encoder and dataset on every row."""
    tables = [
        read_predictions(job.scores, f"{name}_heads").assign(encoder=job.encoder, dataset=name)
        for job in jobs
        for name in PROBE_SETS
        if has_predictions([job.scores], f"{name}_heads")
    ]
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()


def _note(jobs: Mapping[str, Sequence[ProbeJob]], settings: Settings) -> str:
    """Say what the numbers are, how many films trained and how many judged."""
    first = next(iter(jobs.values()))
    parts = [_counts(first[0], name) for name in PROBE_SETS]
    return (
        f"Percent; mean over {len(first)} seed(s) and {settings.probe.draws} draw(s) of shares below 100 % ± "
        "standard deviation over both [95 % interval over patients of the test part, "
        f"{settings.evaluation.bootstrap} resamples]. "
        + "; ".join(parts)
        + ". Row chance: every film of the column's set gets the same score, AUROC 50 on each."
    )


def _counts(job: ProbeJob, name: str) -> str:
    label = DATASET_LABELS[name]
    if not has_predictions([job.scores], name):
        return f"{label}: {NOT_AVAILABLE}"
    table = read_predictions(job.scores, name)
    classes = judged_classes(table)
    if not classes:
        return f"{label}: no finding is both present and absent in train and test, so none can be judged"
    heads = read_heads([job])
    films = heads[heads["dataset"] == name].groupby("share", sort=True)["n_films"].agg(["min", "max"])
    trained = " / ".join(
        f"{low}" if low == high else f"{low}-{high}" for low, high in films.itertuples(index=False)
    )
    positives = ", ".join(f"{one} {int((table[f'label|{one}'] == 1).sum())}" for one in classes)
    left_out = [one for one in PROBE_CLASSES[name] if one not in classes]
    lacking = f"; not judged: {', '.join(left_out)}" if left_out else ""
    return f"{label}: {trained} training films, n = {len(table)} test films ({positives}{lacking})"
